"""Dataflows of the first generation: the list, the definition file, what feeds one. The second is Fabric's."""

from collections.abc import Iterable

from sandbox import views
from sandbox.calls import Call
from sandbox.modeljson import model_json
from sandbox.replies import Reply, listing, not_found
from sandbox.routing import operation
from sandbox.scanned import instance, links
from sandbox.state import Dataflow, Workspace

FILE = {"content-type": "application/json; charset=utf-8"}


@operation("Dataflows_GetDataflows", "GET", "groups/{groupId}/dataflows")
async def get_dataflows(call: Call) -> Reply:
    workspace = call.workspace()
    return listing([views.dataflow(item) for item in workspace.dataflows], "dataflows")


@operation("Dataflows_GetDataflow", "GET", "groups/{groupId}/dataflows/{dataflowId}")
async def get_dataflow(call: Call) -> Reply:
    item = find_dataflow([call.workspace()], call)
    return Reply(200, model_json(call.service.state, item), dict(FILE))


@operation(
    "Dataflows_ExportDataflowAsAdmin",
    "GET",
    "admin/dataflows/{dataflowId}/export",
    guard="admin",
    bucket="admin.other",
)
async def export_as_admin(call: Call) -> Reply:
    item = find_dataflow(call.service.state.workspaces.values(), call)
    return Reply(200, model_json(call.service.state, item), dict(FILE))


@operation("Dataflows_GetDataflowDataSources", "GET", "groups/{groupId}/dataflows/{dataflowId}/datasources")
async def get_datasources(call: Call) -> Reply:
    item, known = find_dataflow([call.workspace()], call), call.service.state.data_sources
    ids = item.origins.data_sources if item.origins else []
    return listing([instance(known[source]) for source in ids if source in known], "datasources")


@operation(
    "Dataflows_GetUpstreamDataflowsInGroup",
    "GET",
    "groups/{groupId}/dataflows/{dataflowId}/upstreamDataflows",
)
async def get_upstream(call: Call) -> Reply:
    item = find_dataflow([call.workspace()], call)
    rows = links(item.origins.dataflows, "targetDataflowId") if item.origins else []
    return listing(rows, "upstreamDataflows")


def find_dataflow(spaces: Iterable[Workspace], call: Call) -> Dataflow:
    """The one of the path; 404 where none of the workspaces has it."""
    wanted = call.params["dataflowId"].lower()
    for space in spaces:
        for item in space.dataflows:
            if item.object_id == wanted:
                return item
    raise not_found()
