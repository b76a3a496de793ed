"""kill -9 at every write seam, and at random times: after a restart nothing is lost and nothing is there twice.

The gate has three seams per write: before it, after it (unrecorded), and recorded. `make test` kills at each of
them in chains: one migration is killed at a seam, started again, killed at the next seam that it has not died at
yet, and so on to its end. That is harder than a kill by itself and needs one migration instead of one per seam.
`make chaos` does the latter too: per seam a fresh estate, one kill, one start without any flag.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import mortal
import pytest
from driver import Driver
from evidence import FreshEstate, assert_mapped, assert_moved_once, assert_nothing_twice

from local.azurite import Azurite
from sandbox.server import Sandbox

POINTS = ("before", "after", "recorded")
MIGRATION = "seams"
PASSES = 6  # writes that were under way when the process died elsewhere get their turn in a later pass
SEED = 4711


@pytest.fixture
def driver_with(tmp_path: Path, sandbox_of: Callable[..., Sandbox]) -> Iterator[Callable[[], Driver]]:
    """`driver_with()`: an app, not started yet, with empty storage and the estate as it was at first."""
    sandbox = sandbox_of(workspaces=2, seed=2)  # few users, names that repeat
    estate = FreshEstate(sandbox)
    with ExitStack() as running:

        def make() -> Driver:
            running.close()
            estate.restore()
            folder = tmp_path / f"round-{len(list(tmp_path.iterdir()))}"
            driver = Driver(running.enter_context(Azurite(folder / "azurite")), sandbox, folder / "app")
            running.callback(driver.app.kill)
            return driver

        yield make


def seams_of(driver: Driver, log: Path) -> list[str]:
    """Every seam of an undisturbed run, in the order in which it was passed."""
    driver.app.start(LOCAL_SEAM_LOG=str(log))
    migration = driver.begin(id=MIGRATION)
    assert driver.rest(migration)["status"] == "ready"
    driver.app.kill()
    return log.read_text().splitlines()


def deaths(log: Path, point: str) -> list[str]:
    lines = log.read_text().splitlines() if log.exists() else []
    return [line for line in dict.fromkeys(lines) if line.startswith(f"{point}\t")]


def chain(driver: Driver, point: str, log: Path) -> None:
    """One migration from start to rest, killed at every seam of `point` that `log` does not hold yet."""
    flags = {"LOCAL_STOP_AT": f"{point}:new", "LOCAL_SEAM_LOG": str(log)}
    if mortal.start(driver, **flags):
        mortal.begin(driver, MIGRATION)
    while (reached := mortal.rest_or_death(driver, MIGRATION)) is None:
        said = f"killed {len(deaths(log, point))} times, last at {deaths(log, point)[-1]!r}"
        assert_nothing_twice(driver, said)
        mortal.start(driver, **flags)
    said = f"after deaths at {deaths(log, point)}"
    assert reached["status"] == "ready", (said, reached)
    assert_moved_once(driver, said)
    assert_mapped(driver, MIGRATION)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_every_seam_in_a_chain(
    driver_with: Callable[[], Driver], tmp_path: Path, point: str
) -> None:
    every = {line for line in seams_of(driver_with(), tmp_path / "seams.log") if line.startswith(point)}
    log = tmp_path / "deaths.log"
    for _ in range(PASSES):
        if every <= set(deaths(log, point)):
            break
        chain(driver_with(), point, log)
    assert set(deaths(log, point)) == every


@pytest.mark.chaos
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("share", range(4))
def test_killed_at_one_seam_and_started_without_flags(
    driver_of: Callable[..., Driver], tmp_path: Path, share: int
) -> None:
    driver = driver_of(workspaces=2, seed=2, start=False)
    estate = FreshEstate(driver.sandbox)
    seams = seams_of(driver, tmp_path / "seams.log")
    assert len(seams) > 60
    for number in range(1 + share, len(seams) + 1, 4):
        estate.restore()
        one_death(driver, number, tmp_path / f"death-{number}.log")


def one_death(driver: Driver, number: int, log: Path) -> None:
    migration = f"seam-{number}"
    driver.app.start(LOCAL_STOP_AT=str(number), LOCAL_SEAM_LOG=str(log))
    mortal.begin(driver, migration)
    assert mortal.rest_or_death(driver, migration) is None, f"seam {number} was never reached"
    said = f"killed at seam {number}, {log.read_text().splitlines()[-1]!r}"
    driver.app.start()
    reached = driver.rest(migration)
    assert reached["status"] == "ready", (said, reached)
    assert_moved_once(driver, said)
    driver.app.kill()


@pytest.mark.timeout(600)
def test_killed_ten_times_at_random(driver_of: Callable[..., Driver]) -> None:
    killed_at_random(driver_of(workspaces=12, start=False), kills=10, calls=40)


@pytest.mark.chaos
@pytest.mark.timeout(3600)
def test_killed_two_hundred_times_at_random(driver_of: Callable[..., Driver]) -> None:
    killed_at_random(driver_of(workspaces=50, start=False), kills=200, calls=30)


def killed_at_random(driver: Driver, kills: int, calls: int) -> None:
    """Each life of the app ends after a drawn number of its calls; counted, so that a busy machine changes nothing."""
    draw = random.Random(SEED)
    lives = [draw.randint(1, calls) for _ in range(kills)]
    driver.app.start()
    mortal.begin(driver, "random")
    for number, life in enumerate(lives, 1):
        said = f"seed {SEED}, kill {number} after {life} calls"
        assert mortal.kill_after(driver, life, "random"), f"{said}: it came to rest before"
        assert_nothing_twice(driver, said)
        driver.app.start()
    reached = driver.rest("random", within=240)
    said = f"seed {SEED}, {kills} kills after {lives} calls"
    assert reached["status"] == "ready", (said, reached)
    assert_moved_once(driver, said)
    assert_mapped(driver, "random")
