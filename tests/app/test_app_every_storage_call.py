"""Something goes wrong at each request to the storage account: refused, cut after the effect, or the app dies there.

"Refused" spoils every try that the storage SDK makes of one operation, so that the app hears of it; "cut" lets
the SDK find out by itself what its own first try has done; "cut for good" leaves that to the app. `make test`
meets each request of a few migrations; `make chaos` one migration per request and mode. `CHAOS_AT=17` repeats one.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Literal
from zlib import crc32

import pytest
from disturbed import TALLY, Disturbed, Estate
from driver import Driver
from storage_faults import (
    BUSY,
    CUT_AFTER,
    REFUSED_ETAG,
    Effect,
    FirstOfEach,
    Rule,
    StorageCall,
    of_the_app,
)
from storage_proxy import StorageProxy

from local.azurite import Azurite

type Mode = Literal["refused", "cut", "cut for good", "killed before", "killed after"]

MODES: tuple[Mode, ...] = ("refused", "cut", "cut for good", "killed before", "killed after")
SEED = 1872
LIMIT = 500  # no undisturbed migration of this estate makes so many requests
SHARES = 4


@pytest.fixture
def disturbed(driver_of: Callable[..., Driver], azurite: Azurite, storage_proxy: StorageProxy) -> Disturbed:
    settings = {"AzureWebJobsStorage": storage_proxy.connection_string}
    return Disturbed(driver_of(settings, workspaces=1, seed=2, start=False), azurite)


def rule(mode: Mode, driver: Driver, number: int | None = None) -> Rule:
    """Spoils the request of that number."""
    kill = Effect(hook=driver.app.kill)
    effects: dict[Mode, Effect] = {
        "refused": BUSY,
        "cut": CUT_AFTER,
        "cut for good": CUT_AFTER,
        "killed before": kill,
        "killed after": replace(kill, forward=True),
    }
    return Rule(effects[mode], nth=number, whole=mode in ("refused", "cut for good"))


def disturbed_at(disturbed: Disturbed, proxy: StorageProxy, estate: Estate, mode: Mode, number: int) -> bool:
    """One round; False where the migration makes fewer requests than that."""
    migration = estate.begin()
    proxy.faults.clear()
    planned = proxy.faults.add(rule(mode, disturbed.driver, number))
    reached = disturbed.migrate(migration)
    name = planned.fired[0].name if planned.fired else "nothing"
    disturbed.judge(migration, reached, f"CHAOS_AT={number}, {mode}: {name}, log {disturbed.driver.app.log}")
    return bool(planned.fired)


@pytest.mark.chaos
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("mode", MODES)
def test_each_request_by_itself(
    disturbed: Disturbed,
    storage_proxy: StorageProxy,
    record_property: Callable[[str, object], None],
    mode: Mode,
    share: int,
) -> None:
    estate, done = Estate(disturbed), 0
    only = os.environ.get("CHAOS_AT")
    for number in [int(only)] if only else range(1 + share, LIMIT, SHARES):
        if not disturbed_at(disturbed, storage_proxy, estate, mode, number):
            break
        done += 1
    record_property(TALLY, f"{done} storage requests {mode}, each by itself (every fourth from {1 + share})")
    assert only or done > 40


@pytest.mark.timeout(600)
def test_a_few_requests_by_themselves(disturbed: Disturbed, storage_proxy: StorageProxy) -> None:
    draw, estate = random.Random(SEED), Estate(disturbed)
    for mode in ("refused", "cut for good"):
        assert disturbed_at(disturbed, storage_proxy, estate, mode, draw.randint(2, 180))


# Of the some 90 resources of this estate one in so many is spoiled on its first use, the others pass.
SHARE: dict[Mode, int] = {
    "refused": 10,
    "cut": 1,
    "cut for good": 10,
    "killed before": 16,
    "killed after": 16,
}


def drawn(call: StorageCall, mode: Mode) -> bool:
    """The same resources in every run: most of what is in a name is."""
    return of_the_app(call) and crc32(f"{SEED} {mode} {call.name}".encode()) % SHARE[mode] == 0


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", MODES)
def test_the_first_request_for_each_of_many_resources(
    disturbed: Disturbed, storage_proxy: StorageProxy, mode: Mode
) -> None:
    """One migration that meets the fault again and again, each time at a resource that has not met it yet."""
    migration = Estate(disturbed).begin()
    planned = rule(mode, disturbed.driver)
    planned.match = FirstOfEach(lambda call: drawn(call, mode))
    storage_proxy.faults.add(planned)
    reached = disturbed.migrate(migration, within=500)
    assert len(planned.fired) > 1
    names = [call.name for call in planned.fired]
    disturbed.judge(migration, reached, f"seed {SEED}, {mode} at {len(names)}: {names}")


@pytest.mark.timeout(600)
def test_every_second_change_of_a_row_meets_somebody_elses(
    disturbed: Disturbed, storage_proxy: StorageProxy
) -> None:
    def changes_a_row(call: StorageCall) -> bool:
        return call.service == "table" and call.headers.get("if-match", "*") != "*"

    migration = Estate(disturbed).begin()
    storm = storage_proxy.faults.add(Rule(REFUSED_ETAG, match=changes_a_row, every=2))
    disturbed.judge(migration, disturbed.migrate(migration), "412 at every second change")
    assert len(storm.fired) > 10
