"""What a call needs before it is sent: a place among those in flight, and a token of its quota.

Either is waited for here for a few seconds; what takes longer is Throttled, which becomes a durable timer.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.connections import Connection
from shared.errors import Throttled
from shared.ledger import Ledger, Refusal
from shared.powerbi.buckets import Bucket, bucket_of, buckets_of
from shared.powerbi.operations import Operation
from shared.powerbi.throttling import MAX_INLINE_WAIT_S, UNTOLD_WAIT_S

_SPREAD_S = 0.5  # those who waited for the same moment do not all come in it
_WORTH_A_LINE_S = 60.0
_PLACE_WAIT_S = 10.0  # until a place in flight may be free; nobody can say when


class Admission:
    """The calls of one connection before the ledger; safe to use from many threads at once."""

    def __init__(self, connection: Connection, ledger: Ledger, clock: Clock, log: logging.Logger) -> None:
        self._connection = connection
        self._ledger = ledger
        self._clock = clock
        self._log = log

    @property
    def untold_wait_s(self) -> float:
        """How long to stay away after a 429 that names no time."""
        return UNTOLD_WAIT_S * self._ledger.scale

    @contextmanager
    def passage(self, operation: Operation, item: str = "") -> Iterator[None]:
        """In here one call may be sent and its answer awaited. Raises Throttled where that takes too long."""
        buckets = buckets_of(self._connection, operation, item)
        with ExitStack() as places:
            for bucket in buckets:
                self._enter(bucket)
                places.callback(self._ledger.in_flight.leave, bucket)
            for bucket in buckets:  # the budget of an object last: its few tokens are for calls that are sent
                self._take(bucket)
            yield

    def close(self, operation: Operation, item: str, told_s: float | None) -> None:
        """The service answered 429: everybody on the quota waits as long as this call was told to."""
        bucket = bucket_of(self._connection, operation, item)
        self._ledger.close(bucket, self.untold_wait_s if told_s is None else told_s)

    def lease(self, operation: Operation, holder: str, seconds: float) -> bool:
        """A place in flight for work that goes on after the call."""
        return self._ledger.lease(bucket_of(self._connection, operation), holder, seconds)

    def release(self, operation: Operation, holder: str) -> None:
        self._ledger.release(bucket_of(self._connection, operation), holder)

    def note_wait(self, operation: Operation, until: datetime, why: str) -> None:
        """A long wait is a decision that an operator wants to see."""
        if (until - self._clock.now()).total_seconds() > _WORTH_A_LINE_S:
            fields = {"operation": operation.id, "quota": operation.quota, "until": until.isoformat()}
            text = f"{self._connection.name} waits for {operation.quota} until {until.isoformat()}: {why}"
            self._log.warning(text, extra={**fields, "why": why, "connection": self._connection.name})

    def _enter(self, bucket: Bucket) -> None:
        if not self._ledger.in_flight.enter(bucket, MAX_INLINE_WAIT_S):
            wait = _PLACE_WAIT_S * self._ledger.scale * random.uniform(0.5, 1.5)  # noqa: S311
            until = self._clock.now() + timedelta(seconds=wait)
            raise Throttled(until, f"all places in flight of {bucket.name} are taken")

    def _take(self, bucket: Bucket) -> None:
        patience = MAX_INLINE_WAIT_S
        while refusal := self._refusal(bucket):
            spread = random.uniform(0, _SPREAD_S) if refusal.closed else 0.0  # noqa: S311
            wait = refusal.seconds + spread
            patience -= wait
            if patience < 0:
                raise self._throttled(bucket, refusal, wait)
            self._clock.sleep(wait)

    def _refusal(self, bucket: Bucket) -> Refusal | None:
        """None once there is a token and, by then, still nobody told us to stay away."""
        refusal = self._ledger.take(bucket)
        closed_s = 0.0 if refusal else self._ledger.closed_s(bucket)
        return Refusal(closed_s, closed=True) if closed_s else refusal

    def _throttled(self, bucket: Bucket, refusal: Refusal, wait: float) -> Throttled:
        until = self._clock.now() + timedelta(seconds=wait)
        if refusal.closed:
            return Throttled(until, "the service is still to be left alone", status=429)
        return Throttled(until, f"the quota {bucket.name} is used up for now")
