"""How an activity ends: done, failed with a code, waiting until a time, or stopped. Raising means "try again".

An outcome is the only thing an activity returns, so orchestrators decide by one small vocabulary. A wait
carries the activity's own `state`, which the next call gets back: polling policy stays out of orchestrators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """The work is finished; `value` is small, plain JSON."""

    value: Json = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Failed:
    """The work can't be done and trying again would not help."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until` (aware UTC); then call again with `state` merged into the input."""

    until: datetime
    state: Json = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Stopped:
    """The migration was paused or cancelled: nothing was begun, and nothing is to be begun after it."""


type Outcome = Done | Failed | Wait | Stopped


def to_dict(outcome: Outcome, now: datetime | None = None) -> Json:
    """`now`, by the clock that `until` is meant by: a wait then also says its seconds, which hold by any clock."""
    match outcome:
        case Done(value):
            return {"outcome": "done", "value": value}
        case Failed(code, message):
            return {"outcome": "failed", "code": code, "message": message}
        case Wait(until, state):
            seconds = {} if now is None else {"seconds": max(0.0, (until - now).total_seconds())}
            return {"outcome": "wait", "until": until.isoformat(), **seconds, "state": state}
        case Stopped():
            return {"outcome": "stopped"}


def from_dict(raw: Mapping[str, Any]) -> Outcome:
    match raw["outcome"]:
        case "done":
            return Done(raw["value"])
        case "failed":
            return Failed(raw["code"], raw["message"])
        case "wait":
            return Wait(datetime.fromisoformat(raw["until"]), raw["state"])
        case "stopped":
            return Stopped()
        case other:
            raise ValueError(f"unknown outcome {other!r}")
