"""Workspaces and their content as an administrator lists them, and adding a user."""

from collections.abc import Callable
from typing import Any

from sandbox import views
from sandbox.areas.users import add_access
from sandbox.calls import Call
from sandbox.replies import Reply, bad_request, json_reply, listing, not_found
from sandbox.routing import operation
from sandbox.state import Tenant, Workspace

View = Callable[[Workspace, Any], views.Json]

KINDS: dict[str, View] = {
    "reports": views.admin_report,
    "dashboards": views.admin_dashboard,
    "datasets": views.admin_dataset,
    "dataflows": views.admin_dataflow,
}
EXPANDABLE = {*KINDS, "users", "workbooks"}


@operation("Groups_GetGroupsAsAdmin", "GET", "admin/groups", guard="admin", bucket="admin.groups")
async def get_groups(call: Call) -> Reply:
    if "$top" not in call.query:
        raise bad_request("$top is required, from 1 to 5000")
    expand = _expand(call)
    spaces = call.service.state.workspaces
    rows = call.page([views.admin_group(w) for w in spaces.values()])
    in_pipelines = _pipelines(call.service.state)
    return listing(
        [row | in_pipelines.get(row["id"], {}) | _expanded(spaces[row["id"]], expand) for row in rows],
        "groups",
    )


@operation("Groups_GetGroupAsAdmin", "GET", "admin/groups/{groupId}", guard="admin", bucket="admin.other")
async def get_group(call: Call) -> Reply:
    workspace = any_workspace(call)
    return json_reply(views.admin_group(workspace) | _expanded(workspace, _expand(call)))


@operation(
    "Groups_GetGroupUsersAsAdmin", "GET", "admin/groups/{groupId}/users", guard="admin", bucket="admin.other"
)
async def get_users(call: Call) -> Reply:
    users = any_workspace(call).users
    return listing([views.group_user(call.service.state, access, admin=True) for access in users], "users")


@operation(
    "Groups_AddUserAsAdmin", "POST", "admin/groups/{groupId}/users", guard="adminUser", bucket="admin.other"
)
async def add_user(call: Call) -> Reply:
    add_access(call, any_workspace(call), await call.body(), as_admin=True)
    return Reply()


def any_workspace(call: Call) -> Workspace:
    """An administrator sees every workspace, deleted and personal ones too."""
    found = call.service.state.workspaces.get(call.params["groupId"].lower())
    if found is None:
        raise not_found()
    return found


def _pipelines(tenant: Tenant) -> dict[str, views.Json]:
    """Which workspace is in which deployment pipeline."""
    return {
        held: {"pipelineId": item.id} for item in tenant.pipelines.values() for held in item.stages if held
    }


def _expand(call: Call) -> list[str]:
    wanted = [part.strip() for part in call.query.get("$expand", "").split(",") if part.strip()]
    if unknown := [part for part in wanted if part not in EXPANDABLE]:
        raise bad_request(f"$expand does not know {', '.join(unknown)}")
    return wanted


def _expanded(workspace: Workspace, wanted: list[str]) -> views.Json:
    """users are served empty, as the service says of them."""
    return {kind: _expansion(workspace, kind) for kind in wanted}


def _expansion(workspace: Workspace, kind: str) -> list[views.Json]:
    if kind == "workbooks":
        return [views.present({"name": w.name, "datasetId": w.dataset_id}) for w in workspace.workbooks]
    return [KINDS[kind](workspace, item) for item in getattr(workspace, kind)] if kind in KINDS else []


def _declare_lists(kind: str, view: View) -> None:
    """The two lists of one kind: of a workspace and of the whole tenant."""
    name = kind.capitalize()

    async def in_group(call: Call) -> Reply:
        workspace = any_workspace(call)
        rows = [view(workspace, item) for item in getattr(workspace, kind)]
        return listing(call.page(rows), kind)

    async def in_tenant(call: Call) -> Reply:
        spaces = call.service.state.workspaces.values()
        rows = [view(w, item) for w in spaces if w.state == "Active" for item in getattr(w, kind)]
        return listing(call.page(rows), kind)

    path = f"admin/groups/{{groupId}}/{kind}"
    operation(f"{name}_Get{name}InGroupAsAdmin", "GET", path, guard="admin", bucket="admin.other")(in_group)
    bucket = "admin.other" if kind == "dataflows" else "admin.items"
    operation(f"{name}_Get{name}AsAdmin", "GET", f"admin/{kind}", guard="admin", bucket=bucket)(in_tenant)


for _kind, _view in KINDS.items():
    _declare_lists(_kind, _view)
