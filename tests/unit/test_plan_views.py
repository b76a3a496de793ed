"""What people are shown of a plan: the contract's fields, lists to their last page, files that harm nobody."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from planned_support import FORMULA, IMG, SUMMARY, planned

from shared import plan_views
from shared.assessment.tables import INVENTORY, VERDICTS
from shared.errors import InvalidInput, NotFound
from shared.listings import Download, Json
from shared.models import Migration, plan_key
from shared.services import Services
from shared.web import TOKEN, download

LISTS = (plan_views.plan_findings, plan_views.plan_items, plan_views.plan_workspaces)
FILES = (plan_views.plan_inventory, plan_views.plan_report)


@pytest.fixture
def plan(services: Services, migration: str) -> str:
    planned(services, migration)
    return migration


def whole(read: Callable[[dict[str, str]], Json], top: int) -> list[Json]:
    rows: list[Json] = []
    params = {"top": str(top)}
    while True:
        page = read(params)
        assert len(page["value"]) <= top
        rows += page["value"]
        if "continuationToken" not in page:
            return rows
        params["continuationToken"] = page["continuationToken"]


def text_of(file: Download) -> str:
    return download(file).get_body().decode("utf-8-sig")


def test_a_plan_shows_its_sums_and_findings(services: Services, plan: str) -> None:
    shown = plan_views.plan(services, plan)
    assert (shown["id"], shown["status"], shown["error"]) == (plan, "done", None)
    assert (shown["source"], shown["target"]) == ("contoso", "fabrikam")
    assert {name: shown[name] for name in ("items", "forecast", "waves")} == {
        name: SUMMARY[name] for name in ("items", "forecast", "waves")
    }
    assert [found["code"] for found in shown["findings"]] == ["access.source"]
    assert shown["progress"]["items"]["report"]["total"] == 4
    assert shown["links"]["report"] == f"/api/plans/{plan}/report"


def test_a_plan_under_way_has_the_same_fields_without_numbers(services: Services, migration: str) -> None:
    run = plan_key(migration)
    services.manifest.create(Migration(run, "planning", "contoso", "", "hash", "then", "then"))
    shown = plan_views.plan(services, migration)
    assert (shown["status"], shown["target"], shown["items"]) == ("running", None, {})
    assert shown["forecast"] == {"calls": {}, "seconds": None}
    planned(services, other := f"{migration}-done")
    assert set(plan_views.plan(services, other)) == set(shown)


def test_a_plan_that_could_not_be_made_says_why(services: Services, migration: str) -> None:
    row = Migration(plan_key(migration), "failed", "contoso", "", "hash", "then", "then")
    services.manifest.create(row)
    services.manifest.decide(row.id, lambda now: {"error_code": "inventory.empty", "error_message": "none"})
    shown = plan_views.plan(services, migration)
    assert (shown["status"], shown["error"]) == ("failed", {"code": "inventory.empty", "message": "none"})


def test_plans_and_migrations_are_two_lists(services: Services, plan: str) -> None:
    services.manifest.create(Migration(plan, "planning", "a", "b", "hash", "then", "then"))  # the same id
    rows = whole(lambda params: plan_views.plans(services, params), 1000)
    assert [row["status"] for row in rows if row["id"] == plan] == ["done"]


@pytest.mark.parametrize("top", [1, 3, 100])
def test_every_verdict_is_listed_once_with_its_place(services: Services, plan: str, top: int) -> None:
    rows = whole(lambda params: plan_views.plan_items(services, plan, params), top)
    assert [tuple(row) for row in rows] == [VERDICTS] * 10
    assert len({(row["kind"], row["id"]) for row in rows}) == 10
    assert [row["kind"] for row in rows[:2]] == ["workspace"] * 2
    assert {(row["workspaceId"], row["workspaceName"], row["wave"]) for row in rows} == {
        ("w-0", IMG, 1),
        ("w-1", FORMULA, 2),
    }
    assert {row["kind"] for row in rows if row["automated"]} == {"workspace", "report"}
    assert {(row["reason"], row["todo"]) for row in rows if row["todo"]} == {
        ("no API", f"Pin {IMG}"),
        ("no API", f"Pin {FORMULA}"),
    }


def test_the_workspaces_of_a_plan(services: Services, plan: str) -> None:
    rows = whole(lambda params: plan_views.plan_workspaces(services, plan, params), 1)
    assert sorted((row["id"], row["wave"], row["items"]["report"]) for row in rows) == [
        ("w-0", 1, 2),
        ("w-1", 2, 2),
    ]


def test_an_item_whose_workspace_is_about_to_be_written_is_shown(services: Services, migration: str) -> None:
    from shared.models import ItemRow

    run = plan_key(migration)
    services.manifest.create(Migration(run, "planning", "contoso", "", "hash", "then", "then"))
    services.manifest.plan_items(run, "w-9", [ItemRow("w-9", "report", "r", "n")])
    services.manifest.plan_items(run, "", [ItemRow("", "pipeline", "p", "n")])
    rows = plan_views.plan_items(services, migration, {})["value"]
    assert sorted((row["kind"], row["workspaceId"], row["workspaceName"]) for row in rows) == [
        ("pipeline", None, None),
        ("report", "w-9", None),
    ]


def test_what_is_no_plan_is_not_found(services: Services, migration: str) -> None:
    services.manifest.create(Migration(migration, "planning", "a", "b", "hash", "then", "then"))
    for identity in (migration, "unknown", plan_key(migration), "../x", "x" * 5000):
        for read in (*LISTS, *FILES):
            with pytest.raises(NotFound):
                read(services, identity, {})
        with pytest.raises(NotFound):
            plan_views.plan(services, identity)


@pytest.mark.parametrize("top", ["0", "101", "x", "-1"])
def test_a_page_of_an_inventory_has_bounds(services: Services, plan: str, top: str) -> None:
    with pytest.raises(InvalidInput):
        plan_views.plan_inventory(services, plan, {"top": top})


@pytest.mark.parametrize("read", FILES)
def test_an_unknown_format_is_refused(services: Services, plan: str, read: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(services, plan, {"format": "xml"})
    assert refused.value.faults[0]["field"] == "format"


@pytest.mark.parametrize("top", ["1", "2", "100"])
def test_the_inventory_comes_page_by_page(services: Services, plan: str, top: str) -> None:
    gateway = {"id": "g", "name": "Gate", "datasources": [{"id": "s", "datasourceName": "Sql"}]}
    services.documents.write_json(
        f"{plan_key(plan)}/tenant/source-gateways.json", {"rows": [gateway], "unread": ""}
    )
    texts: list[str] = []
    tables: list[str] = []
    for pieces, kind in ((texts, "jsonl"), (tables, "csv")):
        params = {"top": top, "format": kind}
        while True:
            answer = download(plan_views.plan_inventory(services, plan, params))
            pieces.append(answer.get_body().decode())
            if TOKEN not in answer.headers:
                break
            params["continuationToken"] = answer.headers[TOKEN]
    documents = [json.loads(line) for line in "".join(texts).splitlines()]
    assert sorted(document["id"] for document in documents[:-1]) == ["w-0", "w-1"]
    assert documents[-1] == {"tenant": "source", "part": "gateways", "rows": [gateway], "unread": ""}
    assert "".join(tables).count("\ufeff") == 1
    rows = list(csv.DictReader(io.StringIO("".join(tables).removeprefix("\ufeff"), newline="")))
    assert [tuple(row) for row in rows] == [INVENTORY] * 5
    assert sorted(row["kind"] for row in rows) == ["gatewayDatasource", *["report"] * 2, *["workspace"] * 2]


def test_a_large_inventory_ends_its_page_early(
    services: Services, plan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared import plan_files

    monkeypatch.setattr(plan_files, "_INVENTORY_CHARS", 1)
    monkeypatch.setattr(plan_files, "_STEP", 1)
    first = plan_views.plan_inventory(services, plan, {})
    assert first.token
    assert len(text_of(first).splitlines()) == 1


def test_a_workspace_that_was_not_read_is_named(services: Services, plan: str) -> None:
    services.documents.delete(f"{plan_key(plan)}/inventory/w-1.json")
    lines = text_of(plan_views.plan_inventory(services, plan, {})).splitlines()
    assert {"id": "w-1", "name": FORMULA, "complete": False} in [json.loads(line) for line in lines]


def test_no_cell_of_a_file_is_run_by_a_spreadsheet(services: Services, plan: str) -> None:
    for file in (
        plan_views.plan_report(services, plan, {"format": "csv"}),
        plan_views.plan_inventory(services, plan, {"format": "csv"}),
    ):
        rows = list(csv.reader(io.StringIO(text_of(file), newline="")))
        assert any(f"'{FORMULA}" in row for row in rows)
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_the_csv_of_the_report_is_every_verdict(services: Services, plan: str) -> None:
    text = text_of(plan_views.plan_report(services, plan, {"format": "csv"}))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [tuple(row) for row in rows] == [VERDICTS] * 10
    assert {row["automated"] for row in rows if row["kind"] == "report"} == {"yes"}


def test_the_page_is_served_so_that_nothing_in_it_can_run(services: Services, plan: str) -> None:
    answer = download(plan_views.plan_report(services, plan, {}))
    assert answer.mimetype == "text/html"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    text = answer.get_body().decode()
    assert IMG not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_the_json_of_the_report_has_its_figures(services: Services, plan: str) -> None:
    found = json.loads(text_of(plan_views.plan_report(services, plan, {"format": "json"})))
    assert found["outcomes"] == {"moves": 6, "person": 2, "stays": 2}
    assert found["headline"].startswith("6 of 10 items move by themselves; 2 need a person, about 20 minutes")
    assert found["blocked"] == ["w-0"]
