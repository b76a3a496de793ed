"""Faults as data: which calls to spoil, and how.

Every call that has an operation is looked at, in the order of arrival: token and discovery calls, uploads, the API of
both families. A match without any field but `nth` is therefore "call n of the run, whatever it is".
"""

import math
import re
import time
from dataclasses import dataclass, field, replace
from typing import Any, cast

from sandbox.records import Record
from sandbox.state import new_id
from sandbox.turns import is_its_turn


@dataclass(frozen=True, slots=True)
class Seen:
    """One call as far as a fault can tell it from others."""

    tenant: str
    operation: str
    family: str
    method: str
    path: str
    query: str = ""
    workspace: str | None = None
    request_id: str = ""

    def to_dict(self) -> dict[str, Any]:
        facts = {name: getattr(self, name) for name in self.__slots__ if name not in ("query", "request_id")}
        return facts | {"requestId": self.request_id}


@dataclass(slots=True)
class Match(Record):
    """Every given field must agree; of such calls the `nth`, or each `every`-th, at most `times` in all."""

    operation: str | list[str] | None = None
    family: str | list[str] | None = None
    """powerbi, fabric, entra, blob."""
    method: str | None = None
    path: str | None = None
    """A regular expression searched in the path."""
    query: str | None = None
    """A regular expression searched in the query string as it was sent."""
    tenant: str | None = None
    workspace: str | None = None
    """Id of the workspace in the path."""
    nth: int | None = None
    every: int | None = None
    times: int | None = None

    def agrees(self, seen: Seen) -> bool:
        return (
            _among(self.operation, seen.operation)
            and _among(self.family, seen.family)
            and self.method in (None, seen.method)
            and self.tenant in (None, seen.tenant)
            and self.workspace in (None, seen.workspace)
            and (self.path is None or re.search(self.path, seen.path) is not None)
            and (self.query is None or re.search(self.query, seen.query) is not None)
        )


def _among(wanted: str | list[str] | None, value: str) -> bool:
    return wanted is None or value == wanted or (isinstance(wanted, list) and value in wanted)


@dataclass(slots=True)
class Effect(Record):
    """What happens to the call. `when` without `status`: the connection is cut instead of answered."""

    when: str | None = None
    """"before": nothing has happened; "after": it has, and the client does not hear of it."""
    hold: str | None = None
    """"before" or "after" its effect the call stops until it is released; see `holds`."""
    status: int | None = None
    code: str | None = None
    """An error code, answered in the shape that the service uses for it."""
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    retry_after: Any = None
    """As `waits.header` takes it; a list is gone through call by call, again and again."""
    delay: float = 0.0
    """Seconds, not scaled."""
    truncate: int | None = None
    """The answer ends after so many bytes of body."""
    corrupt: bool = False
    """One byte in the middle of the answer's first chunk is flipped."""
    close_without_length: bool = False
    """The body is ended by closing the connection, so that a short one looks complete."""
    with_length: bool = False
    """A streamed answer carries its Content-Length."""
    swap: bool = False
    """An export gives out another report's file."""
    surplus: int = 0
    """So many bytes more than the file has."""
    as_url: str | None = None
    """JSON with the address of a temporary blob under this name, instead of the bytes."""

    @property
    def cuts(self) -> bool:
        return self.when is not None and self.status is None and self.code is None

    @property
    def replaces(self) -> bool:
        return self.status is not None or self.code is not None or self.cuts

    def turn(self, number: int, until: float | None = None) -> "Effect":
        """The effect as it is for the `number`-th call it meets, from 1; "rest" is what is left until its end."""
        told = self.retry_after
        if isinstance(told, list) and told:
            cycle = cast(list[Any], told)
            told = cycle[(number - 1) % len(cycle)]
        if told == "rest":
            told = max(1, math.ceil((until or 0) - time.time()))
        return replace(self, retry_after=told)


CUT = Effect(when="after")


@dataclass(slots=True)
class Fault(Record):
    id: str
    match: Match
    effect: Effect
    until: float | None = None
    """Epoch seconds after which it fires no more."""
    seen: int = 0
    fired: int = 0
    last: dict[str, Any] | None = None
    """The call it met last."""

    def fires(self, call: Seen) -> bool:
        """Count one agreeing call; True if this is one to spoil."""
        is_over = self.until is not None and time.time() >= self.until
        if not is_its_turn(self, self.match, is_over=is_over):
            return False
        self.last = call.to_dict()
        return True


@dataclass(slots=True)
class Faults:
    planned: list[Fault] = field(default_factory=list[Fault])

    def plan(self, bodies: list[dict[str, Any]]) -> list[Fault]:
        """Each {"match", "effect", "seconds"?}; with `seconds` the fault ends by itself, in wall time."""
        added = [_fault(body) for body in bodies]
        self.planned.extend(added)
        return added

    def find(self, call: Seen) -> Effect | None:
        """The first planned fault that agrees and fires; those behind it have not counted the call."""
        for fault in self.planned:
            if fault.match.agrees(call) and fault.fires(call):
                return fault.effect.turn(fault.fired, fault.until)
        return None


def _fault(body: dict[str, Any]) -> Fault:
    match, effect = Match.from_dict(body.get("match") or {}), Effect.from_dict(body["effect"])
    for name in ("when", "hold"):
        if getattr(effect, name) not in (None, "before", "after"):
            raise ValueError(f"{name} is before or after")
    seconds = body.get("seconds")
    return Fault(new_id(), match, effect, None if seconds is None else time.time() + float(seconds))
