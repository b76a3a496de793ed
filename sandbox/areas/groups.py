"""Workspaces as their members see them: list, read, create, change, delete."""

from collections.abc import Collection

from sandbox import odata, views
from sandbox.access import right_of
from sandbox.calls import Call
from sandbox.replies import Reply, bad_request, json_reply, listing, refused, unauthorized
from sandbox.routing import operation
from sandbox.state import Access, Tenant, Workspace, new_id
from sandbox.timing import now

FIELDS = frozenset({"id", "name", "isReadOnly", "isOnDedicatedCapacity", "capacityId", "type", "state"})
LONGEST_NAME = 256


@operation("Groups_GetGroups", "GET", "groups")
async def get_groups(call: Call) -> Reply:
    tenant = call.service.state
    mine = [
        views.group(w)
        for w in _candidates(call)
        if w.state == "Active" and w.type == "Workspace" and right_of(tenant, w, call.caller.id) != "None"
    ]
    return listing(call.page(mine, FIELDS), "groups")


def _candidates(call: Call) -> Collection[Workspace]:
    """All, or those of one name: asked for before every creation, among thousands."""
    spaces = call.service.state.workspaces.values()
    wanted = odata.exact(call.query.get("$filter", ""), "name")
    return spaces if wanted is None else [w for w in spaces if w.name.casefold() == wanted.casefold()]


@operation("Groups_GetGroup", "GET", "groups/{groupId}")
async def get_group(call: Call) -> Reply:
    """Alone, not in a list, a workspace shows where its logs go."""
    workspace = call.workspace()
    logs = {"logAnalyticsWorkspace": workspace.log_analytics} if workspace.log_analytics else {}
    return json_reply(views.group(workspace) | logs)


@operation("Groups_CreateGroup", "POST", "groups")
async def create_group(call: Call) -> Reply:
    body = await call.body()
    if call.query.get("workspaceV2", "true").lower() != "true":
        raise bad_request("workspaceV2 may only be true")
    name = _name(call, body.get("name"))
    if call.caller.is_app and not call.service.state.service_principals_create_workspaces:
        raise unauthorized()
    seen_from = now() + call.service.timing.draw("permission.creator")
    workspace = Workspace(new_id(), name, users=[Access(call.caller.id, "Admin", seen_from)])
    call.service.state.workspaces[workspace.id] = workspace
    call.audit("CreateFolder", workspace, FolderObjectId=workspace.id, FolderDisplayName=name)
    return json_reply(views.group(workspace))


@operation("Groups_UpdateGroup", "PATCH", "groups/{groupId}")
async def update_group(call: Call) -> Reply:
    body = await call.body()
    workspace = call.workspace("Admin")
    if "defaultDatasetStorageFormat" in body:
        _set_format(workspace, body["defaultDatasetStorageFormat"])
    if "name" in body:
        workspace.name = _name(call, body["name"], workspace)
    call.audit("UpdateFolder", workspace, FolderObjectId=workspace.id, FolderDisplayName=workspace.name)
    return Reply()


@operation("Groups_DeleteGroup", "DELETE", "groups/{groupId}")
async def delete_group(call: Call) -> Reply:
    workspace = call.workspace("Admin")
    delete_workspace(call.service.state, workspace)
    call.audit("DeleteFolder", workspace, FolderObjectId=workspace.id, FolderDisplayName=workspace.name)
    return Reply()


def delete_workspace(tenant: Tenant, workspace: Workspace) -> None:
    """Out of its deployment pipeline, too."""
    workspace.state = "Deleted"
    for line in tenant.pipelines.values():
        line.stages = [None if held == workspace.id else held for held in line.stages]


def _name(call: Call, sent: object, workspace: Workspace | None = None) -> str:
    """The trimmed name; 400 if it is empty, too long or another workspace's."""
    name = sent.strip() if isinstance(sent, str) else ""
    if not name or len(name) > LONGEST_NAME:
        raise bad_request(f"name must have 1 to {LONGEST_NAME} characters")
    holder = call.service.workspace_named(name)
    if holder is not None and holder is not workspace:
        raise refused(400, "PowerBIEntityAlreadyExists")
    return name


def _set_format(workspace: Workspace, wanted: str) -> None:
    if wanted not in ("Small", "Large"):
        raise bad_request("defaultDatasetStorageFormat must be Small or Large")
    if workspace.capacity_id is None:
        raise bad_request("defaultDatasetStorageFormat needs a dedicated capacity")
    workspace.default_dataset_storage_format = wanted
