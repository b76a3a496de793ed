"""Faults as data: which calls to spoil, and how."""

import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.records import Record
from sandbox.state import new_id


@dataclass(slots=True)
class Match(Record):
    """Every given field must agree; of such calls the `nth`, or each `every`-th, at most `times` in all."""

    operation: str | None = None
    method: str | None = None
    path: str | None = None
    """A regular expression searched in the path."""
    tenant: str | None = None
    workspace: str | None = None
    """Id of the workspace in the path."""
    nth: int | None = None
    every: int | None = None
    times: int | None = None

    def agrees(self, tenant: str, operation: str, method: str, path: str, workspace: str | None) -> bool:
        return (
            self.operation in (None, operation)
            and self.method in (None, method)
            and self.tenant in (None, tenant)
            and self.workspace in (None, workspace)
            and (self.path is None or re.search(self.path, path) is not None)
        )


@dataclass(slots=True)
class Effect(Record):
    """What happens to the call. `when` without `status`: the connection is cut instead of answered."""

    when: str | None = None
    """"before": nothing has happened; "after": it has, and the client does not hear of it."""
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    retry_after: int | None = None
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

    @property
    def cuts(self) -> bool:
        return self.when is not None and self.status is None

    @property
    def replaces(self) -> bool:
        return self.status is not None or self.cuts


@dataclass(slots=True)
class Fault(Record):
    id: str
    match: Match
    effect: Effect
    seen: int = 0
    fired: int = 0

    def fires(self) -> bool:
        """Count one agreeing call; True if this is one to spoil."""
        self.seen += 1
        spent = self.match.times is not None and self.fired >= self.match.times
        wrong_turn = (self.match.nth is not None and self.seen != self.match.nth) or (
            self.match.every is not None and self.seen % self.match.every != 0
        )
        if spent or wrong_turn:
            return False
        self.fired += 1
        return True


@dataclass(slots=True)
class Faults:
    planned: list[Fault] = field(default_factory=list[Fault])

    def plan(self, bodies: list[dict[str, Any]]) -> list[Fault]:
        added = [
            Fault(new_id(), Match.from_dict(body.get("match", {})), Effect.from_dict(body["effect"]))
            for body in bodies
        ]
        self.planned.extend(added)
        return added

    def find(
        self, tenant: str, operation: str, method: str, path: str, workspace: str | None
    ) -> Effect | None:
        """The first planned fault that agrees and fires."""
        for fault in self.planned:
            if fault.match.agrees(tenant, operation, method, path, workspace) and fault.fires():
                return fault.effect
        return None
