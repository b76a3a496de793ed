"""Dashboards and their tiles as members of a workspace see them, and an administrator."""

from sandbox import views
from sandbox.calls import Call
from sandbox.replies import Reply, listing, not_found
from sandbox.routing import operation
from sandbox.state import Dashboard, Workspace


@operation("Dashboards_GetDashboardsInGroup", "GET", "groups/{groupId}/dashboards")
async def get_dashboards(call: Call) -> Reply:
    workspace = call.workspace()
    return listing([views.dashboard(workspace, item) for item in workspace.dashboards], "dashboards")


@operation("Dashboards_GetTilesInGroup", "GET", "groups/{groupId}/dashboards/{dashboardId}/tiles")
async def get_tiles(call: Call) -> Reply:
    workspace = call.workspace()
    wanted = [item for item in workspace.dashboards if item.id == call.params["dashboardId"].lower()]
    if not wanted:
        raise not_found()
    return listing(shown_tiles(workspace, wanted[0]), "tiles")


@operation(
    "Dashboards_GetTilesAsAdmin",
    "GET",
    "admin/dashboards/{dashboardId}/tiles",
    guard="admin",
    bucket="admin.other",
)
async def get_tiles_as_admin(call: Call) -> Reply:
    wanted = call.params["dashboardId"].lower()
    for workspace in call.service.state.workspaces.values():
        for item in workspace.dashboards:
            if item.id == wanted:
                return listing(shown_tiles(workspace, item), "tiles")
    raise not_found()


def shown_tiles(workspace: Workspace, item: Dashboard) -> list[views.Json]:
    """Without the workspace of a model that is elsewhere: only a scan tells it."""
    address = f"{views.APP}/embed?dashboardId={item.id}&groupId={workspace.id}"
    fixed = {"rowSpan": 0, "colSpan": 0}
    return [
        {key: value for key, value in tile.items() if key != "datasetWorkspaceId"}
        | fixed
        | {"embedUrl": f"{address}&tileId={tile['id']}"}
        for tile in item.tiles
    ]
