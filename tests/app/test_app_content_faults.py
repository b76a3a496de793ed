"""Content on its way when something goes wrong: operations that fail, are lost or answer at once, refusals, a kill."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from accounted import SOURCE, TARGET
from chosen import CHAIN, HALVES, LINE, PAGED, REFUSED, Chosen, chosen

type Json = dict[str, Any]

pytestmark = pytest.mark.timeout(600)  # some wait for scaled deadlines

FABRIC = ["Every Fabric item", "Every mashup"]
THIN = [*HALVES, *REFUSED]  # reports on models elsewhere, models and reports that go by definition


@pytest.mark.parametrize("length", ["always", "never"])
def test_operations_that_all_take_time_or_none(at_first: Chosen, length: Any) -> None:
    at_first.driver.sandbox.control.long_running(length)
    migration = at_first.move([*THIN, *FABRIC])
    at_first.assert_accounted(migration)


@pytest.mark.parametrize(
    ("outcome", "how"),
    [
        ("fail", {"code": "UnknownError"}),
        ("lost", {}),
        ("lost", {"effect": True}),
    ],
    ids=[
        "fails",
        "is forgotten",
        "is forgotten, and made it",
    ],
)
def test_an_operation_that_ends_oddly_is_made_up_for(at_first: Chosen, outcome: Any, how: Json) -> None:
    """Whatever becomes of the first try: in the end each item is there once, or one task."""
    control = at_first.driver.sandbox.control
    control.plan_operation(outcome, operation="Fabric_Create", tenant=TARGET, every=1, times=2, **how)
    migration = at_first.begin(THIN)
    reached = at_first.driver.rest(migration, within=240)
    compared = at_first.compare(migration)
    assert (compared["totals"]["twice"], compared["totals"]["orphans"]) == (0, 0), compared["differences"]
    control.clear_operation_plans()
    if reached["status"] != "ready":
        assert at_first.driver.post(f"migrations/{migration}/retry").status_code == 202
        at_first.rest(migration)
    at_first.assert_accounted(migration)


def test_what_a_failed_operation_made_all_the_same_is_left_to_people(at_first: Chosen) -> None:
    """It might be somebody else's: it is told, and nothing is made beside it."""
    control, driver = at_first.driver.sandbox.control, at_first.driver
    control.plan_operation(
        "fail", operation="CreateSemanticModel", tenant=TARGET, nth=1, times=1, effect=True
    )
    migration = at_first.begin(REFUSED)
    at_first.rest(migration, "failed")
    (failed,) = [row for row in at_first.rows(migration, "dataset") if row["state"] == "failed"]
    assert len([f for f in at_first.findings(migration, "item.failed") if f["id"] == failed["sourceId"]]) == 1
    space = at_first.target(REFUSED[0])
    (remains,) = [model for model in space["datasets"] if model["name"] == failed["sourceName"]]
    control.clear_operation_plans()
    control.act(TARGET, "deleteDataset", workspace=space["id"], dataset=remains["id"])
    assert driver.post(f"migrations/{migration}/retry").status_code == 202
    at_first.rest(migration)
    at_first.assert_accounted(migration)


@pytest.mark.parametrize("outcome", ["fail", "lost"])
def test_reading_that_ends_oddly_is_begun_anew(at_first: Chosen, outcome: Any) -> None:
    control = at_first.driver.sandbox.control
    control.plan_operation(outcome, operation="Definition", tenant=SOURCE, every=1, times=2)
    migration = at_first.begin([*THIN, *FABRIC])
    reached = at_first.driver.rest(migration, within=240)
    control.clear_operation_plans()
    for _ in range(2):  # what was read by others before it came is right after the retry that follows
        if reached["status"] != "ready":
            assert at_first.driver.post(f"migrations/{migration}/retry").status_code == 202
            reached = at_first.driver.rest(migration, within=240)
    at_first.rest(migration)
    at_first.assert_accounted(migration)


def test_readers_that_come_first_do_not_hold_up_what_they_all_read(at_first: Chosen) -> None:
    """Five dataflows of Fabric that read a sixth, which is the last by its id: more than are made at once."""
    control = at_first.driver.sandbox.control
    state = control.state(SOURCE)
    space = next(each for each in state["workspaces"] if each["name"] == FABRIC[0])
    first = next(each for each in space["fabricItems"] if each["name"] == "Our Dataflow")
    reader = next(each for each in space["fabricItems"] if each["name"] == "Our second Dataflow")
    last = "ffffffff-ffff-4fff-8fff-ffffffffffff"
    mashup = base64.b64decode(reader["parts"]["mashup.pq"]).decode().replace(first["id"], last)
    reader["parts"]["mashup.pq"] = base64.b64encode(mashup.encode()).decode()
    first["id"] = last
    for number in range(4):
        identity = f"{number:08d}-0000-4000-8000-000000000000"
        space["fabricItems"].append({**reader, "id": identity, "name": f"Reader {number}"})
    control.put_state(SOURCE, state)
    migration = at_first.move(FABRIC[:1])
    at_first.assert_accounted(migration)
    assert at_first.findings(migration, "content.sourceLinks") == []


