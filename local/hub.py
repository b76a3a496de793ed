"""The task hub: Microsoft's in-memory backend, made fit for migrations of thousands of workspaces.

What is changed, and why:
- A sub-orchestration reports to its parent when it ends, however long it took. (The backend watches each with
  a thread that gives up after 30 s and tells nobody.)
- Timers share one thread.
- Results that belong to an execution ended by continue-as-new are dropped, as the real hub does by execution
  id. (The backend delivers them to the next execution, where the same task numbers mean other tasks.)
- An instance that outgrows its history fails with a message. (The backend leaves it hanging.)
- Payloads may exceed gRPC's 4 MiB, and the port is open on 127.0.0.1 only. (It listens on every interface.)
- Ended instances are kept up to a number of events, so that memory doesn't grow while the host runs.
- An id whose instance has ended may be used again, one still running may not: the extension's default.
"""

import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

import durabletask.internal.orchestrator_service_pb2 as pb
import grpc
from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2_grpc as stubs
from durabletask.testing.in_memory_backend import InMemoryOrchestrationBackend, OrchestrationInstance

from local.alarms import Alarms
from local.errors import HubRefused

# Called with the orchestrator's name, the instance id and the whole history, under the hub's lock.
type ExecutionObserver = Callable[[str, str, tuple[pb.HistoryEvent, ...]], None]
MAX_MESSAGE_BYTES = 128 * 1024 * 1024
ENDED = (
    pb.ORCHESTRATION_STATUS_COMPLETED,
    pb.ORCHESTRATION_STATUS_FAILED,
    pb.ORCHESTRATION_STATUS_TERMINATED,
    pb.ORCHESTRATION_STATUS_CANCELED,
)
_RESULTS = frozenset(
    {
        "taskCompleted",
        "taskFailed",
        "timerFired",
        "subOrchestrationInstanceCompleted",
        "subOrchestrationInstanceFailed",
    }
)
_WAKE_SUSPENDED = frozenset({"executionResumed", "executionTerminated"})


@dataclass(frozen=True, slots=True)
class InProcessCall:
    """Stands in for gRPC's context where our own worker calls the hub directly: no wire, so no size limit."""

    def is_active(self) -> bool:
        return True

    def time_remaining(self) -> float | None:
        return None

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise HubRefused(f"{code.name}: {details}")


