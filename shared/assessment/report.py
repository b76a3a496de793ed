"""The estate report: one page without scripts or requests, which a manager can read, print and pass on.

Names come from somebody else's tenant. The template escapes every one of them, and the page carries a policy by
which a browser would run nothing even if one got through. Styles are in one block known to that policy by its hash.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.assessment import report_charts as charts
from shared.assessment import report_words as words
from shared.assessment.model import Json
from shared.assessment.report_figures import NAMED, Figures, Group, Outcome, Place, Task
from shared.models import Severity

if TYPE_CHECKING:  # 60 ms to import, and few processes make a report
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"
PLACES = 100  # workspaces in the page's table
TASKS = 12  # per kind
UNCHECKED = 40


@dataclass(frozen=True, slots=True)
class Head:
    """Which plan it is."""

    id: str
    status: str  # running | done | failed
    source: str
    target: str  # "" for an assessment
    created: str
    updated: str
    error: str = ""


@cache
def style() -> str:
    return (_TEMPLATES / "estate.css").read_text(encoding="utf-8")


@cache
def policy() -> str:
    """What a browser may do with the page: show it, with these styles. No script, no request, no form."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def page(figures: Figures, head: Head) -> str:
    """The whole page."""
    return _environment().get_template("estate.html").render(**_context(figures, head))


def document(figures: Figures, head: Head) -> Json:
    """The same figures for machines."""
    summary = figures.summary
    return {
        **asdict(head),
        "headline": words.headline(figures),
        "blocking": words.blocking(figures),
        "outcomes": {each: figures.outcomes[each] for each in Outcome},
        "routes": {name: counts.total() for name, counts in sorted(figures.routes.items())},
        "kinds": {name: dict(counts) for name, counts in sorted(figures.matrix.items())},
        "minutes": figures.minutes.total(),
        "minutesByKind": dict(+figures.minutes),
        "minutesByOutcome": {each: figures.work[each] for each in Outcome},
        "findings": {severity: dict(counts) for severity, counts in figures.severity_counts().items()},
        "tasks": {kind: [_task(task) for task in tasks] for kind, tasks in _tasks(figures)},
        "blocked": [place.id for place in figures.places.values() if place.blockers],
        "notCheckable": [finding.message for finding in figures.unchecked],
        **{name: summary.get(name) for name in ("workspaces", "principals", "waves", "forecast", "unread")},
    }


def _task(task: Task) -> Json:
    return {**asdict(task), "names": list(task.names)}


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": words.number,
        "work": words.work,
        "duration": words.duration,
        "size": words.size,
        "scaled": words.scaled,
        "kind": words.kind,
        "route": words.route,
        "plain": _plain,
        "moment": _moment,
    }
    return made


def _context(figures: Figures, head: Head) -> Json:
    summary, places = figures.summary, sorted(figures.places.values(), key=_weight)
    return {
        "head": head,
        "style": style(),
        "policy": policy(),
        "headline": words.headline(figures),
        "blocking": words.blocking(figures),
        "outcomes": charts.outcomes(figures),
        "tiles": _tiles(figures),
        "blockers": [group for group in _groups(figures) if group.severity == Severity.BLOCKER],
        "routes": charts.routes(figures),
        "kinds": charts.kinds(figures),
        "matrix": charts.matrix(figures),
        "findings": charts.findings(figures),
        "severities": {name: counts.total() for name, counts in figures.severity_counts().items()},
        "groups": _groups(figures),
        "named": NAMED,
        "waves": charts.waves(summary.get("waves") or []),
        "largest": charts.largest(figures),
        "forecast": charts.forecast(summary.get("forecast") or {}),
        "tasks": [
            (kind, figures.minutes[kind], tasks[:TASKS], tasks[TASKS:]) for kind, tasks in _tasks(figures)
        ],
        "places": places[:PLACES],
        "more_places": len(places) - len(places[:PLACES]),
        "unchecked": figures.unchecked[:UNCHECKED],
        "more_unchecked": len(figures.unchecked[UNCHECKED:]),
        "unread": summary.get("unread") or [],
        "lost": figures.lost.most_common(),
    }


def _tiles(figures: Figures) -> list[tuple[str, str, str]]:
    """Figure, what it counts, and a word more."""
    summary, severities = figures.summary, figures.severity_counts()
    forecast: dict[str, Any] = summary.get("forecast") or {}
    spaces: dict[str, int] = summary.get("workspaces") or {}
    others = ", ".join(
        f"{words.number(count)} {kind}" for kind, count in spaces.items() if kind != "workspace"
    )
    minutes = figures.minutes.total()
    blocked = sum(1 for place in figures.places.values() if place.blockers)
    return [
        (words.number(sum(spaces.values()) or len(figures.places)), "workspaces", others),
        (words.number(figures.items), "items", words.counted(len(figures.kinds), "kind")),
        (words.work(minutes), "of people's work", words.days(minutes)),
        (
            words.number(severities["blocker"].total()),
            "blockers",
            f"{words.counted(blocked, 'workspace')} wait" if blocked else "",
        ),
        (
            words.duration(forecast.get("seconds")),
            "to move it",
            words.scaled(forecast.get("scale") or 1) or "at the service's quotas",
        ),
        (words.number(summary.get("principals") or 0), "people, groups, apps", "with rights in it"),
    ]


def _groups(figures: Figures) -> list[Group]:
    """Blockers of everything first, then by severity and number."""
    rank = {str(severity): number for number, severity in enumerate(Severity)}
    counts = figures.severity_counts()
    for group in figures.groups.values():
        group.count = counts[group.severity][group.code]
    return sorted(figures.groups.values(), key=lambda g: (rank[g.severity], -g.everywhere, -g.count, g.code))


def _tasks(figures: Figures) -> list[tuple[str, list[Task]]]:
    """Per kind the tasks, the most work first."""
    kinds = sorted(figures.tasks, key=lambda kind: (-figures.minutes[kind], kind))
    return [
        (kind, sorted(figures.tasks[kind].values(), key=lambda task: (-task.minutes, -task.count, task.todo)))
        for kind in kinds
    ]


def _weight(place: Place) -> tuple[int, int, int, str]:
    """What a person wants to see first: what is blocked, then what is most work, then what is large."""
    return (-place.blockers, -place.minutes, -place.outcomes.total(), place.name)


def _plain(text: object) -> str:
    """Without control characters, which are no part of HTML."""
    return "".join(char if char >= " " and char != "\x7f" else " " for char in str(text))


def _moment(text: str) -> str:
    """`2026-11-21 12:00 UTC` of an ISO time."""
    return f"{text[:10]} {text[11:16]} UTC" if len(text) >= 16 else text
