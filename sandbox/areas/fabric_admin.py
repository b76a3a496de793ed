"""What a tenant holds, as Fabric's administrator lists it: the one place where all kinds of items are.

Ten thousand rows a page; first Fabric's own kinds, then those of Power BI. Rows have a `name`, not a displayName.
"""

from collections.abc import Callable, Iterator

from sandbox import continuation, views
from sandbox.calls import Call
from sandbox.replies import Reply, bad_request
from sandbox.routing import operation
from sandbox.state import Principal, Tenant, Workspace

Rows = Iterator[views.Json]


@operation(
    "Fabric_ListWorkspacesAsAdmin",
    "GET",
    "admin/workspaces",
    guard="admin",
    bucket="admin.other",
    family="fabric",
)
async def list_workspaces(call: Call) -> Reply:
    kinds = {"PersonalGroup": "Personal", "Personal": "Personal", "AdminInsights": "AdminWorkspace"}
    rows = [_workspace(w, kinds.get(w.type, "Workspace")) for w in call.service.state.workspaces.values()]
    wanted = {
        key: call.query[key].lower() for key in ("type", "state", "capacityId", "name") if key in call.query
    }
    kept = [row for row in rows if all(str(row.get(k, "")).lower() == v for k, v in wanted.items())]
    return continuation.page(call, kept, "workspaces")


@operation(
    "Fabric_ListItemsAsAdmin", "GET", "admin/items", guard="admin", bucket="admin.other", family="fabric"
)
async def list_items(call: Call) -> Reply:
    if call.query.get("state", "Active").lower() != "active":
        raise bad_request("state must be Active", "InvalidItemState")
    spaces = [w for w in call.service.state.workspaces.values() if w.state == "Active"]
    for key, field in (("workspaceId", "id"), ("capacityId", "capacity_id")):
        if key in call.query:
            spaces = [w for w in spaces if getattr(w, field) == call.query[key].lower()]
    rows = [row for kind in ORDER for space in spaces for row in kind(call.service.state, space)]
    wanted = call.query.get("type")
    return continuation.page(call, [r for r in rows if wanted in (None, r["type"])], "itemEntities")


def _workspace(space: Workspace, kind: str) -> views.Json:
    capacity = space.capacity_id.upper() if space.capacity_id else None
    fields = {"id": space.id, "name": space.name, "type": kind, "state": space.state}
    return views.present(fields | {"capacityId": capacity})


def _fabric(tenant: Tenant, space: Workspace) -> Rows:
    for item in space.fabric_items:
        creator = tenant.principals.get(item.creator_id)
        yield _row(space, item.kind, item.id, item.name, item.description, item.modified, creator)


def _datamarts(tenant: Tenant, space: Workspace) -> Rows:
    for item in space.datamarts:
        yield _row(space, "Datamart", item.id, item.name, item.description, item.modified_date_time)


def _reports(tenant: Tenant, space: Workspace) -> Rows:
    for item in space.reports:
        kind = "PaginatedReport" if item.report_type == "PaginatedReport" else "Report"
        yield _row(space, kind, item.id, item.name, item.description, item.modified_date_time)


def _dashboards(tenant: Tenant, space: Workspace) -> Rows:
    for item in space.dashboards:
        yield _row(space, "Dashboard", item.id, item.display_name)


def _models(tenant: Tenant, space: Workspace) -> Rows:
    for item in space.datasets:
        yield _row(space, "SemanticModel", item.id, item.name, item.description, item.created_date)


def _apps(tenant: Tenant, space: Workspace) -> Rows:
    for item in tenant.apps.values():
        if item.workspace_id == space.id:
            yield _row(space, "App", item.id, item.name, item.description, item.last_update)


def _dataflows(tenant: Tenant, space: Workspace) -> Rows:
    for item in space.dataflows:
        yield _row(space, "Dataflow", item.object_id, item.name, item.description, item.modified_date_time)


ORDER: tuple[Callable[[Tenant, Workspace], Rows], ...] = (
    _fabric,
    _datamarts,
    _reports,
    _dashboards,
    _models,
    _apps,
    _dataflows,
)


def _row(
    space: Workspace,
    kind: str,
    item_id: str,
    name: str,
    description: str = "",
    modified: str = "",
    creator: Principal | None = None,
) -> views.Json:
    fields: views.Json = {
        "id": item_id,
        "type": kind,
        "name": name,
        "description": description,
        "state": "Active",
        "lastUpdatedDate": modified,
        "creatorPrincipal": _creator(creator) if creator else None,
        "workspaceId": space.id,
        "capacityId": space.capacity_id.upper() if space.capacity_id else None,
    }
    return views.present(fields)


def _creator(who: Principal) -> views.Json:
    shown: views.Json = {"id": who.id, "displayName": who.display_name}
    if who.kind == "User":
        return shown | {"type": "User", "userDetails": {"userPrincipalName": who.upn}}
    return shown | {"type": "ServicePrincipal"}
