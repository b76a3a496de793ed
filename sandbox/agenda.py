"""What will happen later: due work runs, in order, before the next request is looked at.

No background task: the state a request sees depends on the clock alone.
"""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

Work = Callable[[], None]


@dataclass(slots=True)
class Agenda:
    _heap: list[tuple[float, int, Work]] = field(default_factory=list[tuple[float, int, Work]])
    _order: "itertools.count[int]" = field(default_factory=itertools.count)

    def at(self, moment: float, work: Work) -> None:
        heapq.heappush(self._heap, (moment, next(self._order), work))

    def settle(self, moment: float) -> None:
        while self._heap and self._heap[0][0] <= moment:
            heapq.heappop(self._heap)[2]()

    def step(self) -> bool:
        """Do the one thing that is due next, whenever that is; False if nothing is."""
        if self._heap:
            heapq.heappop(self._heap)[2]()
            return True
        return False

    def clear(self) -> None:
        self._heap.clear()
