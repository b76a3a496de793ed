"""Replaying a recorded history: does the orchestrator, as it is now, still take the decisions it took then?

The history is fed episode by episode through the package's own worker, as the host feeds it, and after each
episode the actions it returns are held against those recorded. So a step added, removed, renamed, reordered
or given another input is found – also at the very end, where the engine itself would not notice.
"""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
from azure.durable_functions.worker import DurableFunctionsWorker

from local.errors import HistoryMismatch
from local.recording import RecordedHistory

_DECISIONS = (
    "taskScheduled",
    "timerCreated",
    "subOrchestrationInstanceCreated",
    "eventSent",
    "executionCompleted",
    "continueAsNew",
)
_EPISODE_ENDS = ("orchestratorCompleted", *_DECISIONS)
type Decision = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Episode:
    """What one turn of the orchestrator was given, and what it decided."""

    past: Sequence[pb.HistoryEvent]
    new: Sequence[pb.HistoryEvent]
    decisions: tuple[Decision, ...]


def replay(orchestrator: Callable[..., Any], history: RecordedHistory) -> Any:
    """Replay a history; the orchestration's result, or None where it ended by continue-as-new or not at all.

    `orchestrator` is the plain generator function, or the handle that registration made of it. Raises
    HistoryMismatch where it decides otherwise than recorded.
    """
    function = getattr(orchestrator, "orchestrator_function", orchestrator)
    worker = DurableFunctionsWorker()
    result: Any = None
    for number, episode in enumerate(_episodes(history.events), start=1):
        response = _run(worker, function, history.instance_id, episode)
        decided = tuple(filter(None, map(_decision_of_action, response.actions)))
        _compare(history, number, episode.decisions, decided)
        result = next((_decoded(d[2]) for d in decided if d[0] == "complete"), None)
    return result


def _run(
    worker: DurableFunctionsWorker, function: Callable[..., Any], instance_id: str, episode: _Episode
) -> pb.OrchestratorResponse:
    request = pb.OrchestratorRequest(instanceId=instance_id, pastEvents=episode.past, newEvents=episode.new)
    body = base64.b64encode(request.SerializeToString()).decode()
    response = pb.OrchestratorResponse()
    response.ParseFromString(base64.b64decode(worker.execute_orchestration_request(function, body)))
    return response


def _episodes(events: Sequence[pb.HistoryEvent]) -> Iterator[_Episode]:
    starts = [n for n, event in enumerate(events) if event.HasField("orchestratorStarted")]
    for start, end in zip(starts, [*starts[1:], len(events)], strict=True):
        turn = events[start:end]
        split = next((n for n, event in enumerate(turn) if _kind(event) in _EPISODE_ENDS), len(turn))
        decisions = tuple(_decision_of_event(event) for event in turn[split:] if _kind(event) in _DECISIONS)
        yield _Episode(events[:start], turn[:split], decisions)


def _kind(event: pb.HistoryEvent) -> str:
    return event.WhichOneof("eventType") or ""


def _decision_of_event(event: pb.HistoryEvent) -> Decision:
    detail: Any = getattr(event, _kind(event))
    match _kind(event):
        case "taskScheduled":
            return ("activity", event.eventId, detail.name, _decoded(detail.input.value))
        case "timerCreated":
            return ("timer", event.eventId, detail.fireAt.ToJsonString())
        case "subOrchestrationInstanceCreated":
            return ("child", event.eventId, detail.name, detail.instanceId, _decoded(detail.input.value))
        case "eventSent":
            return ("event", event.eventId, detail.name, detail.instanceId, _decoded(detail.input.value))
        case "continueAsNew":
            return ("complete", pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW, detail.input.value)
        case _:
            return ("complete", detail.orchestrationStatus, detail.result.value)


def _decision_of_action(action: pb.OrchestratorAction) -> Decision | None:
    match action.WhichOneof("orchestratorActionType"):
        case "scheduleTask":
            task = action.scheduleTask
            return ("activity", action.id, task.name, _decoded(task.input.value))
        case "createTimer":
            return ("timer", action.id, action.createTimer.fireAt.ToJsonString())
        case "createSubOrchestration":
            child = action.createSubOrchestration
            return ("child", action.id, child.name, child.instanceId, _decoded(child.input.value))
        case "sendEvent":
            event = action.sendEvent
            return ("event", action.id, event.name, event.instance.instanceId, _decoded(event.data.value))
        case "completeOrchestration":
            return _completion(action.completeOrchestration)
        case other:
            raise HistoryMismatch(f"the orchestrator did something that can't be compared: {other}")


def _completion(done: pb.CompleteOrchestrationAction) -> Decision:
    if done.failureDetails.errorType.endswith("NonDeterminismError"):
        raise HistoryMismatch(done.failureDetails.errorMessage)
    return ("complete", done.orchestrationStatus, done.result.value)


def _compare(
    history: RecordedHistory, number: int, recorded: tuple[Decision, ...], decided: tuple[Decision, ...]
) -> None:
    if recorded == decided:
        return
    differences = [
        f"  then: {then}\n  now:  {now}"
        for then, now in zip(_padded(recorded, decided), _padded(decided, recorded), strict=True)
        if then != now
    ]
    where = f"{history.orchestrator} {history.instance_id}, turn {number}"
    raise HistoryMismatch(
        f"{where}: the orchestrator decides otherwise than recorded\n" + "\n".join(differences)
    )


def _padded(these: tuple[Decision, ...], others: tuple[Decision, ...]) -> list[Decision | None]:
    return [*these, *([None] * max(0, len(others) - len(these)))]


def _decoded(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
