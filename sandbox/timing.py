"""How long things take: real-world seconds, multiplied by one scale so that an hour can pass in a minute."""

import random
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Range = tuple[float, float]

DURATIONS: dict[str, Range] = {
    "scan.start": (1, 5),
    "scan.run": (5, 30),
    "capacity.visible": (0, 4),
    "capacity.start": (1, 5),
    "capacity.run": (4, 15),
    "import": (5, 40),
    "refresh": (5, 40),
    "lro": (2, 20),
    "name.reserved": (0, 0),
    "activity.lag": (0, 3600),
    "permission.lag": (0, 0),
    "permission.creator": (0, 0),
    "permission.refresh": (120, 120),
    "token.life": (3600, 5400),
    "scan.kept": (86_400, 86_400),
    "upload.life": (3600, 3600),
}
"""Real seconds, lowest and highest. Rights lag (those given, and the creator's own) only where a test asks for it."""

FLOORS = {"token.life": 30, "scan.kept": 300, "upload.life": 300}
"""What a client has to work with for a while is never scaled below this."""

LATENCY: dict[str, Range] = {
    "default": (0.15, 0.6),
    "Entra_Token": (0.2, 0.8),
    "Reports_ExportReportInGroup": (1, 4),
}
"""Real seconds per operation id."""


@dataclass(slots=True)
class Timing:
    """Settable while the service runs; draws from one seeded generator."""

    scale: float = 1.0
    seed: int = 1
    durations: dict[str, Range] = field(default_factory=lambda: dict(DURATIONS))
    latencies: dict[str, Range] = field(default_factory=lambda: dict(LATENCY))
    dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def draw(self, kind: str) -> float:
        """Scaled seconds for one run of that kind of work."""
        return max(self.dice.uniform(*self.durations[kind]) * self.scale, FLOORS.get(kind, 0))

    def latency(self, operation: str) -> float:
        return self.dice.uniform(*self.latencies.get(operation, self.latencies["default"])) * self.scale

    def change(self, body: dict[str, Any]) -> None:
        self.scale = float(body.get("scale", self.scale))
        self.durations.update(_ranges(body.get("durations", {}), known=DURATIONS.keys()))
        self.latencies.update(_ranges(body.get("latency", {})))

    def to_dict(self) -> dict[str, Any]:
        return {"scale": self.scale, "durations": self.durations, "latency": self.latencies}


def _ranges(body: dict[str, Any], known: Collection[str] = ()) -> dict[str, Range]:
    unknown = [key for key in body if known and key not in known]
    if unknown:
        raise ValueError(f"unknown durations {unknown}, known are {sorted(known)}")
    return {key: _range(value) for key, value in body.items()}


def _range(value: Any) -> Range:
    low, high = value if isinstance(value, list | tuple) else (value, value)
    return float(low), float(high)


def now() -> float:
    return time.time()


def iso(moment: float, timespec: str = "milliseconds") -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)
