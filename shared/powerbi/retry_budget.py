"""Retries must not multiply a failure: calls earn them, a tenth of one each, and when they are spent none is left."""

from __future__ import annotations

from threading import Lock

_EARNED = 0.1
_MOST = 10.0


class RetryBudget:
    """Of one connection in one process; safe to use from many threads at once."""

    def __init__(self) -> None:
        self._left = _MOST
        self._lock = Lock()

    def earn(self) -> None:
        """A call was begun."""
        with self._lock:
            self._left = min(_MOST, self._left + _EARNED)

    def spend(self) -> bool:
        """One retry, if there is one left."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True
