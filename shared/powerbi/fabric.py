"""What only the Fabric API can do: list items of every kind, rename models and reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient
from shared.powerbi.paging import Page, continuation

Row = dict[str, Any]
ADMIN_PAGES = 190  # of up to 10,000 rows: with more the 200 calls of an hour would end, and all begin again


class Fabric:
    """Operations of the Fabric API; BadRequest `connection.noFabric` where its address is not known."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def items(self, group_id: str) -> Iterator[Row]:
        """Items_ListItems: `id`, `type`, `displayName` of everything in the workspace, also what isn't Power BI."""
        for page in continuation(lambda: self._items(group_id), lambda token: self._items(group_id, token)):
            yield from page.rows

    def items_as_admin(self) -> Iterator[Row]:
        """Admin list of items: `id`, `type`, `name`, `workspaceId` of everything in the tenant; a preview."""
        for page in continuation(self._admin_items, self._admin_items, ADMIN_PAGES):
            yield from page.rows

    def gateways(self) -> Iterator[Row]:
        """Gateways_ListGateways: `id`, `displayName`, `type` of those the identity has any right on."""
        for page in continuation(self._gateways, self._gateways):
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
        return self._page(op.LIST_FABRIC_ITEMS, {"group": group_id}, token)

    def _admin_items(self, token: str = "") -> Page:
        return self._page(op.LIST_FABRIC_ITEMS_AS_ADMIN, {}, token, rows="itemEntities")

    def _gateways(self, token: str = "") -> Page:
        return self._page(op.LIST_FABRIC_GATEWAYS, {}, token)

    def _page(
        self, operation: op.Operation, parameters: dict[str, str], token: str, rows: str = "value"
    ) -> Page:
        query = {"continuationToken": token} if token else {}
        answer = self._client.call(operation, parameters, query)
        document = answer.object()
        following = document.get("continuationToken")
        found = document[rows] if isinstance(document.get(rows), list) else answer.rows()
        return Page(found, str(following) if following else None)
