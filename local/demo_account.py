"""What became of everything there is in the source: equal in the target, somebody's task, left behind, or lost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

type Json = dict[str, Any]

_COLUMNS = ("equal", "a task", "stays", "neither")
_KIND, _WIDTH = 18, 9


def accounted(comparison: Json, findings: list[Json], verdicts: list[Json]) -> tuple[list[str], list[str]]:
    """A table of what became of everything, kind by kind, and the names of what is nowhere to be found.

    Each item is equal in the target, or named in exactly one task for a person, or stays behind by its verdict.
    """
    fates = _Fates(findings, verdicts)
    table: dict[str, Counter[str]] = defaultdict(Counter[str])
    for kind, row in comparison["counts"].items():
        table[kind]["equal"] = row["equal"]
    lost: list[str] = []
    for item in [*comparison["left"], *_not_compared(comparison, verdicts)]:
        fate = fates.of(item)
        table[item["kind"]][fate] += 1
        if fate == "neither":
            lost.append(f"{item['kind']} {item['name']!r} in {item.get('workspace') or 'the tenant'!r}")
    for difference in comparison["differences"]:
        table[difference["kind"]]["neither"] += 1
    head = _line("what became of it", _COLUMNS)
    return [head, *(_line(kind, [row[column] for column in _COLUMNS]) for kind, row in table.items())], lost


class _Fates:
    """What the app has said of the items that are not in the target."""

    def __init__(self, findings: list[Json], verdicts: list[Json]) -> None:
        self._tasks = {_place(row) for row in findings if row["code"].startswith("manual.")}
        self._stays = {_place(row) for row in verdicts if row["route"] == "staysBehind"}
        # Workbooks and subscriptions cost scarce quotas to list: only the plan names them. A way that this version
        # does not go by itself (data sources of gateways) is a task too.
        self._tasks |= {_place(row) for row in verdicts if not row["automated"]} - self._stays

    def of(self, item: Json) -> str:
        place = _place(item)
        return "a task" if place in self._tasks else "stays" if place in self._stays else "neither"


def _not_compared(comparison: Json, verdicts: list[Json]) -> Iterator[Json]:
    """Of the kinds that the comparison only counts, what the plan has named, and what it has not."""
    for kind, count in comparison["notCompared"].items():
        named = [row for row in verdicts if row["kind"] == kind]
        yield from named
        for _ in range(count - len(named)):
            yield {"kind": kind, "id": "", "name": "one that no plan named"}


def _place(row: Json) -> tuple[str, str]:
    """An item as all three lists name it: settings are their workspace's, and what has no id goes by its name."""
    kind = "workspace" if row["kind"] == "workspaceSetting" else row["kind"]
    nameless = not row["id"] or kind == "workbook"  # the service lists workbooks without an id
    return kind, str(row["name"] if nameless else row["id"]).lower()


def _line(name: str, cells: Any) -> str:
    return f"{name:<{_KIND}}" + "".join(f"{cell:>{_WIDTH}}" for cell in cells)
