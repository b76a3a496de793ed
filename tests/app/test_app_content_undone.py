"""Content after the move: what people delete comes again, a rollback leaves nothing, strangers keep what they have."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from accounted import SOURCE, TARGET
from chosen import CHAIN, HALVES, LINE, PAGED, REFUSED, Chosen
from evidence import began_an_hour_ago, mapped
from undoing import roll_back

type Json = dict[str, Any]

# Of every kind and route something, in as few workspaces as there are.
SOME = [
    *HALVES,
    *CHAIN,
    "Every Fabric item",
    "Every dashboard",
    "Every report",
    "Every push model",
    *PAGED,
    *LINE,
]
READ = {"Landing", "Curated", "Our Dataflow", "Left", "Behind the pages", "Embedded source"}  # or linked to
_PARTS = ("reports", "datasets", "dashboards", "dataflows", "fabricItems")


def test_a_rollback_leaves_nothing_and_the_retry_brings_all_of_it_again(at_first: Chosen) -> None:
    control = at_first.driver.sandbox.control
    before = control.fingerprints()
    migration = at_first.move(SOME)
    at_first.assert_accounted(migration)
    roll_back(at_first.driver, migration)
    left = control.compare_untouched(before)
    assert left == [], "\n".join(line[:300] for line in left)
    assert at_first.driver.post(f"migrations/{migration}/retry").status_code == 202
    at_first.rest(migration)
    at_first.assert_accounted(migration)


def test_what_people_delete_is_brought_again_and_nothing_else_is_written(at_first: Chosen) -> None:
    control, driver = at_first.driver.sandbox.control, at_first.driver
    migration = at_first.move(SOME)
    gone = delete_one_of_each(at_first)
    control.clear_ledger()
    assert driver.post(f"migrations/{migration}/retry").status_code == 202
    at_first.rest(migration)
    at_first.assert_accounted(migration)
    made = {row["targetId"].lower() for row in at_first.rows(migration) if row["targetId"]}
    assert not made & gone
    lists = [call for call in control.ledger() if call["operation"].endswith("_GetReportsInGroup")]
    assert len(lists) < 12 * len(SOME), len(lists)


def test_what_people_change_goes_over_its_own_item_and_a_rollback_leaves_nothing(at_first: Chosen) -> None:
    """Every report of the workspaces, by whichever way it came."""
    control, driver = at_first.driver.sandbox.control, at_first.driver
    before = control.fingerprints()
    migration = at_first.move(SOME)
    ids = mapped(driver, migration)
    began_an_hour_ago(driver, migration)
    for row in at_first.rows(migration, "report", "paginatedReport"):
        if row["state"] == "done":
            control.act(SOURCE, "changeReport", workspace=row["workspaceId"], report=row["sourceId"])
    assert driver.post(f"migrations/{migration}/retry").status_code == 202
    at_first.rest(migration)
    assert at_first.findings(migration, "item.notRenewed", "retry.changesUnknown") == []
    at_first.assert_accounted(migration)
    assert mapped(driver, migration) == ids
    roll_back(driver, migration)
    left = [line for line in control.compare_untouched(before) if not line.startswith(SOURCE)]
    assert left == [], "\n".join(line[:300] for line in left)


def delete_one_of_each(at: Chosen) -> set[str]:
    """One of each kind in each workspace of the target goes, but for what others read; models with their reports."""
    state, gone = at.driver.sandbox.control.state(TARGET), set[str]()
    for space in state["workspaces"]:
        for part in _PARTS:
            spare = [item for item in space[part] if _name(item) not in READ]
            for item in spare[:1]:
                gone.add(str(item.get("id") or item["objectId"]))
                space[part].remove(item)
    for space in state["workspaces"]:
        lost = [report for report in space["reports"] if report["datasetId"] in gone]
        gone |= {report["id"] for report in lost}
        space["reports"] = [report for report in space["reports"] if report not in lost]
    at.driver.sandbox.control.put_state(TARGET, state)
    return gone


def _name(item: Json) -> str:
    return str(item.get("name") or item.get("displayName"))


def test_nothing_of_strangers_is_touched_where_all_names_are_taken(at_first: Chosen) -> None:
    """Workspaces of the same names with items of the same names, not ours: used, and left as they were."""
    names = [*HALVES, "Every dashboard", "Every report", "Every push model", *PAGED, CHAIN[0]]
    foreign = stand_in(at_first, names)
    control = at_first.driver.sandbox.control
    before = control.fingerprints()
    migration = at_first.begin(names, existing="merge")
    at_first.driver.rest(migration, within=240)
    after = {item["id"]: item for item in held(at_first)}
    assert {key: item for key, item in after.items() if key in foreign} == foreign
    ours = {row["targetId"].lower() for row in at_first.rows(migration) if row["targetId"]}
    assert not ours & set(foreign)
    roll_back(at_first.driver, migration)
    assert control.compare_untouched(before) == []


def test_nothing_is_begun_where_the_workspaces_are_not_ours(at_first: Chosen) -> None:
    stand_in(at_first, HALVES)
    control = at_first.driver.sandbox.control
    before = control.fingerprints()
    at_first.driver.rest(at_first.begin(HALVES), within=240)
    assert control.compare_untouched(before) == []


def stand_in(at: Chosen, names: list[str]) -> dict[str, Json]:
    """The same workspaces in the target, made by somebody else (who let our identity in); what is in them by id."""
    control = at.driver.sandbox.control
    source, target = control.state(SOURCE), control.state(TARGET)
    for space in source["workspaces"]:
        if space["name"] in names:
            target["workspaces"].append(_twin(space, target))
    control.put_state(TARGET, target)
    return {item["id"]: item for item in held(at)}


def _twin(space: Json, target: Json) -> Json:
    text = json.dumps(space)
    for item in (each for part in _PARTS for each in space[part]):
        text = text.replace(str(item.get("id") or item["objectId"]), str(uuid.uuid4()))
    twin: Json = json.loads(text.replace(space["id"], str(uuid.uuid4())))
    for report in (*twin["reports"], *twin["datasets"]):
        report["fileId"], report["parts"] = None, {}
    twin["reports"] = [report for report in twin["reports"] if not report["appId"]]
    people = [each["id"] for each in target["principals"] if each["kind"] == "User"]
    users = [(target["actors"]["migration"], "Admin"), (people[0], "Admin")]
    twin["users"] = [{"principalId": who, "right": right} for who, right in users]
    return twin | {"capacityId": target["capacities"][0]["id"], "folders": [], "placed": {}}


def held(at: Chosen) -> list[Json]:
    """Everything in the workspaces of the target."""
    spaces = at.driver.sandbox.control.state(TARGET)["workspaces"]
    items = (item for space in spaces for part in _PARTS for item in space[part])
    return [{**item, "id": str(item.get("id") or item["objectId"])} for item in items]


def test_a_later_migration_gives_back_what_it_took_over(at_first: Chosen) -> None:
    driver = at_first.driver
    first = at_first.move([*LINE, *HALVES])
    second = at_first.move([*LINE, *HALVES], id="second-of-two")
    roll_back(driver, first, ends="failed")
    assert [f["kind"] for f in at_first.findings(first, "rollback.handedOver")].count("pipeline") == 1
    roll_back(driver, second)
    pipelines = [each["displayName"] for each in driver.sandbox.control.state(TARGET)["pipelines"]]
    assert "Every line" in pipelines
    roll_back(driver, first)
    assert driver.sandbox.control.state(TARGET)["pipelines"] == []


@pytest.mark.parametrize(
    ("operation", "names"),
    [
        ("Fabric_CreateSemanticModel", REFUSED),
        ("Imports_PostImportInGroup", PAGED),
        ("Dashboards_AddDashboardInGroup", ["Every dashboard", "Every report"]),
        ("Pipelines_CreatePipeline", LINE),
    ],
)
def test_what_a_lost_answer_left_behind_goes_too(at_first: Chosen, operation: str, names: list[str]) -> None:
    """Cancelled while the answer is out: no row knows what that call has made."""
    control, driver = at_first.driver.sandbox.control, at_first.driver
    before = control.fingerprints()
    control.fault({"operation": operation, "tenant": TARGET, "nth": 1}, {"hold": "after"})
    migration = at_first.begin(names)
    assert control.await_hold(120) is not None
    assert driver.post(f"migrations/{migration}/cancel").status_code == 202
    control.release(drop=True)
    at_first.rest(migration, "cancelled")
    roll_back(driver, migration)
    left = control.compare_untouched(before)
    assert left == [], "\n".join(line[:300] for line in left)
