"""Long-running operations of Fabric: 202 at once, the work later, its state and its result by an id."""

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.calls import Call
from sandbox.operationplans import OperationPlan
from sandbox.replies import ApiError, Reply, json_reply
from sandbox.state import new_id
from sandbox.timing import iso, now
from sandbox.world import Service

Json = dict[str, Any]
Work = Callable[[], Json | None]
"""What is asked for; its result is the body of a 200 or 201, or what the operation's result gives."""


@dataclass(slots=True)
class LongRun:
    """One operation. `status` as the API words it."""

    service: Service
    owner: str
    name: str
    plan: OperationPlan
    work: Work
    due: float
    id: str = field(default_factory=new_id)
    begun: float = field(default_factory=now)
    updated: float = field(default_factory=now)
    status: Literal["NotStarted", "Running", "Succeeded", "Failed"] = "NotStarted"
    result: Json | None = None
    error: Json | None = None
    lost: bool = False

    def settle(self) -> None:
        """It is due."""
        if self.plan.works:
            self._do()
        if self.plan.outcome == "fail":
            self._fail(self.plan.code, self.plan.message)
        self.lost = self.plan.outcome == "lost"
        if self.plan.outcome == "stuck":
            self.status, self.result, self.error = "Running", None, None
        self.updated = now()

    def _do(self) -> None:
        try:
            self.result = self.work()
            self.status = "Succeeded"
        except ApiError as error:
            self._fail(error.code or "UnknownError", error.message)

    def _fail(self, code: str, message: str) -> None:
        self.status, self.result = "Failed", None
        self.error = {"errorCode": code, "message": message or code}

    def told(self) -> Json:
        percent = {"NotStarted": 0, "Running": 50, "Succeeded": 100}.get(self.shown)
        state: Json = {
            "status": self.shown,
            "createdTimeUtc": iso(self.begun),
            "lastUpdatedTimeUtc": iso(self.updated),
        }
        return state | {"percentComplete": percent, "error": self.error}

    @property
    def shown(self) -> str:
        """Running from half of its time on."""
        halfway = self.status == "NotStarted" and now() > (self.begun + self.due) / 2
        return "Running" if halfway else self.status

    @property
    def ended(self) -> bool:
        return self.status in ("Succeeded", "Failed")

    @property
    def retry_after(self) -> str:
        return str(max(1, math.ceil(self.due - now())))

    @property
    def url(self) -> str:
        return f"{self.service.base_url}/v1/operations/{self.id}"


@dataclass(slots=True)
class LongRuns:
    by_id: dict[str, LongRun] = field(default_factory=dict[str, LongRun])


def answer(call: Call, name: str, work: Work, status: int = 200) -> Reply:
    """Done at once with `status`, or accepted with 202, by the plan there is or by what the world is set to."""
    plan = call.service.world.operation_plans.find(call.service.state.name, call.operation.id, name)
    if plan is None and not _is_long(call, name):
        body = work()
        return Reply(status) if body is None else json_reply(body, status)
    run = _begin(call, name, work, plan or OperationPlan("succeed"))
    call.notes["operationId"] = run.id
    headers = {"location": run.url, "x-ms-operation-id": run.id, "retry-after": run.retry_after}
    return Reply(202, b"", headers)


def _begin(call: Call, name: str, work: Work, plan: OperationPlan) -> LongRun:
    service = call.service
    seconds = service.timing.draw("lro") if plan.seconds is None else plan.seconds * service.timing.scale
    run = LongRun(service, call.caller.id, name, plan, work, now() + seconds)
    service.recall(LongRuns).by_id[run.id] = run
    service.later(seconds, run.settle)
    return run


def _is_long(call: Call, name: str) -> bool:
    """Of a mix it is always the same ones: by operation, workspace and name."""
    length = call.service.world.operation_plans.length
    key = f"{call.operation.id} {call.params.get('groupId', '').lower()} {name}"
    return length == "always" or (length == "mix" and zlib.crc32(key.encode()) % 2 == 0)
