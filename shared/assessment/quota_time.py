"""How long a number of calls takes at a quota, from an empty window on. Pure.

Published limits are windows: the first window's worth goes out at once, each further one a window later. What
is not published is learned (see `shared.powerbi.ledger`): it begins low and doubles while the service stays silent,
up to what the places in flight can carry.
"""

from __future__ import annotations

import math

from shared.powerbi.portions import LEARNED_START, Window
from shared.powerbi.quotas import MINUTE, Quota

IN_FLIGHT = 36  # where a quota names no number: three reports each of twelve workspaces


def seconds_for(
    calls: int, quota: Quota, latency_s: float, scale: float = 1.0, *, rises: bool = True
) -> float:
    """Until the last of so many calls may be sent. Grows with `calls`, 0 where one window holds them all.

    `latency_s` is a call's own time; `rises` false: an unpublished limit stays where the app begins.
    """
    ours = quota.left_to_us()
    carried = max(0, calls - 1) * latency_s / (ours.in_flight or IN_FLIGHT)
    if ours.limit is None:
        return max(carried, _learned(calls, quota, ours, latency_s, scale, rises=rises))
    windows = [Window(ours.limit, ours.window_s or MINUTE)]
    if ours.burst is not None and ours.burst_window_s is not None:
        windows.append(Window(ours.burst, ours.burst_window_s))
    return max(carried, *(_published(calls, window) for window in windows))


def _published(calls: int, window: Window) -> float:
    return max(0, calls - 1) // window.limit * window.held_s


def _learned(calls: int, quota: Quota, ours: Quota, latency_s: float, scale: float, *, rises: bool) -> float:
    """Whole windows that are full before the last call's."""
    span = quota.window_s or MINUTE * scale
    rate = max(1, math.floor(LEARNED_START * quota.share))
    most = max(rate, math.floor((ours.in_flight or IN_FLIGHT) * span / max(latency_s, 0.001)))
    held, windows, left = Window(rate, span).held_s, 0, calls
    while rises and left > rate and rate < most:
        left, windows, rate = left - rate, windows + 1, min(2 * rate, most)
    return (windows + max(0, left - 1) // rate) * held
