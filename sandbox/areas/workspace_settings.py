"""Settings of workspaces and models beside their names: description, storage of dataflows, format of a model."""

from sandbox import views
from sandbox.calls import Call
from sandbox.replies import Reply, bad_request, json_reply, listing, not_found, refused, unauthorized
from sandbox.routing import operation
from sandbox.state import Workspace

NONE = "00000000-0000-0000-0000-000000000000"
LONGEST_NAME, LONGEST_DESCRIPTION = 256, 4000
MODES = ("Abf", "PremiumFiles")
PROGRESS = {"CompletedSuccessfully": "Completed", "AssignmentFailed": "Failed"}


@operation("DataflowStorageAccounts_GetDataflowStorageAccounts", "GET", "dataflowStorageAccounts")
async def get_accounts(call: Call) -> Reply:
    known = call.service.state.storage_accounts.values()
    rows = [{"id": item.id, "name": item.name, "isEnabled": item.is_enabled} for item in known]
    return listing(rows, "dataflowStorageAccounts")


@operation("Groups_AssignToDataflowStorage", "POST", "groups/{groupId}/AssignToDataflowStorage")
async def assign_storage(call: Call) -> Reply:
    """What changes it is refused while the workspace holds dataflows."""
    wanted = str((await call.body()).get("dataflowStorageId", "")).lower()
    workspace = call.workspace("Admin")
    if wanted != NONE:
        _check_account(call, wanted)
    goal = None if wanted == NONE else wanted
    if workspace.dataflows and goal != workspace.dataflow_storage_id:
        raise bad_request("The workspace holds dataflows; its dataflow storage can't be changed")
    workspace.dataflow_storage_id = goal
    call.audit("AssignWorkspaceToDataflowStorage", workspace, DataflowStorageId=wanted)
    return Reply()


@operation("Datasets_UpdateDatasetInGroup", "PATCH", "groups/{groupId}/datasets/{datasetId}")
async def update_dataset(call: Call) -> Reply:
    """Its owner's alone."""
    body = await call.body()
    workspace = call.workspace("Contributor")
    item = call.dataset(workspace)
    if item.configured_by.casefold() != call.caller.name.casefold():
        raise unauthorized()
    mode = body.get("targetStorageMode", item.target_storage_mode)
    if mode not in MODES:
        raise bad_request(f"targetStorageMode must be one of {', '.join(MODES)}")
    if mode == "PremiumFiles" and workspace.capacity_id is None:
        raise bad_request("The large format needs a Premium or Fabric capacity")
    item.target_storage_mode = mode
    item.extra |= {key: body[key] for key in ("queryScaleOutSettings",) if key in body}
    call.audit("EditDatasetProperties", workspace, dataset=item)
    return Reply()


@operation("Fabric_GetWorkspace", "GET", "workspaces/{groupId}", bucket="fabric.platform", family="fabric")
async def get_workspace(call: Call) -> Reply:
    workspace = call.workspace()
    return json_reply(_fields(workspace) | _progress(workspace))


@operation(
    "Fabric_UpdateWorkspace", "PATCH", "workspaces/{groupId}", bucket="fabric.platform", family="fabric"
)
async def update_workspace(call: Call) -> Reply:
    body = await call.body()
    workspace = call.workspace("Admin")
    description = str(body.get("description", workspace.description) or "")
    if len(description) > LONGEST_DESCRIPTION:
        raise bad_request(f"description may have {LONGEST_DESCRIPTION} characters", "InvalidInput")
    if "displayName" in body:
        workspace.name = _name(call, workspace, body["displayName"])
    workspace.description = description
    call.audit("UpdateFolder", workspace, FolderObjectId=workspace.id, FolderDisplayName=workspace.name)
    return json_reply(_fields(workspace))


def _check_account(call: Call, wanted: str) -> None:
    account = call.service.state.storage_accounts.get(wanted)
    if account is None:
        raise not_found()
    if not account.is_enabled:
        raise bad_request("Workspaces cannot be assigned to this storage account")


def _name(call: Call, workspace: Workspace, sent: object) -> str:
    name = sent.strip() if isinstance(sent, str) else ""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise bad_request(f"displayName must have 1 to {LONGEST_NAME} characters", "InvalidInput")
    holder = call.service.workspace_named(name)
    if holder is not None and holder is not workspace:
        raise refused(409, "WorkspaceNameAlreadyExists", message="A workspace of this name exists")
    return name


def _fields(workspace: Workspace) -> views.Json:
    fields: views.Json = {
        "id": workspace.id,
        "displayName": workspace.name,
        "description": workspace.description,
        "type": "Workspace",
    }
    return fields | views.present({"capacityId": workspace.capacity_id})


def _progress(workspace: Workspace) -> views.Json:
    if not workspace.assignments:
        return {"capacityAssignmentProgress": "Completed"} if workspace.capacity_id else {}
    return {"capacityAssignmentProgress": PROGRESS.get(workspace.assignments[-1].status, "InProgress")}
