"""Every item of a workspace gets exactly one row; a report travels only with its own model."""

from __future__ import annotations

from itertools import product
from typing import Any

from core_support import guids, names
from hypothesis import given
from hypothesis import strategies as st

from activities.classification import MOVED, outcome_of, outcomes_of, row_of, rows_of
from activities.ways import has_way
from shared.assessment import report_figures
from shared.assessment.model import Facts, Route, Verdict
from shared.assessment.verdicts import judge
from shared.models import ItemRow, ItemState, Kind, Need

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
    assert all((row.state == ItemState.PLANNED) == ((row.kind, row.route) in MOVED) for row in rows)
    assert all(has_way(row) for row in rows if row.state == ItemState.PLANNED and row.route != Route.PBIX)


@given(reports, models)
def test_a_model_is_carried_by_at_most_one_report(
    found: list[dict[str, Any]], datasets: list[dict[str, Any]]
) -> None:
    """Each other report of it goes by definition, bound to it; a model nothing carries goes by definition."""
    rows = classify(inventory(reports=found, datasets=datasets))
    by_pbix = [row for row in rows if row.route == Route.PBIX]
    carried = sorted(row.dataset_id.lower() for row in by_pbix if row.kind == Kind.REPORT)
    assert carried == sorted(row.source_id.lower() for row in by_pbix if row.kind == Kind.DATASET)
    assert len(set(carried)) == len(carried)
    moving = {row.source_id.lower() for row in rows if row.kind == Kind.DATASET}
    thin = [row for row in rows if row.kind == Kind.REPORT and row.route == Route.DEFINITION]
    assert {Need.parse(need).id for row in thin for need in row.needs} <= moving
    assert all(len(row.needs) == 1 for row in thin)


@given(reports, models)
def test_the_rows_do_not_depend_on_the_order_of_the_lists(
    found: list[dict[str, Any]], datasets: list[dict[str, Any]]
) -> None:
    one = classify(inventory(reports=found, datasets=datasets))
    other = classify(inventory(reports=found[::-1], datasets=datasets[::-1]))
    assert sorted(one, key=lambda row: row.source_id) == sorted(other, key=lambda row: row.source_id)


def test_the_namesake_carries_the_model_and_the_others_follow_it() -> None:
    found = [
        {"id": "1", "name": "Other", "datasetId": "model-0"},
        {"id": "2", "name": "model-0", "datasetId": "MODEL-0"},
    ]
    rows = by_id(classify(inventory(reports=found, datasets=[{"id": "model-0", "name": "model-0"}])))
    assert {row.state for row in rows.values()} == {ItemState.PLANNED}
    assert rows["2"].route == rows["model-0"].route == Route.PBIX
    assert rows["1"].route == Route.DEFINITION
    assert "shares its model" in rows["1"].reason
    assert [Need.parse(need).id for need in rows["1"].needs] == ["model-0"]


def test_what_has_no_route_is_named_with_its_reason() -> None:
    rows = by_id(
        classify(
            inventory(
                reports=[
                    {"id": "r", "name": "live", "datasetId": "elsewhere"},
                    {"id": "a", "name": "of an app", "appId": "x", "datasetId": "d"},
                ],
                dataflows=[{"objectId": "f", "name": "Flow"}],
                datasets=[{"id": "p", "name": "Pushed", "addRowsAPIEnabled": True}],
                workbooks=[{"id": "w", "name": "Book"}],
            )
        )
    )
    assert {key: row.kind for key, row in rows.items()} == {
        "r": Kind.REPORT,
        "f": Kind.DATAFLOW,
        "p": Kind.DATASET,
        "w": Kind.WORKBOOK,
    }
    assert {row.state for row in rows.values()} == {ItemState.MANUAL}
    assert all(row.note == f"{row.reason} {row.todo}".rstrip() for row in rows.values())


def test_what_stays_behind_is_skipped_and_says_why() -> None:
    found = [{"id": "u", "name": "Usage Metrics Report", "datasetId": "m"}]
    rows = classify(inventory(reports=found, datasets=[{"id": "m", "name": "Usage Metrics Report"}]))
    assert {(row.route, row.state) for row in rows} == {(Route.STAYS_BEHIND, ItemState.SKIPPED)}
    assert all(row.note for row in rows)


def test_everything_with_a_route_of_its_own_is_planned() -> None:
    tables = [{"name": "T", "columns": [{"name": "A", "dataType": "String"}]}]
    rows = by_id(
        classify(
            inventory(
                reports=[{"id": "p", "name": "paged", "reportType": "PaginatedReport"}],
                datasets=[
                    {"id": "d", "name": "alone"},
                    {"id": "s", "name": "Pushed", "addRowsAPIEnabled": True, "tables": tables},
                ],
                dashboards=[{"id": "b", "displayName": "Board"}],
                dataflows=[{"objectId": "f", "name": "Flow"}, {"objectId": "g", "generation": 2}],
            ),
            Facts(target_user=True),
        )
    )
    assert {row.state for row in rows.values()} == {ItemState.PLANNED}
    assert {key: row.route for key, row in rows.items()} == {
        "p": Route.RDL,
        "d": Route.DEFINITION,
        "s": Route.RECREATE,
        "b": Route.RECREATE,
        "f": Route.MODEL_JSON,
        "g": Route.DEFINITION,
    }


def test_a_paginated_report_never_carries_a_model() -> None:
    found = [{"id": "p", "name": "model-0", "datasetId": "model-0", "reportType": "PaginatedReport"}]
    rows = by_id(classify(inventory(reports=found, datasets=[{"id": "model-0", "name": "model-0"}])))
    assert rows["model-0"].route == Route.DEFINITION
    assert rows["p"].route == Route.RDL


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
    assert (board.state, board.note) == (ItemState.PLANNED, "")
    assert (report.state, report.route, report.dataset_id) == (ItemState.PLANNED, Route.PBIX, "d")
    assert report.todo
    assert report.note == ""


def test_a_model_that_gives_no_pbix_goes_by_definition_and_its_report_follows() -> None:
    found = inventory(
        reports=[{"id": "r", "name": "R", "datasetId": "d"}],
        datasets=[{"id": "d", "name": "D", "targetStorageMode": "PremiumFiles"}],
    )
    rows = classify(found)
    assert {(row.state, row.route) for row in rows} == {(ItemState.PLANNED, Route.DEFINITION)}


def test_a_document_that_could_not_be_read_has_no_rows() -> None:
    assert classify({**inventory(reports=[{"id": "r"}]), "complete": False}) == []


def test_what_a_plan_expects_of_a_kind_is_what_its_rows_say() -> None:
    for kind, route in product(set(Kind) - {Kind.WORKSPACE}, Route):
        row = row_of(Verdict("w", kind, "i", "name", route, "because"))
        assert outcome_of(kind, route) == report_figures.outcome_of(row), (kind, route)
    reports = {"pbix": 2, "definition": 1, "byHand": 3, "staysBehind": 4}
    assert outcomes_of({"report": reports, "workspace": {"recreate": 5}}) == {
        "report": {"moves": 3, "person": 3, "stays": 4},
        "workspace": {"moves": 5, "person": 0, "stays": 0},
    }
