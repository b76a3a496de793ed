"""Call limits per bucket, in sliding windows that shrink with the time scale."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sandbox.replies import too_many
from sandbox.timing import Timing

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
    "default": [],
}


@dataclass(slots=True)
class Quotas:
    """One tenant's counters; a refused call is not counted. `scans` is how many scans may be in flight."""

    timing: Timing
    limits: dict[str, list[Window]] = field(
        default_factory=lambda: {key: list(value) for key, value in LIMITS.items()}
    )
    scans: int = 16
    _calls: dict[tuple[str, str], deque[float]] = field(default_factory=dict[tuple[str, str], deque[float]])

    def take(self, bucket: str, who: str, moment: float) -> None:
        """Count one call or raise the 429 that the service would send."""
        windows = self.limits[bucket]
        if not windows:
            return
        calls = self._calls.setdefault((bucket, who), deque())
        longest = max(seconds for _, seconds in windows) * self.timing.scale
        while calls and calls[0] <= moment - longest:
            calls.popleft()
        wait = max(_wait(calls, limit, seconds * self.timing.scale, moment) for limit, seconds in windows)
        if wait > 0:
            raise too_many(max(1, math.ceil(wait)))
        calls.append(moment)

    def change(self, body: dict[str, Any]) -> None:
        unknown = body.keys() - self.limits.keys() - {"scans"}
        if unknown:
            raise ValueError(f"unknown buckets {sorted(unknown)}")
        self.scans = int(body.get("scans", self.scans))
        for bucket, windows in body.items():
            if bucket != "scans":
                self.limits[bucket] = [(int(limit), float(seconds)) for limit, seconds in windows or []]

    def forget(self) -> None:
        self._calls.clear()


def _wait(calls: deque[float], limit: int, seconds: float, moment: float) -> float:
    recent = [call for call in calls if call > moment - seconds]
    return recent[-limit] + seconds - moment if len(recent) >= limit else 0.0
