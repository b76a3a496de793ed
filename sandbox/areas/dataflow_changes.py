"""What changes a dataflow of the first generation: settings, schedule, refreshes (without an id), deletion."""

from sandbox.areas.dataflows import find_dataflow
from sandbox.calls import Call
from sandbox.dataflow_documents import Json, upstream
from sandbox.modeljson import document
from sandbox.replies import Reply, bad_request, json_reply, listing
from sandbox.routing import operation
from sandbox.state import Dataflow, Tenant, Workspace, new_id
from sandbox.timing import iso, now
from sandbox.traces import Transaction
from sandbox.views import present

FLOW = "groups/{groupId}/dataflows/{dataflowId}"
ENGINES = ("computeOptimized", "computeOn", "computeDisabled")
NOTIFY = ("NoNotification", "MailOnFailure")
RUNNING = "InProgress"


@operation("Dataflows_UpdateDataflow", "PATCH", FLOW)
async def update(call: Call) -> Reply:
    body = await call.body()
    workspace, item = _ours(call)
    if "name" in body:
        item.name = _name(workspace, item, body["name"])
    if body.get("computeEngineBehavior", ENGINES[0]) not in ENGINES:
        raise bad_request(f"computeEngineBehavior must be one of {', '.join(ENGINES)}")
    item.description = str(body.get("description", item.description) or "")
    item.extra |= {key: body[key] for key in ("allowNativeQueries", "computeEngineBehavior") if key in body}
    _changed(call, workspace, item, "UpdateDataflow")
    return Reply()


@operation("Dataflows_DeleteDataflow", "DELETE", FLOW)
async def delete(call: Call) -> Reply:
    workspace, item = _ours(call)
    workspace.dataflows.remove(item)
    call.audit("DeleteDataflow", workspace, DataflowId=item.object_id, DataflowName=item.name)
    return Reply()


@operation("Dataflows_UpdateRefreshSchedule", "PATCH", f"{FLOW}/refreshSchedule")
async def schedule(call: Call) -> Reply:
    sent = (await call.body()).get("value")
    workspace, item = _ours(call)
    if not isinstance(sent, dict):
        raise bad_request("value is missing")
    value: Json = {("notifyOption" if key == "NotifyOption" else key): told for key, told in sent.items()}
    _check_notify(call, value.get("notifyOption", "NoNotification"))
    if value.get("enabled") is False and len(value) > 1:
        raise bad_request("A request that disables the schedule may carry nothing else")
    item.refresh_schedule |= value
    _changed(call, workspace, item, "UpdateDataflow")
    return Reply()


@operation("Dataflows_RefreshDataflow", "POST", f"{FLOW}/refreshes")
async def refresh(call: Call) -> Reply:
    body = await call.body()
    workspace, item = _ours(call)
    if call.query.get("processType", "default") not in ("default", "processFull"):
        raise bad_request("processType must be default or processFull")
    _check_notify(call, body.get("notifyOption"))
    if any(row.status == RUNNING for row in item.transactions):
        raise bad_request("Another refresh of this dataflow is in progress")
    row = Transaction(f"{iso(now())}@{new_id()}", "OnDemand", iso(now()))
    item.transactions.insert(0, row)
    tenant = call.service.state
    call.service.later(call.service.timing.draw("refresh"), lambda: _finish(tenant, item, row))
    call.audit("RequestDataflowRefresh", workspace, DataflowId=item.object_id, DataflowName=item.name)
    return Reply()


@operation("Dataflows_GetDataflowTransactions", "GET", f"{FLOW}/transactions")
async def transactions(call: Call) -> Reply:
    return listing(
        [_row(row) for row in find_dataflow([call.workspace()], call).transactions], "transactions"
    )


@operation(
    "Dataflows_CancelDataflowTransaction",
    "POST",
    "groups/{groupId}/dataflows/transactions/{transactionId}/cancel",
)
async def cancel(call: Call) -> Reply:
    workspace, wanted = call.workspace("Contributor"), call.params["transactionId"]
    rows = (row for flow in workspace.dataflows for row in flow.transactions)
    found = next((row for row in rows if row.id == wanted), None)
    told = "notFound" if found is None else "alreadyConcluded"
    if found is not None and found.status == RUNNING:
        found.status, found.end_time, told = "Cancelled", iso(now()), "successfullyMarked"
    return json_reply({"transactionId": wanted, "status": told})


def _ours(call: Call) -> tuple[Workspace, Dataflow]:
    workspace = call.workspace("Contributor")
    return workspace, find_dataflow([workspace], call)


def _changed(call: Call, workspace: Workspace, item: Dataflow, event: str) -> None:
    item.modified_date_time = iso(now())
    call.audit(event, workspace, DataflowId=item.object_id, DataflowName=item.name)


def _name(workspace: Workspace, item: Dataflow, sent: object) -> str:
    name = sent.strip() if isinstance(sent, str) else ""
    if not name:
        raise bad_request("name must not be empty")
    if any(flow.name.casefold() == name.casefold() for flow in workspace.dataflows if flow is not item):
        raise bad_request("A dataflow of this name is in the workspace")
    return name


def _check_notify(call: Call, option: object) -> None:
    if option not in NOTIFY:
        raise bad_request(f"notifyOption must be one of {', '.join(NOTIFY)}")
    if call.caller.is_app and option != "NoNotification":
        raise bad_request("A service principal can only use NoNotification")


def _finish(tenant: Tenant, item: Dataflow, row: Transaction) -> None:
    """What it is linked to must be in this tenant."""
    if row.status == RUNNING:
        row.end_time = iso(now())
        row.status = "Success" if _is_whole(tenant, item) else "Failed"


def _is_whole(tenant: Tenant, item: Dataflow) -> bool:
    here = {
        (space.id, flow.object_id)
        for space in tenant.workspaces.values()
        if space.state == "Active"
        for flow in space.dataflows
    }
    return all((link.workspace_id, link.item_id) in here for link in upstream(document(tenant, item)))


def _row(row: Transaction) -> Json:
    return present(
        {
            "id": row.id,
            "refreshType": row.refresh_type,
            "startTime": row.start_time,
            "endTime": row.end_time,
            "status": row.status,
        }
    )
