"""The demo may only say that all is well when all of it is."""

from __future__ import annotations

from typing import Any

import pytest

from local.demo_figures import calls_made, kinds, verdict

CLEAN: dict[str, Any] = {"counts": {"report": {"equal": 2, "missing": 0}}, "differences": []}


def test_all_well() -> None:
    lines, fine = verdict("succeeded", CLEAN, 2, [])
    assert fine
    assert "0 differences" in lines[0]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("partial", CLEAN, 2, []), "partial"),
        (("succeeded", {**CLEAN, "differences": [{}]}, 2, []), "1 difference"),
        (("succeeded", CLEAN, 1, []), "1 of 2 changes"),
        (("succeeded", CLEAN, 2, [{"kind": "foreign-token"}]), "foreign-token"),
    ],
)
def test_each_thing_that_is_wrong_is_named(arguments: tuple[Any, ...], why: str) -> None:
    lines, fine = verdict(*arguments)
    assert not fine
    assert why in lines[0]


def test_figures_come_from_the_sandbox() -> None:
    assert kinds(CLEAN) == ["report:       2 equal, 0 not"]
    entry = {"method": "GET", "tenant": "contoso", "status": 429}
    assert "1 (1 contoso, 0 fabrikam)" in calls_made([entry])[0]
    assert calls_made([entry])[0].endswith("answered 429: 1.")
