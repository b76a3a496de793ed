"""The life of a migration as two tables: which status follows which, and which verb is allowed when.

Everything that changes a status asks `may_follow`; everything that answers a verb reads `VERBS`. There is no
other place where a status is compared with a verb. docs/operations.md shows the same table to people.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    PLANNING = "planning"
    PLANNED = "planned"  # the end of a plan, shown as done; a migration goes on to running
    RUNNING = "running"
    PAUSED = "paused"
    VALIDATING = "validating"
    READY = "ready"
    CUTOVER = "cutover"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLING = "cancelling"  # told to stop, what was under way is ending; shown as running
    CANCELLED = "cancelled"
    ROLLING_BACK = "rollingBack"  # shown as running
    ROLLED_BACK = "rolledBack"


RESTING = frozenset(
    {
        Status.PLANNED,
        Status.READY,
        Status.SUCCEEDED,
        Status.PARTIAL,
        Status.FAILED,
        Status.CANCELLED,
        Status.ROLLED_BACK,
    }
)
WORKING = frozenset({Status.PLANNING, Status.RUNNING, Status.VALIDATING, Status.CUTOVER})
ACTIVE = WORKING | {Status.CANCELLING, Status.ROLLING_BACK}  # an instance has something to do
WRITING = WORKING | {Status.ROLLING_BACK}  # a tenant may be written to
_STARTED = frozenset({Status.PLANNING, Status.RUNNING, Status.VALIDATING})  # what can be paused

# `retry` leads to running, or to planning again where the plan was never finished.
_RETRIED = frozenset({Status.PLANNING, Status.RUNNING})

FOLLOWS: dict[Status, frozenset[Status]] = {
    Status.PLANNING: frozenset(
        {Status.PLANNED, Status.RUNNING, Status.FAILED, Status.PAUSED, Status.CANCELLING}
    ),
    Status.PLANNED: frozenset(),
    Status.RUNNING: frozenset({Status.VALIDATING, Status.FAILED, Status.PAUSED, Status.CANCELLING}),
    Status.VALIDATING: frozenset(
        {
            Status.READY,
            Status.SUCCEEDED,  # a retry of what had been cut over already
            Status.PARTIAL,
            Status.FAILED,
            Status.CUTOVER,
            Status.PAUSED,
            Status.CANCELLING,
        }
    ),
    Status.PAUSED: _STARTED | {Status.CANCELLING},
    Status.READY: frozenset({Status.CUTOVER, Status.ROLLING_BACK}) | _RETRIED,
    Status.CUTOVER: frozenset({Status.SUCCEEDED, Status.PARTIAL, Status.FAILED}),
    Status.SUCCEEDED: frozenset({Status.READY, Status.ROLLING_BACK}) | _RETRIED,
    Status.PARTIAL: frozenset({Status.CUTOVER, Status.READY, Status.ROLLING_BACK}) | _RETRIED,
    Status.FAILED: frozenset({Status.ROLLING_BACK}) | _RETRIED,
    Status.CANCELLING: frozenset({Status.CANCELLED, Status.FAILED}),
    Status.CANCELLED: frozenset({Status.ROLLING_BACK}) | _RETRIED,
    Status.ROLLING_BACK: frozenset({Status.ROLLED_BACK, Status.FAILED}),
    Status.ROLLED_BACK: _RETRIED,
}


@dataclass(frozen=True, slots=True)
class Verb:
    """The statuses a verb may start from, and those in which its goal already holds."""

    starts: frozenset[Status]
    holds: frozenset[Status]


_UNDONE = frozenset({Status.READY, Status.SUCCEEDED, Status.PARTIAL, Status.FAILED, Status.CANCELLED})

VERBS: dict[str, Verb] = {
    "pause": Verb(_STARTED, frozenset({Status.PAUSED})),
    "resume": Verb(frozenset({Status.PAUSED}), _STARTED),
    "cancel": Verb(_STARTED | {Status.PAUSED}, frozenset({Status.CANCELLING, Status.CANCELLED})),
    "retry": Verb(_UNDONE | {Status.ROLLED_BACK}, _STARTED),
    "cutover": Verb(frozenset({Status.READY, Status.PARTIAL}), frozenset({Status.CUTOVER, Status.SUCCEEDED})),
    "rollback": Verb(_UNDONE, frozenset({Status.ROLLING_BACK, Status.ROLLED_BACK})),
}


def may_follow(now: str, then: str) -> bool:
    return Status(then) in FOLLOWS[Status(now)]


def allowed_verbs(status: str) -> list[str]:
    """The verbs that are not refused in this status, in a stable order."""
    here = Status(status)
    return sorted(name for name, verb in VERBS.items() if here in verb.starts or here in verb.holds)


def published(status: str) -> str:
    """The status as the HTTP contract knows it: work that ends or undoes is work that runs."""
    return Status.RUNNING if status in {Status.CANCELLING, Status.ROLLING_BACK} else status
