"""Time as a dependency: only the clock knows the time, so that policy is pure and tests need no waiting.

A host's clock may be hours off, or jump. The app's own therefore goes by the computer's monotonic time from the
moment the process began, and is set by the `Date` of the answers it gets: that of storage, which all instances
share, so that what one instance writes down another one understands.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any, Protocol

TOLERANCE = timedelta(seconds=30)  # less than that is delay and rounding, not a wrong clock


class Clock(Protocol):
    """What the app asks about time."""

    def now(self) -> datetime:
        """The present as an aware UTC datetime."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump, for durations and token ages."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait inside a call; longer waits are durable timers and never come here."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Skew:
    """How far another clock is ahead of ours, from the `Date` of its answers; safe to share between threads.

    One answer alone moves nothing: it may have been long on its way, or lie. Two that agree do.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._doubt: timedelta | None = None
        self.known = timedelta()
        self.heard = False

    def observe(self, date: str | None, now: datetime) -> None:
        """An answer that came at `now`, by our clock, says that it was `date`."""
        seen = _parsed(date)
        if seen is None:
            return
        with self._lock:
            ahead, self.heard = seen - now, True
            if abs(ahead - self.known) <= TOLERANCE:
                self._doubt = None
            elif self._doubt is not None and abs(ahead - self._doubt) <= TOLERANCE:
                self.known, self._doubt = ahead, None
            else:
                self._doubt = ahead


class SteadyClock:
    """The app's own clock: no jump of the computer's reaches it, and answers of storage set it right."""

    def __init__(self, computer: Clock | None = None) -> None:
        self._computer = computer or SystemClock()
        self._began, self._monotonic = self._computer.now(), self._computer.monotonic()
        self._skew = Skew()

    def now(self) -> datetime:
        return self._unset() + self._skew.known

    def monotonic(self) -> float:
        return self._computer.monotonic()

    def sleep(self, seconds: float) -> None:
        self._computer.sleep(seconds)

    def note(self, answer: Any) -> None:
        """An answer of storage that has just come, as the SDK's response hook gives it: its `Date` sets us."""
        self._skew.observe(answer.http_response.headers.get("Date"), self._unset())

    def _unset(self) -> datetime:
        return self._began + timedelta(seconds=self._computer.monotonic() - self._monotonic)


def _parsed(date: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(date or "")
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
