"""Long-running operations of the Fabric API: how a call that may be one was answered, and how it is going.

Nothing waits here. An operation's id goes into a durable timer's hands; between two looks nobody holds anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from shared.errors import EntityNotFound, ServiceError
from shared.powerbi import fabric_operations as op
from shared.powerbi.client import Answer, PowerBIClient
from shared.powerbi.service_errors import parse
from shared.powerbi.throttling import refusal, told_wait

Row = dict[str, Any]

_ACCEPTED = 202
_NO_RESULT = "OperationHasNoResult"
_UNTOLD = "operation.failed"  # it failed, and the service gives no code


@dataclass(frozen=True, slots=True)
class Begun:
    """The answer to a call that may be long-running: either it is done, or `operation` tells how it goes.

    `body` is None for a 202 and where the service had nothing to say; `operation` is empty where it is done.
    """

    body: Row | None
    operation: str
    retry_after_s: float | None

    @property
    def is_done(self) -> bool:
        """True where there is no operation to look after."""
        return not self.operation


class Operations:
    """Looks at long-running operations; the identity is the one that began them."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def status(self, operation: str) -> Row:
        """LongRunningOperations_GetOperationState: `status`, `percentComplete`, `error`, and `retryAfter` (seconds).

        `status` is Undefined, NotStarted, Running, Succeeded or Failed; the contract reserves others, which are
        no end either. Of a Failed one `failure_of` makes the error. EntityNotFound where the operation is forgotten.
        """
        answer = self._client.call(op.GET_OPERATION, {"operation": operation})
        state = answer.object()
        if not isinstance(state.get("status"), str):
            raise answer.unusable("holds no status")
        return {**state, "retryAfter": _wait(answer.headers, self._client.clock.now())}

    def result(self, operation: str) -> Row | None:
        """LongRunningOperations_GetOperationResult of one that succeeded; None where it has none."""
        try:
            answer = self._client.call(op.GET_OPERATION_RESULT, {"operation": operation})
        except ServiceError as error:
            if isinstance(error, EntityNotFound) or error.mentions(_NO_RESULT):
                return None
            raise
        return None if answer.json is None else answer.object()


def begun(answer: Answer, now: datetime) -> Begun:
    """What the answer of a call that may be long-running says.

    A 202 that names no operation can't be followed: as if the answer had been lost.
    """
    wait = _wait(answer.headers, now)
    if answer.status != _ACCEPTED:
        return Begun(None if answer.json is None else answer.object(), "", wait)
    operation = _operation(answer.headers)
    if not operation:
        raise answer.unusable("was accepted, but names no operation")
    return Begun(None, operation, wait)


def failure_of(state: Row) -> ServiceError:
    """The error of an operation that ended as Failed, of the same branches as if the call had been refused."""
    fault = parse(0, {}, json.dumps(state.get("error") or {}).encode())
    if fault.code == "http.0":
        fault = replace(fault, code=_UNTOLD, codes=(_UNTOLD,))
    return refusal(0, fault)


def _operation(headers: Mapping[str, str]) -> str:
    named = headers.get("x-ms-operation-id", "").strip()
    steps = [step for step in urlsplit(headers.get("Location", "")).path.split("/") if step]
    if steps and steps[-1].lower() == "result":
        steps.pop()
    return named or (steps[-1] if steps else "")


def _wait(headers: Mapping[str, str], now: datetime) -> float | None:
    return told_wait(headers, None, now)
