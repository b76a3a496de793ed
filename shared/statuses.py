"""The life of a migration as two tables: which status follows which, and which verb is allowed when.

Everything that changes a status asks `follow`; everything that answers a verb asks `answer`. There is no
other place where a status is compared with a verb.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    PLANNING = "planning"
    RUNNING = "running"
    VALIDATING = "validating"
    READY = "ready"
    CUTOVER = "cutover"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"


RESTING = frozenset({Status.READY, Status.SUCCEEDED, Status.PARTIAL, Status.FAILED})

FOLLOWS: dict[Status, frozenset[Status]] = {
    Status.PLANNING: frozenset({Status.RUNNING, Status.FAILED}),
    Status.RUNNING: frozenset({Status.VALIDATING, Status.FAILED}),
    Status.VALIDATING: frozenset({Status.READY, Status.PARTIAL, Status.FAILED, Status.CUTOVER}),
    Status.READY: frozenset({Status.CUTOVER}),
    Status.PARTIAL: frozenset({Status.CUTOVER}),
    Status.CUTOVER: frozenset({Status.SUCCEEDED, Status.PARTIAL, Status.FAILED}),
    Status.SUCCEEDED: frozenset(),
    Status.FAILED: frozenset(),
}

# verb -> (status it leads to, statuses it may start from, statuses in which its goal already holds)
VERBS: dict[str, tuple[Status, frozenset[Status], frozenset[Status]]] = {
    "cutover": (
        Status.CUTOVER,
        frozenset({Status.READY, Status.PARTIAL}),
        frozenset({Status.CUTOVER, Status.SUCCEEDED}),
    ),
}


def may_follow(now: str, then: str) -> bool:
    return Status(then) in FOLLOWS[Status(now)]


def allowed_verbs(status: str) -> list[str]:
    """The verbs that are not refused in this status, in a stable order."""
    here = Status(status)
    return sorted(verb for verb, (_, starts, holds) in VERBS.items() if here in starts or here in holds)
