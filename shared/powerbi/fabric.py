"""What only the Fabric API can do: list items of every kind, rename, folders, a workspace's description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.powerbi import fabric_operations as fabric_op
from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient
from shared.powerbi.fabric_pages import rows_of

Row = dict[str, Any]
ADMIN_PAGES = 190  # of up to 10,000 rows: with more the 200 calls of an hour would end, and all begin again


class Fabric:
    """Operations of the Fabric API; BadRequest `connection.noFabric` where its address is not known."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def items(self, group_id: str) -> Iterator[Row]:
        """Items_ListItems: `id`, `type`, `displayName`, `folderId` of everything in the workspace, also what
        isn't Power BI."""
        return rows_of(self._client, op.LIST_FABRIC_ITEMS, {"group": group_id})

    def items_as_admin(self) -> Iterator[Row]:
        """Admin list of items: `id`, `type`, `name`, `workspaceId` of everything in the tenant; a preview."""
        return rows_of(self._client, op.LIST_FABRIC_ITEMS_AS_ADMIN, rows="itemEntities", most=ADMIN_PAGES)

    def gateways(self) -> Iterator[Row]:
        """Gateways_ListGateways: `id`, `displayName`, `type` of those the identity has any right on."""
        return rows_of(self._client, op.LIST_FABRIC_GATEWAYS)

    def workspace(self, group_id: str) -> Row:
        """Workspaces_GetWorkspace: `displayName`, `description`, `capacityId`, `domainId`."""
        return self._client.call(fabric_op.GET_WORKSPACE, {"group": group_id}).object()

    def update_workspace(self, group_id: str, description: str) -> None:
        """Workspaces_UpdateWorkspace: the description, of at most 4,000 characters; the name stays."""
        self._client.call(fabric_op.UPDATE_WORKSPACE, {"group": group_id}, json={"description": description})

    def folders(self, group_id: str) -> Iterator[Row]:
        """Folders_ListFolders: `id`, `displayName`, `parentFolderId` (none at the top) of all, also nested ones."""
        return rows_of(self._client, fabric_op.LIST_FOLDERS, {"group": group_id})

    def create_folder(self, group_id: str, name: str, parent_id: str = "") -> Row:
        """Folders_CreateFolder: the new folder. Raises AlreadyExists where the parent has one of that name."""
        body = {"displayName": name, **({"parentFolderId": parent_id} if parent_id else {})}
        return self._client.call(fabric_op.CREATE_FOLDER, {"group": group_id}, json=body).object()

    def move_item(self, group_id: str, item_id: str, folder_id: str = "") -> None:
        """Items_MoveItem: into a folder of its workspace, or to the top."""
        body = {"targetFolderId": folder_id} if folder_id else {}
        self._client.call(fabric_op.MOVE_ITEM, {"group": group_id, "item": item_id}, json=body)

    def rename_semantic_model(self, group_id: str, dataset_id: str, name: str) -> None:
        """SemanticModels_UpdateSemanticModel."""
        parameters = {"group": group_id, "dataset": dataset_id}
        self._client.call(op.UPDATE_SEMANTIC_MODEL, parameters, json={"displayName": name})

    def rename_report(self, group_id: str, report_id: str, name: str) -> None:
        """Reports_UpdateReport."""
        parameters = {"group": group_id, "report": report_id}
        self._client.call(op.UPDATE_FABRIC_REPORT, parameters, json={"displayName": name})
