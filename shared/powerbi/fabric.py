"""What only the Fabric API can do: list items of every kind, rename models and reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient
from shared.powerbi.paging import Page, continuation

Row = dict[str, Any]


class Fabric:
    """Operations of the Fabric API; BadRequest `connection.noFabric` where its address is not known."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def items(self, group_id: str) -> Iterator[Row]:
        """Items_ListItems: `id`, `type`, `displayName` of everything in the workspace, also what isn't Power BI."""
        for page in continuation(lambda: self._items(group_id), lambda token: self._items(group_id, token)):
            yield from page.rows

    def rename_semantic_model(self, group_id: str, dataset_id: str, name: str) -> None:
        """SemanticModels_UpdateSemanticModel."""
        parameters = {"group": group_id, "dataset": dataset_id}
        self._client.call(op.UPDATE_SEMANTIC_MODEL, parameters, json={"displayName": name})

    def rename_report(self, group_id: str, report_id: str, name: str) -> None:
        """Reports_UpdateReport."""
        parameters = {"group": group_id, "report": report_id}
        self._client.call(op.UPDATE_FABRIC_REPORT, parameters, json={"displayName": name})

    def _items(self, group_id: str, token: str = "") -> Page:
        query = {"continuationToken": token} if token else {}
        answer = self._client.call(op.LIST_FABRIC_ITEMS, {"group": group_id}, query)
        following = answer.object().get("continuationToken")
        return Page(answer.rows(), str(following) if following else None)
