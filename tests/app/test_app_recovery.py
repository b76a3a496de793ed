"""Stops, restarts and lost answers: the rows in storage say what was wanted, and it comes about once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import mortal
from driver import Driver
from evidence import assert_mapped, assert_moved_once

from local.azurite import Azurite
from shared import config, control
from shared.services import Services
from shared.statuses import Status

WRITES = (
    "Groups_CreateGroup",
    "Groups_AssignToCapacity",
    "Imports_PostImportInGroup",
    "Groups_AddGroupUser",
    "Datasets_RefreshDatasetInGroup",
)


def services_of(driver: Driver, azurite: Azurite) -> Services:
    """The app's own services, to put into storage what a process wrote that died right after it."""
    settings = {**driver.sandbox.env, "AzureWebJobsStorage": azurite.connection_string, "POLL_SCALE": "0.02"}
    return Services(config.load(settings))


def dead_before_the_start(
    orchestrator: str, instance_id: str, payload: dict[str, Any], *, ending: bool = False
) -> None:
    """A starter that never gets to start anything."""


def order(driver: Driver, migration: str) -> bytes:
    return json.dumps({**driver.sandbox.control.suggested_request(), "id": migration}).encode()


def test_a_polite_stop_in_the_middle_ends_well(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=3)
    mortal.begin(driver, "stopped")
    for calls in (5, 25):
        assert mortal.await_calls(driver, calls, "stopped")
        assert driver.app.stop() == 0
        assert "Traceback" not in driver.app.log.read_text()
        driver.app.start()
    assert driver.rest("stopped")["status"] == "ready"
    assert_moved_once(driver)
    assert_mapped(driver, "stopped")


def test_a_row_without_an_instance_is_started_by_the_next_process(
    driver_of: Callable[..., Driver], azurite: Azurite
) -> None:
    driver = driver_of(workspaces=1, start=False)
    control.start(services_of(driver, azurite), dead_before_the_start, order(driver, "orphaned"))
    driver.app.start()
    assert driver.rest("orphaned")["status"] == "ready"
    assert_moved_once(driver)


def test_a_row_without_an_instance_is_started_by_the_watchdog(
    driver_of: Callable[..., Driver], azurite: Azurite
) -> None:
    driver = driver_of({"WATCHDOG_SCHEDULE": "* * * * * *"}, workspaces=1)
    control.start(services_of(driver, azurite), dead_before_the_start, order(driver, "orphaned"))
    assert driver.rest("orphaned")["status"] == "ready"
    assert_moved_once(driver)


def test_of_all_that_is_unfinished_the_watchdog_starts_what_people_have_not_stopped(
    driver_of: Callable[..., Driver], azurite: Azurite
) -> None:
    """The task hub is lost: rows are all there is. One runs, one is paused, one was told to cancel."""
    driver = driver_of({"WATCHDOG_SCHEDULE": "* * * * * *"}, workspaces=3, start=False)
    services = services_of(driver, azurite)
    spaces = [space["id"] for space in driver.sandbox.control.state("contoso")["workspaces"]]
    body = driver.sandbox.control.suggested_request()
    for migration, space in zip(("runs", "paused", "cancelled"), spaces, strict=True):
        raw = json.dumps({**body, "id": migration, "workspaces": [space]}).encode()
        control.start(services, dead_before_the_start, raw)
    control.apply(services, dead_before_the_start, "paused", "pause", b"")
    control.apply(services, dead_before_the_start, "cancelled", "cancel", b"")
    driver.app.start()
    assert driver.rest("runs")["status"] == "ready"
    assert driver.rest("cancelled")["status"] == "cancelled"
    assert driver.status("paused")["status"] == "paused"
    assert len(driver.sandbox.control.state("fabrikam")["workspaces"]) == 1
    for verb, migration in (("resume", "paused"), ("retry", "cancelled")):
        assert driver.post(f"migrations/{migration}/{verb}").status_code == 202
        assert driver.rest(migration, statuses={"ready"})["status"] == "ready"
    assert_moved_once(driver)


def test_killed_before_the_cutover_began(driver_of: Callable[..., Driver], azurite: Azurite) -> None:
    driver = driver_of(workspaces=1)
    migration = driver.begin()
    assert driver.rest(migration)["status"] == "ready"
    driver.app.kill()
    services_of(driver, azurite).manifest.move_to(migration, Status.CUTOVER)
    driver.app.start()
    assert driver.rest(migration, statuses={"succeeded"})["cutoverAt"]
    assert_moved_once(driver)


def test_killed_right_after_the_cutover_was_accepted(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=1)
    migration = driver.begin()
    assert driver.rest(migration)["status"] == "ready"
    assert driver.post(f"migrations/{migration}/cutover", {}).status_code == 202
    driver.app.kill()
    driver.app.start()
    assert driver.rest(migration, statuses={"succeeded"})["cutoverAt"]


LOST: dict[str, Any] = {"when": "after"}
LOST_AS_500: dict[str, Any] = {"when": "after", "status": 500}
WITHOUT_EFFECT: tuple[dict[str, Any], ...] = (
    {"when": "before"},
    {"when": "before", "status": 500},
    {"when": "before", "status": 503},
    {"when": "before", "status": 429, "retryAfter": 1},
)


def test_every_kind_of_write_fails_in_every_way_in_turn(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=2)
    for operation in WRITES:
        for effect in WITHOUT_EFFECT:  # a call that one fault has spoiled is not counted by the next
            driver.sandbox.control.fault({"operation": operation, "nth": 1}, effect)
    assert_arrives_although_spoiled(driver)


def test_the_answer_to_every_kind_of_write_is_lost_once(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=2)
    for operation in WRITES:
        for effect in (LOST, LOST_AS_500):
            driver.sandbox.control.fault({"operation": operation, "nth": 1}, effect)
    assert_arrives_although_spoiled(driver)


def test_every_second_answer_to_a_write_is_lost(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=2)
    for operation in WRITES:
        driver.sandbox.control.fault({"operation": operation, "every": 2}, LOST)
    assert_arrives_although_spoiled(driver)


def test_told_to_wait_it_waits(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=1)
    for operation in ("Groups_CreateGroup", "Groups_AssignToCapacity"):
        effect = {"when": "before", "status": 429, "retryAfter": 2}
        driver.sandbox.control.fault({"operation": operation, "nth": 1}, effect)
    assert_arrives_although_spoiled(driver)
    for operation in ("Groups_CreateGroup", "Groups_AssignToCapacity"):
        refused, done = (e for e in driver.sandbox.control.ledger() if e["operation"] == operation)
        waited = datetime.fromisoformat(done["time"]) - datetime.fromisoformat(refused["time"])
        assert (refused["status"], waited >= timedelta(seconds=2)) == (429, True)


def assert_arrives_although_spoiled(driver: Driver) -> None:
    migration = driver.begin()
    reached = driver.rest(migration)
    faults = driver.sandbox.control.faults()
    assert all(fault["fired"] for fault in faults), faults
    assert reached["status"] == "ready", (reached, faults)
    assert_moved_once(driver)
    assert_mapped(driver, migration)
