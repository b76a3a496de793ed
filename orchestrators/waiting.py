"""One activity to its outcome: a raise is tried again, a wait is a durable timer, the rest is the answer."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from durabletask.task import OrchestrationContext, RetryPolicy, Task, TaskFailedError

from shared.outcomes import Done, Failed, Json, Wait, from_dict

type Steps[T] = Generator[Task[Any], Any, T]

MAX_WAITS = 100  # of one activity in one generation
LONG = 4  # waits of a generation; what one more step may wait still fits into a thousand events then


MESSAGE_CHARS = 2000  # of an exception's text that is kept


@dataclass(slots=True)
class Tally:
    """How often a generation has waited: a wait is eight events of its history."""

    waits: int = 0

    @property
    def is_long(self) -> bool:
        """Time for a new generation."""
        return self.waits > LONG


def retry_policy(scale: float) -> RetryPolicy:
    """Raised = try again: 5 s doubling to 5 min, 20 times, times `scale` (an hour and a half unscaled)."""
    return RetryPolicy(
        first_retry_interval=timedelta(seconds=max(0.2, 5 * scale)),
        max_number_of_attempts=20,
        backoff_coefficient=2.0,
        max_retry_interval=timedelta(seconds=max(1.0, 300 * scale)),
    )


def step(
    ctx: OrchestrationContext, activity: Callable[..., Any], payload: Json, tally: Tally | None = None
) -> Steps[Done | Failed]:
    """Call `activity` (by its name, which is a contract) until it is done or failed.

    An activity that waits gets its own `state` back with the next call. One that still raises after every
    retry has failed with the code `activity.gaveUp`; so has one that waits more than `MAX_WAITS` times.
    """
    state: Json = {}
    for _ in range(MAX_WAITS):
        task = ctx.call_activity(
            activity.__name__, input={**payload, **state}, retry_policy=retry_policy(payload["scale"])
        )
        try:
            outcome = from_dict((yield task))
        except TaskFailedError as failure:
            return Failed(
                "activity.gaveUp", f"{activity.__name__}: {failure.details.message[:MESSAGE_CHARS]}"
            )
        if not isinstance(outcome, Wait):
            return outcome
        state = outcome.state
        if tally is not None:
            tally.waits += 1
        yield ctx.create_timer(_not_past(ctx, outcome.until))
    return Failed("activity.endless", f"{activity.__name__} waited {MAX_WAITS} times without an end")


def _not_past(ctx: OrchestrationContext, until: datetime) -> datetime:
    """Timers take naive UTC like the context's own clock; a time that has passed fires at once."""
    now = ctx.current_utc_datetime
    return max(until.astimezone(UTC).replace(tzinfo=None), now.replace(tzinfo=None))
