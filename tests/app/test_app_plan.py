"""A plan or an assessment: one verdict per item, one finding per obstacle, nothing written in either tenant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from driver import Driver


def test_a_plan_counts_by_route_and_forecasts(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=3)
    plan = driver.plan(id="first")
    assert plan["status"] == "done", plan
    assert plan["findings"] == [] or all(
        set(each) >= {"severity", "code", "remedy"} for each in plan["findings"]
    )
    assert plan["items"]["pbix"] > 0
    assert plan["forecast"]["seconds"] > 0
    assert plan["forecast"]["calls"]["admin.getInfo"] == 1
    again = driver.post("plans", {**driver.sandbox.control.suggested_request(), "id": "first"})
    assert (again.status_code, again.json()["status"]) == (200, "done")
    other = {**driver.sandbox.control.suggested_request(), "id": "first", "naming": "{name} 2"}
    assert driver.post("plans", other).status_code == 409


def test_a_plan_and_a_migration_may_have_the_same_id(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=2)
    assert driver.plan(id="same")["status"] == "done"
    assert driver.get("migrations").json()["value"] == []
    assert driver.get("migrations/plan_same").status_code == 404
    assert driver.post("migrations/plan_same/cancel").status_code == 404
    driver.begin(id="same")
    assert driver.rest("same")["status"] == "ready"
    assert [plan["id"] for plan in driver.get("plans").json()["value"]] == ["same"]


def test_an_assessment_needs_no_target(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=3)
    plan = driver.plan(target=None, capacities=None, principals=None)
    assert plan["status"] == "done" and plan["target"] is None
    assert Counter(call["tenant"] for call in driver.sandbox.control.ledger())["fabrikam"] == 0


def test_nothing_is_written_in_either_tenant(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=3, extras=True)
    assert driver.plan()["status"] == "done"
    assert driver.sandbox.control.writes() == []


def test_a_plan_outlives_the_host(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=4)
    body = {**driver.sandbox.control.suggested_request(), "id": "outlives"}
    assert driver.post("plans", body).status_code == 202
    driver.app.kill()
    driver.app.start()
    assert driver.planned("outlives")["status"] == "done"
