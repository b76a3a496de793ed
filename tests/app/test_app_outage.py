"""What comes back by itself is waited for: storage, an identity, a clock. No item fails, nothing is lost or twice.

Times are scaled by POLL_SCALE 0.02: ten minutes are twelve seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import mortal
import pytest
from driver import Driver
from evidence import assert_mapped, assert_moved_once, until
from storage_faults import BUSY, CUT_AFTER, Rule, StorageCall, of_the_app
from storage_proxy import StorageProxy

TEN_MINUTES_S = 600 * 0.02
SOURCE, TARGET = "contoso", "fabrikam"
SECRET = "PBI_CONNECTIONS__FABRIKAM__CLIENT_SECRET"


def codes(driver: Driver, migration: str) -> list[str]:
    return [row["code"] for row in driver.all(f"migrations/{migration}/findings")]


def assert_well(driver: Driver, migration: str) -> None:
    reached = driver.rest(migration)
    assert reached["status"] == "ready", (reached, driver.app.log.read_text()[-3000:])
    assert_moved_once(driver)
    assert_mapped(driver, migration)
    assert not [code for code in codes(driver, migration) if "failed" in code.lower()]


def assert_says_when_to_come_again(driver: Driver, migration: str) -> None:
    for answer in (driver.get(f"migrations/{migration}"), driver.post("migrations", order(driver, "late"))):
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["Retry-After"]) > 0
        assert set(answer.json()["error"]) == {"code", "message", "details"}


def order(driver: Driver, migration: str) -> dict[str, Any]:
    return {**driver.sandbox.control.suggested_request(), "id": migration}


def on_proxy(driver_of: Callable[..., Driver], proxy: StorageProxy, workspaces: int) -> Driver:
    return driver_of({"AzureWebJobsStorage": proxy.connection_string}, workspaces=workspaces)


def test_storage_that_is_away_for_ten_minutes_fails_nothing(
    driver_of: Callable[..., Driver], storage_proxy: StorageProxy
) -> None:
    driver = on_proxy(driver_of, storage_proxy, 3)
    migration = driver.begin()
    assert mortal.await_calls(driver, 12, migration)
    with storage_proxy.answering(BUSY) as rule:
        assert_says_when_to_come_again(driver, migration)
        until(lambda: len(rule.fired) > 20, "refusals of what was under way")
    driver.get(f"migrations/{migration}").raise_for_status()
    back_at = time.monotonic() + TEN_MINUTES_S
    storage_proxy.down()
    assert_says_when_to_come_again(driver, migration)
    until(lambda: time.monotonic() > back_at, "ten scaled minutes of refused connections")
    storage_proxy.up()
    assert_well(driver, migration)
    assert "activity.gaveUp" not in driver.app.log.read_text()


def test_many_writes_to_tables_land_and_their_answers_are_lost(
    driver_of: Callable[..., Driver], storage_proxy: StorageProxy
) -> None:
    def writes(call: StorageCall) -> bool:
        return of_the_app(call) and call.service == "table" and call.method in ("POST", "PUT", "PATCH")

    rule = storage_proxy.faults.add(Rule(CUT_AFTER, writes, every=3))
    driver = on_proxy(driver_of, storage_proxy, 1)
    migration = driver.begin()
    assert_well(driver, migration)
    assert len(rule.fired) > 20


def test_a_secret_that_is_rotated_in_the_middle_is_waited_for(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=3)
    control = driver.sandbox.control
    migration = driver.begin()
    assert mortal.await_calls(driver, 20, migration)
    secret = control.rotate_secret(TARGET)
    control.expire_tokens(TARGET)
    until(lambda: "connection.refused" in codes(driver, migration), "the finding that asks for a new secret")
    assert driver.status(migration)["status"] == "running"
    assert driver.app.stop() == 0
    driver.app.start(**{SECRET: secret})
    assert_well(driver, migration)


def test_a_secret_that_is_wrong_from_the_start_is_told_at_once(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of({SECRET: "not-the-secret-0123456789"}, workspaces=1)
    migration = driver.begin()
    assert driver.rest(migration)["status"] == "failed"
    failed = next(
        row for row in driver.all(f"migrations/{migration}/findings") if row["severity"] == "blocker"
    )
    assert "AADSTS7000215" in failed["message"]


def test_tokens_refused_for_a_while_are_renewed_now_and_then(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=2)
    control = driver.sandbox.control
    migration = driver.begin()
    assert mortal.await_calls(driver, 15, migration)
    seen = max(entry["seq"] for entry in control.ledger())
    control.fault(
        {"tenant": TARGET, "family": "powerbi"}, {"when": "before", "code": "TokenExpired"}, seconds=5
    )
    assert_well(driver, migration)
    asked = [entry for entry in control.ledger(since=seen) if entry["operation"] == "Entra_Token"]
    assert 1 <= len(asked) <= 4, asked  # five seconds are less than five scaled minutes


@pytest.mark.parametrize("offset", ["93600", "0,-93600@3,93600@6"], ids=["a day ahead", "jumping"])
def test_a_computer_whose_clock_is_wrong_by_a_day(driver_of: Callable[..., Driver], offset: str) -> None:
    driver = driver_of(
        {"LOCAL_CLOCK_OFFSET_S": offset, "DRIFT_SCHEDULE": "* * * * * *"}, workspaces=2, lag="0-0"
    )
    control = driver.sandbox.control
    migration = driver.begin(cutover="auto")
    reached = driver.rest(migration, statuses={"succeeded", "partial", "failed"})
    assert reached["status"] == "succeeded", reached
    assert_moved_once(driver)
    workspace = next(
        row for row in driver.all(f"migrations/{migration}/mapping") if row["kind"] == "workspace"
    )
    control.act(SOURCE, "renameWorkspace", workspace=workspace["sourceId"], name="Renamed since")

    def found() -> list[str]:
        rows = driver.all(f"migrations/{migration}/findings")
        return [row["name"] for row in rows if row["code"].startswith("drift.")]

    until(lambda: "Renamed since" in found(), "the change after the cutover")
    assert found() == ["Renamed since"]
    asked = [entry for entry in control.ledger() if entry["operation"] == "Entra_Token"]
    assert len(asked) <= 8, "a storm of tokens"