# Typed loosely: the generated servicer wants the whole of gRPC's context, of which it uses this.
IN_PROCESS: Any = InProcessCall()


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a result goes: the instance, the task in it, and the token that tells its executions apart."""

    instance_id: str
    task_id: int
    token: int


class TaskHub(InMemoryOrchestrationBackend):
    """Orchestration state in memory, work items out, results in."""

    def __init__(
        self,
        *,
        max_history_events: int = 50_000,
        retained_events: int = 6_000,
        default_version: str | None = None,
        on_execution_end: ExecutionObserver | None = None,
    ) -> None:
        super().__init__(max_history_size=sys.maxsize, port=0)
        self.max_history_events = max_history_events
        self._retained_events = retained_events
        self._default_version = default_version
        self._on_execution_end = on_execution_end
        self._alarms = Alarms()
        self._parents: dict[str, list[_Origin]] = {}
        self._first_tokens: dict[str, int] = {}
        self._ended: deque[OrchestrationInstance] = deque()
        self._ended_events = 0

    # -- life -------------------------------------------------------------------------------------------

    def start(self) -> str:
        self._shutdown_event.clear()
        limits = [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)]
        limits += [("grpc.max_send_message_length", MAX_MESSAGE_BYTES), ("grpc.so_reuseport", 0)]
        # A client that waits for an instance holds a thread; threads are made only when needed.
        pool = ThreadPoolExecutor(max_workers=64, thread_name_prefix="hub")
        server = grpc.server(pool, options=limits)
        add_servicer: Any = stubs.add_TaskHubSidecarServiceServicer_to_server
        add_servicer(self, server)
        self._port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self._server = server
        self._alarms.start()
        return f"127.0.0.1:{self._port}"

    def stop(self, grace: float | None = None) -> None:
        self._alarms.stop()
        super().stop(grace)

    # -- starting ---------------------------------------------------------------------------------------

    def StartInstance(self, request: pb.CreateInstanceRequest, context: Any) -> pb.CreateInstanceResponse:
        wanted = pb.CreateInstanceRequest()
        wanted.CopyFrom(request)
        if request.HasField("scheduledStartTimestamp"):
            start_at = request.scheduledStartTimestamp.ToDatetime(tzinfo=UTC)
            if start_at > datetime.now(UTC):
                context.abort(
                    grpc.StatusCode.UNIMPLEMENTED, "start_at isn't served locally: begin with a timer"
                )
        if not wanted.orchestrationIdReusePolicy.replaceableStatus:
            wanted.orchestrationIdReusePolicy.replaceableStatus.extend(ENDED)
        if not wanted.HasField("version") and self._default_version:
            wanted.version.value = self._default_version
        with self._lock:
            response = super().StartInstance(wanted, context)
            self._open_execution(response.instanceId)
        return response

    def _create_instance_internal(
        self, instance_id: str, name: str, encoded_input: str | None = None, version: str | None = None
    ) -> None:
        super()._create_instance_internal(instance_id, name, encoded_input, version or self._default_version)
        self._open_execution(instance_id)

    def _open_execution(self, instance_id: str) -> None:
        self._first_tokens[instance_id] = self._instances[instance_id].completion_token

    # -- dispatch ---------------------------------------------------------------------------------------

    def _enqueue_orchestration(self, instance_id: str) -> None:
        # An instance being worked on is looked at again on completion; queued now, it would only make the
        # stream of work items pause for each time it is found busy. One that has ended has nothing to do.
        instance = self._instances.get(instance_id)
        ended = instance is not None and self._is_terminal_status(instance.status)
        if not ended and instance_id not in self._orchestration_in_flight:
            super()._enqueue_orchestration(instance_id)

    def CompleteOrchestratorTask(
        self, request: pb.OrchestratorResponse, context: Any
    ) -> pb.CompleteTaskResponse:
        with self._lock:
            instance = self._instances.get(request.instanceId)
            if instance is not None:
                self._fail_if_endless(instance, request)
            response = super().CompleteOrchestratorTask(request, context)
            self._dispatch_what_arrived(request.instanceId)
        return response

    def _fail_if_endless(self, instance: OrchestrationInstance, request: pb.OrchestratorResponse) -> None:
        events = len(instance.history) + len(instance.dispatched_events)
        if events <= self.max_history_events:
            return
        message = f"{instance.name} {instance.instance_id} has {events} history events: use continue-as-new"
        self._logger.error(message)
        details = pb.TaskFailureDetails(errorType="HistoryTooLong", errorMessage=message, isNonRetriable=True)
        action = helpers.new_complete_orchestration_action(-1, pb.ORCHESTRATION_STATUS_FAILED, None, details)
        del request.actions[:]
        request.actions.append(action)

    def _dispatch_what_arrived(self, instance_id: str) -> None:
        instance = self._instances.get(instance_id)
        if instance is None or not instance.pending_events or self._is_terminal_status(instance.status):
            return
        suspended = instance.status == pb.ORCHESTRATION_STATUS_SUSPENDED
        if not suspended or any(
            e.WhichOneof("eventType") in _WAKE_SUSPENDED for e in instance.pending_events
        ):
            self._enqueue_orchestration(instance_id)

    def _process_complete_orchestration_action(
        self, instance: OrchestrationInstance, complete_action: pb.CompleteOrchestrationAction
    ) -> None:
        if complete_action.orchestrationStatus == pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW:
            kept = [e for e in instance.pending_events if e.WhichOneof("eventType") not in _RESULTS]
            instance.pending_events = kept
            # Whatever was scheduled before now carries a smaller token; see _deliver.
            self._first_tokens[instance.instance_id] = self._next_completion_token
            onward = pb.ContinueAsNewEvent(input=complete_action.result)
            self._observe_end(instance, pb.HistoryEvent(eventId=-1, continueAsNew=onward))
        super()._process_complete_orchestration_action(instance, complete_action)

    def _process_send_entity_message_action(
        self, instance: OrchestrationInstance, action: pb.OrchestratorAction
    ) -> None:
        raise HubRefused("durable entities aren't served by the local host")

    # -- results ----------------------------------------------------------------------------------------

    def _deliver(self, origin: _Origin, event: pb.HistoryEvent) -> None:
        with self._lock:
            instance = self._instances.get(origin.instance_id)
            if instance is None or self._is_terminal_status(instance.status):
                return
            if origin.token < self._first_tokens.get(origin.instance_id, 0):
                return
            instance.pending_events.append(event)
            instance.last_updated_at = datetime.now(UTC)
            self._enqueue_orchestration(origin.instance_id)

    def CompleteActivityTask(self, request: pb.ActivityResponse, context: Any) -> pb.CompleteTaskResponse:
        origin = _Origin(request.instanceId, request.taskId, int(request.completionToken))
        self._deliver(origin, _activity_event(request))
        return pb.CompleteTaskResponse()

    def _process_create_timer_action(
        self, instance: OrchestrationInstance, action: pb.OrchestratorAction
    ) -> None:
        fire_at = action.createTimer.fireAt.ToDatetime(tzinfo=UTC)
        instance.history.append(helpers.new_timer_created_event(action.id, fire_at))
        if instance.status == pb.ORCHESTRATION_STATUS_PENDING:
            instance.status = pb.ORCHESTRATION_STATUS_RUNNING
        origin = _Origin(instance.instance_id, action.id, instance.completion_token)
        fired = helpers.new_timer_fired_event(action.id, fire_at)
        self._alarms.at(fire_at, lambda: self._deliver(origin, fired))

    def _watch_sub_orchestration(self, parent_instance_id: str, sub_instance_id: str, task_id: int) -> None:
        with self._lock:
            parent = self._instances[parent_instance_id]
            origin = _Origin(parent_instance_id, task_id, parent.completion_token)
            self._parents.setdefault(sub_instance_id, []).append(origin)
            self._report_to_parents(sub_instance_id)

    def _notify_waiters(self, instance_id: str) -> None:
        super()._notify_waiters(instance_id)
        self._report_to_parents(instance_id)
        instance = self._instances.get(instance_id)
        if instance is not None and self._is_terminal_status(instance.status):
            self._observe_end(instance)
            self._retain(instance)

    def _observe_end(self, instance: OrchestrationInstance, *last: pb.HistoryEvent) -> None:
        if self._on_execution_end is not None:
            self._on_execution_end(instance.name, instance.instance_id, (*instance.history, *last))

    def _report_to_parents(self, sub_instance_id: str) -> None:
        sub = self._instances.get(sub_instance_id)
        if sub is None or not self._is_terminal_status(sub.status):
            return
        for origin in self._parents.pop(sub_instance_id, []):
            self._deliver(origin, _sub_orchestration_event(sub, origin.task_id))

    def _retain(self, instance: OrchestrationInstance) -> None:
        """Keep ended instances up to a number of events (some 1.6 KiB each), the latest in any case."""
        self._ended.append(instance)
        self._ended_events += len(instance.history)
        while self._ended_events > self._retained_events and len(self._ended) > 1:
            oldest = self._ended.popleft()
            self._ended_events -= len(oldest.history)
            if self._instances.get(oldest.instance_id) is oldest and self._is_terminal_status(oldest.status):
                del self._instances[oldest.instance_id]
                self._first_tokens.pop(oldest.instance_id, None)

    # -- waiting clients --------------------------------------------------------------------------------

    def WaitForInstanceStart(self, request: pb.GetInstanceRequest, context: Any) -> pb.GetInstanceResponse:
        return self._wait(request, context, started=True)

    def WaitForInstanceCompletion(
        self, request: pb.GetInstanceRequest, context: Any
    ) -> pb.GetInstanceResponse:
        return self._wait(request, context, started=False)

    def _wait(self, request: pb.GetInstanceRequest, context: Any, *, started: bool) -> pb.GetInstanceResponse:
        """Wait as long as the caller does; in slices, so that a caller who left doesn't keep a thread."""

        def reached(instance: OrchestrationInstance) -> bool:
            begun = started and instance.status != pb.ORCHESTRATION_STATUS_PENDING
            return begun or self._is_terminal_status(instance.status)

        while context.is_active():
            remaining = context.time_remaining()
            if remaining is not None and remaining <= 0:
                break
            instance = self._wait_for_state(request.instanceId, reached, min(1.0, remaining or 1.0))
            if instance is not None:
                return self._build_instance_response(instance, request.getInputsAndOutputs)
        context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, f"'{request.instanceId}' isn't there yet")
        return pb.GetInstanceResponse(exists=False)


def _activity_event(response: pb.ActivityResponse) -> pb.HistoryEvent:
    now = helpers.new_timestamp(datetime.now(UTC))
    if response.HasField("failureDetails"):
        failed = pb.TaskFailedEvent(taskScheduledId=response.taskId, failureDetails=response.failureDetails)
        return pb.HistoryEvent(eventId=-1, timestamp=now, taskFailed=failed)
    completed = pb.TaskCompletedEvent(taskScheduledId=response.taskId, result=response.result)
    return pb.HistoryEvent(eventId=-1, timestamp=now, taskCompleted=completed)


def _sub_orchestration_event(sub: OrchestrationInstance, task_id: int) -> pb.HistoryEvent:
    if sub.status == pb.ORCHESTRATION_STATUS_COMPLETED:
        return helpers.new_sub_orchestration_completed_event(task_id, sub.output)
    event = helpers.new_sub_orchestration_failed_event(task_id, Exception("Sub-orchestration ended early"))
    if sub.failure_details is not None and sub.failure_details.errorMessage:
        event.subOrchestrationInstanceFailed.failureDetails.CopyFrom(sub.failure_details)
    return event
