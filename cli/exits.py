"""Exit codes: what a script learns without reading the output. The README has the same table."""

from __future__ import annotations

OK = 0
FAILED = 1
USAGE = 2  # click's own
PARTIAL = 3
REFUSED = 4
UNREACHABLE = 5
BLOCKED = 6
INTERRUPTED = 130  # 128 + SIGINT, as shells do it

PLANNED = frozenset({"done", "failed"})  # the plans that are no longer being made
RESTING = frozenset({"ready", "succeeded", "partial", "failed", "cancelled", "rolledBack"})
_OF_STATUS = {"failed": FAILED, "partial": PARTIAL}


def of_status(status: str) -> int:
    """The exit code of a migration's status; one that is under way or at its goal is 0."""
    return _OF_STATUS.get(status, OK)


def of_plan(status: str, blockers: int) -> int:
    """Of a plan: it could not be made, or it was, and something stands in the way of what it plans."""
    if status == "failed":
        return FAILED
    return BLOCKED if blockers else OK
