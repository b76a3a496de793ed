"""One thread that runs callbacks at their time.

The in-memory backend gives every durable timer a sleeping thread of its own; ten thousand workspaces
waiting for an import would be ten thousand threads. A heap and one thread do the same.
"""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

LOG = logging.getLogger("local.alarms")
# Waits are cut into slices, so that a changed clock or a suspended laptop is noticed.
_SLICE_S = 30.0


class Alarms:
    """Callbacks by the time they are due, never earlier; equal times in the order they were set."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)
        self._open = True

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._open = False
            self._heap.clear()
            self._changed.notify()

    def at(self, moment: datetime, callback: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._heap, (moment, next(self._order), callback))
            self._changed.notify()

    def _run(self) -> None:
        while (callback := self._next_due()) is not None:
            try:
                callback()
            except Exception:
                LOG.exception("A timer callback failed")

    def _next_due(self) -> Callable[[], None] | None:
        with self._changed:
            while self._open:
                wait_s = (self._heap[0][0] - datetime.now(UTC)).total_seconds() if self._heap else _SLICE_S
                if wait_s <= 0:
                    return heapq.heappop(self._heap)[2]
                self._changed.wait(min(wait_s, _SLICE_S))
            return None
