"""What people are shown: contract fields only, page by page, and cells no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from core_support import AWKWARD, items, next_id, workspaces
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import csv_text, views
from shared.config import Settings
from shared.errors import InvalidInput, NotFound
from shared.models import Finding, ItemRow, Kind, Migration, WorkspaceRow
from shared.run_documents import summary_path
from shared.services import Services

MAPPING = ["kind", "workspaceId", "sourceId", "sourceName", "targetId", "targetName", "state", "note"]
STATES = {"planned", "creating", "done", "failed", "skipped", "manual", "deleted"}


def filled(services: Services, migration: str, spaces: int, reports: int, name: str = "Name") -> str:
    """A migration with workspaces and their reports; its id."""
    services.manifest.create(Migration(migration, "planning", "contoso", "fabrikam", "hash", "then", "then"))
    for number in range(spaces):
        workspace = f"w-{number}"
        services.manifest.plan_workspace(migration, WorkspaceRow(workspace, f"{name} {number}"))
        rows = [ItemRow(workspace, Kind.REPORT, f"r-{each}", f"{name} {each}") for each in range(reports)]
        services.manifest.plan_items(migration, workspace, rows)
    return migration


def walk(read: Any, migration: str, top: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    params = {"top": str(top)}
    while True:
        page = read(params)
        assert len(page["value"]) <= top
        rows += page["value"]
        if "continuationToken" not in page:
            return rows
        params["continuationToken"] = page["continuationToken"]


@settings(max_examples=12)
@given(st.integers(0, 5), st.integers(0, 3), st.integers(1, 9))
def test_the_mapping_shows_workspaces_then_items_each_once(
    storage: Settings, spaces: int, reports: int, top: int
) -> None:
    services = Services(storage)
    migration = filled(services, next_id(), spaces, reports)
    rows = walk(lambda params: views.mapping(services, migration, params), migration, top)
    kinds = [row["kind"] for row in rows]
    assert kinds == ["workspace"] * spaces + ["report"] * spaces * reports
    assert len({(row["workspaceId"], row["sourceId"]) for row in rows}) == len(rows)
    listed = walk(lambda params: views.workspaces(services, migration, params), migration, top)
    assert len(listed) == spaces


@given(items | workspaces)
def test_a_mapping_row_has_the_fields_of_the_contract(row: ItemRow | WorkspaceRow) -> None:
    shown = views.item_mapping(row) if isinstance(row, ItemRow) else views.workspace_mapping(row)
    assert list(shown) == MAPPING
    assert shown["state"] in STATES
    assert shown["targetId"] is None or shown["targetId"]


@pytest.mark.parametrize(
    "top", ["0", "-1", "1001", "x", "1.0", " 1", "１", "1,2", "9" * 5000, "1e2", "٣", "+5"]
)
def test_a_page_size_outside_the_bounds_is_refused(services: Services, migration: str, top: str) -> None:
    filled(services, migration, 0, 0)
    for read in (views.workspaces, views.findings, views.mapping):
        with pytest.raises(InvalidInput) as refused:
            read(services, migration, {"top": top})
        assert refused.value.faults[0]["field"] == "top"
    with pytest.raises(InvalidInput):
        views.migrations(services, {"top": top})


@pytest.mark.parametrize("token", ["x", "w:x", "i:x", "z:", "i:i", "xi", "w:w:"])
def test_a_token_of_no_list_is_refused(services: Services, migration: str, token: str) -> None:
    filled(services, migration, 1, 1)
    for read in (views.workspaces, views.findings, views.mapping):
        with pytest.raises(InvalidInput) as refused:
            read(services, migration, {"continuationToken": token})
        assert refused.value.faults[0]["field"] == "continuationToken"


def test_a_token_of_one_list_is_refused_by_the_others(services: Services, migration: str) -> None:
    filled(services, migration, 3, 2)
    tokens = {
        read: read(services, migration, {"top": "1"})["continuationToken"]
        for read in (views.workspaces, views.mapping)
    }
    for read, token in tokens.items():
        for other in {views.workspaces, views.mapping, views.findings} - {read}:
            with pytest.raises(InvalidInput):
                other(services, migration, {"continuationToken": token})


def test_an_unknown_migration_is_not_found_by_any_view(services: Services) -> None:
    for read in (views.workspaces, views.findings, views.mapping):
        with pytest.raises(NotFound):
            read(services, "unknown", {})
    with pytest.raises(NotFound):
        views.migration(services, "unknown")
    with pytest.raises(NotFound):
        list(views.mapping_csv(services, "unknown"))


def test_a_migration_shows_its_first_hundred_and_all_its_numbers(services: Services, migration: str) -> None:
    filled(services, migration, 103, 0)
    for number in range(103):
        services.findings.add(
            migration, "workspace.failed", kind="workspace", id=f"{number}", name="n", message="m"
        )
    services.manifest.recount(migration)
    shown = views.migration(services, migration)
    assert (len(shown["workspaces"]), len(shown["findings"])) == (100, 100)
    assert shown["progress"]["workspaces"] == {"total": 103, "done": 0, "failed": 0}
    assert (shown["status"], shown["error"], shown["cutoverAt"]) == ("planning", None, None)
    assert shown["links"]["self"] == f"/api/migrations/{migration}"


def test_a_migration_shows_what_its_plan_expected_beside_what_has_come_of_it(
    services: Services, migration: str
) -> None:
    filled(services, migration, 1, 3)
    unplanned = views.migration(services, migration)
    assert (unplanned["planned"], unplanned["forecast"]) == ({}, None)
    told = {"calls": {"default": 7}, "seconds": 3, "expectedEnd": "then", "scale": 0.05, "assumptions": []}
    outcomes = {"report": {"moves": 2, "person": 1, "stays": 0}}
    services.documents.write_json(summary_path(migration), {"outcomes": outcomes, "forecast": told})
    shown = views.migration(services, migration)
    assert shown["planned"] == outcomes
    assert shown["forecast"] == {name: told[name] for name in ("calls", "seconds", "expectedEnd", "scale")}


def csv_rows(services: Services, migration: str) -> list[dict[str, str]]:
    text = "".join(views.mapping_csv(services, migration))
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    "name", [*AWKWARD, "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "\x00=1", "'quoted", "a\r\nb"]
)
def test_any_name_is_one_cell_that_no_spreadsheet_runs(services: Services, migration: str, name: str) -> None:
    filled(services, migration, 1, 1, name)
    rows = csv_rows(services, migration)
    assert [list(row) for row in rows] == [MAPPING, MAPPING]
    for row in rows:
        assert row["sourceName"].removeprefix("'").startswith(name.replace("\x00", "").removeprefix("'"))
        assert not row["sourceName"].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(items)
def test_cells_are_neutralised_whatever_the_row_holds(row: ItemRow) -> None:
    line = csv_text.line(MAPPING, views.item_mapping(replace(row, note="=" + row.note)))
    (cells,) = list(csv.reader(io.StringIO(line, newline="")))
    assert len(cells) == len(MAPPING)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in cells)


def test_the_csv_holds_all_rows_not_a_page(services: Services, migration: str) -> None:
    filled(services, migration, 2, 620)
    rows = csv_rows(services, migration)
    assert len(rows) == 2 + 2 * 620
    assert len({(row["workspaceId"], row["kind"], row["sourceId"]) for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (WorkspaceRow("s", "n"), "planned"),
        (WorkspaceRow("s", "n", status="failed"), "failed"),
        (WorkspaceRow("s", "n", status="blocked", state="planned"), "failed"),
        (WorkspaceRow("s", "n", status="failed", state="done", target_id="t"), "done"),
    ],
)
def test_a_workspace_is_done_once_it_stands_in_the_target(row: WorkspaceRow, state: str) -> None:
    assert views.workspace_mapping(row)["state"] == state


def test_a_finding_without_a_workspace_says_null() -> None:
    finding = Finding("info", "a.b", "k", "i", "n", "", "m", "r")
    assert views.finding_view(finding)["workspaceId"] is None
    assert "key" not in views.finding_view(finding)