def test_a_definition_that_is_refused_is_one_task_and_so_is_each_report_on_it(at_first: Chosen) -> None:
    control = at_first.driver.sandbox.control
    state = control.state(SOURCE)
    space = next(each for each in state["workspaces"] if each["name"] == HALVES[0])
    for model in space["datasets"]:
        model["exportRefusal"] = "ModelExportActionDenied"
        model["extra"]["definitionRefusal"] = "OperationNotSupportedForItem"
    control.put_state(SOURCE, state)
    migration = at_first.move(HALVES)
    rows = at_first.rows(migration, "dataset", "report")
    manual = {row["sourceName"] for row in rows if row["state"] == "manual"}
    assert manual == {"Left", "Left seen from the right"}
    at_first.assert_accounted(migration)


def test_without_a_master_user_dataflows_are_tasks_and_the_rest_moves(
    at_first: Chosen, tmp_path_factory: pytest.TempPathFactory
) -> None:
    nobody = {"PBI_CONNECTIONS__FABRIKAM__USERNAME": "", "PBI_CONNECTIONS__FABRIKAM__PASSWORD": ""}
    with chosen(tmp_path_factory.mktemp("alone"), **nobody) as alone:
        migration = alone.begin([*CHAIN, *FABRIC])
        alone.driver.rest(migration, within=240)
        rows = {row["sourceName"]: row for row in alone.rows(migration, "dataflow")}
        assert {rows[name]["state"] for name in ("Landing", "Curated", "Mart")} == {"manual"}
        assert {rows[name]["state"] for name in ("Our Dataflow", "Our second Dataflow")} == {"done"}
        tasks = [
            each["name"]
            for each in alone.findings(migration, "manual.notMoved")
            if each["kind"] == "dataflow"
        ]
        assert sorted(tasks) == ["Curated", "Landing", "Mart"]
        models = {row["sourceName"]: row["state"] for row in alone.rows(migration, "dataset")}
        assert models["On the mart"] == "done"


@pytest.mark.parametrize(
    "operation",
    [
        "Fabric_CreateSemanticModel",
        "Fabric_CreateReport",
        "Dashboards_AddDashboardInGroup",
        "Datasets_PostDatasetInGroup",
        "Pipelines_CreatePipeline",
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_a_write_loses_nothing_and_doubles_nothing(
    at_first: Chosen, operation: str, when: str
) -> None:
    control, driver = at_first.driver.sandbox.control, at_first.driver
    control.fault({"operation": operation, "tenant": TARGET, "nth": 1}, {"hold": when})
    migration = at_first.begin([*THIN, *LINE, "Every dashboard", "Every push model", "Every report"])
    assert control.await_hold(120) is not None
    driver.app.kill()
    control.release(drop=True)
    driver.app.start()
    at_first.rest(migration)
    at_first.assert_accounted(migration)


@pytest.mark.parametrize("what", ["model.json", "Invoice", "pages"])
def test_a_kill_while_a_file_of_its_own_is_sent(at_first: Chosen, what: str) -> None:
    control, driver = at_first.driver.sandbox.control, at_first.driver
    names = {"model.json": CHAIN, "Invoice": PAGED, "pages": PAGED}[what]
    when = "before" if what == "pages" else "after"
    control.fault({"operation": "Imports_PostImportInGroup", "tenant": TARGET, "nth": 2}, {"hold": when})
    migration = at_first.begin([*names, *HALVES])
    assert control.await_hold(120) is not None
    driver.app.kill()
    control.release(drop=True)
    driver.app.start()
    at_first.rest(migration)
    at_first.assert_accounted(migration)


def test_a_kill_in_the_middle_of_long_running_operations(at_first: Chosen) -> None:
    control, driver = at_first.driver.sandbox.control, at_first.driver
    control.long_running("always")
    control.fault({"operation": "Fabric_GetOperationState", "tenant": TARGET, "nth": 1}, {"hold": "before"})
    control.fault({"operation": "Fabric_GetOperationState", "tenant": SOURCE, "nth": 2}, {"hold": "before"})
    migration = at_first.begin([*THIN, *FABRIC])
    for _ in range(2):
        assert control.await_hold(120) is not None
        driver.app.kill()
        control.release(drop=True)
        driver.app.start()
    at_first.rest(migration)
    at_first.assert_accounted(migration)
