"""The demo may only say that all is well when all of it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.demo_account import accounted
from local.demo_command import REQUEST, SHOWN, Command
from local.demo_figures import calls_made, forecast_beside_outcome, verdict
from local.demo_plan import plan_beside_outcome

CLEAN: dict[str, Any] = {
    "counts": {"report": {"equal": 2, "missing": 0}},
    "differences": [],
    "notCompared": {},
}


def test_all_well() -> None:
    lines, fine = verdict("succeeded", CLEAN, 2, [], [])
    assert fine
    assert "0 differences" in lines[0]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("partial", CLEAN, 2, [], []), "partial"),
        (("succeeded", {**CLEAN, "differences": [{}]}, 2, [], []), "1 difference"),
        (("succeeded", CLEAN, 1, [], []), "1 of 2 changes"),
        (("succeeded", CLEAN, 2, [{"kind": "foreign-token"}], []), "foreign-token"),
        (("succeeded", CLEAN, 2, [], ["report 'Sales' in 'Finance'"]), "report 'Sales'"),
    ],
)
def test_each_thing_that_is_wrong_is_named(arguments: tuple[Any, ...], why: str) -> None:
    lines, fine = verdict(*arguments)
    assert not fine
    assert why in lines[0]


def test_every_item_is_equal_a_task_staying_or_nowhere() -> None:
    def item(kind: str, identity: str) -> dict[str, Any]:
        return {"kind": kind, "id": identity, "name": identity.upper(), "workspace": "W"}

    comparison = {
        **CLEAN,
        "left": [
            item(kind, identity) for kind, identity in (("report", "a"), ("report", "b"), ("tile", "c"))
        ],
        "differences": [{"kind": "dataset"}],
    }
    findings = [
        {"code": "manual.afterMove", **item("report", "A")},
        {"code": "tile.note", **item("tile", "c")},
    ]
    table, lost = accounted(
        comparison, findings, [{"route": "staysBehind", "automated": False, **item("report", "B")}]
    )
    assert [line.split() for line in table[1:]] == [
        ["report", "2", "1", "1", "0"],
        ["tile", "0", "0", "0", "1"],
        ["dataset", "0", "0", "0", "1"],
    ]
    assert lost == ["tile 'C' in 'W'"]


def test_what_is_not_compared_is_shown_with_what_the_plan_says_of_it() -> None:
    def source(identity: str, route: str) -> dict[str, Any]:
        row = {"kind": "gatewayDatasource", "id": identity, "name": identity, "route": route}
        return {**row, "automated": False}

    comparison = {**CLEAN, "left": [], "notCompared": {"gatewayDatasource": 4}}
    verdicts = [source("a", "byHand"), source("b", "recreate"), source("c", "staysBehind")]
    table, lost = accounted(comparison, [], verdicts)
    assert table[-1].split() == ["gatewayDatasource", "0", "2", "1", "1"]
    assert lost == ["gatewayDatasource 'one that no plan named' in 'the tenant'"]


def test_each_deviation_from_the_plan_has_its_name() -> None:
    def planned(kind: str, name: str, route: str, automated: bool = True) -> dict[str, Any]:
        return {"kind": kind, "id": name.upper(), "name": name, "route": route, "automated": automated}

    def mapped(kind: str, name: str, state: str, note: str = "") -> dict[str, Any]:
        return {"kind": kind, "sourceId": name, "state": state, "note": note}

    verdicts = [
        planned("report", "moved", "pbix"),
        planned("report", "refused", "pbix"),
        planned("report", "other", "pbix"),
        planned("dataset", "gone", "definition"),
        planned("dashboard", "by somebody", "byHand", automated=False),
        planned("app", "left", "staysBehind", automated=False),
    ]
    mapping = [
        mapped("report", "moved", "done"),
        mapped("report", "refused", "manual", "Publish it."),
        mapped("report", "other", "done"),
        mapped("dashboard", "by somebody", "done"),
        mapped("app", "left", "skipped"),
    ]
    findings = [{"code": "item.rerouted", "kind": "report", "id": "other", "message": "No file of it."}]
    lines = plan_beside_outcome(verdicts, mapping, findings)
    assert [line.split() for line in lines[1:4]] == [
        ["dataset,", "definition", "1", "0", "1"],
        ["report,", "pbix", "3", "2", "1"],
        ["in", "all", "4", "2", "2"],
    ]
    assert lines[4:] == [
        "not moved, manual: report 'refused' (pbix): Publish it.",
        "moved another way: report 'other' (pbix): No file of it.",
        "not moved, unknown: dataset 'gone' (definition): it is not in the mapping",
        "moved all the same: dashboard 'by somebody' (byHand)",
    ]
    assert plan_beside_outcome(verdicts[:1], mapping, [])[-1] == "Nothing went otherwise than planned."


def test_of_a_long_request_the_beginning_is_shown_and_where_the_whole_lies(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    own, kept = tmp_path / "own", tmp_path / "kept"
    own.mkdir()
    kept.mkdir()
    request = {"id": "demo", "workspaces": [f"Workspace {number}" for number in range(90)]}
    assert Command("http://127.0.0.1:1", own).write(request, kept) == REQUEST
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == SHOWN + 1
    assert lines[-1].endswith(f"more lines: {kept / REQUEST}")
    assert json.loads((kept / REQUEST).read_text()) == json.loads((own / REQUEST).read_text()) == request


def test_figures_come_from_the_sandbox() -> None:
    entry = {"method": "GET", "tenant": "contoso", "status": 429}
    assert "1 (1 contoso, 0 fabrikam)" in calls_made([entry])[0]
    assert calls_made([entry])[0].endswith("answered 429: 1.")


def test_the_forecast_stands_beside_the_outcome_for_every_quota_of_either() -> None:
    forecast = {"calls": {"default": 742, "admin.groups": 2}, "seconds": 37}
    outcome = {"calls": {"default": 729, "admin.other": 1}, "throttled": 3, "seconds": 30.7}
    lines = forecast_beside_outcome(forecast, outcome)
    assert [line.split() for line in lines] == [
        ["forecast", "actual"],
        ["calls", "on", "admin.groups", "2", "0"],
        ["calls", "on", "admin.other", "0", "1"],
        ["calls", "on", "default", "742", "729"],
        ["calls", "in", "all", "744", "730"],
        ["answered", "429", "0", "3"],
        ["seconds", "37", "31"],
    ]
    assert len({len(line) for line in lines}) == 1  # the columns stand below each other
    scaled = forecast_beside_outcome({**forecast, "scale": 0.05}, outcome)
    assert scaled[-1].startswith("seconds (at 0.05 of real ones)")
