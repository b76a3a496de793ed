"""Every item of the source accounted for after a migration: it is in the target and equal, or one task says why not.

The truth is the simulated tenants' own: their census of what there is, and their comparison of what arrived.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from driver import Driver

type Json = dict[str, Any]

SOURCE, TARGET = "contoso", "fabrikam"
MAPPED = frozenset({"report", "paginatedReport", "dataset", "dataflow", "dashboard", "pipeline"})
_OPEN = frozenset({"planned", "creating"})
_TASK = "manual.notMoved"


def unaccounted(
    driver: Driver, migration: str, compared: Json, workspaces: set[str] | None = None
) -> list[str]:
    """A line for each item of the source that is neither in the target and equal nor exactly one task."""
    told = Told(driver, migration, compared)
    return [line for item in items_of(driver, workspaces) for line in _wrong(item, told)]


def items_of(driver: Driver, workspaces: set[str] | None = None) -> list[Json]:
    """What there is to move, in workspaces that live and are nobody's own (or in those of these names)."""
    census = driver.sandbox.control.census(SOURCE)
    ordinary = [row for row in census if row.get("type", "Workspace") == "Workspace"]
    items = [row for row in ordinary if row.get("state", "Active") == "Active" and row["kind"] in MAPPED]
    if workspaces is None:
        return items
    ids = {row["id"] for row in census if row["kind"] == "workspace" and row["name"] in workspaces}
    return [row for row in items if row["workspaceId"] in ids]


class Told:
    """What the app says of a migration, by the ids of the source; and what the two tenants hold."""

    def __init__(self, driver: Driver, migration: str, compared: Json) -> None:
        rows = driver.all(f"migrations/{migration}/mapping")
        self.rows = {row["sourceId"].lower(): row for row in rows if row["kind"] != "workspace"}
        self.spaces = {
            row["sourceId"].lower(): row for row in driver.all(f"migrations/{migration}/workspaces")
        }
        self.findings: dict[str, list[Json]] = defaultdict(list)
        for found in driver.all(f"migrations/{migration}/findings"):
            self.findings[found["id"].lower()].append(found)
        self.left = {row["id"].lower() for row in compared["left"]}
        self.different = Counter(
            (row["kind"], row["workspace"], row["name"]) for row in compared["differences"]
        )
        self.names = {
            row["id"].lower(): row["name"]
            for row in driver.sandbox.control.census(SOURCE)
            if row["kind"] == "workspace"
        }

    def of(self, identity: str, *codes: str) -> list[Json]:
        return [found for found in self.findings[identity] if found["code"] in codes]


def _wrong(item: Json, told: Told) -> list[str]:
    identity, what = item["id"].lower(), f"{item['kind']} {item['name']!r}"
    row = told.rows.get(identity)
    if row is None:
        return [f"{what}: no row"]
    rule = {"done": _arrived, "manual": _task_of, "skipped": _left_behind, "failed": _failed}
    if row["state"] in _OPEN:
        return [f"{what}: {line}" for line in _stopped(item, told)]
    return [f"{what}: {line}" for line in rule[row["state"]](item, row, told)]


def _arrived(item: Json, row: Json, told: Told) -> list[str]:
    place = told.names.get(item["workspaceId"].lower(), "")
    wrong = ["done, and not there"] if item["id"].lower() in told.left else []
    linked = told.of(item["id"].lower(), "content.sourceLinks")  # said with what it still names
    if told.different[item["kind"], place, item["name"]] and not linked:
        wrong.append(f"done, and different in {place!r}")
    if told.of(item["id"].lower(), _TASK, "item.failed"):
        wrong.append("done, and a task all the same")
    return wrong


def _task_of(item: Json, row: Json, told: Told) -> list[str]:
    tasks = len(told.of(item["id"].lower(), _TASK))
    return ([] if tasks == 1 else [f"{tasks} tasks"]) + ([] if row["note"] else ["no note"])


def _left_behind(item: Json, row: Json, told: Told) -> list[str]:
    return [] if row["note"] else ["left behind without a word"]


def _failed(item: Json, row: Json, told: Told) -> list[str]:
    """A model that failed with the report that carries it is told of with that, what never began with its workspace."""
    faults = told.of(item["id"].lower(), "item.failed", "report.exportFailed", "report.importFailed")
    with_another = item["kind"] == "dataset" and row["note"]
    if not faults and (with_another or not _stopped(item, told)):
        return []
    return [] if len(faults) == 1 else [f"failed with {len(faults)} findings"]


def _stopped(item: Json, told: Told) -> list[str]:
    space = told.spaces[item["workspaceId"].lower()]
    blockers = [f for f in told.findings[item["workspaceId"].lower()] if f["severity"] == "blocker"]
    if space["status"] in ("blocked", "failed") and len(blockers) == 1:
        return []
    return [f"open in a workspace that is {space['status']}, {len(blockers)} blockers"]


def rerouted(driver: Driver, migration: str, plan: str) -> dict[str, str]:
    """Items that went another way than the plan said, with both ways (the plan's inventory names the routes)."""
    verdicts = {each["id"].lower(): each for each in driver.all(f"plans/{plan}/items")}
    rows = driver.all(f"migrations/{migration}/mapping")
    found: dict[str, str] = {}
    for row in rows:
        verdict = verdicts.get(row["sourceId"].lower())
        if verdict is None or row["kind"] not in MAPPED:
            continue
        states = _STATES.get(verdict["route"], {"done"})
        if row["state"] not in states:
            found[row["sourceName"]] = f"{row['kind']}: {verdict['route']}, yet {row['state']}"
    return found


_STATES = {"byHand": {"manual"}, "staysBehind": {"skipped"}}
