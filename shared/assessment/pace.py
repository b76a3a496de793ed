"""How long single things are taken to last, where no API tells beforehand; each is said in the forecast.

Service times are real seconds and shrink with the scale of the run, as a scaled service does; the engine's own
steps do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from shared.assessment.call_table import Looks
from shared.polling import CAPACITY, DEFINITION, IMPORT, REFRESH, SCAN, Polling

type Range = tuple[float, float]

_SAMPLES = 20  # points of a range that are looked at


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait as it comes out on average: so many looks, its end noticed so many scaled seconds after its begin."""

    looks: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """Lowest and highest seconds of what the service does, and the seconds of our own steps."""

    scale: float = 1.0
    scan_s: Range = (6, 35)
    capacity_s: Range = (5, 20)
    import_s: Range = (5, 45)
    refresh_s: Range = (5, 60)
    operation_s: Range = (
        2,
        20,
    )  # a definition read or an item made by it, where that is a long-running operation
    accepted: float = 0.5  # the share of such calls that are long-running; the others are answered at once
    call_s: float = 0.4
    export_s: float = 3.0  # until the file begins to come
    step_s: float = 0.25  # of the engine and the storage account, per activity: not scaled
    file_bytes: int | None = None  # of an average report, where somebody knows it
    bytes_per_s: float = 20e6  # of one file on its way

    @property
    def called_s(self) -> float:
        return self.call_s * self.scale

    @property
    def file_s(self) -> float:
        """One file out of the source and into the target."""
        return self.export_s * self.scale + 2 * (self.file_bytes or 0) / self.bytes_per_s

    @property
    def operations_s(self) -> float:
        """One item by its definition: what its two operations are waited for."""
        waited = self.wait(Looks.READING).seconds + self.wait(Looks.MAKING).seconds + 2 * self.called_s
        return self.accepted * waited

    def wait(self, what: Looks) -> Wait:
        return _wait(self, what)

    def looks(self) -> dict[Looks, float]:
        """Of each kind; a refresh's first look is in a line of its own."""
        found = {what: self.wait(what).looks for what in Looks if what != Looks.RESULT}
        found[Looks.REFRESH] -= 1
        found[Looks.READING] *= self.accepted
        found[Looks.MAKING] *= self.accepted
        return {**found, Looks.RESULT: self.accepted}


@cache
def _wait(pace: Pace, what: Looks) -> Wait:
    """The average over durations spread evenly."""
    policy, (low, high), first = {
        Looks.SCAN: (SCAN, pace.scan_s, SCAN.first_s),  # asked for, then waited
        Looks.CAPACITY: (CAPACITY, pace.capacity_s, 0.0),  # asked for, then looked at
        Looks.IMPORT: (IMPORT, pace.import_s, 0.0),
        Looks.SMALL_IMPORT: (DEFINITION, pace.import_s, 0.0),
        Looks.READING: (DEFINITION, pace.operation_s, DEFINITION.first_s),  # asked for, then waited
        Looks.MAKING: (DEFINITION, pace.operation_s, 0.0),
        Looks.REFRESH: (REFRESH, pace.refresh_s, 0.0),
    }[what]
    points = [low + (high - low) * (number + 0.5) / _SAMPLES for number in range(_SAMPLES)]
    waits = [_one(pace, policy, lasting, first) for lasting in points]
    looks = sum(wait.looks for wait in waits) / _SAMPLES
    return Wait(looks, sum(wait.seconds for wait in waits) / _SAMPLES)


def _one(pace: Pace, policy: Polling, lasting: float, first: float) -> Wait:
    """Each look comes a step and a call after its time: where time is scaled, that is much of it."""
    late = pace.step_s / pace.scale + pace.call_s
    looks, at, waited = 1, first + late, 1 if first else 0
    while at < lasting and at < policy.deadline_s:
        at += min(policy.first_s * policy.factor**waited, policy.longest_s) + late
        looks, waited = looks + 1, waited + 1
    return Wait(looks, at * pace.scale)
