"""Overload: 429 with every odd Retry-After for a long time, and quotas that an estate can't stay below at once.

The service judges: it notes each call that comes sooner than it was told, and counts its 429s.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import mortal
import pytest
from driver import Driver
from evidence import assert_mapped, assert_moved_once

SCALE = 0.02  # of the sandbox's time: thirty minutes are 36 seconds
THIRTY_MINUTES = 30 * 60 * SCALE


def weather(driver: Driver, storms: list[float], calm: int) -> None:
    """One migration through storms of so many seconds each, `calm` calls apart."""
    control = driver.sandbox.control
    migration = driver.begin(id="storm")
    raise_storms(driver, migration, storms, calm)
    reached = driver.rest(migration, within=sum(storms) * 3 + 240)
    assert reached["status"] == "ready", reached
    assert control.totals()["throttled"] > len(storms)
    assert_moved_once(driver)  # which counts the violations too: none came earlier than told
    assert_mapped(driver, migration)


def raise_storms(driver: Driver, migration: str, storms: list[float], calm: int) -> None:
    for seconds in storms:
        assert mortal.await_calls(driver, calm, migration)
        driver.sandbox.control.storm(seconds)


@pytest.mark.timeout(300)
def test_short_storms_with_every_odd_retry_after(driver_of: Callable[..., Driver]) -> None:
    weather(driver_of(workspaces=3), [3.0, 3.0], calm=25)


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_thirty_scaled_minutes_of_429(driver_of: Callable[..., Driver]) -> None:
    weather(driver_of(workspaces=12), [THIRTY_MINUTES], calm=60)


def move_within_quotas(driver: Driver, workspaces: int, within: float) -> dict[str, Any]:
    """One migration under quotas scaled 10:1; what the service counted, and how much memory the app took."""
    migration = driver.begin(id=f"quotas-{workspaces}")
    reached = driver.rest(migration, within=within)
    assert reached["status"] == "ready", reached["error"] or reached["findings"][:3]
    assert reached["progress"]["workspaces"]["done"] == workspaces
    totals = driver.sandbox.control.totals()
    assert totals["violations"] == {}, totals["violations"]
    assert totals["throttled"] < 0.005 * totals["calls"], totals
    return {**totals, "peak": driver.app.peak_rss_bytes()}


def scaled(driver_of: Callable[..., Driver], workspaces: int, hidden: int = 0) -> Driver:
    """Published quotas with windows a tenth as long; the app is told the same. `hidden`: calls per minute that
    the service allows and does not publish."""
    driver = driver_of(workspaces=workspaces, distinct_files=False, start=False)
    control = driver.sandbox.control
    control.quotas(scale=0.1)
    told = control.quotas_env()
    if hidden:
        control.hidden_limit(hidden, 60 * SCALE)
    driver.app.start(**told)
    return driver


@pytest.mark.timeout(300)
def test_forty_workspaces_within_scaled_quotas(driver_of: Callable[..., Driver]) -> None:
    move_within_quotas(scaled(driver_of, 40), 40, within=240)


@pytest.mark.timeout(300)
def test_a_limit_that_is_not_published_is_learned(driver_of: Callable[..., Driver]) -> None:
    driver = scaled(driver_of, 12, hidden=30)
    assert driver.rest(driver.begin(id="hidden"), within=240)["status"] == "ready"
    totals = driver.sandbox.control.totals()
    assert totals["violations"] == {}, totals
    assert 0 < totals["throttled"] < 0.1 * totals["calls"], totals
    assert_moved_once(driver)


@pytest.mark.chaos
@pytest.mark.timeout(7200)
def test_a_thousand_workspaces_within_scaled_quotas(driver_of: Callable[..., Driver]) -> None:
    first = scaled(driver_of, 200)
    few = move_within_quotas(first, 200, within=1800)
    first.app.stop()
    first.sandbox.stop()
    many = move_within_quotas(scaled(driver_of, 1000), 1000, within=5400)
    sys.stdout.write(f"200: {few}\n1,000: {many}\n")
    assert many["peak"] <= 1.1 * few["peak"], (few, many)
