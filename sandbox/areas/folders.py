"""Folders, which only Fabric's API knows: list, make, rename, move, delete; and items moved between them."""

from collections.abc import Iterator
from typing import Any

from sandbox import continuation, views
from sandbox.areas.fabric_items import item_rows
from sandbox.calls import Call
from sandbox.folders import DEEPEST, ancestors, find_folder, item_ids, place, wanted_folder
from sandbox.holdings import Folder
from sandbox.replies import Reply, bad_request, json_reply, not_found, refused
from sandbox.routing import operation
from sandbox.state import Workspace, new_id

ALL = "workspaces/{groupId}/folders"
ONE = f"{ALL}/{{folderId}}"
BUCKET, FABRIC = "fabric.platform", "fabric"
LONGEST_NAME, MOST_ITEMS = 255, 50
FORBIDDEN = frozenset('~"#.&*:<>?/{|}')
RESERVED = frozenset({"$recycle.bin", "recycled", "recycler"})


@operation("Fabric_ListFolders", "GET", ALL, bucket=BUCKET, family=FABRIC)
async def list_folders(call: Call) -> Reply:
    workspace = call.workspace()
    root = wanted_folder(workspace, call.query.get("rootFolderId"))
    deep = call.query.get("recursive", "true").lower() == "true"
    return continuation.page(call, [_row(workspace, item) for item in _below(workspace, root, deep=deep)])


@operation("Fabric_CreateFolder", "POST", ALL, bucket=BUCKET, family=FABRIC)
async def create(call: Call) -> Reply:
    body = await call.body()
    workspace = call.workspace("Contributor")
    parent = wanted_folder(workspace, body.get("parentFolderId"))
    if _depth(workspace, parent) >= DEEPEST:
        raise bad_request(f"Folders go {DEEPEST} levels deep", "FolderDepthOutOfRange")
    made = Folder(new_id(), _name(workspace, body.get("displayName"), parent), parent)
    workspace.folders.append(made)
    call.audit("CreateWorkspaceFolder", workspace, FolderObjectId=made.id, FolderDisplayName=made.name)
    return json_reply(_row(workspace, made), 201)


@operation("Fabric_GetFolder", "GET", ONE, bucket=BUCKET, family=FABRIC)
async def get_folder(call: Call) -> Reply:
    workspace = call.workspace()
    return json_reply(_row(workspace, find_folder(workspace, call.params["folderId"])))


@operation("Fabric_UpdateFolder", "PATCH", ONE, bucket=BUCKET, family=FABRIC)
async def rename(call: Call) -> Reply:
    body = await call.body()
    workspace = call.workspace("Contributor")
    item = find_folder(workspace, call.params["folderId"])
    item.name = _name(workspace, body.get("displayName"), item.parent_id, item)
    return json_reply(_row(workspace, item))


@operation("Fabric_DeleteFolder", "DELETE", ONE, bucket=BUCKET, family=FABRIC)
async def delete(call: Call) -> Reply:
    workspace = call.workspace("Contributor")
    item = find_folder(workspace, call.params["folderId"])
    held = {workspace.placed[key] for key in item_ids(workspace) & workspace.placed.keys()}
    if item.id in held or any(child.parent_id == item.id for child in workspace.folders):
        raise bad_request("The folder is not empty", "FolderNotEmpty")
    workspace.folders.remove(item)
    return Reply()


@operation("Fabric_MoveFolder", "POST", f"{ONE}/move", bucket=BUCKET, family=FABRIC)
async def move(call: Call) -> Reply:
    body = await call.body()
    workspace = call.workspace("Contributor")
    item = find_folder(workspace, call.params["folderId"])
    goal = wanted_folder(workspace, body.get("targetFolderId"))
    if item in ancestors(workspace, find_folder(workspace, goal) if goal else None):
        raise bad_request("A folder can't go into what is in it", "InfiniteFolderHierarchyLoop")
    if _depth(workspace, goal) + _height(workspace, item) > DEEPEST:
        raise bad_request(f"Folders go {DEEPEST} levels deep", "FolderDepthOutOfRange")
    item.name = _name(workspace, item.name, goal, item)
    item.parent_id = goal
    return json_reply(_row(workspace, item))


@operation(
    "Fabric_MoveItem", "POST", "workspaces/{groupId}/items/{itemId}/move", bucket=BUCKET, family=FABRIC
)
async def move_item(call: Call) -> Reply:
    return _moved(call, await call.body(), [call.params["itemId"]])


@operation(
    "Fabric_BulkMoveItems", "POST", "workspaces/{groupId}/items/bulkMove", bucket=BUCKET, family=FABRIC
)
async def move_items(call: Call) -> Reply:
    body = await call.body()
    sent = body.get("items")
    if not isinstance(sent, list) or not 1 <= len(sent) <= MOST_ITEMS:
        raise bad_request(f"items must name 1 to {MOST_ITEMS} items", "InvalidInput")
    return _moved(call, body, [str(item) for item in sent])


def _moved(call: Call, body: dict[str, Any], items: list[str]) -> Reply:
    workspace, wanted = call.workspace("Contributor"), {item.lower() for item in items}
    goal = wanted_folder(workspace, body.get("targetFolderId"))
    if not wanted <= item_ids(workspace):
        raise not_found("ItemNotFound")
    place(workspace, goal, wanted)
    return json_reply({"value": [row for row in item_rows(workspace) if row["id"] in wanted]})


def _below(workspace: Workspace, root: str | None, *, deep: bool) -> Iterator[Folder]:
    for item in workspace.folders:
        if item.parent_id == root:
            yield item
            if deep:
                yield from _below(workspace, item.id, deep=True)


def _depth(workspace: Workspace, folder_id: str | None) -> int:
    return len(list(ancestors(workspace, find_folder(workspace, folder_id)))) if folder_id else 0


def _height(workspace: Workspace, item: Folder) -> int:
    children = [child for child in workspace.folders if child.parent_id == item.id]
    return 1 + max((_height(workspace, child) for child in children), default=0)


def _name(workspace: Workspace, sent: object, parent: str | None, own: Folder | None = None) -> str:
    """409 where a neighbour has it, 400 where no folder may."""
    name = sent if isinstance(sent, str) else ""
    bad = not 1 <= len(name) <= LONGEST_NAME or name != name.strip() or FORBIDDEN & set(name)
    if bad or name.casefold() in RESERVED:
        raise bad_request("The folder display name is invalid", "InvalidFolderDisplayName")
    beside = (item for item in workspace.folders if item.parent_id == parent and item is not own)
    if any(item.name.casefold() == name.casefold() for item in beside):
        raise refused(409, "FolderDisplayNameAlreadyInUse", message="Folder display name is already used")
    return name


def _row(workspace: Workspace, item: Folder) -> views.Json:
    fields = {"id": item.id, "displayName": item.name, "workspaceId": workspace.id}
    return fields | ({"parentFolderId": item.parent_id} if item.parent_id else {})
