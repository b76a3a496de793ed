"""The frame of every activity: input decoded, services resolved, every ending turned into one outcome.

A body is a plain function `(services, call) -> Outcome`. `bind` makes of it what the Functions host calls:
one JSON input, one JSON answer. Transient errors leave it as exceptions, which means "try again"; terminal
ones become a failed outcome with the service's own code; being told to wait becomes a wait, and so does storage
that is away, which must fail nothing however long it lasts. A migration that was told to stop, or whose stage
is over, runs no body: `during` says in which statuses one may run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from activities import outages, rights
from shared import outcomes, services
from shared.errors import AppError, IdentityRefused, TransientError, is_transient
from shared.outcomes import Done, Failed, Json, Outcome, Stopped, Wait
from shared.services import Services
from shared.statuses import WORKING, Status
from shared.storage import is_outage
from shared.writes import NotYet, Superseded
from shared.writes import Stopped as ToldToStop

type Body = Callable[[Services, "Call"], Outcome]

# What a wait may hand to the next call of the same activity.
_STATE = ("since", "waited", "polls", "tries", "position", "outage", "refused", "operation")
_MESSAGE_CHARS = 2000  # a service's error text may be a whole HTML page
_LONG_WAIT = timedelta(minutes=15)  # scaled; a longer one is told to people

_statuses: dict[str, frozenset[Status]] = {}  # by the body's name, where not WORKING


@dataclass(frozen=True, slots=True)
class Call:
    """The input of every activity; which fields are set depends on what it works on."""

    migration: str = ""
    scale: float = 1.0
    workspace: str = ""  # source workspace id
    report: str = ""  # source report id
    dataset: str = ""  # source dataset id
    kind: str = ""  # of `item`: shared.models.Kind
    item: str = ""  # source id
    connection: str = ""
    batch: int = 0
    mode: str = ""
    page: int = 0
    cursor: str | None = None
    phase: str = ""
    during: str = ""
    code: str = ""
    message: str = ""
    state: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Call:
        known = {name: raw[name] for name in cls.__slots__ if name in raw}
        return cls(**{**known, "state": {name: raw[name] for name in _STATE if name in raw}})


def during(statuses: Iterable[Status]) -> Callable[[Body], Body]:
    """A body that runs while its migration is in one of these statuses, instead of while it is WORKING."""

    def mark(body: Body) -> Body:
        _statuses[body.__name__] = frozenset(statuses)
        return body

    return mark


def run(body: Body, using: Services, payload: Mapping[str, Any]) -> Json:
    """One execution of an activity body; raises only what is worth trying again."""
    call = Call.from_dict(payload)
    with using.calls.counting(call.migration):
        try:
            outcome = _end(body, using, call)
        except Exception as error:
            if not is_outage(error):
                raise
            outcome = outages.for_storage(using, call)
    return outcomes.to_dict(outcome, using.clock.now())


def _end(body: Body, using: Services, call: Call) -> Outcome:
    try:
        if not _is_wanted(body.__name__, using, call):
            return Stopped()
        outcome = body(using, call)
        outages.end_refusal(using, call)
        return outcome
    except ToldToStop:
        return Stopped()
    except NotYet as early:
        return Wait(early.until, dict(call.state))
    except Superseded:
        raise  # whoever took over does the work; if it was the engine's error, the next try looks
    except AppError as error:
        if is_transient(error) and getattr(error, "retry_at", None) is None:
            raise
        return _wait(using, call, error) or Failed(error.code, error.message[:_MESSAGE_CHARS])


def _wait(using: Services, call: Call, error: AppError) -> Wait | None:
    """What is waited for, by whoever knows how long: the service, people who rotate a secret, a new right."""
    if isinstance(error, TransientError) and error.retry_at is not None:  # told by a 429, or by a 503
        _tell_long_wait(using, call, error, error.retry_at)
        return Wait(error.retry_at, dict(call.state))
    if isinstance(error, IdentityRefused):
        return outages.for_identity(using, call, error)
    return rights.awaited(using, call, error)


@during(Status)
def still_wanted(services: Services, call: Call) -> Outcome:
    """In the middle of a long wait: may the activity that waits (`during`) still run when it is over?"""
    return Done() if _is_wanted(call.during, services, call) else Stopped()


def _is_wanted(name: str, using: Services, call: Call) -> bool:
    """False where people have paused or cancelled the migration, or this is a late copy of what is long over."""
    if not call.migration:
        return True
    return using.manifest.migration(call.migration).status in _statuses.get(name, WORKING)


def _tell_long_wait(using: Services, call: Call, error: TransientError, until: datetime) -> None:
    if not call.migration or until - using.clock.now() < _LONG_WAIT * call.scale:
        return
    using.findings.add(
        call.migration,
        "quota.longWait",
        kind="connection",
        id=error.connection,
        name=error.connection,
        message=f"{error.operation} may be called again at {until:%Y-%m-%d %H:%M} UTC; the work waits until then.",
        key=error.operation,
    )


def bind(body: Body) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The registrable activity of a body, under the body's own name (a contract with running instances)."""

    # The worker takes plain classes only as annotations: `dict[str, Any]` would make it refuse the whole app.
    def activity(payload: dict) -> dict:  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
        return run(body, services.current(), payload)

    activity.__name__ = activity.__qualname__ = body.__name__
    activity.__doc__ = body.__doc__
    activity.__module__ = body.__module__
    return activity
