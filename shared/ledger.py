"""The quota ledger: every call of every instance takes a token here before it is sent.

A bucket is a few rows of one table, changed by compare-and-swap on their etag. A process remembers each row as
it last wrote it, so a reservation that nobody disturbs is one storage call; threads that come together are
served by one. Where storage fails the ledger raises: no call goes out that was not reserved.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from random import SystemRandom
from threading import Lock
from uuid import uuid4

from shared.clock import Clock, SystemClock
from shared.in_flight import InFlight
from shared.ledger_rows import Rows, RowsInMemory
from shared.powerbi import leases, ledger
from shared.powerbi.buckets import Bucket
from shared.powerbi.ledger import Row
from shared.powerbi.portions import Portion, portions
from shared.powerbi.throttling import MAX_INLINE_WAIT_S
from shared.service_time import ServiceTime

_FRESH_S = 1.0  # a remembered row may refuse this long; what others gave back or learned is seen then
_LINES = 1000  # buckets remembered per process
_CROWDED = 5  # lost races after which one steps back
_PLACES_S = 15.0  # how long a process keeps its places in flight after it died
_dice = SystemRandom()


@dataclass(frozen=True, slots=True)
class Refusal:
    """No token now: the next one comes in so many seconds."""

    seconds: float
    closed: bool  # by the service's 429, not by our own count


@dataclass(slots=True)
class _Ticket:
    """One thread's wish for a token."""

    settled: bool = False
    refusal: Refusal | None = None
    error: BaseException | None = None


@dataclass(slots=True)
class _Known:
    """A row as this process last saw it."""

    row: Row
    etag: str
    seen: float


@dataclass(slots=True)
class _Line:
    """The threads of this process that want tokens of one bucket; one at a time goes to storage for all."""

    portions: tuple[Portion, ...]
    door: Lock = field(default_factory=Lock)
    queue_lock: Lock = field(default_factory=Lock)
    queue: list[_Ticket] = field(default_factory=list[_Ticket])
    known: dict[int, _Known] = field(default_factory=dict[int, _Known])
    closed: float = 0.0


