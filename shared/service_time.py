"""The time all instances agree on: the storage account's, where this machine's clock differs from it.

The quota ledger is shared, so its times must not come from a clock that is off by hours: it would let too
much through, or wait for ever. Every storage answer carries the account's time; between answers time goes on
by the monotonic clock, which never jumps.
"""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from shared.clock import Clock

_TOLERANCE_S = 2.0  # a `Date` has whole seconds, and an answer takes its time
_SURE = 8  # answers in a row before time goes backwards
_HALF_SECOND = 0.5  # what a `Date` leaves out, on average


class ServiceTime:
    """Seconds since 1970 as the storage account counts them; safe to use from many threads at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = clock.now().timestamp() - clock.monotonic()
        self._behind: list[float] = []  # offsets by the latest answers, while all say that we are ahead

    def now(self) -> float:
        return self._clock.monotonic() + self._offset

    def note(self, answer: Any) -> None:
        """A storage answer (as the SDK's response hook gives it); its `Date` corrects us where we are off."""
        there = _date(answer.http_response.headers.get("Date"))
        if there is None:
            return
        offset = there - self._clock.monotonic()
        if offset > self._offset + _TOLERANCE_S:
            self._offset, self._behind = offset, []
        elif offset >= self._offset - _TOLERANCE_S:
            self._behind = []
        else:  # or this answer was long on its way: of several the fastest tells
            self._behind = [*self._behind, offset]
            if len(self._behind) >= _SURE:
                self._offset, self._behind = max(self._behind), []


def _date(text: str | None) -> float | None:
    try:
        date = parsedate_to_datetime(text or "")
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() + _HALF_SECOND
