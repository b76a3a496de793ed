"""The operations this app uses, as a table: name, address, and whose quota and identity each takes.

`idempotent` means: sending it twice has the same effect as once, so a lost answer may be asked for again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote

from shared.errors import BadRequest

# "graph" is the main application with a token for Microsoft Graph: another audience, so another token and budget.
Identity = Literal["main", "admin", "user", "graph"]
Api = Literal["powerbi", "fabric", "graph"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One API operation by its official id; `template` is relative to the API's base URL."""

    id: str
    method: str
    template: str
    quota: str = "default"
    identity: Identity = "main"
    idempotent: bool = False
    api: Api = "powerbi"

    def path(self, parameters: dict[str, str]) -> str:
        """The path with every parameter quoted, so that no id can name another path."""
        return self.template.format(**{name: _segment(value) for name, value in parameters.items()})


def _segment(value: str) -> str:
    if value in ("", ".", ".."):  # would be dropped or climb up, quoted or not
        raise BadRequest("request.path", f"{value!r} can't be part of an address")
    return quote(value, safe="")


def _get(operation: str, template: str, quota: str = "default", identity: Identity = "main") -> Operation:
    return Operation(operation, "GET", template, quota, identity, idempotent=True)


LIST_GROUPS = _get("Groups_GetGroups", "/groups")
GET_GROUP = _get("Groups_GetGroup", "/groups/{group}")
LIST_GROUPS_AS_ADMIN = _get("Groups_GetGroupsAsAdmin", "/admin/groups", "admin.groups", "admin")
# Read by the master user: whether it may (it is a Fabric administrator then), and which workspaces it is in.
LIST_GROUPS_AS_FABRIC_ADMIN = replace(LIST_GROUPS_AS_ADMIN, identity="user")
LIST_GROUPS_AS_USER = replace(LIST_GROUPS, identity="user")
GET_GROUP_AS_ADMIN = _get("Groups_GetGroupAsAdmin", "/admin/groups/{group}", "admin.other", "admin")
CREATE_GROUP = Operation("Groups_CreateGroup", "POST", "/groups")
DELETE_GROUP = Operation("Groups_DeleteGroup", "DELETE", "/groups/{group}", idempotent=True)
UPDATE_GROUP = Operation("Groups_UpdateGroup", "PATCH", "/groups/{group}", idempotent=True)
ASSIGN_DATAFLOW_STORAGE = Operation(
    "Groups_AssignToDataflowStorage", "POST", "/groups/{group}/AssignToDataflowStorage", idempotent=True
)
LIST_DATAFLOW_STORAGES = _get(
    "DataflowStorageAccounts_GetDataflowStorageAccounts", "/dataflowStorageAccounts"
)
LIST_GROUP_USERS = _get("Groups_GetGroupUsers", "/groups/{group}/users")
ADD_GROUP_USER = Operation("Groups_AddGroupUser", "POST", "/groups/{group}/users")
UPDATE_GROUP_USER = Operation("Groups_UpdateGroupUser", "PUT", "/groups/{group}/users", idempotent=True)
DELETE_GROUP_USER = Operation(
    "Groups_DeleteUserInGroup", "DELETE", "/groups/{group}/users/{user}", idempotent=True
)
REFRESH_USER_PERMISSIONS = Operation(
    "Users_RefreshUserPermissions", "POST", "/RefreshUserPermissions", "users.refreshPermissions"
)

LIST_CAPACITIES = _get("Capacities_GetCapacities", "/capacities")
LIST_CAPACITIES_AS_ADMIN = _get("Admin_GetCapacitiesAsAdmin", "/admin/capacities", "admin.other", "admin")
ASSIGN_TO_CAPACITY = Operation(
    "Groups_AssignToCapacity", "POST", "/groups/{group}/AssignToCapacity", idempotent=True
)
CAPACITY_ASSIGNMENT_STATUS = _get(
    "Groups_CapacityAssignmentStatus", "/groups/{group}/CapacityAssignmentStatus"
)

