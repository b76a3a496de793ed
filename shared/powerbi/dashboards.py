"""Dashboards: what there is. No API imports one."""

from __future__ import annotations

from typing import Any

from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient

Row = dict[str, Any]


class Dashboards:
    """Operations on dashboards of a workspace."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def list(self, group_id: str) -> list[Row]:
        """Dashboards_GetDashboardsInGroup: `id`, `displayName`."""
        return self._client.call(op.LIST_DASHBOARDS, {"group": group_id}).rows()
