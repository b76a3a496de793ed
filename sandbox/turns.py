"""Which of the agreeing calls, imports or operations a plan is for: the n-th, each so many-th, so many in all."""

from typing import Protocol


class Counted(Protocol):
    nth: int | None
    every: int | None
    times: int | None
    seen: int
    fired: int


def is_its_turn(plan: Counted) -> bool:
    """Count one that agrees; True if the plan decides about it."""
    plan.seen += 1
    if plan.times is not None and plan.fired >= plan.times:
        return False
    if plan.nth not in (None, plan.seen) or (plan.every is not None and plan.seen % plan.every):
        return False
    plan.fired += 1
    return True
