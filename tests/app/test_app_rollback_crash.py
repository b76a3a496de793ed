"""kill -9 at every write seam of a rollback: after a restart it goes on, and the target is as it was before.

As in `test_app_crash` one rollback is killed at a seam, started again, killed at the next one that it has not died
at yet, and so on to its end.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mortal
import pytest
import requests
from driver import Driver
from evidence import TARGET
from undoing import ask, everything, furnish, roll_back, writes

# `make test` takes the hardest one: done, and nobody knows.
POINTS = ("after", *(pytest.param(point, marks=pytest.mark.chaos) for point in ("before", "recorded")))
MIGRATION = "undone"


def prepared(driver: Driver) -> object:
    """A migration at rest: one workspace of its own, one merged into somebody else's; the target before it."""
    source = driver.sandbox.control.state("contoso")["workspaces"]
    furnish(driver, source[0]["name"])
    before = everything(driver)
    driver.app.start()
    driver.begin(id=MIGRATION, existing="merge")
    assert driver.rest(MIGRATION)["status"] == "ready"
    driver.app.kill()
    return before


def ask_mortal(driver: Driver) -> None:
    """The app may die before it can answer, once it has taken the verb down."""
    try:
        ask(driver, MIGRATION)
    except requests.RequestException:
        assert driver.app.process is not None
        driver.app.process.wait(30)
        assert mortal.was_killed(driver), driver.app.log.read_text()[-2000:]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_every_seam_in_a_chain(
    driver_of: Callable[..., Driver], tmp_path: Path, point: str
) -> None:
    driver = driver_of(workspaces=2, seed=2, start=False)
    before = prepared(driver)
    log = tmp_path / "deaths.log"
    flags = {"LOCAL_STOP_AT": f"{point}:new", "LOCAL_SEAM_LOG": str(log)}
    if mortal.start(driver, **flags):
        ask_mortal(driver)
    lives = 1
    while (reached := mortal.rest_or_death(driver, MIGRATION)) is None:
        lives += 1
        mortal.start(driver, **flags)
    assert reached["status"] == "rolledBack", (reached, log.read_text())
    assert everything(driver) == before, log.read_text()
    died = {line for line in log.read_text().splitlines() if line.startswith(f"{point}\t")}
    deletes = sum(count for name, count in writes(driver).items() if "Delete" in name)
    assert lives > len(died) >= 6 and deletes >= 6, (lives, died, deletes)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_lost_to_any_delete(driver_of: Callable[..., Driver], when: str) -> None:
    driver = driver_of(workspaces=2, seed=2, start=False)
    before = prepared(driver)
    driver.app.start()
    for number in (1, 3, 5):
        lost = {"tenant": TARGET, "method": "DELETE", "nth": number}
        driver.sandbox.control.fault(lost, {"when": when})
    roll_back(driver, MIGRATION)
    assert everything(driver) == before
