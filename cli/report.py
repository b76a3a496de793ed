"""A migration in words: counts per kind, and findings grouped by what has to be done about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from cli.api import Api, Json
from cli.exits import RESTING
from cli.output import say

SEVERITIES = ("blocker", "warning", "info")
_MOVED = frozenset({"ready", "succeeded", "partial"})
_BESIDES = (("failed", "failed"), ("manual", "by hand"), ("stays", "left behind"))
_NAMED = 3  # objects named per kind of finding; `findings` has all


def progress_line(state: Json) -> str:
    """`running  workspaces 3/20  report 7/40`, with what failed or waits for a person."""
    return "  ".join([state["status"].ljust(10), *(f"{name} {text}" for name, _, _, text in _rows(state))])


def bar_texts(state: Json) -> Iterator[tuple[str, int, int, str]]:
    """Name, ended, total and text of each bar; the first row is the status itself."""
    workspaces = state["progress"]["workspaces"]
    ended = workspaces.get("total", 0) if state["status"] in RESTING else _ended(workspaces)
    yield state["id"][:16], ended, workspaces.get("total", 0), state["status"]
    yield from _rows(state)


def show(state: Json, api: Api) -> None:
    """The whole of `status` for people."""
    say(f"Migration {state['id']}: {state['status']}  ({state['source']} -> {state['target']})")
    if state.get("error"):
        say(f"  {state['error']['code']}: {state['error']['message']}")
    for name, _, _, text in _rows(state):
        say(f"  {name:<16} {text}")
    say(*_not_as_planned(state))
    _failed_workspaces(state)
    show_findings(api.rows(state["id"], "findings"), f"pbimigrate findings {state['id']}")
    _next_step(state)


def _rows(state: Json) -> Iterator[tuple[str, int, int, str]]:
    yield _row("workspaces", state["progress"]["workspaces"])
    planned: dict[str, dict[str, int]] = state.get("planned") or {}
    for kind, count in state["progress"]["items"].items():
        yield _row(kind, {**count, "stays": planned.get(kind, {}).get("stays", 0)})


def _row(name: str, count: dict[str, int]) -> tuple[str, int, int, str]:
    total = count.get("total", 0)
    return name, _ended(count), total, f"{count.get('done', 0)}/{total}{besides(count)}"


def _ended(count: dict[str, int]) -> int:
    return sum(count.get(name, 0) for name in ("done", "failed", "manual", "stays"))


def besides(count: dict[str, int]) -> str:
    """` (2 by hand, 1 left behind)`: what is no progress and yet at its end."""
    told = [f"{count[name]} {word}" for name, word in _BESIDES if count.get(name)]
    return f" ({', '.join(told)})" if told else ""


def _not_as_planned(state: Json) -> Iterator[str]:
    """Once it has moved: the kinds of which not as many have arrived as the plan said."""
    if state["status"] not in _MOVED:
        return
    planned: dict[str, dict[str, int]] = state.get("planned") or {}
    for kind, count in state["progress"]["items"].items():
        arrived = count.get("done", 0)
        expected = planned.get(kind, {}).get("moves", arrived)
        if expected != arrived:
            yield f"  Not as planned: {kind}, {expected} to move by themselves, {arrived} moved (the findings say why)"


def _failed_workspaces(state: Json) -> None:
    """Of the first hundred, which is what the status holds; `workspaces` has all."""
    for row in state["workspaces"]:
        if row["status"] in {"failed", "blocked"}:
            error: dict[str, Any] = row.get("error") or {}
            why = f"{error.get('code')}: {error.get('message')}" if error else "see the findings"
            say(f"  {row['status']} at {row['step']}: {row['sourceName']} ({why})")


def show_findings(rows: Iterable[Json], all_of_them: str) -> None:
    """Grouped by what has to be done about them; `all_of_them` tells where each has its message."""
    groups: dict[tuple[str, str, str], list[Json]] = {}
    for row in rows:
        groups.setdefault((row["severity"], row["code"], row["remedy"]), []).append(row)
    totals = Counter({severity: 0 for severity in SEVERITIES})
    for (severity, _, _), members in groups.items():
        totals[severity] += len(members)
    if not groups:
        say("No findings.")
        return
    say("Findings: " + ", ".join(f"{count} {name}" for name, count in totals.items() if count))
    for severity, code, remedy in sorted(groups, key=lambda group: (_rank(group[0]), group[1])):
        members = groups[severity, code, remedy]
        say(f"  {severity} {code} ({len(members)}): {_names(members)}", f"    -> {remedy}")
    say(f"  Each of them with its message: {all_of_them}")


def _names(members: list[Json]) -> str:
    """The first names, a repeated one with its number: these and the others add up to the members."""
    names = Counter(str(row["name"] or row["id"]) for row in members)
    first = dict(islice(names.items(), _NAMED))
    more = len(members) - sum(first.values())
    shown = [f"{name} ({count})" if count > 1 else name for name, count in first.items()]
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _next_step(state: Json) -> None:
    if state["status"] == "ready" or (state["status"] == "partial" and not state.get("cutoverAt")):
        say(f"Copied and checked. When people may move over: pbimigrate cutover {state['id']}")
