"""A plan in words: the verdict in one sentence, then routes, order, forecast and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cli.api import Api, Json
from cli.exits import PLANNED
from cli.output import say
from cli.report import besides, show_findings

_WAVES = 5
_TASKS = 3
_ROUTES = {
    "pbix": "as a file (PBIX)",
    "definition": "as a definition",
    "rdl": "as an RDL file",
    "modelJson": "as model.json",
    "recreate": "made anew",
    "byHand": "by hand",
    "staysBehind": "stays behind",
}


def plan_line(state: Json) -> str:
    """`running  workspaces 12  report 40 (2 by hand)`: what has been read so far."""
    seen = (f"{name} {count}{more}" for name, count, more in _seen(state))
    return "  ".join([state["status"].ljust(8), *seen])


def plan_bars(state: Json) -> Iterator[tuple[str, int, int, str]]:
    """Nobody knows how much there is before all is read: until then the bars only move."""
    is_made = state["status"] in PLANNED
    yield state["id"][:16], int(is_made), int(is_made), state["status"]
    for name, count, more in _seen(state):
        yield name, count, count if is_made else 0, f"{count}{more}"


def blockers(state: Json) -> int:
    told: dict[str, int] = state["findingCounts"].get("blocker") or {}
    return sum(told.values()) or sum(row["severity"] == "blocker" for row in state["findings"])


def show_plan(state: Json, api: Api) -> None:
    """The whole of `plan` for people."""
    target = f" -> {state['target']}" if state["target"] else ", an assessment of the source alone"
    say(f"Plan {state['id']}: {state['status']}  ({state['source']}{target})")
    if state["error"]:
        say(f"  {state['error']['code']}: {state['error']['message']}")
    if state["status"] == "done":
        _show_figures(state, api.plan_figures(state["id"]))
    show_findings(state["findings"], f"pbimigrate findings {state['id']} --plan")
    if state["unread"]:
        say(
            "Not read: "
            + "; ".join(f"{part['side']} {part['part']} ({part['reason']})" for part in state["unread"])
        )


def _show_figures(state: Json, figures: Json) -> None:
    say(figures["headline"], figures["blocking"])
    spaces = ", ".join(f"{count} {kind}" for kind, count in state["workspaces"].items())
    say(f"  {'workspaces':<18} {spaces or '0'}")
    for route, count in sorted(figures["routes"].items(), key=lambda pair: -pair[1]):
        say(f"  {_ROUTES.get(route, route):<18} {count}")
    _show_tasks(figures["tasks"])
    _show_waves(state["waves"])
    _show_forecast(state["forecast"])


def _show_tasks(tasks: dict[str, list[Json]]) -> None:
    """The most work first; the report has all."""
    every = sorted(
        ((task["minutes"], kind, task) for kind, some in tasks.items() for task in some),
        key=lambda entry: -entry[0],
    )
    if not every:
        return
    say(f"Most work for people, of {sum(minutes for minutes, _, _ in every)} minutes:")
    for minutes, kind, task in every[:_TASKS]:
        say(f"  {minutes} min  {kind} ({task['count']}): {task['todo'] or 'look whether it has arrived'}")


def _show_waves(waves: list[Json]) -> None:
    if len(waves) < 2:
        return
    say(f"Waves: {len(waves)}")
    for wave in waves[:_WAVES]:
        first = ", ".join(wave["first"][:3])
        say(f"  {wave['wave']}: {wave['workspaces']} workspaces, {wave['items']} items ({first} …)")


def _show_forecast(forecast: dict[str, Any]) -> None:
    calls: dict[str, int] = forecast["calls"]
    if not calls:
        return
    seconds = forecast["seconds"]
    span = "an unknown time" if seconds is None else _span(seconds)
    say(f"Forecast: {sum(calls.values())} calls, {span}{_scaled(forecast.get('scale', 1))}")
    say("  " + ", ".join(f"{count} {key}" for key, count in sorted(calls.items(), key=lambda pair: -pair[1])))


def _scaled(scale: float) -> str:
    return "" if scale == 1 else f" (at {scale:g} of the real service's times: POLL_SCALE)"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def _seen(state: Json) -> Iterator[tuple[str, int, str]]:
    """What stays behind is told once the plan is made."""
    progress, routes = state["progress"], state.get("kinds") or {}
    yield "workspaces", progress["workspaces"].get("total", 0), ""
    for kind, count in progress["items"].items():
        stays = routes.get(kind, {}).get("staysBehind", 0)
        yield kind, count.get("total", 0), besides({**count, "stays": stays})
