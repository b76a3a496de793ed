"""Dataflows (Gen1): what there is."""

from __future__ import annotations

from typing import Any

from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient

Row = dict[str, Any]


class Dataflows:
    """Operations on dataflows of a workspace."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def list(self, group_id: str) -> list[Row]:
        """Dataflows_GetDataflows: `objectId`, `name`."""
        return self._client.call(op.LIST_DATAFLOWS, {"group": group_id}).rows()
