"""Which quotas the service has closed for now: a 429 speaks to the whole identity, not to the one call it met.

"Further requests will fail", says its text, so every call on the same quota waits until then, in all threads,
and after a restart too where a store remembers. Whoever holds back knows more than whoever asks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from shared.powerbi.operations import Operation

LONGEST = timedelta(
    hours=1
)  # of a window; what is told beyond (a model's refreshes of today) is about one object
KEPT = timedelta(seconds=1)  # shorter ones are over before a restarted process asks
_PER_MODEL = frozenset(
    {"dataset.refresh"}
)  # each model has its own count: one refused refresh tells of no other


class HoldStore(Protocol):
    """Remembers holds for the next process."""

    def load(self, connection: str) -> Mapping[str, datetime]:
        """What was saved for a connection, by quota."""
        ...

    def save(self, connection: str, quota: str, until: datetime) -> None:
        """Keep one hold."""
        ...


class Holds:
    """The closed quotas of one connection; safe to use from many threads at once."""

    def __init__(self, connection: str, store: HoldStore | None = None) -> None:
        self._connection, self._store = connection, store
        self._lock = Lock()
        self._until: dict[str, datetime] | None = None  # None: the store was not asked yet

    def until(self, operation: Operation, now: datetime) -> datetime | None:
        """When the operation's quota opens again, or None where nobody has closed it."""
        with self._lock:
            until = self._known().get(_quota(operation))
        return until if until is not None and now < until <= now + LONGEST else None

    def close(self, operation: Operation, now: datetime, seconds: float) -> None:
        """The service told this operation to wait: everything on its quota does. A hold only ever grows."""
        quota = _quota(operation)
        if not 0 < seconds <= LONGEST.total_seconds():
            return
        until = now + timedelta(seconds=seconds)
        with self._lock:
            known = self._known()
            if quota in known and known[quota] >= until:
                return
            known[quota] = until
        if self._store is not None and until - now > KEPT:
            self._store.save(self._connection, quota, until)

    def _known(self) -> dict[str, datetime]:
        if self._until is None:
            self._until = dict(self._store.load(self._connection)) if self._store else {}
        return self._until


def _quota(operation: Operation) -> str:
    """Each identity has its own counts."""
    return f"{operation.identity}.{operation.quota}"
