"""The state of a long-running operation and its result, for whoever began it."""

from sandbox.calls import Call
from sandbox.longruns import LongRun, LongRuns
from sandbox.replies import Reply, json_reply, refused
from sandbox.routing import operation


@operation(
    "Fabric_GetOperationState", "GET", "operations/{operationId}", bucket="fabric.lro", family="fabric"
)
async def get_state(call: Call) -> Reply:
    run = _find(call)
    headers = {"x-ms-operation-id": run.id}
    if not run.ended:
        headers |= {"location": run.url, "retry-after": run.retry_after}
    elif run.result is not None:
        headers |= {"location": f"{run.url}/result"}
    return json_reply(run.told(), 200, headers)


@operation(
    "Fabric_GetOperationResult",
    "GET",
    "operations/{operationId}/result",
    bucket="fabric.lro",
    family="fabric",
)
async def get_result(call: Call) -> Reply:
    run = _find(call)
    if run.result is None:
        code = "OperationHasNoResult" if run.ended else "OperationNotCompleted"
        raise refused(400, code, message="The operation has no result")
    return json_reply(run.result)


def _find(call: Call) -> LongRun:
    run = call.service.recall(LongRuns).by_id.get(call.params["operationId"].lower())
    if run is None or run.lost or run.owner != call.caller.id:
        raise refused(404, "OperationNotFound", message="The requested operation was not found")
    return run
