"""The demo may only say that all is well when all of it is."""

from __future__ import annotations

from typing import Any

import pytest

from local.demo_figures import accounted, calls_made, forecast_beside_outcome, verdict

CLEAN: dict[str, Any] = {"counts": {"report": {"equal": 2, "missing": 0}}, "differences": []}


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
    table, lost = accounted(comparison, findings, [{"route": "staysBehind", **item("report", "B")}])
    assert [line.split() for line in table[1:]] == [
        ["report", "2", "1", "1", "0"],
        ["tile", "0", "0", "0", "1"],
        ["dataset", "0", "0", "0", "1"],
    ]
    assert lost == ["tile 'C' in 'W'"]


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
