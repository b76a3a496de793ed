"""Calls that are stopped on purpose until a test lets them go on: the moment to kill a client exactly there.

A held call waits before or after its effect. Released, it goes on as if nothing had been, even if its client is gone by
then: a real service finishes what it has received too. Dropped, it was never received (or its answer never left).
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from sandbox.state import new_id
from sandbox.timing import iso, now


class Dropped(Exception):
    """The held call is not to go on: its connection is cut."""


@dataclass(slots=True)
class Hold:
    facts: dict[str, Any]
    """Which call it is, as the fault saw it; and `when`: before or after the effect."""
    id: str = field(default_factory=new_id)
    since: float = field(default_factory=now)
    dropped: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def to_dict(self) -> dict[str, Any]:
        return {"id": self.id, "since": iso(self.since), **self.facts}


@dataclass(slots=True)
class Holds:
    """The calls that are held now, in the order in which they came."""

    held: dict[str, Hold] = field(default_factory=dict[str, Hold])

    async def wait(self, facts: dict[str, Any]) -> None:
        hold = Hold(facts)
        self.held[hold.id] = hold
        try:
            await hold.released.wait()
        finally:
            self.held.pop(hold.id, None)
        if hold.dropped:
            raise Dropped

    def release(self, hold_id: str = "", *, drop: bool = False, tenant: str | None = None) -> int:
        """Let one go (all without an id; of one tenant); how many that were."""
        chosen = [
            hold
            for hold in self.held.values()
            if hold_id in ("", hold.id) and tenant in (None, hold.facts.get("tenant"))
        ]
        for hold in chosen:
            hold.dropped = drop
            hold.released.set()
        return len(chosen)
