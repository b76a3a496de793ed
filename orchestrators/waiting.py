"""One activity to its outcome: a raise is tried again, a wait is a durable timer, the rest is the answer.

However long the service makes us wait, waiting is no failure: a generation that has waited often enough
hands over to the next one (continue-as-new), which goes on with the same activity and its state. A migration
that was told to stop unwinds: `Halt` leaves every orchestrator, whose children have ended by then.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from durabletask.task import OrchestrationContext, RetryPolicy, Task, TaskFailedError

from activities import frame
from shared.outcomes import Done, Failed, Json, Stopped, Wait, from_dict

type Steps[T] = Generator[Task[Any], Any, T]

MAX_WAITS = 80  # of one generation; each is eight events of its history
SLICE_S = 300.0  # of a long wait, times the scale: how late a pause or cancel may be noticed
LEAST_SCALE = 0.005  # a slice is no shorter than a second and a half, however fast the service is made
LONG = 4  # waits after which a new generation begins where that is easy: between two phases

MESSAGE_CHARS = 2000  # of an exception's text that is kept


class Halt(Exception):
    """The migration was paused or cancelled, or its stage is over."""


class TooLong(Exception):
    """This generation has waited `MAX_WAITS` times; `position` is where the next one goes on."""

    def __init__(self, position: Json):
        super().__init__("a new generation is due")
        self.position = position


@dataclass(slots=True)
class Tally:
    """How often a generation has waited, and in which activity's waiting the one before it ended."""

    waits: int = 0
    resumed: Json | None = None

    @property
    def is_long(self) -> bool:
        """Time for a new generation."""
        return self.waits > LONG

    def left_by(self, name: str, payload: Json) -> tuple[Json, datetime | None]:
        """With which state, and waiting until when, the generation before left this very call; once."""
        resumed = self.resumed
        if resumed is None or (resumed["activity"], resumed["input"]) != (name, payload):
            return {}, None
        self.resumed = None
        return resumed["state"], datetime.fromisoformat(resumed["until"])


type Body = Callable[[OrchestrationContext, Json, Tally], Steps[Json]]
type Orchestrator = Callable[[OrchestrationContext, Json], Steps[Json]]


def generations(body: Body) -> Orchestrator:
    """An orchestrator that goes on in a new generation where `body` waits long, and ends where it is halted.

    Output: that of `body`, or {"stopped": true}.
    """

    @functools.wraps(body, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
    def orchestrator(ctx: OrchestrationContext, payload: Json) -> Steps[Json]:
        given = {name: value for name, value in payload.items() if name != "resumed"}
        try:
            return (yield from body(ctx, given, Tally(resumed=payload.get("resumed"))))
        except TooLong as long:
            ctx.continue_as_new({**given, "resumed": long.position})
            return {}
        except Halt:
            return {"stopped": True}

    del orchestrator.__wrapped__  # the engine looks at the signature: it is this one, not the body's
    return orchestrator


def retry_policy(scale: float) -> RetryPolicy:
    """Raised = try again: 5 s doubling to 5 min, 20 times, times `scale` (an hour and a half unscaled)."""
    return RetryPolicy(
        first_retry_interval=timedelta(seconds=max(0.2, 5 * scale)),
        max_number_of_attempts=20,
        backoff_coefficient=2.0,
        max_retry_interval=timedelta(seconds=max(1.0, 300 * scale)),
    )


def step(
    ctx: OrchestrationContext, activity: Callable[..., Any], payload: Json, tally: Tally
) -> Steps[Done | Failed]:
    """Call `activity` (by its name, which is a contract) until it is done or failed.

    An activity that waits gets its own `state` back with the next call. One that still raises after every
    retry has failed with the code `activity.gaveUp`. Raises Halt where the activity was not let run.
    """
    state, until = tally.left_by(activity.__name__, payload)
    while True:
        if until is not None:
            waiting = {"activity": activity.__name__, "input": payload, "state": state}
            yield from _wait(ctx, until, waiting, tally)
        task = ctx.call_activity(
            activity.__name__, input={**payload, **state}, retry_policy=retry_policy(payload["scale"])
        )
        try:
            answer = yield task
        except TaskFailedError as failure:
            return Failed(
                "activity.gaveUp", f"{activity.__name__}: {failure.details.message[:MESSAGE_CHARS]}"
            )
        outcome = from_dict(answer)
        if isinstance(outcome, Stopped):
            raise Halt
        if not isinstance(outcome, Wait):
            return outcome
        state, until = outcome.state, _due(ctx, outcome.until, answer.get("seconds"))


def _wait(ctx: OrchestrationContext, until: datetime, waiting: Json, tally: Tally) -> Steps[None]:
    """A durable timer; a long one in slices, between which it is asked whether the work is wanted still."""
    payload = waiting["input"]
    while True:
        now = ctx.current_utc_datetime.replace(tzinfo=None)
        due = max(now, min(until, now + timedelta(seconds=SLICE_S * max(payload["scale"], LEAST_SCALE))))
        yield ctx.create_timer(due)
        tally.waits += 1
        if tally.waits >= MAX_WAITS:
            raise TooLong({**waiting, "until": until.isoformat()})
        if due >= until:
            return
        if "migration" in payload:
            yield from _ask(ctx, {"migration": payload["migration"], "during": waiting["activity"]})


def _ask(ctx: OrchestrationContext, asked: Json) -> Steps[None]:
    """Halt where nobody wants the work any more. What can't be asked now is asked at the next slice."""
    try:
        answer = yield ctx.call_activity(frame.still_wanted.__name__, input=asked)
    except TaskFailedError:
        return
    if isinstance(from_dict(answer), Stopped):
        raise Halt


def _due(ctx: OrchestrationContext, until: datetime, seconds: float | None) -> datetime:
    """When the wait is over by the engine's clock, which may differ from the activity's: `seconds` from now.

    Timers take naive UTC like the context's own clock; a time that has passed fires at once. Histories of an
    earlier version have no seconds.
    """
    now = ctx.current_utc_datetime.replace(tzinfo=None)
    if seconds is not None:
        return now + timedelta(seconds=seconds)
    return max(until.astimezone(UTC).replace(tzinfo=None), now)
