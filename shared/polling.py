"""When to look again: late first, then backing off, until a deadline. Pure; the caller gives the time.

A deadline counts what was waited, not what a clock shows: neither a clock that jumps nor an outage between two
looks lets it pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.outcomes import Wait

GIB = 1024**3
_SECONDS_PER_GIB = 600  # on top of the deadline every import has


@dataclass(frozen=True, slots=True)
class Polling:
    """Seconds, all multiplied by the scale of the run: first wait, growth, longest wait, deadline."""

    first_s: float
    factor: float
    longest_s: float
    deadline_s: float

    def again(
        self, state: Mapping[str, Any], now: datetime, scale: float, deadline_s: float = 0
    ) -> Wait | None:
        """The next wait, or None once the deadline has passed. `state` is what the last wait carried.

        `deadline_s` replaces the policy's own where the object decides (a large file takes longer).
        """
        waited, polls = float(state.get("waited", 0)), int(state.get("polls", 0))
        if waited >= (deadline_s or self.deadline_s) * scale:
            return None
        pause = min(self.first_s * self.factor**polls, self.longest_s) * scale
        return Wait(now + timedelta(seconds=pause), {"waited": waited + pause, "polls": polls + 1})


# The longest wait keeps every deadline within `MAX_WAITS` of the orchestrators (a history stays small).
SCAN = Polling(first_s=10, factor=1.5, longest_s=120, deadline_s=2 * 3600)
CAPACITY = Polling(first_s=5, factor=1.5, longest_s=120, deadline_s=2 * 3600)
IMPORT = Polling(first_s=10, factor=1.4, longest_s=120, deadline_s=30 * 60)  # and more by size: see imports
REFRESH = Polling(first_s=15, factor=1.5, longest_s=300, deadline_s=6 * 3600)
NEIGHBOUR = Polling(first_s=10, factor=1.5, longest_s=300, deadline_s=6 * 3600)  # another migration's work
# A long-running operation of Fabric.
DEFINITION = Polling(first_s=2, factor=1.6, longest_s=120, deadline_s=2 * 3600)
VISIBILITY = Polling(first_s=5, factor=2, longest_s=60, deadline_s=10 * 60)


def import_deadline_s(length: int) -> float:
    """Of an import of so many bytes."""
    return IMPORT.deadline_s + length / GIB * _SECONDS_PER_GIB
