"""Call limits per bucket, in windows that shrink with a scale or are given in wall seconds.

The numbers are those of the documentation; `default` is the limit that the service does not publish. Most windows
slide; the Fabric platform counts by fixed ones. A refused call is not counted.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sandbox.timing import Timing
from sandbox.waits import throttled

Window = tuple[int, float]
"""So many calls in so many real seconds."""

LIMITS: dict[str, list[Window]] = {
    "admin.groups": [(50, 3600), (15, 60)],
    "admin.items": [(50, 3600), (5, 60)],
    "admin.getInfo": [(500, 3600)],
    "admin.scanStatus": [(10_000, 3600)],
    "admin.scanResult": [(500, 3600)],
    "admin.modified": [(30, 3600)],
    "admin.activityEvents": [(200, 3600)],
    "admin.other": [(200, 3600)],
    "users.refreshPermissions": [(1, 3600)],
    "dataset.refresh": [(8, 86_400)],
    "dataset.executeQueries": [(120, 60)],
    "fabric.platform": [(200, 60)],
    "fabric.lro": [(200, 60)],
    "default": [],
}
FIXED = frozenset({"fabric.platform", "fabric.lro"})
"""Buckets whose window begins anew for everybody at the same moments."""

SETTINGS = frozenset({"scans", "wall", "scale"})


@dataclass(slots=True)
class Quotas:
    """One tenant's limits and counters. `scans` is how many scans may be in flight."""

    timing: Timing
    limits: dict[str, list[Window]] = field(
        default_factory=lambda: {key: list(value) for key, value in LIMITS.items()}
    )
    wall: dict[str, list[Window]] = field(default_factory=dict[str, list[Window]])
    """In wall seconds; takes the place of a bucket's limits."""
    scale: float | None = None
    """Of the windows alone; without it they shrink with everything else."""
    scans: int = 16
    _calls: dict[tuple[str, str], deque[float]] = field(default_factory=dict[tuple[str, str], deque[float]])

    def windows(self, bucket: str) -> list[Window]:
        """In wall seconds."""
        if bucket in self.wall:
            return self.wall[bucket]
        scale = self.timing.scale if self.scale is None else self.scale
        return [(limit, seconds * scale) for limit, seconds in self.limits[bucket]]

    def take(self, bucket: str, who: str, moment: float) -> None:
        """Count one call or raise the 429 that the service would send."""
        windows = self.windows(bucket)
        if not windows:
            return
        calls = self._calls.setdefault((bucket, who), deque())
        longest = max(seconds for _, seconds in windows)
        while calls and calls[0] <= moment - longest:
            calls.popleft()
        wait = max(_wait(calls, window, moment, fixed=bucket in FIXED) for window in windows)
        if wait > 0:
            raise throttled(max(1, math.ceil(wait)), moment)
        calls.append(moment)

    def change(self, body: dict[str, Any]) -> None:
        """Buckets with windows in real seconds; `wall` with such in wall seconds; `scale`; `scans`."""
        wall = body.get("wall", self.wall)
        unknown = (body.keys() | wall.keys()) - self.limits.keys() - SETTINGS
        if unknown:
            raise ValueError(f"unknown buckets {sorted(unknown)}")
        self.limits |= {key: _windows(value) for key, value in body.items() if key not in SETTINGS}
        self.wall = {key: _windows(value) for key, value in wall.items()}
        scale = body.get("scale", self.scale)
        self.scale = None if scale is None else float(scale)
        self.scans = int(body.get("scans", self.scans))

    def to_dict(self) -> dict[str, Any]:
        return self.limits | {"wall": self.wall, "scale": self.scale, "scans": self.scans}

    def told(self) -> dict[str, dict[str, float | None]]:
        """What a client may know: per bucket its longest window in wall seconds. Never the hidden `default`."""
        table = {bucket: _told(self.windows(bucket)) for bucket in self.limits if bucket != "default"}
        table["admin.getInfo"]["in_flight"] = self.scans
        return table

    def forget(self) -> None:
        self._calls.clear()


def _windows(value: Any) -> list[Window]:
    return [(int(limit), float(seconds)) for limit, seconds in value or []]


def _told(windows: list[Window]) -> dict[str, float | None]:
    limit, seconds = max(windows, key=lambda window: window[1], default=(None, None))
    return {"limit": limit, "window_s": seconds}


def _wait(calls: deque[float], window: Window, moment: float, *, fixed: bool) -> float:
    limit, seconds = window
    since = moment - moment % seconds if fixed else moment - seconds
    recent = [call for call in calls if call > since]
    if len(recent) < limit:
        return 0.0
    if limit == 0:
        return seconds
    return (since if fixed else recent[-limit]) + seconds - moment
