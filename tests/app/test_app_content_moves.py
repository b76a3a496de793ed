"""Content that needs more than a PBIX, moved: bound, rewritten and made as the source has it, each thing once."""

from __future__ import annotations

from typing import Any

import pytest
from accounted import TARGET
from chosen import ARRANGED, BOARDS, CHAIN, EVERYTHING, FABRIC, HALVES, LINE, PAGED, REFUSED, Chosen

type Json = dict[str, Any]


@pytest.fixture(scope="module")
def moved(running: Chosen) -> str:
    """All of it at once; the tests that follow only look."""
    return running.move(EVERYTHING, id="all")


def ids(rows: list[Json]) -> dict[str, str]:
    return {row["sourceId"].lower(): row["targetId"].lower() for row in rows if row["targetId"]}


def test_every_item_is_equal_or_one_task(running: Chosen, moved: str) -> None:
    running.assert_accounted(moved)


def test_reports_are_bound_to_the_one_model_in_whichever_workspace(running: Chosen, moved: str) -> None:
    known = ids(running.rows(moved))
    for name in (*HALVES, *BOARDS):
        old, new = running.source(name), running.target(name)
        assert len(new["datasets"]) == len(old["datasets"])
        bound = {report["id"]: str(report["datasetId"]) for report in new["reports"]}
        for report in old["reports"]:
            if not report["appId"]:
                assert bound[known[report["id"]]] == known[report["datasetId"]], report["name"]


def test_dataflows_read_from_the_dataflows_of_the_target(running: Chosen, moved: str) -> None:
    known = ids(running.rows(moved))
    for name in (*CHAIN, *FABRIC):
        text = str(running.target(name)).lower()
        assert [old for old in known if old in text] == []


def test_dashboards_come_empty_and_their_tiles_are_one_task_each(running: Chosen, moved: str) -> None:
    board = next(b for b in running.target(BOARDS[0])["dashboards"] if b["displayName"] == "With tiles")
    assert board["tiles"] == []
    tasks = [f for f in running.findings(moved, "manual.afterMove") if f["kind"] == "dashboard"]
    assert [task["name"] for task in tasks] == ["With tiles"]
    assert all(title in tasks[0]["message"] for title in ("Total", "Asked", "A picture"))


def test_the_pipeline_has_its_stages_and_users(running: Chosen, moved: str) -> None:
    state = running.driver.sandbox.control.state(TARGET)
    made = {each["displayName"]: each for each in state["pipelines"]}
    stages = [running.target(name)["id"] for name in LINE]
    assert made["Every line"]["stages"] == stages
    assert len(made["Every line"]["users"]) > 1


def test_folders_settings_and_push_models_are_equal(running: Chosen, moved: str) -> None:
    compared = running.compare(moved)
    kinds = {"folder", "folderItem", "workspaceSetting", "parameter"}
    assert [each for each in compared["differences"] if each["kind"] in kinds] == []
    assert len(running.target(ARRANGED[2])["datasets"]) >= 1


def test_a_paginated_report_keeps_its_name_and_reads_from_the_target(running: Chosen, moved: str) -> None:
    old = {report["name"] for report in running.source(PAGED[0])["reports"]}
    assert {report["name"] for report in running.target(PAGED[0])["reports"]} == old


def test_a_file_that_is_refused_goes_by_definition_and_a_definition_that_is_refused_is_one_task(
    running: Chosen, moved: str
) -> None:
    rows = {row["sourceName"]: row for row in running.rows(moved, "dataset") if row["state"] == "done"}
    assert {"Ordinary to look at", "Made by an API"} <= set(rows)
    assert {f["name"] for f in running.findings(moved, "item.rerouted")} == {
        "Ordinary to look at",
        "Made by an API",
    }
    tasks = [
        (f["kind"], f["name"])
        for f in running.findings(moved, "manual.notMoved")
        if f["name"] == "Refused twice"
    ]
    assert sorted(tasks) == [("dataset", "Refused twice"), ("report", "Refused twice")]
    assert running.target(REFUSED[0])["datasets"]


def test_nothing_is_written_by_a_later_migration_that_takes_it_over(running: Chosen, moved: str) -> None:
    control = running.driver.sandbox.control
    control.clear_ledger()
    again = running.move(EVERYTHING, id="all-2")
    written = {call["operation"] for call in control.writes(TARGET) if call["status"] < 400}
    assert written <= {"Datasets_RefreshDatasetInGroup"}, written
    assert ids(running.rows(again)) == ids(running.rows(moved))
