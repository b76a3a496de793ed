"""kill -9 at every write seam of a retry that brings what was changed in the source.

Each report gets its newer content once, over its own item, also where names repeat; a rollback leaves nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mortal
import pytest
import requests
from driver import Driver
from evidence import began_an_hour_ago, mapped
from undoing import everything, roll_back

# `make test` takes the hardest one: done, and nobody knows.
POINTS = ("after", *(pytest.param(point, marks=pytest.mark.chaos) for point in ("before", "recorded")))
MIGRATION = "renewed"


def prepared(driver: Driver) -> int:
    """A migration at rest that began an hour ago, and every report of its source changed since; how many."""
    driver.app.start()
    driver.begin(id=MIGRATION)
    assert driver.rest(MIGRATION)["status"] == "ready"
    driver.app.kill()
    began_an_hour_ago(driver, MIGRATION)
    control = driver.sandbox.control
    spaces = control.state("contoso")["workspaces"]
    changed = [(space["id"], report["id"]) for space in spaces for report in space["reports"]]
    for workspace, report in changed:
        control.act("contoso", "changeReport", workspace=workspace, report=report)
    control.clear_ledger()
    return len(changed)


def retry_mortal(driver: Driver) -> None:
    """The app may die before it can answer, once it has taken the verb down."""
    try:
        assert driver.post(f"migrations/{MIGRATION}/retry").status_code == 202
    except requests.RequestException:
        assert driver.app.process is not None
        driver.app.process.wait(30)
        assert mortal.was_killed(driver), driver.app.log.read_text()[-2000:]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_every_seam_in_a_chain(
    driver_of: Callable[..., Driver], tmp_path: Path, point: str
) -> None:
    driver = driver_of(workspaces=2, seed=2, start=False)
    before, changed = everything(driver), prepared(driver)
    ids, log = {}, tmp_path / "deaths.log"
    flags = {"LOCAL_STOP_AT": f"{point}:new", "LOCAL_SEAM_LOG": str(log)}
    if mortal.start(driver, **flags):
        ids = mapped(driver, MIGRATION)
        retry_mortal(driver)
    lives = 1
    while (reached := mortal.rest_or_death(driver, MIGRATION)) is None:
        lives += 1
        mortal.start(driver, **flags)
    assert reached["status"] == "ready", (reached, log.read_text())
    assert driver.met(MIGRATION) == [], log.read_text()
    control = driver.sandbox.control
    assert control.compare()["clean"], control.compare()["differences"]
    assert mapped(driver, MIGRATION) == ids
    posts = [each for each in control.ledger() if each["operation"] == "Imports_PostImportInGroup"]
    assert sum(each["status"] == 202 for each in posts) == changed, posts  # others were cut short
    assert lives > changed, log.read_text()
    driver.app.kill()
    driver.app.start()
    roll_back(driver, MIGRATION)
    assert everything(driver) == before
