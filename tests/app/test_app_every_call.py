"""Something goes wrong at each call to Power BI: refused before the effect, cut after it, or the app dies there.

`make test` disturbs a few migrations at many of their calls; `make chaos` one migration per call and mode, so
that the k-th call of the run, whatever it is, has met each of them by itself. `CHAOS_AT=17` repeats one k.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any, Literal

import pytest
from disturbed import TALLY, Disturbed, Estate
from driver import Driver

from local.azurite import Azurite

type Mode = Literal["error", "cut", "kill before", "kill after"]

MODES: tuple[Mode, ...] = ("error", "cut", "kill before", "kill after")
SEED = 1905
LIMIT = 150  # no undisturbed migration of this estate makes so many calls


class Killer:
    """Kills the app while one of its calls is held, and only then lets the service go on."""

    def __init__(self, driver: Driver, next_life: Callable[[], None] = lambda: None) -> None:
        self._driver, self._next_life = driver, next_life
        self.victims: list[str] = []

    def __call__(self) -> None:
        control = self._driver.sandbox.control
        for held in control.holds():
            if self._driver.app.alive:
                self._driver.app.kill()
                self.victims.append(f"{held['when']} {held['operation']}")
                control.clear_faults()
                self._next_life()
            control.release(held["id"], drop=held["when"] == "before")


def plan(control: Any, mode: Mode, number: int) -> None:
    """Spoil the call of that number, counted from now."""
    match mode:
        case "kill before":
            control.disturb(number, "hold-before")
        case "kill after":
            control.disturb(number, "hold-after")
        case _:
            control.disturb(number, mode)


def disturbed_at(disturbed: Disturbed, estate: Estate, mode: Mode, number: int) -> bool:
    """One round; False where the migration makes fewer calls than that."""
    control, migration = disturbed.driver.sandbox.control, estate.begin()
    plan(control, mode, number)
    killer = disturbed.watch = Killer(disturbed.driver)
    reached = disturbed.migrate(migration)
    fired = killer.victims or [each for each in control.faults() if each["fired"]]
    said = f"CHAOS_AT={number}, {mode}: {fired}, log {disturbed.driver.app.log}"
    disturbed.judge(migration, reached, said)
    return bool(fired)


@pytest.fixture
def disturbed(driver_of: Callable[..., Driver], azurite: Azurite) -> Disturbed:
    return Disturbed(driver_of(workspaces=1, seed=2, start=False), azurite)


@pytest.mark.chaos
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("mode", MODES)
def test_each_call_by_itself(
    disturbed: Disturbed, record_property: Callable[[str, object], None], mode: Mode
) -> None:
    estate = Estate(disturbed)
    only = os.environ.get("CHAOS_AT")
    done = 0
    for number in [int(only)] if only else range(1, LIMIT):
        if not disturbed_at(disturbed, estate, mode, number):
            break
        done += 1
    record_property(TALLY, f"{done} service calls, {mode}, each by itself")
    assert only or done > 35


@pytest.mark.timeout(600)
def test_a_few_calls_by_themselves(disturbed: Disturbed) -> None:
    draw, estate = random.Random(SEED), Estate(disturbed)
    for mode in MODES[:2]:
        assert disturbed_at(disturbed, estate, mode, draw.randint(2, 35))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", ["error", "cut"])
def test_a_third_of_all_calls(disturbed: Disturbed, mode: Mode) -> None:
    """Drawn numbers, not every second one: a retry that begins with two calls would fail at its second for ever."""
    migration, control = Estate(disturbed).begin(), disturbed.driver.sandbox.control
    for number in sorted(random.Random(SEED).sample(range(1, LIMIT), LIMIT // 3)):
        plan(control, mode, number)
    reached = disturbed.migrate(migration)
    fired = sum(fault["fired"] for fault in control.faults())
    assert fired > 12
    disturbed.judge(migration, reached, f"seed {SEED}, {mode} at {fired} calls")


@pytest.mark.timeout(600)
def test_killed_at_a_drawn_call_of_every_life(disturbed: Disturbed) -> None:
    """One migration; each life of the app ends at a call of its own, before or after the effect."""
    draw, migration = random.Random(SEED), Estate(disturbed).begin()
    control = disturbed.driver.sandbox.control
    lives: list[tuple[int, Mode]] = [(draw.randint(3, 16), draw.choice(MODES[2:])) for _ in range(9)]
    left = iter(lives)

    def next_life() -> None:
        for number, mode in left:
            return plan(control, mode, number)

    next_life()
    killer = disturbed.watch = Killer(disturbed.driver, next_life)
    reached = disturbed.migrate(migration)
    assert len(killer.victims) >= 4, killer.victims
    disturbed.judge(migration, reached, f"seed {SEED}, lives {lives}, killed {killer.victims}")
