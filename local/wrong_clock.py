"""A wrong computer clock for tests: `LOCAL_CLOCK_OFFSET_S` shifts what the app takes for the time of its computer.

`93600` is 26 hours ahead all the time; `0,-93600@5` jumps 26 hours back five seconds after the start. Monotonic time
stays as it is, as it does on a computer whose clock is set. Only the local host has this.
"""

import importlib
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.errors import SettingsError

LOG = logging.getLogger("local.wrong_clock")
_CLOCK_MODULE = "shared.clock"


@dataclass(frozen=True, slots=True)
class WrongClock:
    """Seconds the computer is ahead, from so many seconds after the start on, in this order."""

    shifts: tuple[tuple[float, float], ...]
    began: float

    def now(self) -> datetime:
        age = time.monotonic() - self.began
        ahead = next(shift for shift, after in reversed(self.shifts) if age >= after)
        return datetime.now(UTC) + timedelta(seconds=ahead)


def from_environment(environment: Mapping[str, str] = os.environ) -> WrongClock | None:
    """The clock that the environment asks for, if any."""
    text = environment.get("LOCAL_CLOCK_OFFSET_S", "")
    if not text:
        return None
    try:
        pairs = [part.partition("@") for part in text.split(",")]
        shifts = tuple((float(shift), float(after or 0)) for shift, _, after in pairs)
    except ValueError:
        raise SettingsError(
            "LOCAL_CLOCK_OFFSET_S must be <seconds>[,<seconds>@<seconds after the start>…]"
        ) from None
    return WrongClock(((0.0, 0.0), *shifts), time.monotonic())


def install(environment: Mapping[str, str] = os.environ) -> None:
    """Hang it into the app's clock, before anything has asked that for the time."""
    clock = from_environment(environment)
    if clock is not None:
        LOG.warning("The clock of this process is wrong on purpose: %s", environment["LOCAL_CLOCK_OFFSET_S"])
        computer = importlib.import_module(_CLOCK_MODULE).SystemClock
        computer.now = lambda _: clock.now()  # a method, which an instance in its place would not be
