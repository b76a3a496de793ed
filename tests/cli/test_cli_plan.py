"""Planning by command against a running app: the summary, its files, its exit codes, and what it refuses."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from driver import Driver

from cli import exits
from cli.api import chain_pages
from cli.plan_report import blockers, plan_bars, plan_line


def write(folder: Path, **body: Any) -> str:
    file = folder / "request.json"
    file.write_text(json.dumps(body))
    return str(file)


def test_a_plan_with_its_report_and_both_inventories(
    driver_of: Callable[..., Driver], pbimigrate: Callable[..., Any], tmp_path: Path
) -> None:
    driver = driver_of(workspaces=2)
    url, request = driver.app.url, write(tmp_path, **driver.sandbox.control.suggested_request())
    page, table = tmp_path / "estate.html", tmp_path / "verdicts.csv"

    made = pbimigrate("plan", request, "--id", "first", "--report", str(page), "--csv", str(table), url=url)
    assert made.code == exits.OK, made
    assert "Plan first: done  (contoso -> fabrikam)" in made.out
    assert "items move by themselves" in made.out
    assert re.search(
        r"Forecast: \d+ calls, \d+ s \(at 0\.02 of the real service's times: POLL_SCALE\)", made.out
    )
    assert "<h1>" in page.read_text(encoding="utf-8")
    with table.open(encoding="utf-8-sig", newline="") as text:
        verdicts = list(csv.DictReader(text))
    assert {row["kind"] for row in verdicts} == {"workspace", "report", "dataset"}

    again = pbimigrate("plan", request, "--id", "first", "--json", url=url)
    assert (again.code, again.json["status"], again.err) == (0, "done", "")
    assert sum(again.json["items"].values()) == len(verdicts)
    listed = pbimigrate("plans", "--json", url=url).json["value"]
    assert [(row["id"], row["status"]) for row in listed] == [("first", "done")]

    whole, rows = tmp_path / "inventory.jsonl", tmp_path / "inventory.csv"
    assert pbimigrate("inventory", "first", "--output", str(whole), url=url).code == 0
    documents = [json.loads(line) for line in whole.read_text(encoding="utf-8").splitlines()]
    assert sum("reports" in document for document in documents) == 2
    assert pbimigrate("inventory", "first", "--output", str(rows), "--format", "csv", url=url).code == 0
    with rows.open(encoding="utf-8-sig", newline="") as text:
        items = {row["id"] for row in csv.DictReader(text) if row["kind"] in {"report", "dataset"}}
    assert items >= {row["id"] for row in verdicts if row["kind"] != "workspace"}
    assert driver.sandbox.control.writes() == []


def test_an_assessment_needs_no_target_and_no_watching(
    driver_of: Callable[..., Driver], pbimigrate: Callable[..., Any], tmp_path: Path
) -> None:
    url, request = driver_of(workspaces=1).app.url, write(tmp_path, source="contoso", workspaces=["*"])
    begun = pbimigrate("plan", request, "--no-watch", "--json", url=url)
    assert (begun.code, begun.json["target"]) == (0, None)
    made = pbimigrate("plan", request, url=url)
    assert (made.code, f"Plan {begun.json['id']}: done" in made.out) == (0, True), made
    assert "an assessment of the source alone" in made.out


def test_blockers_and_a_plan_that_can_not_be_made_have_their_exit_codes(
    driver_of: Callable[..., Driver], pbimigrate: Callable[..., Any], tmp_path: Path
) -> None:
    driver = driver_of(workspaces=2)
    url, suggested = driver.app.url, driver.sandbox.control.suggested_request()
    taken = min(space["name"] for space in driver.sandbox.control.state("contoso")["workspaces"])
    driver.sandbox.control.act("fabrikam", "createWorkspace", name=taken)
    blocked = pbimigrate("plan", write(tmp_path, **suggested), url=url)
    assert blocked.code == exits.BLOCKED, blocked
    assert f"blocker workspace.nameTaken (1): {taken}" in blocked.out
    told = re.search(r"pbimigrate (findings \S+ --plan)", blocked.out)
    assert told
    assert f"workspace.nameTaken\tworkspace\t{taken}" in pbimigrate(*told.group(1).split(), url=url).out

    refused = pbimigrate("plan", write(tmp_path, source="nowhere", workspaces=["*"]), url=url)
    assert (refused.code, refused.out) == (exits.REFUSED, "")
    unknown = pbimigrate("inventory", "no-such", "--output", str(tmp_path / "x"), url=url)
    assert unknown.code == exits.REFUSED
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan",),
        ("plan", "FILE", "--no-watch", "--report", "r.html"),
        ("plan", "FILE", "--report", "/no/such/folder/r.html"),
        ("plan", "NO JSON", "--id", "x"),
        ("plan", "A LIST", "--id", "x"),
        ("inventory", "x"),
        ("inventory", "x", "--output", "-", "--json"),
        ("inventory", "x", "--output", "-", "--format", "xml"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_sent(
    pbimigrate: Callable[..., Any], arguments: tuple[str, ...], tmp_path: Path
) -> None:
    texts = {"FILE": "{}", "NO JSON": "{", "A LIST": "[]"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    given = [str(tmp_path / each) if each in texts else each for each in arguments]
    found = pbimigrate(*given, url="http://127.0.0.1:1")
    assert (found.code, found.out) == (exits.USAGE, "")


def state(status: str, **more: Any) -> dict[str, Any]:
    counts = {"workspaces": {"total": 3}, "items": {"report": {"total": 7, "manual": 2}}}
    return {"id": "p", "status": status, "progress": counts, "findingCounts": {}, "findings": [], **more}


def test_a_plan_under_way_shows_what_was_read_and_promises_no_end() -> None:
    assert plan_line(state("running")) == "running   workspaces 3  report 7 (2 by hand)"
    assert list(plan_bars(state("running"))) == [
        ("p", 0, 0, "running"),
        ("workspaces", 3, 0, "3"),
        ("report", 7, 0, "7 (2 by hand)"),
    ]
    made = state("done", kinds={"report": {"pbix": 4, "byHand": 2, "staysBehind": 1}})
    assert plan_line(made) == "done      workspaces 3  report 7 (2 by hand, 1 left behind)"
    assert [(ended, total) for _, ended, total, _ in plan_bars(state("done"))] == [(1, 1), (3, 3), (7, 7)]


def test_blockers_are_counted_also_before_the_sums_are_there() -> None:
    assert blockers(state("done", findingCounts={"blocker": {"a.b": 2, "c.d": 1}})) == 3
    assert blockers(state("done", findings=[{"severity": "blocker"}, {"severity": "info"}])) == 1
    assert exits.of_plan("failed", 1) == exits.FAILED


def test_pages_of_a_file_are_read_one_after_the_other_and_the_first_at_once() -> None:
    asked: list[str | None] = []

    def read(token: str | None) -> tuple[bytes, str | None]:
        asked.append(token)
        return (token or "0").encode(), {None: "1", "1": "2", "2": None}[token]

    pages = chain_pages(read)
    assert asked == [None]
    assert b"".join(pages) == b"012"
