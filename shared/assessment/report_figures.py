"""The figures of an estate report, added up row by row: sums, and the first few of each kind, never whole lists.

Every row of a plan passes through here once, of 10,000 workspaces and all that is in them; what is kept is bounded
by the number of workspaces, and small for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.assessment.model import Route
from shared.finding_codes import CATALOGUE
from shared.models import Finding, ItemRow, ItemState, Kind, Severity, WorkspaceRow

NAMED = 3  # objects named per group; the CSV has all
_TASKS = 500  # different tasks told apart per kind of item; the others are one line
_OTHERS = "Other tasks (see the CSV)"
_NOT_CHECKABLE = "plan.notCheckable"


class Outcome(StrEnum):
    """What a manager asks of an item."""

    MOVES = "moves"  # by itself
    PERSON = "person"  # somebody has to do something
    STAYS = "stays"


@dataclass(slots=True)
class Task:
    """Something to do by hand, and for how many items of a kind."""

    todo: str
    count: int = 0
    minutes: int = 0
    names: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(slots=True)
class Place:
    """One workspace with sums over its items."""

    id: str
    name: str
    target: str = ""
    wave: int | None = None
    route: str = ""
    outcomes: Counter[str] = field(default_factory=Counter[str])
    minutes: int = 0
    blockers: int = 0


@dataclass(slots=True)
class Group:
    """The findings of one code."""

    severity: str
    code: str
    meaning: str
    remedy: str
    count: int = 0
    everywhere: int = 0  # of them those that concern no single workspace
    names: dict[str, int] = field(default_factory=dict[str, int])
    message: str = ""


def is_automated(row: ItemRow | WorkspaceRow) -> bool:
    """Whether this version moves it by itself: what waits for a person is `manual` from the start."""
    return row.state == ItemState.PLANNED and row.route != Route.STAYS_BEHIND


def outcome_of(row: ItemRow | WorkspaceRow) -> Outcome:
    if is_automated(row):
        return Outcome.MOVES
    return Outcome.STAYS if row.route == Route.STAYS_BEHIND else Outcome.PERSON


class Figures:
    """`summary` is what the end of the plan has worked out; the rest is added here."""

    def __init__(self, summary: Mapping[str, Any]) -> None:
        self.summary = summary
        self.outcomes: Counter[str] = Counter()
        self.routes: dict[str, Counter[str]] = {}  # route -> outcome -> items
        self.kinds: dict[str, Counter[str]] = {}  # kind -> outcome -> items
        self.matrix: dict[str, Counter[str]] = {}  # kind -> route -> items
        self.minutes: Counter[str] = Counter()  # kind -> minutes
        self.work: Counter[str] = Counter()  # outcome -> minutes
        self.tasks: dict[str, dict[str, Task]] = {}  # kind -> task -> how often
        self.places: dict[str, Place] = {}
        self.groups: dict[str, Group] = {}
        self.unchecked: list[Finding] = []
        self.lost: Counter[str] = Counter()

    @property
    def items(self) -> int:
        return self.outcomes.total()

    def add_workspace(self, row: WorkspaceRow, wave: int | None) -> None:
        place = self._place(row.source_id, row.source_name)
        place.target, place.wave, place.route = row.target_name, wave, row.route
        place.minutes += row.minutes
        self._count(Kind.WORKSPACE, row)

    def add_item(self, row: ItemRow) -> None:
        outcome = self._count(row.kind, row)
        if row.lost:
            self.lost[row.kind] += 1
        if row.workspace_id:
            place = self._place(row.workspace_id, "")
            place.outcomes[outcome] += 1
            place.minutes += row.minutes

    def add_finding(self, finding: Finding) -> None:
        if finding.code == _NOT_CHECKABLE:
            self.unchecked.append(finding)
        group = self.groups.setdefault(finding.code, _group(finding))
        group.count += 1
        group.everywhere += not finding.workspace_id
        _name(group.names, finding.name)
        if finding.severity == Severity.BLOCKER and finding.workspace_id:
            self._place(finding.workspace_id, "").blockers += 1

    def severity_counts(self) -> dict[str, Counter[str]]:
        """`{severity: {code: n}}`: of all findings, not only of those that were looked at here."""
        told: Mapping[str, Mapping[str, int]] = self.summary.get("findings") or {}
        counts = {str(severity): Counter(told.get(severity) or {}) for severity in Severity}
        for group in self.groups.values():
            seen = counts[group.severity]
            seen[group.code] = max(seen[group.code], group.count)
        return counts

    def _count(self, kind: str, row: ItemRow | WorkspaceRow) -> Outcome:
        """A workspace is an item too: it has a verdict like all that is in it."""
        outcome = outcome_of(row)
        self.outcomes[outcome] += 1
        self.routes.setdefault(row.route, Counter())[outcome] += 1
        self.kinds.setdefault(kind, Counter())[outcome] += 1
        self.matrix.setdefault(kind, Counter())[row.route] += 1
        self.minutes[kind] += row.minutes
        self.work[outcome] += row.minutes
        self._add_task(kind, row.todo, row.minutes, row.source_name)
        return outcome

    def _add_task(self, kind: str, todo: str, minutes: int, name: str) -> None:
        if not (todo or minutes):
            return
        tasks = self.tasks.setdefault(kind, {})
        text = todo if todo in tasks or len(tasks) < _TASKS else _OTHERS
        task = tasks.setdefault(text, Task(text))
        task.count += 1
        task.minutes += minutes
        _name(task.names, name)

    def _place(self, identity: str, name: str) -> Place:
        place = self.places.setdefault(identity.lower(), Place(identity, name or identity))
        if name:
            place.name = name
        return place


def _name(names: dict[str, int], name: str) -> None:
    """The first ones with how often each occurs: only so they and the others add up to the number of the whole."""
    if name and (name in names or len(names) < NAMED):
        names[name] = names.get(name, 0) + 1


def _group(finding: Finding) -> Group:
    entry = CATALOGUE.get(finding.code)
    meaning = entry.meaning if entry else finding.message
    return Group(finding.severity, finding.code, meaning, finding.remedy, message=finding.message)
