"""Every item of a workspace gets exactly one row; a report travels only with its own model."""

from __future__ import annotations

from typing import Any

from core_support import guids, names
from hypothesis import given
from hypothesis import strategies as st

from activities.classification import rows_of
from shared.assessment.model import Facts, Route
from shared.assessment.verdicts import judge
from shared.models import ItemRow, ItemState, Kind

MODELS = [f"model-{number}" for number in range(3)]
reports = st.lists(
    st.fixed_dictionaries(
        {"id": guids, "name": names | st.sampled_from(MODELS)},
        optional={
            "datasetId": st.sampled_from([*MODELS, MODELS[0].upper(), "elsewhere", None]),
            "reportType": st.sampled_from(["PowerBIReport", "PaginatedReport", None]),
            "appId": st.sampled_from(["app", None]),
        },
    ),
    max_size=8,
    unique_by=lambda report: report["id"],
)
models = st.lists(st.sampled_from(MODELS), unique=True).map(
    lambda ids: [{"id": one, "name": one} for one in ids]
)


def inventory(**lists: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": "w", "reports": [], "datasets": [], "dashboards": [], "dataflows": [], **lists}


def classify(document: dict[str, Any], facts: Facts | None = None) -> list[ItemRow]:
    return rows_of(judge(document, facts or Facts()))


def by_id(rows: list[ItemRow]) -> dict[str, ItemRow]:
    return {row.source_id: row for row in rows}


@given(reports, models)
def test_every_item_has_one_row(found: list[dict[str, Any]], datasets: list[dict[str, Any]]) -> None:
    rows = classify(inventory(reports=found, datasets=datasets))
    own = [report["id"] for report in found if not report.get("appId")]
    assert sorted(row.source_id for row in rows) == sorted([*own, *(model["id"] for model in datasets)])
    assert all(row.state in (ItemState.PLANNED, ItemState.MANUAL) for row in rows)
    assert all(row.reason and row.route for row in rows)
    assert all(bool(row.note) == (row.state == ItemState.MANUAL) for row in rows)
    assert all(row.route == Route.PBIX for row in rows if row.state == ItemState.PLANNED)


@given(reports, models)
def test_a_model_moves_with_exactly_one_report(
    found: list[dict[str, Any]], datasets: list[dict[str, Any]]
) -> None:
    rows = classify(inventory(reports=found, datasets=datasets))
    moving = [row for row in rows if row.state == ItemState.PLANNED]
    carried = sorted(row.dataset_id.lower() for row in moving if row.kind == Kind.REPORT)
    assert carried == sorted(row.source_id.lower() for row in moving if row.kind == Kind.DATASET)
    assert len(set(carried)) == len(carried)


@given(reports, models)
def test_the_rows_do_not_depend_on_the_order_of_the_lists(
    found: list[dict[str, Any]], datasets: list[dict[str, Any]]
) -> None:
    one = classify(inventory(reports=found, datasets=datasets))
    other = classify(inventory(reports=found[::-1], datasets=datasets[::-1]))
    assert sorted(one, key=lambda row: row.source_id) == sorted(other, key=lambda row: row.source_id)


def test_the_namesake_carries_the_model_and_the_others_are_manual() -> None:
    found = [
        {"id": "1", "name": "Other", "datasetId": "model-0"},
        {"id": "2", "name": "model-0", "datasetId": "MODEL-0"},
    ]
    rows = by_id(classify(inventory(reports=found, datasets=[{"id": "model-0", "name": "model-0"}])))
    assert rows["2"].state == rows["model-0"].state == ItemState.PLANNED
    assert rows["1"].state == ItemState.MANUAL
    assert "shares its model" in rows["1"].note


def test_what_this_version_does_not_move_is_named_with_its_reason() -> None:
    rows = classify(
        inventory(
            reports=[
                {"id": "r", "name": "live", "datasetId": "elsewhere"},
                {"id": "p", "name": "paged", "reportType": "PaginatedReport"},
                {"id": "a", "name": "of an app", "appId": "x", "datasetId": "d"},
            ],
            datasets=[{"id": "d", "name": "alone"}],
            dashboards=[{"id": "b", "displayName": "Board"}],
            dataflows=[{"objectId": "f", "name": "Flow"}],
        )
    )
    assert {row.source_id: (row.kind, row.source_name) for row in rows} == {
        "r": (Kind.REPORT, "live"),
        "p": (Kind.PAGINATED_REPORT, "paged"),
        "d": (Kind.DATASET, "alone"),
        "b": (Kind.DASHBOARD, "Board"),
        "f": (Kind.DATAFLOW, "Flow"),
    }
    assert {row.state for row in rows} == {ItemState.MANUAL}
    assert all(row.note for row in rows)


def test_a_paginated_report_never_carries_a_model() -> None:
    found = [{"id": "p", "name": "model-0", "datasetId": "model-0", "reportType": "PaginatedReport"}]
    rows = by_id(classify(inventory(reports=found, datasets=[{"id": "model-0", "name": "model-0"}])))
    assert rows["model-0"].state == ItemState.MANUAL


def test_a_row_says_what_its_verdict_says() -> None:
    found = inventory(
        reports=[{"id": "r", "name": "R", "datasetId": "d"}],
        datasets=[{"id": "d", "name": "D"}],
        dashboards=[{"id": "b", "displayName": "Board", "tiles": [{"id": "t", "title": "Total"}]}],
    )
    rows = by_id(classify(found, Facts(right="none")))
    board, report = rows["b"], rows["r"]
    assert (board.route, board.todo, board.minutes) == (Route.RECREATE, "Pin again: Total.", 3)
    assert "1 tile" in board.lost
    assert board.note.endswith(board.todo)
    assert (report.state, report.route, report.dataset_id) == (ItemState.PLANNED, Route.PBIX, "d")
    assert report.todo
    assert report.todo not in report.note


def test_what_has_another_route_than_pbix_is_manual_in_this_version() -> None:
    found = inventory(
        reports=[{"id": "r", "name": "R", "datasetId": "d"}],
        datasets=[{"id": "d", "name": "D", "targetStorageMode": "PremiumFiles"}],
    )
    rows = classify(found)
    assert {row.state for row in rows} == {ItemState.MANUAL}
    assert {row.route for row in rows} == {Route.DEFINITION}


def test_a_document_that_could_not_be_read_has_no_rows() -> None:
    assert classify({**inventory(reports=[{"id": "r"}]), "complete": False}) == []
