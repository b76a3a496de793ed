"""Verbs on a running app: told to stop it writes nothing more, told to go on it finishes, and nothing is there twice.

What is judged is the ledger of the target (no write began after the answer to the verb) and the two tenants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import mortal
import pytest
from driver import Driver
from evidence import (
    TARGET,
    assert_mapped,
    assert_moved_once,
    assert_nothing_twice,
    began_an_hour_ago,
    mapped,
    until,
)

READS = {"GET", "HEAD"}


def writes(driver: Driver, since: str = "") -> list[dict[str, Any]]:
    """The calls to the target begun since then that may change something there."""
    return [
        call
        for call in driver.sandbox.control.ledger()
        if call["tenant"] == TARGET
        and call["method"] not in READS
        and call["operation"] != "Entra_Token"
        and call["time"] > since
    ]


def give(driver: Driver, migration: str, verb: str, body: Any = None) -> str:
    """Give a verb; the moment at which it was answered, as the ledger writes times."""
    answer = driver.post(f"migrations/{migration}/{verb}", body)
    assert answer.status_code == 202, answer.text
    return moment()


def moment() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def seen(driver: Driver) -> int:
    return max((call["seq"] for call in driver.sandbox.control.ledger()), default=0)


@pytest.mark.parametrize("calls", [6, 40, 110])
def test_a_paused_migration_writes_nothing_until_it_is_resumed(
    driver_of: Callable[..., Driver], calls: int
) -> None:
    driver = driver_of(workspaces=4)
    migration = driver.begin(id="paused")
    assert mortal.await_calls(driver, calls, migration)
    at = give(driver, migration, "pause")
    assert driver.status(migration)["status"] == "paused"
    quiet = quiet_since(driver)
    assert_nothing_twice(driver)
    assert writes(driver, at) == [], "a write began after the pause"
    assert driver.status(migration)["status"] == "paused"
    assert seen(driver) == quiet
    give(driver, migration, "pause")
    give(driver, migration, "resume")
    assert driver.rest(migration)["status"] == "ready"
    assert_moved_once(driver)
    assert_mapped(driver, migration)


def quiet_since(driver: Driver) -> int:
    """Until no call comes any more; the number of the last one."""
    last = [seen(driver)]

    def quiet() -> bool:
        for _ in range(8):  # of the answers of this very app, each some ten milliseconds
            driver.get("migrations")
        last.append(seen(driver))
        return last[-1] == last[-2]

    until(quiet, "silence")
    return last[-1]


def test_a_pause_taken_back_at_once_changes_nothing(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=3)
    migration = driver.begin(id="quick")
    for calls in (3, 20, 30):
        assert mortal.await_calls(driver, calls, migration)
        give(driver, migration, "pause")
        give(driver, migration, "resume")
    assert driver.rest(migration)["status"] == "ready"
    assert_moved_once(driver)


def test_a_paused_migration_stays_so_over_a_restart(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=3)
    migration = driver.begin(id="asleep")
    assert mortal.await_calls(driver, 30, migration)
    give(driver, migration, "pause")
    driver.app.kill()
    at = moment()
    driver.app.start()
    quiet_since(driver)
    assert writes(driver, at) == []
    assert driver.status(migration)["status"] == "paused"
    give(driver, migration, "resume")
    assert driver.rest(migration)["status"] == "ready"
    assert_moved_once(driver)


@pytest.mark.parametrize("calls", [6, 60, 110])
def test_cancel_ends_cleanly_and_retry_does_the_rest(driver_of: Callable[..., Driver], calls: int) -> None:
    driver = driver_of(workspaces=4)
    migration = driver.begin(id="cancelled")
    assert mortal.await_calls(driver, calls, migration)
    at = give(driver, migration, "cancel")
    reached = driver.rest(migration)
    assert reached["status"] == "cancelled"
    assert writes(driver, at) == [], "a write began after the cancel"
    assert_nothing_twice(driver)
    assert {row["status"] for row in reached["workspaces"]} <= {"done", "skipped", "failed"}
    left = [row for row in reached["workspaces"] if row["status"] == "skipped"]
    assert all(row["error"]["code"] == "migration.cancelled" for row in left)
    give(driver, migration, "cancel")
    give(driver, migration, "retry")
    assert driver.rest(migration, statuses={"ready", "failed", "partial"})["status"] == "ready"
    assert_moved_once(driver)
    assert_mapped(driver, migration)


def test_a_cancelled_pause_ends_without_another_call(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=3)
    migration = driver.begin(id="given-up")
    assert mortal.await_calls(driver, 30, migration)
    give(driver, migration, "pause")
    quiet_since(driver)
    at = moment()
    give(driver, migration, "cancel")
    assert driver.rest(migration)["status"] == "cancelled"
    assert writes(driver, at) == []


def test_a_cancel_does_not_wait_for_what_the_service_made_us_wait_for(
    driver_of: Callable[..., Driver],
) -> None:
    driver = driver_of(workspaces=2)
    busy = {"status": 429, "retryAfter": 3000}
    driver.sandbox.control.fault({"operation": "Groups_AddGroupUser"}, busy)
    migration = driver.begin(id="held-up")
    until(lambda: driver.sandbox.control.totals()["throttled"], "a 429")
    at = give(driver, migration, "cancel")
    assert driver.rest(migration)["status"] == "cancelled"
    assert writes(driver, at) == []


def test_a_retry_of_what_is_finished_writes_nothing(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=4)
    migration = driver.begin(id="whole")
    assert driver.rest(migration)["status"] == "ready"
    for verb, resting in (("retry", "ready"), ("cutover", "succeeded"), ("retry", "succeeded")):
        driver.sandbox.control.clear_ledger()
        give(driver, migration, verb)
        until(
            lambda resting=resting: driver.status(migration)["status"] == resting, f"{resting} after {verb}"
        )
        calls = [call for call in driver.sandbox.control.ledger() if call["operation"] != "Entra_Token"]
        assert writes(driver) == []
        of_the_tenant = [call for call in calls if call["operation"].startswith("WorkspaceInfo_")]
        assert len(calls) - len(of_the_tenant) <= 4, calls  # one list per workspace
        assert bool(of_the_tenant) == (
            verb == "retry" and resting == "ready"
        )  # looked for changes, by one scan
    assert driver.post("migrations", {**driver.sandbox.control.suggested_request(), "id": "whole"}).ok
    assert_moved_once(driver)


@pytest.mark.parametrize("model_too", [True, False])
def test_a_retry_brings_back_what_went_missing_in_the_target(
    driver_of: Callable[..., Driver], model_too: bool
) -> None:
    driver = driver_of(workspaces=3)
    migration = driver.begin(id="holes")
    assert driver.rest(migration)["status"] == "ready"
    state = driver.sandbox.control.state(TARGET)
    space, lost = next(unique_reports(state["workspaces"]))
    space["reports"].remove(lost)
    if model_too:
        space["datasets"] = [each for each in space["datasets"] if each["id"] != lost["datasetId"]]
    driver.sandbox.control.put_state(TARGET, state)
    give(driver, migration, "retry")
    assert driver.rest(migration, statuses={"ready", "partial", "failed"})["status"] == "ready"
    compared = driver.sandbox.control.compare()
    assert compared["clean"], compared["differences"]
    assert_mapped(driver, migration)


def unique_reports(spaces: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Reports, each with its workspace, whose name nothing else there has."""
    for space in spaces:
        names = [report["name"].casefold() for report in space["reports"]]
        yield from ((space, each) for each in space["reports"] if names.count(each["name"].casefold()) == 1)


