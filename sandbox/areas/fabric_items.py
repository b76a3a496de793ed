"""Items of every kind as Fabric lists them: all of a workspace, those of one kind, one by its id; renamed, deleted.

Two items of one kind may share a name, as they may after two imports, also by a rename; what is made by definition
may not take one that is there.
"""

from typing import Any

from sandbox import continuation
from sandbox.calls import Call
from sandbox.definition_kind import Item, Kind
from sandbox.definition_kinds import KINDS
from sandbox.names import reserve
from sandbox.replies import ApiError, Reply, bad_request, json_reply, refused
from sandbox.routing import Handler, operation
from sandbox.state import Workspace

LONGEST_NAME = 256
BUCKET = "fabric.platform"
DENIED = ("PowerBINotAuthorizedException", "GroupNotAccessible")


@operation(
    "Fabric_ListItems",
    "GET",
    "workspaces/{groupId}/items",
    bucket="fabric.platform",
    family="fabric",
)
async def list_items(call: Call) -> Reply:
    workspace = call.workspace()
    rows = [row for row in item_rows(workspace) if call.query.get("type", row["type"]) == row["type"]]
    return continuation.page(call, rows)


async def rename(call: Call, kind: Kind, item: Item) -> Reply:
    body = await call.body()
    workspace = writable(call)
    item.name = item_name(body.get("displayName", item.name))
    item.description = body.get("description", item.description)
    call.audit(**_renamed(kind, item), workspace=workspace)
    return json_reply(item_row(workspace, kind.type, item))


async def delete(call: Call, kind: Kind, item: Item) -> Reply:
    workspace = writable(call)
    kind.remove(workspace, item)
    workspace.placed.pop(item.id, None)
    reserve(call.service, workspace, kind, item.name)
    call.audit(**_deleted(kind, item), workspace=workspace)
    return Reply()


def writable(call: Call) -> Workspace:
    """The workspace, for one who may write in it; refused in Fabric's own words."""
    try:
        return call.workspace("Contributor")
    except ApiError as error:
        if error.code in DENIED:
            text = "The caller does not have sufficient permissions to access the requested resource"
            raise refused(403, "InsufficientPrivileges", message=text) from error
        raise refused(404, "WorkspaceNotFound", message="The workspace was not found") from error


def found_item(call: Call, kind: Kind | None = None) -> tuple[Kind, Item]:
    """By its id; of `kind`, or of any kind that has a definition."""
    space = call.service.state.workspaces.get(call.params["groupId"].lower())
    wanted = call.params["itemId"].lower()
    for candidate in [kind] if kind else KINDS.values():
        for item in candidate.items(space) if space and space.state == "Active" else ():
            if item.id == wanted:
                return candidate, item
    writable(call)
    raise refused(404, "ItemNotFound", message="The requested item was not found")


def item_name(wanted: object) -> str:
    if not isinstance(wanted, str) or not 1 <= len(wanted.strip()) <= LONGEST_NAME:
        raise bad_request(f"displayName must have 1 to {LONGEST_NAME} characters", "InvalidInput")
    return wanted.strip()


def item_row(workspace: Workspace, type: str, item: Item) -> dict[str, str]:
    return _item(workspace, type, item.id, item.name, item.description)


def _renamed(kind: Kind, item: Item) -> dict[str, Any]:
    if kind.type in ("Report", "PaginatedReport"):
        return {"event": "RenameReport", "report": item}
    return (
        {"event": "EditDataset", "dataset": item}
        if kind.type == "SemanticModel"
        else _artifact("Update", item)
    )


def _deleted(kind: Kind, item: Item) -> dict[str, Any]:
    if kind.type in ("Report", "PaginatedReport"):
        return {"event": "DeleteReport", "report": item}
    return (
        {"event": "DeleteDataset", "dataset": item}
        if kind.type == "SemanticModel"
        else _artifact("Delete", item)
    )


def _artifact(done: str, item: Item) -> dict[str, Any]:
    return {"event": f"{done}Artifact", "ArtifactId": item.id, "ArtifactName": item.name}


def item_rows(workspace: Workspace) -> list[dict[str, str]]:
    """Everything in it, with the folder it lies in."""
    kinds = {"PaginatedReport": "PaginatedReport", "PowerBIReport": "Report"}
    reports = [_item(workspace, kinds[r.report_type], r.id, r.name, r.description) for r in workspace.reports]
    models = [_item(workspace, "SemanticModel", d.id, d.name, d.description) for d in workspace.datasets]
    boards = [_item(workspace, "Dashboard", b.id, b.display_name, "") for b in workspace.dashboards]
    flows = [_item(workspace, "Dataflow", f.object_id, f.name, f.description) for f in workspace.dataflows]
    marts = [_item(workspace, "Datamart", m.id, m.name, m.description) for m in workspace.datamarts]
    others = [_item(workspace, i.kind, i.id, i.name, i.description) for i in workspace.fabric_items]
    return reports + models + boards + flows + marts + others


def _item(workspace: Workspace, kind: str, item_id: str, name: str, description: str) -> dict[str, str]:
    fields = {
        "id": item_id,
        "type": kind,
        "displayName": name,
        "description": description,
        "workspaceId": workspace.id,
    }
    folder = workspace.placed.get(item_id)
    return fields | ({"folderId": folder} if folder else {})


def _of_kind(kind: Kind) -> dict[str, Handler]:
    async def listed(call: Call) -> Reply:
        workspace = call.workspace()
        rows = [item_row(workspace, kind.type, item) for item in kind.items(workspace)]
        return continuation.page(call, rows)

    async def shown(call: Call) -> Reply:
        return json_reply(item_row(call.workspace(), kind.type, found_item(call, kind)[1]))

    async def renamed(call: Call) -> Reply:
        return await rename(call, *found_item(call, kind))

    async def deleted(call: Call) -> Reply:
        return await delete(call, *found_item(call, kind))

    return {"list": listed, "GET": shown, "PATCH": renamed, "DELETE": deleted}


async def show_any(call: Call) -> Reply:
    workspace, wanted = call.workspace(), call.params["itemId"].lower()
    row = next((row for row in item_rows(workspace) if row["id"] == wanted), None)
    if row is None:
        raise refused(404, "ItemNotFound", message="The requested item was not found")
    return json_reply(row)


async def rename_any(call: Call) -> Reply:
    return await rename(call, *found_item(call))


async def delete_any(call: Call) -> Reply:
    return await delete(call, *found_item(call))


def _declare(type: str, path: str, handlers: dict[str, Handler]) -> None:
    one = f"workspaces/{{groupId}}/{path}/{{itemId}}"
    for name, method in ((f"Get{type}", "GET"), (f"Update{type}", "PATCH"), (f"Delete{type}", "DELETE")):
        operation(f"Fabric_{name}", method, one, bucket=BUCKET, family="fabric")(handlers[method])


for each in KINDS.values():
    made = _of_kind(each)
    base = f"workspaces/{{groupId}}/{each.path}"
    operation(f"Fabric_List{each.type}s", "GET", base, bucket=BUCKET, family="fabric")(made["list"])
    _declare(each.type, each.path, made)
_declare("Item", "items", {"GET": show_any, "PATCH": rename_any, "DELETE": delete_any})
