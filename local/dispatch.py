"""Work items out of the task hub, through the app's orchestrators and activities, and back.

The hub is called in process instead of over gRPC: the same messages, without a wire and its size limit. The
app's functions still get what the extension would hand them – a base64 OrchestratorRequest, an activity's
input as JSON text – and still answer in its format.
"""

import base64
import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
from azure.functions import meta
from durabletask.internal import helpers
from google.protobuf import wrappers_pb2

from local.errors import LocalHostError
from local.functions import Function, FunctionIndex
from local.hub import IN_PROCESS, TaskHub
from local.invocation import Invoker
from local.settings import HostSettings

LOG = logging.getLogger("local.dispatch")


class Dispatcher:
    """Pulls work items and runs them, as many at once as host.json allows."""

    def __init__(
        self, hub: TaskHub, functions: FunctionIndex, invoker: Invoker, settings: HostSettings
    ) -> None:
        self._hub = hub
        self._functions = functions
        self._invoker = invoker
        self._stopping = threading.Event()
        # An orchestration is pulled only when it can run at once: until then its events gather.
        self._free_orchestrators = threading.Semaphore(settings.max_orchestrators)
        self._orchestrators = ThreadPoolExecutor(settings.max_orchestrators, "orchestrator")
        self._activities = ThreadPoolExecutor(settings.max_activities, "activity")
        self._running: set[Future[None]] = set()
        self._pump_thread = threading.Thread(target=self._pump, name="work-items", daemon=True)

    def start(self) -> None:
        self._pump_thread.start()

    def stop(self, grace_s: float) -> bool:
        """Take no more work and let running functions end; tell whether all did in time."""
        self._stopping.set()
        self._free_orchestrators.release()
        for pool in (self._orchestrators, self._activities):
            pool.shutdown(wait=False, cancel_futures=True)
        return not wait(set(self._running), timeout=grace_s).not_done

    def _pump(self) -> None:
        stream = self._hub.GetWorkItems(pb.GetWorkItemsRequest(), IN_PROCESS)
        while not self._stopping.is_set():
            self._free_orchestrators.acquire()
            item = None if self._stopping.is_set() else next(stream, None)
            if item is None:
                return
            try:
                self._submit(item)
            except RuntimeError:
                # The pools were shut down between the pull and here: the process ends, and with it the hub.
                return

    def _submit(self, item: pb.WorkItem) -> None:
        if item.HasField("orchestratorRequest"):
            future = self._orchestrators.submit(self._run_orchestrator, item)
            future.add_done_callback(lambda _: self._free_orchestrators.release())
        else:
            self._free_orchestrators.release()
            future = self._activities.submit(self._run_activity, item)
        self._running.add(future)
        future.add_done_callback(self._running.discard)

    # -- orchestrators ----------------------------------------------------------------------------------

    def _run_orchestrator(self, item: pb.WorkItem) -> None:
        request = item.orchestratorRequest
        try:
            response = self._orchestrate(request)
        except Exception as error:
            LOG.exception("Orchestration %s failed outside its code", request.instanceId)
            response = _failed_orchestration(request.instanceId, error)
        response.completionToken = item.completionToken
        try:
            self._hub.CompleteOrchestratorTask(response, IN_PROCESS)
        except Exception:
            LOG.exception("The hub refused the answer of orchestration %s", request.instanceId)

    def _orchestrate(self, request: pb.OrchestratorRequest) -> pb.OrchestratorResponse:
        name = _orchestrator_name(request)
        function = self._functions.orchestrators.get(name)
        if function is None:
            raise LocalHostError(f"the app has no orchestrator {name!r}")
        body = base64.b64encode(request.SerializeToString()).decode()
        context = function.converter.decode(meta.Datum(body, "string"), trigger_metadata=None)
        answer = function.converter.encode(self._invoker.call(function, context), expected_type=None)
        response = pb.OrchestratorResponse()
        response.ParseFromString(base64.b64decode(answer.value))
        return response

    # -- activities -------------------------------------------------------------------------------------

    def _run_activity(self, item: pb.WorkItem) -> None:
        request = item.activityRequest
        response = pb.ActivityResponse(
            instanceId=request.orchestrationInstance.instanceId,
            taskId=request.taskId,
            completionToken=item.completionToken,
        )
        try:
            response.result.CopyFrom(wrappers_pb2.StringValue(value=self._act(request)))
        except Exception as error:
            LOG.exception("Activity %s of %s failed", request.name, response.instanceId)
            response.failureDetails.CopyFrom(_failure(error))
        self._hub.CompleteActivityTask(response, IN_PROCESS)

    def _act(self, request: pb.ActivityRequest) -> str:
        function = self._functions.activities.get(request.name)
        if function is None:
            raise LocalHostError(f"the app has no activity {request.name!r}")
        return run_activity(self._invoker, function, request.input.value or "null")


def run_activity(invoker: Invoker, function: Function, input_json: str) -> str:
    """Run an activity with the converter's decoding and encoding: JSON text in, JSON text out."""
    value = function.converter.decode(meta.Datum(input_json, "string"), trigger_metadata=None)
    result: Any = invoker.call(function, value)
    return function.converter.encode(result, expected_type=None).value or "null"


def _orchestrator_name(request: pb.OrchestratorRequest) -> str:
    # After continue-as-new the last one counts.
    for event in (*reversed(request.newEvents), *reversed(request.pastEvents)):
        if event.HasField("executionStarted"):
            return event.executionStarted.name
    raise LocalHostError(f"the history of {request.instanceId} has no start")


def _failure(error: BaseException) -> pb.TaskFailureDetails:
    details = helpers.new_failure_details(error if isinstance(error, Exception) else Exception(repr(error)))
    # An empty message would pass for success in places of the backend and the client.
    details.errorMessage = details.errorMessage or type(error).__name__
    return details


def _failed_orchestration(instance_id: str, error: Exception) -> pb.OrchestratorResponse:
    action = helpers.new_complete_orchestration_action(
        -1, pb.ORCHESTRATION_STATUS_FAILED, None, _failure(error)
    )
    return pb.OrchestratorResponse(instanceId=instance_id, actions=[action])
