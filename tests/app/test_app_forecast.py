"""The forecast of an estate against the calls that a migration of it makes, as the sandbox counts them.

A sequence of calls that is changed without its line in shared/assessment/call_table.py is noticed here. How often
something is looked at until it has ended depends on the machine's load, so the whole has some room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from driver import Driver

from shared.assessment.call_table import LINES

WORTH_IT = 20  # calls on a quota from which on the forecast is held to it
ROOM = 0.2
OPERATIONS = {line.operation.id for line in LINES}
TOKENS, FABRIC = "Entra_", "Fabric_"  # the one has no quota of ours; the other the sandbox names its own way


def of_the_service(driver: Driver) -> list[dict[str, Any]]:
    ledger = driver.sandbox.control.ledger()
    return [entry for entry in ledger if not str(entry["operation"]).startswith(TOKENS)]


def test_the_forecast_comes_true_and_every_call_is_counted(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=8)
    reached = driver.rest(driver.begin())
    assert reached["status"] == "ready", reached
    forecast, outcome, made = reached["forecast"], reached["outcome"], of_the_service(driver)
    assert sum(outcome["calls"].values()) == len(made)
    assert outcome["throttled"] == sum(entry["status"] == 429 for entry in made)
    assert outcome["seconds"] > 0
    for quota, number in outcome["calls"].items():
        if number > WORTH_IT:
            assert abs(forecast["calls"].get(quota, 0) - number) <= ROOM * number, (forecast, outcome)
    unknown = {str(entry["operation"]) for entry in made} - OPERATIONS
    assert not [name for name in unknown if not name.startswith(FABRIC)], "not in the call table"
