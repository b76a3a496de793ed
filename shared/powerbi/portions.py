"""A bucket cut into rows: what one row may give out, so that no row is hot and all rows together keep the quota.

Small limits are one row. An unpublished limit is learned, per row, from a rate that surely does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.powerbi.quotas import MINUTE, Quota

LEARNED_START = 120  # calls per minute and identity, before anything is known
LEARNED_FLOOR = 12  # never slower, or nothing would ever be learned again
_LEARNED_ROWS = 4
_PER_ROW = 500  # calls of a published limit that one row can well count
_MOST_ROWS = 8
_MARGIN_S = 1.0  # the service counts a call some time after it was reserved here, however short the window


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` tokens in any `seconds`."""

    limit: int
    seconds: float

    @property
    def held_s(self) -> float:
        """How long a token stays counted: longer than the service's window, by as much as calls may be late."""
        return self.seconds + min(_MARGIN_S, self.seconds / 6)


@dataclass(frozen=True, slots=True)
class Portion:
    """One row's part of a bucket. `windows` is empty where the limit is learned: from `start`, per `span_s`."""

    windows: tuple[Window, ...]
    span_s: float  # the longest window
    slot_s: float  # times are rounded up to this
    start: float = 0.0
    floor: float = 0.0
    share: float = 1.0

    @property
    def learned(self) -> bool:
        return not self.windows


def portions(quota: Quota, scale: float = 1.0) -> tuple[Portion, ...]:
    """The rows of a bucket. `scale` shrinks the minute in which an unpublished limit is learned."""
    if quota.limit is None:
        span = quota.window_s or MINUTE * scale
        start, floor = LEARNED_START / _LEARNED_ROWS, LEARNED_FLOOR / _LEARNED_ROWS
        return (Portion((), span, span / 100, start, floor, quota.share),) * _LEARNED_ROWS
    count = min(_MOST_ROWS, max(1, quota.limit // _PER_ROW), quota.burst or _MOST_ROWS)
    return tuple(_published(quota, number, count) for number in range(count))


def _published(quota: Quota, number: int, count: int) -> Portion:
    limit, span = _part(quota.limit or 1, number, count), quota.window_s or MINUTE
    windows = [Window(limit, span)]
    if quota.burst is not None and quota.burst_window_s is not None:
        windows.append(Window(_part(quota.burst, number, count), quota.burst_window_s))
    few = limit <= 100 or len(windows) > 1  # of few calls each may have a slot of its own
    return Portion(tuple(windows), span, span / (1000 if few else 100))


def _part(whole: int, number: int, count: int) -> int:
    """Parts that differ by at most one and sum up to the whole."""
    return whole // count + (number < whole % count)
