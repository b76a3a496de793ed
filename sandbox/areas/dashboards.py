"""What changes dashboards: an empty one is made, one is deleted. No operation pins a tile."""

from sandbox import views
from sandbox.areas.content import shown_tiles
from sandbox.calls import Call
from sandbox.replies import Reply, bad_request, json_reply, not_found
from sandbox.routing import operation
from sandbox.state import Dashboard, Workspace, new_id

BOARD = "groups/{groupId}/dashboards/{dashboardId}"


@operation("Dashboards_AddDashboardInGroup", "POST", "groups/{groupId}/dashboards")
async def add_dashboard(call: Call) -> Reply:
    """Two of one name may stand side by side."""
    sent = (await call.body()).get("name")
    workspace = call.workspace("Contributor")
    name = sent.strip() if isinstance(sent, str) else ""
    if not name:
        raise bad_request("name is missing")
    made = Dashboard(new_id(), name)
    workspace.dashboards.append(made)
    call.audit("CreateDashboard", workspace, DashboardId=made.id, DashboardName=name)
    return json_reply(views.dashboard(workspace, made))


@operation("Dashboards_GetDashboardInGroup", "GET", BOARD)
async def get_dashboard(call: Call) -> Reply:
    workspace = call.workspace()
    return json_reply(views.dashboard(workspace, _find(call, workspace)))


@operation("Dashboards_DeleteDashboardInGroup", "DELETE", BOARD)
async def delete_dashboard(call: Call) -> Reply:
    workspace = call.workspace("Contributor")
    gone = _find(call, workspace)
    workspace.dashboards.remove(gone)
    call.audit("DeleteDashboard", workspace, DashboardId=gone.id, DashboardName=gone.display_name)
    return Reply()


@operation("Dashboards_GetTileInGroup", "GET", f"{BOARD}/tiles/{{tileId}}")
async def get_tile(call: Call) -> Reply:
    workspace = call.workspace()
    rows = shown_tiles(workspace, _find(call, workspace))
    found = next((row for row in rows if row["id"] == call.params["tileId"].lower()), None)
    if found is None:
        raise not_found()
    return json_reply(found)


def _find(call: Call, workspace: Workspace) -> Dashboard:
    wanted = call.params["dashboardId"].lower()
    for item in workspace.dashboards:
        if item.id == wanted:
            return item
    raise not_found()
