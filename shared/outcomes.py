"""How an activity ends: done, failed with a code, or waiting until a time. Raising means "try again".

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


type Outcome = Done | Failed | Wait


def to_dict(outcome: Outcome) -> Json:
    match outcome:
        case Done(value):
            return {"outcome": "done", "value": value}
        case Failed(code, message):
            return {"outcome": "failed", "code": code, "message": message}
        case Wait(until, state):
            return {"outcome": "wait", "until": until.isoformat(), "state": state}


def from_dict(raw: Mapping[str, Any]) -> Outcome:
    match raw["outcome"]:
        case "done":
            return Done(raw["value"])
        case "failed":
            return Failed(raw["code"], raw["message"])
        case "wait":
            return Wait(datetime.fromisoformat(raw["until"]), raw["state"])
        case other:
            raise ValueError(f"unknown outcome {other!r}")
