"""How many calls to the service each run has made, by quota key: what stands beside the forecast afterwards.

An activity's calls are counted in its own thread and written once, at its end, into one of a few rows of its run.
A count is worth no failure: where storage can't take it, or the process dies before, it is lost and a line says
so. What is told is therefore "at least"; nothing is counted twice.
"""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from random import SystemRandom
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from shared.clock import Clock
from shared.models import Migration
from shared.powerbi.calls import CallRecord
from shared.tables import Tables

if TYPE_CHECKING:  # the services hold the tally
    from shared.services import Services

type Json = dict[str, Any]

_TABLE = "PbiCalls"
_SHARDS = 8  # rows per run; a process keeps to one of them while nobody disturbs it there
_TRIES = 10  # lost races after which a count is given up
_RUNS = 50  # rows remembered per process
_TOO_MANY = 429
_dice = SystemRandom()
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Count:
    """Attempts by quota key, and how many of them were told to wait (429)."""

    calls: Counter[str] = field(default_factory=Counter[str])
    throttled: int = 0

    def add(self, other: Count) -> None:
        self.calls.update(other.calls)
        self.throttled += other.throttled

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Count:
        return cls(Counter(row["calls"]), int(row["throttled"]))


@dataclass(frozen=True, slots=True)
class _Known:
    """A row as this process wrote it last."""

    count: Count
    etag: str


_counting: ContextVar[Count | None] = ContextVar("counting", default=None)


def note(record: CallRecord) -> None:
    """Count an attempt for the run this thread works for, if it works for one."""
    count = _counting.get()
    if count is None or not record.is_counted:
        return
    count.calls[record.quota] += 1
    count.throttled += record.status == _TOO_MANY


class CallTally:
    """The counts of all runs; safe to use from many threads, processes and machines at once."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock
        self._name, self._writes = uuid4().hex[:12], itertools.count(1)
        self._shard = _dice.randrange(_SHARDS)
        self._pending: dict[str, Count] = {}
        self._pending_lock = Lock()
        self._door = Lock()
        self._known: dict[str, _Known] = {}

    @contextmanager
    def counting(self, run: str) -> Iterator[None]:
        """The calls of this thread in here are the run's (its key); whatever they end in, they are counted."""
        count = Count()
        token = _counting.set(count if run else None)
        try:
            yield
        finally:
            _counting.reset(token)
            if count.calls:
                self._write(run, count)

    def of(self, run: str) -> Json:
        """`{"calls": {quota key: n}, "throttled": n, "last": time of the latest, or ""}`, at least."""
        whole, last = Count(), ""
        for row in self._tables[_TABLE].partition(run):
            whole.add(Count.from_row(row))
            last = max(last, row["last"])
        return {"calls": dict(sorted(whole.calls.items())), "throttled": whole.throttled, "last": last}

    def _write(self, run: str, count: Count) -> None:
        """Threads that come together are served by one: whoever is at the door takes along what waits."""
        with self._pending_lock:
            self._pending.setdefault(run, Count()).add(count)
        with self._door:
            with self._pending_lock:
                whole = self._pending.pop(run, None)
            if whole is None:
                return
            try:
                self._add(run, whole)
            except Exception as lost:  # noqa: BLE001 - told in a line, and no reason to fail the work
                _log.warning(
                    "%s calls of %s are not counted: %s", whole.calls.total(), run, lost, exc_info=True
                )

    def _add(self, run: str, count: Count) -> None:
        known = self._known.pop(run, None)
        for _ in range(_TRIES):
            known = known or self._read(run)
            whole = Count(Counter(known.count.calls), known.count.throttled)
            whole.add(count)
            etag = self._tables[_TABLE].swap(run, str(self._shard), self._row(whole), known.etag)
            if etag is not None:
                self._remember(run, _Known(whole, etag))
                return
            known = None
            self._move()
        raise TimeoutError(f"others changed the rows all the time, {_TRIES} times in a row")

    def _move(self) -> None:
        """To another row; what is remembered is of the one before."""
        self._known.clear()
        self._shard = _dice.randrange(_SHARDS)

    def _read(self, run: str) -> _Known:
        found = self._tables[_TABLE].get(run, str(self._shard))
        return _Known(Count.from_row(found[0]), found[1]) if found else _Known(Count(), "")

    def _row(self, count: Count) -> Json:
        """No two writes are alike: one whose answer was lost must not be taken for somebody else's."""
        signature = f"{self._name}.{next(self._writes)}"
        last = self._clock.now().isoformat()
        return {"calls": dict(count.calls), "throttled": count.throttled, "last": last, "by": signature}

    def _remember(self, run: str, known: _Known) -> None:
        self._known[run] = known
        while len(self._known) > _RUNS:
            del self._known[next(iter(self._known))]


def outcome_of(services: Services, migration: Migration) -> Json:
    """What a run has really cost: `{"calls", "throttled", "seconds"}`, in the units of its forecast.

    The seconds end with the latest call: afterwards it rests, or waits for people.
    """
    told = services.calls.of(migration.id)
    last = told.pop("last")
    seconds = _seconds(migration.created, last) if last else None
    return {**told, "seconds": seconds}


def _seconds(begun: str, ended: str) -> float:
    return round(max(0.0, (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()), 1)
