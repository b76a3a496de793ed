"""Every kind of content through what the plain estate goes through: storms, spoiled calls, a death at each write.

`make test` has the short forms; `make chaos` thirty scaled minutes of 429, and a death at every seam of every write.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import mortal
import pytest
from chosen import EVERYTHING, Chosen
from disturbed import TALLY
from test_app_storm import THIRTY_MINUTES, raise_storms

SEED = 2207
CALLS = 900  # a migration of this estate makes somewhat more
POINTS = ("before", "after", "recorded")


def weather(at_first: Chosen, storms: list[float], calm: int) -> None:
    """One migration of every kind through storms of so many seconds each, `calm` calls apart."""
    control = at_first.driver.sandbox.control
    migration, throttled = at_first.begin(EVERYTHING), control.totals()["throttled"]
    raise_storms(at_first.driver, migration, storms, calm)
    at_first.rest(migration, within=sum(storms) * 3 + 400)
    assert control.totals()["throttled"] - throttled > len(storms)
    assert control.totals()["violations"] == {}  # none came earlier than told
    at_first.assert_accounted(migration)


@pytest.mark.timeout(600)
def test_short_storms(at_first: Chosen) -> None:
    weather(at_first, [3.0, 3.0, 3.0], calm=150)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_thirty_scaled_minutes_of_429(at_first: Chosen) -> None:
    weather(at_first, [THIRTY_MINUTES / 3] * 3, calm=150)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("mode", ["error", "cut"])
def test_a_tenth_of_all_calls(
    at_first: Chosen, mode: str, record_property: Callable[[str, object], None]
) -> None:
    """Refused before the effect, or the answer lost after it."""
    control = at_first.driver.sandbox.control
    for number in random.Random(SEED).sample(range(1, CALLS), CALLS // 10):
        control.disturb(number, mode)
    migration = at_first.begin(EVERYTHING)
    at_first.rest(migration, within=500)
    fired = sum(fault["fired"] for fault in control.faults())
    control.clear_faults()
    at_first.assert_accounted(migration)
    record_property(TALLY, f"{fired} calls of an estate of every kind, {mode}")
    assert fired > CALLS // 20


@pytest.mark.chaos
@pytest.mark.timeout(5000)
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_every_seam_in_a_chain(
    at_first: Chosen, tmp_path: Path, record_property: Callable[[str, object], None], point: str
) -> None:
    """One migration that dies at each write once, whatever kind of item it is for."""
    driver, log = at_first.driver, tmp_path / "deaths.log"
    flags = {"LOCAL_STOP_AT": f"{point}:new", "LOCAL_SEAM_LOG": str(log)}
    driver.app.kill()
    driver.app.start(**flags)
    migration = at_first.begin(EVERYTHING)
    deaths = 0
    while mortal.rest_or_death(driver, migration, within=400) is None:
        deaths += 1
        mortal.start(driver, **flags)
    driver.app.kill()
    driver.app.start()
    at_first.rest(migration)
    at_first.assert_accounted(migration)
    record_property(TALLY, f"{deaths} deaths {point} a write, in one migration of every kind of content")
    assert deaths > len(EVERYTHING)