def test_a_report_whose_model_stands_under_a_name_that_repeats_is_left_to_people(
    driver_of: Callable[..., Driver],
) -> None:
    driver = driver_of(workspaces=1)
    control = driver.sandbox.control
    source = control.state("contoso")
    for each in (*source["workspaces"][0]["reports"], *source["workspaces"][0]["datasets"]):
        each["name"] = "Always the same"
    control.put_state("contoso", source)
    migration = driver.begin(id="namesakes")
    assert driver.rest(migration)["status"] == "ready"
    state = control.state(TARGET)
    lost = state["workspaces"][0]["reports"].pop()
    control.put_state(TARGET, state)
    for _ in range(2):  # it stays so however often it is asked for
        give(driver, migration, "retry")
        until(lambda: driver.status(migration)["status"] == "failed", "failed")
        assert driver.met(migration) == ["report.importFailed"]
    state = control.state(TARGET)
    state["workspaces"][0]["datasets"] = [
        each for each in state["workspaces"][0]["datasets"] if each["id"] != lost["datasetId"]
    ]
    control.put_state(TARGET, state)
    give(driver, migration, "retry")
    until(lambda: driver.status(migration)["status"] == "ready", "ready")
    assert control.compare()["clean"], control.compare()["differences"]


def test_a_retry_does_what_had_failed(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=3)
    fault = driver.sandbox.control.fault(
        {"operation": "Reports_ExportReportInGroup", "times": 2},
        {"status": 403, "body": {"error": {"code": "PowerBINotAuthorizedException", "message": "not yet"}}},
    )
    assert fault
    migration = driver.begin(id="again")
    assert driver.rest(migration)["status"] == "partial"
    assert driver.met(migration)
    give(driver, migration, "retry")
    assert driver.rest(migration, statuses={"ready", "failed"})["status"] == "ready"
    assert_moved_once(driver)
    assert_mapped(driver, migration)
    assert driver.met(migration) == []


