"""The forecast of an estate against the calls that a migration of it makes, as the sandbox counts them.

A sequence of calls that is changed without its line in shared/assessment/call_table.py is noticed here. How often
something is looked at until it has ended depends on the machine's load, so the whole has some room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from driver import Driver

from shared.assessment.call_table import LINES, Per, calls
from shared.assessment.pace import Pace

WORTH_IT = 20  # calls on a quota from which on the forecast is held to it
ROOM = 0.2
ROOM_FOR_LOOKS = 0.3  # of a quota of nothing else: a slow machine finds everything ended at the first one
TOKENS, FABRIC = "Entra_", "Fabric_"  # the one has no quota of ours; the other the sandbox names its own way
# By the last part of its id, as the sandbox calls operations of Fabric.
OPERATIONS = {line.operation.id for line in LINES}
OF_FABRIC = {line.operation.id.rpartition("_")[2] for line in LINES if line.operation.api == "fabric"}
# What no list of a plan tells, and what only repairs something.
UNTOLD = {
    *("Fabric_ListItems", "Fabric_CreateFolder", "Fabric_MoveItem"),  # where there are folders
    "Fabric_UpdateReportDefinition",  # where links lead to what comes later
    "Fabric_UpdateDataflowDefinition",
    "Reports_RebindReportInGroup",  # where the service gives or takes no definition of a report
    "Fabric_ListGateways",  # where the request names a gateway that is not administered
}
OPERATIONS_OF_FABRIC = "fabric.lro"
BLIND = ("item.rerouted", "The service gave no PBIX")  # its file was refused, which nothing told beforehand

type Json = dict[str, Any]


def of_the_service(driver: Driver) -> list[Json]:
    ledger = driver.sandbox.control.ledger()
    return [entry for entry in ledger if not str(entry["operation"]).startswith(TOKENS)]


def in_no_line(made: list[Json]) -> set[str]:
    """Operations that were called and are not in the call table."""
    names = {str(entry["operation"]) for entry in made} - OPERATIONS - UNTOLD
    fabric = {name for name in names if name.startswith(FABRIC)}
    known = {name for name in fabric if name.removeprefix(FABRIC).removesuffix("AsAdmin") in OF_FABRIC}
    return names - known


def too_far_off(told: Mapping[str, float], outcome: dict[str, int]) -> dict[str, tuple[float, int]]:
    pairs = {quota: (told.get(quota, 0), number) for quota, number in outcome.items() if number > WORTH_IT}
    room = {quota: ROOM_FOR_LOOKS if quota == OPERATIONS_OF_FABRIC else ROOM for quota in pairs}
    return {quota: (said, was) for quota, (said, was) in pairs.items() if abs(said - was) > room[quota] * was}


def with_what_nobody_knew(driver: Driver, migration: str, told: dict[str, int]) -> dict[str, float]:
    """The forecast, had it known that each definition takes an operation, and which reports the service gives no
    file of: each goes with its model by definition."""
    rows = driver.all(f"migrations/{migration}/findings")
    code, refused = BLIND
    number = len({row["id"] for row in rows if row["code"] == code and row["message"].startswith(refused)})
    instead = {Per.REPORT: -number, Per.MODEL_DEFINED: number, Per.REPORT_DEFINED: number}
    found = {**told, OPERATIONS_OF_FABRIC: told[OPERATIONS_OF_FABRIC] / Pace().accepted}
    for line, change in calls({**instead, Per.DEFINED: 2 * number}, Pace(scale=0.02, accepted=1).looks()):
        found[line.operation.quota] += change
    found["default"] += number  # each was asked for
    return found


def test_the_forecast_comes_true_and_every_call_is_counted(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=8)
    reached = driver.rest(driver.begin())
    assert reached["status"] == "ready", reached
    forecast, outcome, made = reached["forecast"], reached["outcome"], of_the_service(driver)
    assert sum(outcome["calls"].values()) == len(made)
    assert outcome["throttled"] == sum(entry["status"] == 429 for entry in made)
    assert outcome["seconds"] > 0
    assert not too_far_off(forecast["calls"], outcome["calls"]), (forecast, outcome)
    assert not in_no_line(made), "not in the call table"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_forecast_of_every_kind_of_item_comes_true(driver_of: Callable[..., Driver]) -> None:
    """Of the workspaces that the plan names no blocker in, as a forecast takes those to be removed."""
    driver = driver_of(workspaces=2, every_kind=True)
    plan = driver.plan(within=400)
    blocked = {row["workspaceId"] for row in plan["findings"] if row["severity"] == "blocker"}
    spaces = [row for row in driver.all(f"plans/{plan['id']}/items") if row["kind"] == "workspace"]
    open_to_us = [row["id"] for row in spaces if row["route"] == "recreate" and row["id"] not in blocked]
    driver.sandbox.control.clear_ledger()
    driver.sandbox.control.long_running("always")
    migration = driver.begin(workspaces=sorted(open_to_us))
    reached = driver.rest(migration, within=400)
    forecast, outcome, made = reached["forecast"], reached["outcome"], of_the_service(driver)
    told = with_what_nobody_knew(driver, migration, forecast["calls"])
    assert {"default", "fabric.platform", OPERATIONS_OF_FABRIC} <= {
        q for q, n in outcome["calls"].items() if n > WORTH_IT
    }
    assert not too_far_off(told, outcome["calls"]), (forecast, outcome)
    assert not in_no_line(made), "not in the call table"
