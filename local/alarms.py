"""One thread that runs callbacks at their time.

The in-memory backend gives every durable timer a sleeping thread of its own; ten thousand workspaces
waiting for an import would be ten thousand threads. A heap and one thread do the same.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

LOG = logging.getLogger("local.alarms")


class Alarms:
    """Callbacks by the time they are due; those of the same instant in the order they were set."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._thread: threading.Thread | None = None
        self._open = False

    def start(self) -> None:
        self._open = True
        self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._open = False
            self._heap.clear()
            self._changed.notify()

    def at(self, moment: datetime, callback: Callable[[], None]) -> None:
        delay = max(0.0, (moment - datetime.now(UTC)).total_seconds())
        with self._changed:
            heapq.heappush(self._heap, (time.monotonic() + delay, next(self._order), callback))
            self._changed.notify()

    def __len__(self) -> int:
        return len(self._heap)

    def _run(self) -> None:
        while (callback := self._next_due()) is not None:
            try:
                callback()
            except Exception:
                LOG.exception("A timer callback failed")

    def _next_due(self) -> Callable[[], None] | None:
        with self._changed:
            while self._open:
                if self._heap and self._heap[0][0] <= time.monotonic():
                    return heapq.heappop(self._heap)[2]
                # Bounded, because threading refuses waits of more than some decades.
                self._changed.wait(min(self._heap[0][0] - time.monotonic(), 3600.0) if self._heap else None)
            return None