def test_a_retry_takes_what_its_author_has_mended(driver_of: Callable[..., Driver]) -> None:
    """The service would not import it; the copy that was staged then is not what is wanted now."""
    driver = driver_of(workspaces=1)
    control = driver.sandbox.control
    control.plan_import("fail", code="DMTS_Exceeded")
    migration = driver.begin(id="mended")
    assert driver.rest(migration)["status"] == "failed"
    failed = [row for row in driver.all(f"migrations/{migration}/mapping") if row["state"] == "failed"]
    reports = [row for row in failed if row["kind"] == "report"]
    for row in reports:
        control.act("contoso", "changeReport", workspace=row["workspaceId"], report=row["sourceId"])
    control.clear_import_plans()
    give(driver, migration, "retry")
    assert driver.rest(migration, statuses={"ready", "partial", "failed"})["status"] == "ready"
    assert reports
    assert control.compare()["clean"], control.compare()["differences"]


@pytest.mark.parametrize("later", [False, True])
def test_a_retry_brings_what_was_changed_in_the_source_over_its_own_item(
    driver_of: Callable[..., Driver], later: bool
) -> None:
    """At once, or when the service tells which workspaces were changed; what has not changed is not sent again."""
    driver = driver_of(workspaces=3)
    control = driver.sandbox.control
    migration = driver.begin(id="newer")
    assert driver.rest(migration)["status"] == "ready"
    before = mapped(driver, migration)
    if later:
        began_an_hour_ago(driver, migration)
    space, report = next(unique_reports(control.state("contoso")["workspaces"]))
    control.act("contoso", "changeReport", workspace=space["id"], report=report["id"])
    assert not control.compare()["clean"]
    for imports in (1, 0):  # a second retry finds it as new as the source
        control.clear_ledger()
        give(driver, migration, "retry")
        assert driver.rest(migration, statuses={"ready", "partial", "failed"})["status"] == "ready"
        posts = [call for call in writes(driver) if call["operation"] == "Imports_PostImportInGroup"]
        assert len(posts) == imports, posts
        assert control.compare()["clean"], control.compare()["differences"]
        assert mapped(driver, migration) == before
    assert driver.met(migration) == []


def test_a_retry_plans_anew_where_the_plan_had_failed(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=2)
    state = driver.sandbox.control.state("contoso")
    space = state["workspaces"][0]
    name, space["name"] = space["name"], "Another name"
    driver.sandbox.control.put_state("contoso", state)
    migration = driver.begin(id="plans", workspaces=[name])
    assert driver.rest(migration)["status"] == "failed"
    assert writes(driver) == []
    space["name"] = name
    driver.sandbox.control.put_state("contoso", state)
    give(driver, migration, "retry")
    reached = driver.rest(migration, statuses={"ready", "partial"})
    assert reached["status"] == "ready"
    assert driver.met(migration) == []
    assert [row["sourceName"] for row in reached["workspaces"]] == [name]


def test_the_verbs_of_each_status_are_told_with_a_refusal(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=1)
    migration = driver.begin(id="told")
    assert driver.rest(migration)["status"] == "ready"
    refused = driver.post(f"migrations/{migration}/pause")
    assert refused.status_code == 409
    assert refused.json()["error"]["details"] == [{"allowed": ["cutover", "retry", "rollback"]}]
    assert driver.post(f"migrations/{migration}/rollback", {"to": "nothing"}).status_code == 400
    assert driver.post(f"migrations/{migration}/cutover").status_code == 202
    assert driver.rest(migration, statuses={"succeeded"})
    back = {"confirm": migration, "to": "ready"}
    assert driver.post(f"migrations/{migration}/rollback", back).json()["status"] == "ready"
    assert driver.status(migration)["cutoverAt"] is None
    assert driver.post(f"migrations/{migration}/cutover").status_code == 202
    assert driver.rest(migration, statuses={"succeeded"})["cutoverAt"]


def test_two_migrations_over_one_workspace_the_second_is_told(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=3)
    for identity in ("first", "second"):
        driver.begin(id=identity)
    for identity in ("first", "second"):
        assert driver.rest(identity)["status"] == "ready"
    assert_moved_once_by_two(driver)
    told = [
        row
        for identity in ("first", "second")
        for row in driver.all(f"migrations/{identity}/findings")
        if row["code"] == "workspace.leased"
    ]
    assert told
    assert all("first" in row["message"] or "second" in row["message"] for row in told)


def assert_moved_once_by_two(driver: Driver) -> None:
    compared = driver.sandbox.control.compare()
    assert compared["clean"], compared["differences"]
    for space in driver.sandbox.control.state(TARGET)["workspaces"]:
        assert len(space["imports"]) == len(space["reports"]) == len(space["datasets"])
