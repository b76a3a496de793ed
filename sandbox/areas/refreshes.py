"""Refreshes: 202 and the RequestId of the history row, one at a time, eight a day on shared capacity."""

import json

from sandbox import filling, odata, views
from sandbox.calls import Call
from sandbox.replies import Reply, bad_request, json_reply, listing, not_found
from sandbox.routing import operation
from sandbox.state import Dataset, Refresh, Workspace
from sandbox.timing import iso, now
from sandbox.world import Service

ENHANCED = {
    "type",
    "commitMode",
    "maxParallelism",
    "retryCount",
    "objects",
    "applyRefreshPolicy",
    "effectiveDate",
    "timeout",
}
STATUS = {"Unknown": "InProgress"}


@operation(
    "Datasets_RefreshDatasetInGroup",
    "POST",
    "groups/{groupId}/datasets/{datasetId}/refreshes",
    bucket="dataset.refresh",
)
async def refresh(call: Call) -> Reply:
    body = await call.body()
    workspace = call.workspace("Contributor")
    item = call.dataset(workspace)
    enhanced = bool(ENHANCED & body.keys())
    _check(call, workspace, item, body, enhanced=enhanced)
    row = Refresh(call.request_id, "ViaEnhancedApi" if enhanced else "ViaApi", iso(now()))
    item.refreshes.insert(0, row)
    call.service.later(call.service.timing.draw("refresh"), lambda: _finish(call.service, item, row))
    call.audit("RefreshDataset", workspace, dataset=item)
    location = f"{call.service.base_url}{call.request.url.path}/{row.request_id}"
    return Reply(202, b"", {"location": location, "x-ms-request-id": row.request_id} if enhanced else {})


@operation("Datasets_GetRefreshHistoryInGroup", "GET", "groups/{groupId}/datasets/{datasetId}/refreshes")
async def history(call: Call) -> Reply:
    item = call.dataset(call.workspace())
    most = odata.whole_number(call.query, "$top", 60, 1, 200)
    return listing([_row(row) for row in item.refreshes[:most]], "refreshes")


@operation(
    "Datasets_GetRefreshExecutionDetailsInGroup",
    "GET",
    "groups/{groupId}/datasets/{datasetId}/refreshes/{refreshId}",
)
async def details(call: Call) -> Reply:
    row = _enhanced(call, call.dataset(call.workspace()))
    running = row.status == "Unknown"
    fields = {
        "startTime": row.start_time,
        "endTime": row.end_time,
        "type": "Full",
        "status": row.status,
        "extendedStatus": STATUS.get(row.status, row.status),
    }
    return json_reply(views.present(fields), 202 if running else 200)


@operation(
    "Datasets_CancelRefreshInGroup", "DELETE", "groups/{groupId}/datasets/{datasetId}/refreshes/{refreshId}"
)
async def cancel(call: Call) -> Reply:
    row = _enhanced(call, call.dataset(call.workspace("Contributor")))
    if row.status == "Unknown":
        row.status, row.end_time = "Cancelled", iso(now())
    return Reply()


def _check(call: Call, workspace: Workspace, item: Dataset, body: views.Json, *, enhanced: bool) -> None:
    if enhanced and workspace.capacity_id is None:
        raise bad_request("An enhanced refresh needs a Premium or Fabric capacity")
    if enhanced and "notifyOption" in body:
        raise bad_request("notifyOption cannot be used with an enhanced refresh")
    if call.caller.is_app and body.get("notifyOption", "NoNotification") != "NoNotification":
        raise bad_request("A service principal can only use NoNotification")
    if not item.is_refreshable:
        raise bad_request("The dataset cannot be refreshed")
    if any(row.status == "Unknown" for row in item.refreshes):
        raise bad_request("Invalid dataset refresh request. Another refresh request is already executing")
    if workspace.capacity_id is None:
        call.service.quotas.take("dataset.refresh", item.id, now())


def _finish(service: Service, item: Dataset, row: Refresh) -> None:
    if row.status != "Unknown":
        return
    row.end_time = iso(now())
    missing = filling.dangling(service.state, item)
    failure = item.refresh_failure or (filling.BROKEN if missing else None)
    row.status = "Failed" if failure else "Completed"
    if failure:
        description = {"errorDescription": f"{missing} was not found"} if missing else {}
        row.service_exception_json = json.dumps({"errorCode": failure} | description)
    else:
        filling.fill(service, item)


def _row(row: Refresh) -> views.Json:
    fields: views.Json = {
        "requestId": row.request_id,
        "refreshType": row.refresh_type,
        "startTime": row.start_time,
        "endTime": row.end_time,
        "status": row.status,
        "serviceExceptionJson": row.service_exception_json,
    }
    return views.present(fields)


def _enhanced(call: Call, item: Dataset) -> Refresh:
    for row in item.refreshes:
        if row.request_id == call.params["refreshId"].lower() and row.refresh_type == "ViaEnhancedApi":
            return row
    raise not_found()