# A second scan of the same workspaces changes nothing in the tenant; it only costs quota.
POST_WORKSPACE_INFO = Operation(
    "WorkspaceInfo_PostWorkspaceInfo",
    "POST",
    "/admin/workspaces/getInfo",
    "admin.getInfo",
    "admin",
    idempotent=True,
)
LIST_APPS_AS_ADMIN = _get("Apps_GetAppsAsAdmin", "/admin/apps", "admin.other", "admin")
LIST_APP_USERS_AS_ADMIN = _get("Apps_GetAppUsersAsAdmin", "/admin/apps/{app}/users", "admin.other", "admin")
LIST_PIPELINES_AS_ADMIN = _get("Pipelines_GetPipelinesAsAdmin", "/admin/pipelines", "admin.other", "admin")
LIST_PIPELINES = _get("Pipelines_GetPipelines", "/pipelines")
LIST_PIPELINE_STAGES = _get("Pipelines_GetPipelineStages", "/pipelines/{pipeline}/stages")
LIST_PIPELINE_USERS = _get("Pipelines_GetPipelineUsers", "/pipelines/{pipeline}/users")
CREATE_PIPELINE = Operation("Pipelines_CreatePipeline", "POST", "/pipelines")
# Refused where the stage has a workspace, also the same one: whether a lost answer meant success, `stages` tells.
ASSIGN_TO_STAGE = Operation(
    "Pipelines_AssignWorkspace", "POST", "/pipelines/{pipeline}/stages/{stage}/assignWorkspace"
)
ADD_PIPELINE_USER = Operation("Pipelines_UpdatePipelineUser", "POST", "/pipelines/{pipeline}/users")
DELETE_PIPELINE = Operation("Pipelines_DeletePipeline", "DELETE", "/pipelines/{pipeline}", idempotent=True)
REPORT_SUBSCRIPTIONS_AS_ADMIN = _get(
    "Reports_GetReportSubscriptionsAsAdmin", "/admin/reports/{report}/subscriptions", "admin.other", "admin"
)
DASHBOARD_SUBSCRIPTIONS_AS_ADMIN = _get(
    "Dashboards_GetDashboardSubscriptionsAsAdmin",
    "/admin/dashboards/{dashboard}/subscriptions",
    "admin.other",
    "admin",
)
GET_SCAN_STATUS = _get(
    "WorkspaceInfo_GetScanStatus", "/admin/workspaces/scanStatus/{scan}", "admin.scanStatus", "admin"
)
GET_SCAN_RESULT = _get(
    "WorkspaceInfo_GetScanResult", "/admin/workspaces/scanResult/{scan}", "admin.scanResult", "admin"
)
GET_MODIFIED_WORKSPACES = _get(
    "WorkspaceInfo_GetModifiedWorkspaces", "/admin/workspaces/modified", "admin.modified", "admin"
)
GET_ACTIVITY_EVENTS = _get(
    "Admin_GetActivityEvents", "/admin/activityevents", "admin.activityEvents", "admin"
)

LIST_REPORTS = _get("Reports_GetReportsInGroup", "/groups/{group}/reports")
EXPORT_REPORT = _get("Reports_ExportReportInGroup", "/groups/{group}/reports/{report}/Export")
DELETE_REPORT = Operation(
    "Reports_DeleteReportInGroup", "DELETE", "/groups/{group}/reports/{report}", idempotent=True
)
REBIND_REPORT = Operation(
    "Reports_RebindReportInGroup", "POST", "/groups/{group}/reports/{report}/Rebind", idempotent=True
)

LIST_DASHBOARDS = _get("Dashboards_GetDashboardsInGroup", "/groups/{group}/dashboards")
LIST_TILES = _get("Dashboards_GetTilesInGroup", "/groups/{group}/dashboards/{dashboard}/tiles")
ADD_DASHBOARD = Operation("Dashboards_AddDashboardInGroup", "POST", "/groups/{group}/dashboards")
DELETE_DASHBOARD = Operation(
    "Dashboards_DeleteDashboardInGroup",
    "DELETE",
    "/groups/{group}/dashboards/{dashboard}",
    idempotent=True,
)

LIST_DATAFLOWS = _get("Dataflows_GetDataflows", "/groups/{group}/dataflows")
EXPORT_DATAFLOW = _get("Dataflows_GetDataflow", "/groups/{group}/dataflows/{dataflow}")
LIST_UPSTREAM_DATAFLOWS = _get(
    "Dataflows_GetUpstreamDataflowsInGroup", "/groups/{group}/dataflows/{dataflow}/upstreamDataflows"
)
LIST_DATAFLOW_TRANSACTIONS = _get(
    "Dataflows_GetDataflowTransactions", "/groups/{group}/dataflows/{dataflow}/transactions"
)
REFRESH_DATAFLOW = Operation(
    "Dataflows_RefreshDataflow", "POST", "/groups/{group}/dataflows/{dataflow}/refreshes"
)
UPDATE_DATAFLOW = Operation(
    "Dataflows_UpdateDataflow", "PATCH", "/groups/{group}/dataflows/{dataflow}", idempotent=True
)
DELETE_DATAFLOW = Operation(
    "Dataflows_DeleteDataflow", "DELETE", "/groups/{group}/dataflows/{dataflow}", idempotent=True
)

