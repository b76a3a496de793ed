"""Which of the agreeing calls, imports or operations a plan is for: the n-th, each so many-th, so many in all."""

from typing import Protocol


class Turns(Protocol):
    nth: int | None
    every: int | None
    times: int | None


class Counted(Protocol):
    seen: int
    fired: int


def is_its_turn(plan: Counted, turns: Turns, *, is_over: bool = False) -> bool:
    """Count one that agrees; True if the plan decides about it. `is_over`: it does not any more."""
    plan.seen += 1
    if is_over or (turns.times is not None and plan.fired >= turns.times):
        return False
    if turns.nth not in (None, plan.seen) or (turns.every is not None and plan.seen % turns.every):
        return False
    plan.fired += 1
    return True
