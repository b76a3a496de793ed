"""The operations of the Fabric API that content moves by, as a table like `operations`.

The four kinds of items with a definition are alike in the contract, each under a path of its own. Whatever may be
a long-running operation counts as an ordinary call; only looking after it (`operations/…`) has a quota of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.powerbi.operations import Operation

DefinitionKind = Literal["semanticModels", "reports", "paginatedReports", "dataflows"]


def _fabric(
    operation: str, method: str, template: str, *, idempotent: bool, quota: str = "fabric.platform"
) -> Operation:
    return Operation(operation, method, template, quota, idempotent=idempotent, api="fabric")


GET_OPERATION = _fabric(
    "LongRunningOperations_GetOperationState",
    "GET",
    "/operations/{operation}",
    idempotent=True,
    quota="fabric.lro",
)
GET_OPERATION_RESULT = _fabric(
    "LongRunningOperations_GetOperationResult",
    "GET",
    "/operations/{operation}/result",
    idempotent=True,
    quota="fabric.lro",
)

GET_WORKSPACE = _fabric("Workspaces_GetWorkspace", "GET", "/workspaces/{group}", idempotent=True)
UPDATE_WORKSPACE = _fabric("Workspaces_UpdateWorkspace", "PATCH", "/workspaces/{group}", idempotent=True)
LIST_FOLDERS = _fabric("Folders_ListFolders", "GET", "/workspaces/{group}/folders", idempotent=True)
CREATE_FOLDER = _fabric("Folders_CreateFolder", "POST", "/workspaces/{group}/folders", idempotent=False)
MOVE_ITEM = _fabric("Items_MoveItem", "POST", "/workspaces/{group}/items/{item}/move", idempotent=True)


@dataclass(frozen=True, slots=True)
class DefinitionOperations:
    """What can be done with the items of one kind. Reading a definition starts work, but changes nothing."""

    list: Operation
    create: Operation
    rename: Operation
    delete: Operation
    get_definition: Operation
    update_definition: Operation


def _of_kind(kind: DefinitionKind, name: str, plural: str) -> DefinitionOperations:
    items = f"/workspaces/{{group}}/{kind}"
    item = f"{items}/{{item}}"
    return DefinitionOperations(
        list=_fabric(f"Items_List{plural}", "GET", items, idempotent=True),
        create=_fabric(f"Items_Create{name}", "POST", items, idempotent=False),
        rename=_fabric(f"Items_Update{name}", "PATCH", item, idempotent=True),
        delete=_fabric(f"Items_Delete{name}", "DELETE", item, idempotent=True),
        get_definition=_fabric(
            f"Items_Get{name}Definition", "POST", f"{item}/getDefinition", idempotent=True
        ),
        update_definition=_fabric(
            f"Items_Update{name}Definition", "POST", f"{item}/updateDefinition", idempotent=True
        ),
    )


DEFINITIONS: dict[DefinitionKind, DefinitionOperations] = {
    "semanticModels": _of_kind("semanticModels", "SemanticModel", "SemanticModels"),
    "reports": _of_kind("reports", "Report", "Reports"),
    "paginatedReports": _of_kind("paginatedReports", "PaginatedReport", "PaginatedReports"),
    "dataflows": _of_kind("dataflows", "Dataflow", "Dataflows"),
}
