"""The places in flight of this process: claimed in blocks from the ledger, used by its threads, renewed, given back.

A place is held while a call has no answer. Claims last some seconds only, so that a process that died does not
keep its places; one thread renews what is in use and gives back what is not.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Lock, Thread

from shared.powerbi.buckets import Bucket

_LOG = logging.getLogger("powerbi.ledger")
_BLOCK = 4  # places are claimed so many at a time
_ASK_AGAIN_S = 0.25

type Claim = Callable[[Bucket, int, str, int, int, float], int]


@dataclass(slots=True)
class _Places:
    """What this process has of one bucket. All of it is changed under its condition."""

    bucket: Bucket
    limit: int
    changed: Condition = field(default_factory=Condition)
    held: int = 0
    used: int = 0
    waiting: int = 0
    claimed: float = float("-inf")  # when it was last asked for, by the monotonic clock
    short: bool = False  # it was given less than it asked for


class InFlight:
    """Safe to use from many threads at once. `lasting_s` is how long a claim is good."""

    def __init__(self, holder: str, claim: Claim, lasting_s: float) -> None:
        self._holder, self._claim, self._lasting_s = holder, claim, lasting_s
        self._places: dict[str, _Places] = {}
        self._lock = Lock()
        self._keeper: Thread | None = None

    def enter(self, bucket: Bucket, patience_s: float) -> bool:
        """A place, waited for as long as that; True where the bucket has no such limit."""
        if bucket.in_flight is None:
            return True
        places = self._of(bucket, bucket.in_flight)
        deadline = time.monotonic() + patience_s
        with places.changed:
            places.waiting += 1
            try:
                while not self._has_room(places):
                    left = deadline - time.monotonic()
                    if left <= 0:
                        return False
                    places.changed.wait(min(left, _ASK_AGAIN_S))
                places.used += 1
                return True
            finally:
                places.waiting -= 1

    def leave(self, bucket: Bucket) -> None:
        """The call has its answer, or none will come."""
        if bucket.in_flight is None:
            return
        places = self._of(bucket, bucket.in_flight)
        with places.changed:
            places.used -= 1
            places.changed.notify()

    def _of(self, bucket: Bucket, limit: int) -> _Places:
        with self._lock:
            return self._places.setdefault(bucket.key, _Places(bucket, limit))

    def _has_room(self, places: _Places) -> bool:
        age = time.monotonic() - places.claimed
        full = places.used >= places.held and places.held < places.limit
        if age > self._lasting_s / 2 or (full and (not places.short or age > _ASK_AGAIN_S / 2)):
            self._renew(places)
        return places.used < places.held

    def _renew(self, places: _Places) -> None:
        """Claim a block that suffices for those who are here; what others need may make it less."""
        needed = places.used + places.waiting
        wanted = min(places.limit, -(-needed // _BLOCK) * _BLOCK)
        began = time.monotonic()  # the claim is good from before it was asked for
        places.held = self._claim(
            places.bucket, places.limit, self._holder, wanted, places.used, self._lasting_s
        )
        places.claimed, places.short = began, places.held < wanted
        if needed:
            self._keep()

    def _keep(self) -> None:
        with self._lock:
            if self._keeper is None:
                self._keeper = Thread(target=self._keep_places, name="ledger-places", daemon=True)
                self._keeper.start()

    def _keep_places(self) -> None:
        while True:
            time.sleep(self._lasting_s / 3)
            for places in list(self._places.values()):
                with places.changed:
                    self._look_after(places)
            with self._lock:
                if not any(places.held or places.used for places in self._places.values()):
                    self._keeper = None
                    return

    def _look_after(self, places: _Places) -> None:
        """Renew what is in use, give back what is not."""
        if not (places.held or places.used):
            return
        try:
            self._renew(places)
            places.changed.notify_all()
        except Exception as error:  # noqa: BLE001 - the next round tries again; meanwhile the claim may end
            _LOG.warning("places in flight of %s could not be renewed: %s", places.bucket.name, error)
