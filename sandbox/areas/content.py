"""Lists of the kinds that no API can move yet: dashboards and dataflows."""

from sandbox import views
from sandbox.calls import Call
from sandbox.replies import Reply, listing
from sandbox.routing import operation


@operation("Dashboards_GetDashboardsInGroup", "GET", "groups/{groupId}/dashboards")
async def get_dashboards(call: Call) -> Reply:
    workspace = call.workspace()
    return listing([views.dashboard(workspace, item) for item in workspace.dashboards], "dashboards")


@operation("Dashboards_GetTilesInGroup", "GET", "groups/{groupId}/dashboards/{dashboardId}/tiles")
async def get_tiles(call: Call) -> Reply:
    workspace = call.workspace()
    wanted = [item for item in workspace.dashboards if item.id == call.params["dashboardId"].lower()]
    return listing(wanted[0].tiles if wanted else [], "tiles")


@operation("Dataflows_GetDataflows", "GET", "groups/{groupId}/dataflows")
async def get_dataflows(call: Call) -> Reply:
    workspace = call.workspace()
    return listing([views.dataflow(item) for item in workspace.dataflows], "dataflows")
