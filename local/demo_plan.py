"""The plan held against what came of it: item by item, each deviation by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

type Json = dict[str, Any]
type Key = tuple[str, str]  # kind, id in the source
type Rows = dict[Key, Json]

_REROUTED = "item.rerouted"
_WIDTH = 30


def plan_beside_outcome(verdicts: list[Json], mapping: list[Json], findings: list[Json]) -> list[str]:
    """A table by kind and way of what was planned to move by itself, then everything that went otherwise."""
    rows = {_key(row["kind"], row["sourceId"]): row for row in mapping}
    planned = [row for row in verdicts if row["automated"]]
    expected = Counter((row["kind"], row["route"]) for row in planned)
    moved = Counter((row["kind"], row["route"]) for row in planned if _state(row, rows) == "done")
    head = f"{'planned to move by itself':<{_WIDTH}}{'planned':>8}{'moved':>8}{'not':>8}"
    lines = [
        _line(f"{kind}, {route}", expected[kind, route], moved[kind, route])
        for kind, route in sorted(expected)
    ]
    whole = _line("in all", expected.total(), moved.total())
    return [
        head,
        *lines,
        whole,
        *(_deviations(verdicts, rows, findings) or ["Nothing went otherwise than planned."]),
    ]


def _deviations(verdicts: list[Json], rows: Rows, findings: list[Json]) -> list[str]:
    rerouted = {_key(row["kind"], row["id"]): row["message"] for row in findings if row["code"] == _REROUTED}
    return [line for verdict in verdicts for line in _deviation(verdict, rows, rerouted)]


def _deviation(verdict: Json, rows: Rows, rerouted: dict[Key, str]) -> Iterator[str]:
    key, state = _key(verdict["kind"], verdict["id"]), _state(verdict, rows)
    what = f"{verdict['kind']} {verdict['name']!r} ({verdict['route']})"
    if verdict["automated"] and state != "done":
        why = rows[key]["note"] if key in rows else "it is not in the mapping"
        yield f"not moved, {state}: {what}: {why}"
    elif state == "done" and not verdict["automated"]:
        yield f"moved all the same: {what}"
    elif key in rerouted:
        yield f"moved another way: {what}: {rerouted[key]}"


def _state(verdict: Json, rows: Rows) -> str:
    return str(rows.get(_key(verdict["kind"], verdict["id"]), {}).get("state", "unknown"))


def _key(kind: str, identity: str | None) -> Key:
    return kind, str(identity or "").lower()


def _line(name: str, planned: int, moved: int) -> str:
    return f"{name:<{_WIDTH}}{planned:>8}{moved:>8}{planned - moved:>8}"
