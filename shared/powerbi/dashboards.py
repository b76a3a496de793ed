"""Dashboards: what there is, what is pinned to one, and empty ones made. No API pins a tile."""

from __future__ import annotations

import builtins
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

    def tiles(self, group_id: str, dashboard_id: str) -> builtins.list[Row]:
        """Dashboards_GetTilesInGroup: `id`, `title`, `reportId`, `datasetId`, and where it lies."""
        parameters = {"group": group_id, "dashboard": dashboard_id}
        return self._client.call(op.LIST_TILES, parameters).rows()

    def create(self, group_id: str, name: str) -> Row:
        """Dashboards_AddDashboardInGroup: an empty one. Names may repeat: look before asking again."""
        answer = self._client.call(op.ADD_DASHBOARD, {"group": group_id}, json={"name": name})
        answer.id()
        return answer.object()

    def delete(self, group_id: str, dashboard_id: str) -> None:
        """Dashboards_DeleteDashboardInGroup."""
        self._client.call(op.DELETE_DASHBOARD, {"group": group_id, "dashboard": dashboard_id})