POST_IMPORT = Operation("Imports_PostImportInGroup", "POST", "/groups/{group}/imports")
CREATE_UPLOAD_LOCATION = Operation(
    "Imports_CreateTemporaryUploadLocationInGroup",
    "POST",
    "/groups/{group}/imports/createTemporaryUploadLocation",
    idempotent=True,
)
GET_IMPORT = _get("Imports_GetImportInGroup", "/groups/{group}/imports/{import}")
LIST_IMPORTS = _get("Imports_GetImportsInGroup", "/groups/{group}/imports")
# A dataflow's model.json is taken from a user only, and what a user imports that user looks for.
POST_IMPORT_AS_USER = replace(POST_IMPORT, identity="user")
GET_IMPORT_AS_USER = replace(GET_IMPORT, identity="user")
LIST_IMPORTS_AS_USER = replace(LIST_IMPORTS, identity="user")

LIST_DATASETS = _get("Datasets_GetDatasetsInGroup", "/groups/{group}/datasets")
GET_DATASET = _get("Datasets_GetDatasetInGroup", "/groups/{group}/datasets/{dataset}")
DELETE_DATASET = Operation(
    "Datasets_DeleteDatasetInGroup", "DELETE", "/groups/{group}/datasets/{dataset}", idempotent=True
)
CREATE_PUSH_DATASET = Operation("Datasets_PostDatasetInGroup", "POST", "/groups/{group}/datasets")
UPDATE_DATASET = Operation(
    "Datasets_UpdateDatasetInGroup", "PATCH", "/groups/{group}/datasets/{dataset}", idempotent=True
)
UPDATE_PARAMETERS = Operation(
    "Datasets_UpdateParametersInGroup",
    "POST",
    "/groups/{group}/datasets/{dataset}/Default.UpdateParameters",
    idempotent=True,
)
REFRESH_DATASET = Operation(
    "Datasets_RefreshDatasetInGroup",
    "POST",
    "/groups/{group}/datasets/{dataset}/refreshes",
    "dataset.refresh",
)
REFRESH_ON_CAPACITY = replace(REFRESH_DATASET, quota="default")  # no count per day there
GET_REFRESH_HISTORY = _get(
    "Datasets_GetRefreshHistoryInGroup", "/groups/{group}/datasets/{dataset}/refreshes"
)

GET_REFRESH_SCHEDULE = _get(
    "Datasets_GetRefreshScheduleInGroup", "/groups/{group}/datasets/{dataset}/refreshSchedule"
)
GET_DIRECT_QUERY_SCHEDULE = _get(
    "Datasets_GetDirectQueryRefreshScheduleInGroup",
    "/groups/{group}/datasets/{dataset}/directQueryRefreshSchedule",
)
GET_PARAMETERS = _get("Datasets_GetParametersInGroup", "/groups/{group}/datasets/{dataset}/parameters")
GET_DATASOURCES = _get("Datasets_GetDatasourcesInGroup", "/groups/{group}/datasets/{dataset}/datasources")

LIST_GATEWAYS = _get("Gateways_GetGateways", "/gateways")
LIST_GATEWAY_DATASOURCES = _get("Gateways_GetDatasources", "/gateways/{gateway}/datasources")

# The admin lists of Fabric: a preview, 200 calls an hour each like other admin operations.
LIST_FABRIC_ITEMS_AS_ADMIN = Operation(
    "Admin_Items_ListItems", "GET", "/admin/items", "admin.other", "admin", idempotent=True, api="fabric"
)
# Every gateway the identity has any right on, where the list above has those it administers.
LIST_FABRIC_GATEWAYS = Operation(
    "Gateways_ListGateways", "GET", "/gateways", "fabric.platform", idempotent=True, api="fabric"
)
LIST_FABRIC_ITEMS = Operation(
    "Items_ListItems", "GET", "/workspaces/{group}/items", "fabric.platform", idempotent=True, api="fabric"
)
UPDATE_SEMANTIC_MODEL = Operation(
    "SemanticModels_UpdateSemanticModel",
    "PATCH",
    "/workspaces/{group}/semanticModels/{dataset}",
    "fabric.platform",
    idempotent=True,
    api="fabric",
)
UPDATE_FABRIC_REPORT = Operation(
    "Reports_UpdateReport",
    "PATCH",
    "/workspaces/{group}/reports/{report}",
    "fabric.platform",
    idempotent=True,
    api="fabric",
)

# Microsoft Graph. One request asks up to twenty questions, all of them reads.
GRAPH_BATCH = Operation("Graph_Batch", "POST", "/$batch", identity="graph", idempotent=True, api="graph")

# Not in the contract: blob storage behind a signed address.
PUT_BLOCK = Operation("Blob_PutBlock", "PUT", "", idempotent=True)
PUT_BLOCK_FROM_URL = Operation("Blob_PutBlockFromUrl", "PUT", "", idempotent=True)
PUT_BLOCK_LIST = Operation("Blob_PutBlockList", "PUT", "", idempotent=True)
GET_BLOB = Operation("Blob_GetBlob", "GET", "", idempotent=True)
