"""What one asks of a model by itself: parameters, data sources, schedules; and which dataflows feed a workspace's."""

from sandbox import views
from sandbox.calls import Call
from sandbox.replies import Reply, bad_request, json_reply, listing, refused
from sandbox.routing import operation
from sandbox.scanned import instance
from sandbox.state import Dataset, Tenant, Workspace

NOT_A_MODEL = "Invalid dataset. This API can only be called on a Model-based dataset"
NEVER: views.Json = {
    "days": [],
    "times": [],
    "enabled": False,
    "localTimeZoneId": "UTC",
    "notifyOption": "MailOnFailure",
}
"""The schedule of a model that has none."""

UNTOUCHED: views.Json = {"frequency": 60, "days": [], "times": [], "localTimeZoneId": "UTC"}
NO_PARAMETERS = frozenset({"Sql", "Oracle", "Teradata", "SapHana"})
"""Data sources whose parameters the service does not tell in DirectQuery."""


@operation("Datasets_GetParametersInGroup", "GET", "groups/{groupId}/datasets/{datasetId}/parameters")
async def get_parameters(call: Call) -> Reply:
    item = require_model(call)
    direct = is_direct_query(item) and NO_PARAMETERS & set(_kinds(call.service.state, item))
    if direct or item.extra.get("changedByXmla"):
        raise bad_request("Parameters of this dataset are not supported")
    return listing(item.parameters, "parameters")


@operation("Datasets_GetDatasourcesInGroup", "GET", "groups/{groupId}/datasets/{datasetId}/datasources")
async def get_datasources(call: Call) -> Reply:
    return listing(sources(call.service.state, call.dataset(call.workspace())), "datasources")


@operation(
    "Datasets_GetDatasourcesAsAdmin",
    "GET",
    "admin/datasets/{datasetId}/datasources",
    guard="admin",
    bucket="default",
)
async def get_datasources_as_admin(call: Call) -> Reply:
    tenant, wanted = call.service.state, call.params["datasetId"].lower()
    for space in tenant.workspaces.values():
        for item in space.datasets:
            if item.id == wanted:
                return listing(sources(tenant, item), "datasources")
    raise refused(404, "PowerBIEntityNotFound")


@operation(
    "Datasets_GetRefreshScheduleInGroup", "GET", "groups/{groupId}/datasets/{datasetId}/refreshSchedule"
)
async def get_schedule(call: Call) -> Reply:
    return json_reply(require_model(call).refresh_schedule or NEVER)


@operation(
    "Datasets_GetDirectQueryRefreshScheduleInGroup",
    "GET",
    "groups/{groupId}/datasets/{datasetId}/directQueryRefreshSchedule",
)
async def get_direct_query_schedule(call: Call) -> Reply:
    item = require_model(call)
    if not is_direct_query(item):
        raise bad_request("The dataset is not in DirectQuery or LiveConnection mode")
    return json_reply(item.direct_query_schedule or UNTOUCHED)


@operation("Datasets_GetDatasetToDataflowsLinksInGroup", "GET", "groups/{groupId}/datasets/upstreamDataflows")
async def get_links(call: Call) -> Reply:
    return listing(_links(call.workspace()), "upstreamDataflows")


@operation(
    "Datasets_GetDatasetToDataflowsLinksInGroupAsAdmin",
    "GET",
    "admin/groups/{groupId}/datasets/upstreamDataflows",
    guard="admin",
    bucket="admin.other",
)
async def get_links_as_admin(call: Call) -> Reply:
    found = call.service.state.workspaces.get(call.params["groupId"].lower())
    if found is None:
        raise refused(404, "PowerBIEntityNotFound")
    return listing(_links(found), "upstreamDataflows")


def is_direct_query(item: Dataset) -> bool:
    return "DirectQuery" in item.content_provider_type


def sources(tenant: Tenant, item: Dataset) -> list[views.Json]:
    known = tenant.data_sources
    return [instance(known[source]) for source in _source_ids(item) if source in known]


def require_model(call: Call) -> Dataset:
    """Push and streaming datasets are no models."""
    item = call.dataset(call.workspace())
    if item.add_rows_api_enabled:
        raise refused(415, "InvalidRequest", message=NOT_A_MODEL)
    return item


def _kinds(tenant: Tenant, item: Dataset) -> list[str]:
    return [tenant.data_sources[source].kind for source in _source_ids(item) if source in tenant.data_sources]


def _source_ids(item: Dataset) -> list[str]:
    return [*item.origins.data_sources, *item.origins.misconfigured] if item.origins else []


def _links(space: Workspace) -> list[views.Json]:
    return [
        {
            "datasetObjectId": item.id,
            "dataflowObjectId": link.item_id,
            "workspaceObjectId": link.workspace_id,
        }
        for item in space.datasets
        if item.origins
        for link in item.origins.dataflows
    ]
