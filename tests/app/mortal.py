"""An app that is killed while it works: waiting for its death or for its rest, whichever comes first."""

from __future__ import annotations

import signal
import time
from typing import Any

import requests
from driver import RESTING, Driver

from local.errors import LocalHostError


def start(driver: Driver, **flags: str) -> bool:
    """Start the app; False where it was killed before it could say that it serves."""
    try:
        driver.app.start(**flags)
    except LocalHostError:
        if not was_killed(driver):
            raise
        return False
    return True


def was_killed(driver: Driver) -> bool:
    process = driver.app.process
    return process is not None and process.poll() == -signal.SIGKILL


def begin(driver: Driver, migration: str) -> None:
    """Post the migration; the app may die before it can answer, once it has stored the request."""
    try:
        driver.begin(id=migration)
    except requests.RequestException:
        if driver.app.process is not None:
            driver.app.process.wait(30)
        assert was_killed(driver), driver.app.log.read_text()[-2000:]


def rest_or_death(driver: Driver, migration: str, within: float = 90) -> dict[str, Any] | None:
    """The status in which the migration rests, or None once the process has been killed."""
    deadline = time.monotonic() + within
    while driver.app.alive:
        try:
            found = driver.status(migration)
        except requests.RequestException:
            continue  # dying: the next look sees it dead
        if found["status"] in RESTING:
            return found
        assert time.monotonic() < deadline, f"neither dead nor at rest after {within} s: {found}"
        time.sleep(0.05)
    assert was_killed(driver), driver.app.log.read_text()[-2000:]
    return None


def kill_after(driver: Driver, calls: int, migration: str) -> bool:
    """SIGKILL once the service has seen so many more calls; False where the migration came to rest before."""
    if not await_calls(driver, calls, migration):
        return False
    driver.app.kill()
    return True


def await_calls(driver: Driver, calls: int, migration: str, within: float = 90) -> bool:
    """Until the service has seen so many more calls; False where the migration came to rest before."""
    control = driver.sandbox.control
    seen = max((entry["seq"] for entry in control.ledger()), default=0)
    deadline = time.monotonic() + within
    while len(control.ledger(since=seen)) < calls:
        if driver.status(migration)["status"] in RESTING:
            return False
        assert time.monotonic() < deadline, f"fewer than {calls} calls in {within} s"
    return True
