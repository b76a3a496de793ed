"""The frame of every activity: input decoded, services resolved, every ending turned into one outcome.

A body is a plain function `(services, call) -> Outcome`. `bind` makes of it what the Functions host calls:
one JSON input, one JSON answer. Transient errors leave it as exceptions, which means "try again"; terminal
ones become a failed outcome with the service's own code; being told to wait becomes a wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared import outcomes, services
from shared.errors import AppError, is_transient
from shared.outcomes import Failed, Json, Outcome, Wait
from shared.services import Services
from shared.writes import NotYet

type Body = Callable[[Services, "Call"], Outcome]

_STATE = ("since", "polls", "tries", "position")  # what a wait may hand to the next call of the same activity
_MESSAGE_CHARS = 2000  # a service's error text may be a whole HTML page


@dataclass(frozen=True, slots=True)
class Call:
    """The input of every activity; which fields are set depends on what it works on."""

    migration: str = ""
    scale: float = 1.0
    workspace: str = ""  # source workspace id
    report: str = ""  # source report id
    dataset: str = ""  # source dataset id
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


def run(body: Body, using: Services, payload: Mapping[str, Any]) -> Json:
    """One execution of an activity body; raises only what is worth trying again."""
    call = Call.from_dict(payload)
    try:
        return outcomes.to_dict(body(using, call))
    except NotYet as early:
        return outcomes.to_dict(Wait(early.until, dict(call.state)))
    except AppError as error:
        told = getattr(error, "retry_at", None)
        if is_transient(error) and told is not None:  # by a 429, or by a 503 that names a time
            return outcomes.to_dict(Wait(told, dict(call.state)))
        if is_transient(error):
            raise
        return outcomes.to_dict(Failed(error.code, error.message[:_MESSAGE_CHARS]))


def bind(body: Body) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The registrable activity of a body, under the body's own name (a contract with running instances)."""

    # The worker takes plain classes only as annotations: `dict[str, Any]` would make it refuse the whole app.
    def activity(payload: dict) -> dict:  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
        return run(body, services.current(), payload)

    activity.__name__ = activity.__qualname__ = body.__name__
    activity.__doc__ = body.__doc__
    activity.__module__ = body.__module__
    return activity
