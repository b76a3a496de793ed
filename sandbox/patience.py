"""Who was told to stay away from what, and for how long: a call that comes earlier is a violation.

Judged by the moment of arrival: what was already under way when the 429 left is no violation, nor what leaves the
client within the grace that the news needs to reach its other threads and processes.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

TOLERANCE = 0.02
"""Seconds by which timers may be wrong."""


@dataclass(frozen=True, slots=True)
class Closed:
    sent: float
    until: float
    request_id: str
    """Of the call that was told."""


@dataclass(slots=True)
class Patience:
    grace: float = 0.5
    """Wall seconds between a 429 and the first call that should have known of it."""
    _closed: dict[str, list[Closed]] = field(default_factory=lambda: defaultdict[str, list[Closed]](list))

    def close(self, key: str, closed: Closed) -> None:
        self._closed[key].append(closed)

    def early(self, key: str, arrived: float) -> dict[str, Any] | None:
        """How much too early a call is, by which answer; None for one that may come."""
        if key not in self._closed:
            return None
        self._closed[key] = [item for item in self._closed[key] if item.until > arrived]
        known = [
            item for item in self._closed[key] if item.sent + self.grace < arrived < item.until - TOLERANCE
        ]
        if not known:
            return None
        last = max(known, key=lambda item: item.until)
        return {
            "early": round(last.until - arrived, 3),
            "told": round(last.until - last.sent, 3),
            "toldBy": last.request_id,
        }

    def forget(self) -> None:
        self._closed.clear()