class Ledger:
    """Tokens, closes and places in flight; safe to use from many threads, processes and machines at once."""

    def __init__(
        self,
        rows: Rows | None = None,
        clock: Clock | None = None,
        *,
        scale: float = 1.0,
        time: ServiceTime | None = None,
    ) -> None:
        self.scale = scale
        self._rows = rows or RowsInMemory()
        self._clock = clock or SystemClock()
        self._time = time or ServiceTime(self._clock)
        self._lines: dict[str, _Line] = {}
        self._lines_lock = Lock()
        self._name = uuid4().hex[:12]
        self._writes = itertools.count(1)
        self._preferred = _dice.randrange(8)
        self.in_flight = InFlight(self._name, self._change_leases, max(3.0, _PLACES_S * scale))

    def take(self, bucket: Bucket) -> Refusal | None:
        """One token of the bucket, or when to come again."""
        line, ticket = self._line(bucket), _Ticket()
        with line.queue_lock:
            line.queue.append(ticket)
        with line.door:
            if not ticket.settled:
                self._serve(bucket, line)
        if ticket.error is not None:
            raise ticket.error
        return ticket.refusal

    def close(self, bucket: Bucket, seconds: float) -> None:
        """A 429: nobody calls for so long; 0 only slows a learned rate down."""
        if not 0 <= seconds <= bucket.longest_close_s:
            return
        line = self._line(bucket)
        if not seconds and not line.portions[0].learned:
            return
        line.closed = max(line.closed, self._time.now() + seconds)  # at once, for the threads of this process
        with line.door:
            for number, portion in enumerate(line.portions):
                self._change(
                    bucket, line, number, lambda row, now, p=portion: ledger.close(row, p, now, seconds)
                )

    def closed_s(self, bucket: Bucket) -> float:
        """How long yet a 429 that this process knows of closes the bucket."""
        left = self._line(bucket).closed - self._time.now()
        return left if 0 < left <= bucket.longest_close_s else 0.0

    def lease(self, bucket: Bucket, holder: str, seconds: float) -> bool:
        """One of the bucket's places in flight for work that outlives a call; the same holder has one only.

        Who gets none is not remembered: he asks again, and of those who wait there may be more than a row holds.
        """
        limit = bucket.quota.in_flight
        return limit is None or self._change_leases(bucket, limit, holder, 1, 0, seconds, queues=False) > 0

    def release(self, bucket: Bucket, holder: str) -> None:
        """Give a leased place back."""
        if bucket.quota.in_flight is not None:
            self._change_leases(bucket, bucket.quota.in_flight, holder, 0, 0, 0)

    def _line(self, bucket: Bucket) -> _Line:
        with self._lines_lock:
            if bucket.key not in self._lines:
                for oldest in list(itertools.islice(self._lines, max(0, len(self._lines) - _LINES))):
                    del self._lines[oldest]
                self._lines[bucket.key] = _Line(portions(bucket.quota, self.scale))
            return self._lines[bucket.key]

    def _serve(self, bucket: Bucket, line: _Line) -> None:
        """One trip to storage for all who wait."""
        with line.queue_lock:
            tickets, line.queue = line.queue, []
        try:
            refusals = self._reserve(bucket, line, len(tickets))
        except BaseException as error:  # noqa: BLE001 - raised again, by each thread for itself
            for ticket in tickets:
                ticket.settled, ticket.error = True, error
            return
        for ticket, refusal in zip(tickets, refusals, strict=True):
            ticket.settled, ticket.refusal = True, refusal

    def _reserve(self, bucket: Bucket, line: _Line, count: int) -> list[Refusal | None]:
        missing = count
        for offset in range(len(line.portions)):
            number = (self._preferred + offset) % len(line.portions)
            missing -= self._from_row(bucket, line, number, missing)
            if not missing:
                break
        tokens: list[Refusal | None] = [None] * (count - missing)
        return tokens + list(self._refusals(bucket, line, missing))

    def _from_row(self, bucket: Bucket, line: _Line, number: int, wanted: int) -> int:
        """Up to `wanted` tokens of one row. Without any, the row is not written."""
        granted = 0

        def taken(row: Row, now: float) -> Row | None:
            nonlocal granted
            row, granted = ledger.reserve(row, line.portions[number], now, wanted)
            return row if granted else None

        self._change(bucket, line, number, taken)
        return granted

    def _refusals(self, bucket: Bucket, line: _Line, count: int) -> list[Refusal]:
        """Different times for those who got nothing: each the time of a token of its own."""
        if not count:
            return []
        now = self._time.now()
        rows = [(line.known[number].row, portion) for number, portion in enumerate(line.portions)]
        order = sorted(range(len(rows)), key=lambda number: ledger.next_free(*rows[number], now))
        refusals: list[Refusal] = []
        told: dict[int, list[float]] = {}
        for place in range(count):
            number = order[place % len(order)]
            row, portion = rows[number]
            ahead = ledger.waiters(row, now) + place // len(order)
            at = ledger.next_free(row, portion, now, ahead)
            refusals.append(Refusal(max(at - now, 0.001), row.closed > now))
            if at - now > MAX_INLINE_WAIT_S:
                told.setdefault(number, []).append(at)
        for number, times in told.items():  # a lost race costs a waiter one more look, so once is enough
            self._change(bucket, line, number, lambda row, now, t=times: ledger.tell(row, now, t), tries=1)
        return refusals

    def _change(
        self,
        bucket: Bucket,
        line: _Line,
        number: int,
        change: Callable[[Row, float], Row | None],
        tries: int | None = None,
    ) -> None:
        """Change one row until nobody was faster; `change` gives None where there is nothing to write."""
        known, lost = line.known.get(number), 0
        while tries is None or lost < tries:
            known = known or self._read(bucket, number)
            changed = change(known.row, self._time.now())
            if changed is None and self._time.now() - known.seen <= _FRESH_S:
                line.known[number] = known
                return
            if changed is not None:
                values = {"bucket": bucket.name, "by": self._signature(), "state": changed.to_dict()}
                etag = self._rows.swap(bucket.key, str(number), values, known.etag)
                if etag is not None:
                    line.known[number] = _Known(changed, etag, self._time.now())
                    return
                lost += 1
                self._step_back(lost)
            known = None

    def _read(self, bucket: Bucket, number: int) -> _Known:
        found = self._rows.get(bucket.key, str(number))
        row, etag = (Row.from_dict(found[0]["state"]), found[1]) if found else (Row(), "")
        return _Known(row, etag, self._time.now())

    def _change_leases(
        self,
        bucket: Bucket,
        limit: int,
        holder: str,
        wanted: int,
        used: int,
        lasting_s: float,
        queues: bool = True,
    ) -> int:
        """Hold, renew or (with nothing wanted and used) give back places: how many may be used.

        `queues`: a holder who gets nothing is written down, so that the others give him his part.
        """
        lost = 0
        while True:
            found = self._rows.get(bucket.key, "flight")
            known, etag = (leases.from_dict(found[0]["leases"]), found[1]) if found else ({}, "")
            now = self._time.now()
            if wanted or used:
                changed, granted = leases.claim(known, limit, holder, wanted, now, lasting_s, used)
            else:
                changed, granted = leases.release(known, holder), 0
            if wanted and not granted and not queues:
                return 0
            values = {"bucket": bucket.name, "by": self._signature(), "leases": leases.to_dict(changed)}
            if self._rows.swap(bucket.key, "flight", values, etag) is not None:
                return granted
            lost += 1
            self._step_back(lost)

    def _signature(self) -> str:
        """No two writes are alike: one whose answer was lost must not be taken for somebody else's."""
        return f"{self._name}.{next(self._writes)}"

    def _step_back(self, lost: int) -> None:
        if lost >= _CROWDED:
            self._clock.sleep(_dice.uniform(0.002, 0.02))
