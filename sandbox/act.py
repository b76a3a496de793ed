"""Changes as a person makes them in the portal, so that drift after a cutover has a cause and an event."""

from collections.abc import Callable
from typing import Any

from sandbox import changes
from sandbox.activity import record
from sandbox.areas import groups
from sandbox.state import Access, Dataset, Report, Workspace, new_id
from sandbox.timing import iso, now
from sandbox.world import Service

Json = dict[str, Any]


def perform(service: Service, body: Json) -> Json:
    """`action`, `workspace` (id or name), what the action needs, and `user` (UPN, else the master user)."""
    master = service.state.principals.get(service.state.actors.get("masterUser", ""))
    user = body.get("user") or (master.upn if master and master.upn else "someone@" + service.state.domain)
    return ACTIONS[body["action"]](service, user, body)


def _workspace(service: Service, body: Json) -> Workspace:
    wanted = body["workspace"]
    found = service.state.workspaces.get(wanted.lower()) or service.workspace_named(wanted)
    if found is None:
        raise KeyError(f"no workspace {wanted}")
    return found


def _one[T: (Report, Dataset)](items: list[T], wanted: str) -> T:
    return next(item for item in items if wanted in (item.id, item.name))


def create_workspace(service: Service, user: str, body: Json) -> Json:
    owner = service.state.principal_named(user)
    workspace = Workspace(new_id(), body["name"], users=[Access(owner.id, "Admin")] if owner else [])
    service.state.workspaces[workspace.id] = workspace
    record(service, "CreateFolder", user, new_id(), workspace)
    return {"id": workspace.id}


def rename_workspace(service: Service, user: str, body: Json) -> Json:
    workspace = _workspace(service, body)
    workspace.name = body["name"]
    record(service, "UpdateFolder", user, new_id(), workspace)
    return {"id": workspace.id}


def delete_workspace(service: Service, user: str, body: Json) -> Json:
    workspace = _workspace(service, body)
    groups.delete_workspace(service.state, workspace)
    record(service, "DeleteFolder", user, new_id(), workspace)
    return {"id": workspace.id}


def create_report(service: Service, user: str, body: Json) -> Json:
    """A report authored on a model of the workspace (`dataset`), with `fileId` where it can be exported."""
    workspace = _workspace(service, body)
    model = _one(workspace.datasets, body["dataset"]).id if "dataset" in body else None
    moment = iso(now())
    item = Report(new_id(), body["name"], dataset_id=model, file_id=body.get("fileId"), created_by=user)
    item.created_date_time = item.modified_date_time = moment
    workspace.reports.append(item)
    record(service, "CreateReport", user, new_id(), workspace, report=item)
    return {"id": item.id}


def rename_report(service: Service, user: str, body: Json) -> Json:
    workspace = _workspace(service, body)
    item = _one(workspace.reports, body["report"])
    item.name = body["name"]
    record(service, "RenameReport", user, new_id(), workspace, report=item)
    return {"id": item.id}


def edit_report(service: Service, user: str, body: Json) -> Json:
    workspace = _workspace(service, body)
    item = _one(workspace.reports, body["report"])
    item.modified_by, item.modified_date_time = user, iso(now())
    record(service, "EditReport", user, new_id(), workspace, report=item)
    return {"id": item.id}


def delete_report(service: Service, user: str, body: Json) -> Json:
    workspace = _workspace(service, body)
    item = _one(workspace.reports, body["report"])
    workspace.reports.remove(item)
    record(service, "DeleteReport", user, new_id(), workspace, report=item)
    return {"id": item.id}


def delete_dataset(service: Service, user: str, body: Json) -> Json:
    workspace = _workspace(service, body)
    item = _one(workspace.datasets, body["dataset"])
    workspace.datasets.remove(item)
    workspace.reports = [report for report in workspace.reports if report.dataset_id != item.id]
    record(service, "DeleteDataset", user, new_id(), workspace, dataset=item)
    return {"id": item.id}


def add_user(service: Service, user: str, body: Json) -> Json:
    """`principal` (id or UPN) gets `right`; also changes the right of one who has one."""
    workspace = _workspace(service, body)
    who = service.state.principal_named(body["principal"])
    if who is None:
        raise KeyError(f"no principal {body['principal']}")
    held = next((access for access in workspace.users if access.principal_id == who.id), None)
    if held is None:
        workspace.users.append(Access(who.id, body["right"]))
    else:
        held.right = body["right"]
    record(service, "UpdateWorkspaceAccess" if held else "AddGroupMembers", user, new_id(), workspace)
    return {"id": who.id}


def remove_user(service: Service, user: str, body: Json) -> Json:
    workspace = _workspace(service, body)
    who = service.state.principal_named(body["principal"])
    workspace.users = [access for access in workspace.users if who is None or access.principal_id != who.id]
    record(service, "DeleteGroupMembers", user, new_id(), workspace)
    return {"id": who.id if who else body["principal"]}


def pause_capacity(service: Service, user: str, body: Json) -> Json:
    capacity = service.state.capacities[body["capacity"].lower()]
    capacity.state = "Suspended"
    return {"id": capacity.id}


ACTIONS: dict[str, Callable[[Service, str, Json], Json]] = {
    "createWorkspace": create_workspace,
    "renameWorkspace": rename_workspace,
    "deleteWorkspace": delete_workspace,
    "createReport": create_report,
    "renameReport": rename_report,
    "editReport": edit_report,
    "changeReport": changes.change_report,
    "changeModel": changes.change_model,
    "deleteReport": delete_report,
    "deleteDataset": delete_dataset,
    "addUser": add_user,
    "pauseCapacity": pause_capacity,
    "removeUser": remove_user,
}
