"""The durable management routes under /runtime/webhooks/durabletask, as the extension serves them."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import durabletask.internal.orchestrator_service_pb2 as pb
from google.protobuf import wrappers_pb2
from werkzeug.wrappers import Request, Response

from local.errors import HubRefused
from local.hub import ENDED, IN_PROCESS, TaskHub

_STATUS_NAMES = {
    pb.ORCHESTRATION_STATUS_PENDING: "Pending",
    pb.ORCHESTRATION_STATUS_RUNNING: "Running",
    pb.ORCHESTRATION_STATUS_SUSPENDED: "Suspended",
    pb.ORCHESTRATION_STATUS_COMPLETED: "Completed",
    pb.ORCHESTRATION_STATUS_FAILED: "Failed",
    pb.ORCHESTRATION_STATUS_TERMINATED: "Terminated",
    pb.ORCHESTRATION_STATUS_CANCELED: "Canceled",
    pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW: "ContinuedAsNew",
}


@dataclass(frozen=True, slots=True)
class Management:
    """Status, events and control of instances by HTTP."""

    hub: TaskHub
    origin: str

    def respond(self, request: Request, path: str) -> Response:
        """Answer one request; `path` is undecoded and begins after the extension's base path."""
        match request.method, [unquote(part) for part in path.strip("/").split("/")]:
            case "GET", ["instances"]:
                return self._list(request)
            case method, ["instances", instance_id]:
                return self._one(request, method, instance_id)
            case "POST", ["instances", instance_id, "raiseEvent", event_name]:
                return self._raise_event(request, instance_id, event_name)
            case "POST", ["instances", instance_id, verb]:
                return self._control(request, instance_id, verb)
        return Response(status=404)

    def _one(self, request: Request, method: str, instance_id: str) -> Response:
        if method == "GET":
            return self._status(request, instance_id)
        return self._purge(instance_id) if method == "DELETE" else Response(status=404)

    def _state(self, instance_id: str) -> pb.OrchestrationState | None:
        request = pb.GetInstanceRequest(instanceId=instance_id, getInputsAndOutputs=True)
        found = self.hub.GetInstance(request, IN_PROCESS)
        return found.orchestrationState if found.exists else None

    def _status(self, request: Request, instance_id: str) -> Response:
        state = self._state(instance_id)
        if state is None:
            return Response(status=404)
        body = _describe(state, show_input=_flag(request, "showInput", default=True))
        if _flag(request, "showHistory", default=False):
            body["historyEvents"] = self._history(instance_id)
        if state.orchestrationStatus not in ENDED:
            location = f"{self.origin}{request.full_path}"
            return _json(202, body, {"Location": location, "Retry-After": "10"})
        failed = state.orchestrationStatus == pb.ORCHESTRATION_STATUS_FAILED
        return _json(500 if failed and _flag(request, "returnInternalServerErrorOnFailure") else 200, body)

    def _history(self, instance_id: str) -> list[dict[str, Any]]:
        request = pb.StreamInstanceHistoryRequest(instanceId=instance_id)
        chunks = self.hub.StreamInstanceHistory(request, IN_PROCESS)
        return [_event(event) for chunk in chunks for event in chunk.events]

    def _list(self, request: Request) -> Response:
        wanted = {name.lower() for name in request.args.get("runtimeStatus", "").split(",") if name}
        query = pb.InstanceQuery(
            runtimeStatus=[status for status, name in _STATUS_NAMES.items() if name.lower() in wanted],
            maxInstanceCount=request.args.get("top", 100, type=int),
            fetchInputsAndOutputs=True,
            instanceIdPrefix=wrappers_pb2.StringValue(value=request.args.get("instanceIdPrefix", "")),
            continuationToken=wrappers_pb2.StringValue(
                value=request.headers.get("x-ms-continuation-token", "")
            ),
        )
        page = self.hub.QueryInstances(pb.QueryInstancesRequest(query=query), IN_PROCESS)
        show_input = _flag(request, "showInput", default=True)
        body = [_describe(state, show_input=show_input) for state in page.orchestrationState]
        return _json(200, body, {"x-ms-continuation-token": page.continuationToken.value})

    def _purge(self, instance_id: str) -> Response:
        request = pb.PurgeInstancesRequest(instanceId=instance_id)
        deleted = self.hub.PurgeInstances(request, IN_PROCESS).deletedInstanceCount
        return _json(200, {"instancesDeleted": deleted}) if deleted else Response(status=404)

    def _raise_event(self, request: Request, instance_id: str, event_name: str) -> Response:
        if (refused := self._refuse_ended(instance_id)) is not None:
            return refused
        body = request.get_data(as_text=True) or "null"
        try:
            json.loads(body)
        except ValueError:
            return Response("The event's data must be JSON.", status=400)
        event = pb.RaiseEventRequest(instanceId=instance_id, name=event_name)
        event.input.value = body
        self.hub.RaiseEvent(event, IN_PROCESS)
        return Response(status=202)

    def _control(self, request: Request, instance_id: str, verb: str) -> Response:
        if verb in ("terminate", "suspend", "resume") and (refused := self._refuse_ended(instance_id)):
            return refused
        reason = wrappers_pb2.StringValue(value=request.args.get("reason", ""))
        try:
            match verb:
                case "terminate":
                    output = wrappers_pb2.StringValue(value=json.dumps(reason.value))
                    self.hub.TerminateInstance(
                        pb.TerminateRequest(instanceId=instance_id, output=output), IN_PROCESS
                    )
                case "suspend":
                    self.hub.SuspendInstance(
                        pb.SuspendRequest(instanceId=instance_id, reason=reason), IN_PROCESS
                    )
                case "resume":
                    self.hub.ResumeInstance(
                        pb.ResumeRequest(instanceId=instance_id, reason=reason), IN_PROCESS
                    )
                case "rewind":
                    rewind = pb.RewindInstanceRequest(instanceId=instance_id, reason=reason)
                    self.hub.RewindInstance(rewind, IN_PROCESS)
                case "restart":
                    return self._restart(request, instance_id)
                case _:
                    return Response(status=404)
        except HubRefused as error:
            return Response(str(error), status=404 if "NOT_FOUND" in str(error) else 410)
        return Response(status=202)

    def _restart(self, request: Request, instance_id: str) -> Response:
        fresh = _flag(request, "restartWithNewInstanceId", default=True)
        wanted = pb.RestartInstanceRequest(instanceId=instance_id, restartWithNewInstanceId=fresh)
        return _json(202, {"id": self.hub.RestartInstance(wanted, IN_PROCESS).instanceId})

    def _refuse_ended(self, instance_id: str) -> Response | None:
        state = self._state(instance_id)
        if state is None:
            return Response(status=404)
        return Response(status=410) if state.orchestrationStatus in ENDED else None


def _describe(state: pb.OrchestrationState, *, show_input: bool) -> dict[str, Any]:
    return {
        "name": state.name,
        "instanceId": state.instanceId,
        "runtimeStatus": _STATUS_NAMES[state.orchestrationStatus],
        "input": _decoded(state.input.value) if show_input else None,
        "customStatus": _decoded(state.customStatus.value),
        "output": _decoded(state.output.value)
        if state.output.value
        else state.failureDetails.errorMessage or None,
        "createdTime": state.createdTimestamp.ToJsonString(),
        "lastUpdatedTime": state.lastUpdatedTimestamp.ToJsonString(),
    }


def _event(event: pb.HistoryEvent) -> dict[str, Any]:
    kind = event.WhichOneof("eventType") or "unknown"
    detail: Any = getattr(event, kind, None)
    named = {"Name": detail.name} if isinstance(getattr(detail, "name", None), str) else {}
    return {"EventType": kind[0].upper() + kind[1:], "EventId": event.eventId,
            "Timestamp": event.timestamp.ToJsonString(), **named}  # fmt: skip


def _decoded(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _flag(request: Request, name: str, *, default: bool = False) -> bool:
    return request.args.get(name, str(default)).lower() == "true"


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status=status, headers=headers, mimetype="application/json")
