"""The words of an estate report: labels, durations and the verdict in one sentence a manager can repeat."""

from __future__ import annotations

from shared.assessment.model import Route
from shared.assessment.report_figures import Figures, Outcome

_DAY_H = 8  # of a person's work

_ROUTES: dict[str, str] = {
    Route.PBIX: "As a file (PBIX)",
    Route.DEFINITION: "As a definition (TMDL, PBIR)",
    Route.RDL: "As an RDL file",
    Route.MODEL_JSON: "As model.json",
    Route.RECREATE: "Made anew",
    Route.BY_HAND: "By hand",
    Route.STAYS_BEHIND: "Stays behind",
}
OUTCOMES = {
    Outcome.MOVES: "move by themselves",
    Outcome.PERSON: "need a person",
    Outcome.STAYS: "stay behind",
}
_KINDS = {
    "workspace": "Workspaces",
    "report": "Reports",
    "paginatedReport": "Paginated reports",
    "dataset": "Semantic models",
    "dataflow": "Dataflows",
    "dashboard": "Dashboards",
    "app": "Apps",
    "gatewayDatasource": "Gateway data sources",
    "pipeline": "Deployment pipelines",
    "subscription": "Subscriptions",
    "workbook": "Workbooks",
    "datamart": "Datamarts",
    "fabricItem": "Fabric items",
}
_QUOTAS = {
    "default": "Ordinary calls",
    "dataset.refresh": "Model refreshes",
    "dataset.executeQueries": "Queries",
    "users.refreshPermissions": "Refresh of own rights",
    "admin.getInfo": "Scans asked for",
    "admin.scanStatus": "Looks at scans",
    "admin.scanResult": "Scan results",
    "admin.groups": "Lists of workspaces (admin)",
    "admin.items": "Lists of items (admin)",
    "admin.other": "Other admin calls",
    "admin.activityEvents": "Activity events",
    "fabric.platform": "Fabric calls",
    "fabric.jobs": "Fabric jobs",
    "fabric.lro": "Fabric operations",
}


def route(name: str) -> str:
    return _ROUTES.get(name, name or "Not decided")


def kind(name: str) -> str:
    return _KINDS.get(name, name)


def quota(key: str) -> str:
    return _QUOTAS.get(key, key)


def number(value: float) -> str:
    """`12,345`."""
    return f"{value:,.0f}"


def counted(count: int, one: str, many: str = "") -> str:
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def work(minutes: int) -> str:
    """Work of a person, as exact as an estimate may sound."""
    if minutes < 90:
        return counted(minutes, "minute")
    return counted(round(minutes / 60), "hour")


def days(minutes: int) -> str:
    """The same in working days, where it is more than two."""
    whole = round(minutes / 60 / _DAY_H)
    return counted(whole, "working day") if whole > 2 else ""


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "not known"
    minutes = round(seconds / 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 90:
        return counted(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest:02d} min" if rest else counted(hours, "hour")
    return f"{hours // 24} days {hours % 24} h"


def scaled(scale: float) -> str:
    """ "" where the times are those of the real service."""
    return "" if scale == 1 else f"at {scale:g} of the real service's times"


def size(bytes_: float | None) -> str:
    if bytes_ is None:
        return "not told by any API"
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if bytes_ < 1024:
            return f"{bytes_:,.0f} {unit}"
        bytes_ /= 1024
    return f"{bytes_:,.1f} TiB"


def headline(figures: Figures) -> str:
    """`312 of 400 items move by themselves; 61 need a person, about 14 hours; 27 stay behind.`

    Each time is the work of those items alone: what moves by itself may leave some to people too.
    """
    if not figures.items:
        return "No item was found."
    moves, person, stays = (figures.outcomes[each] for each in Outcome)
    after, instead, beside = (figures.work[each] for each in Outcome)
    text = f"{number(moves)} of {counted(figures.items, 'item')} {_verb(moves, 'move')} by {_self(moves)}"
    parts = [text + (f" and {_verb(moves, 'leave')} about {work(after)} of work to people" if after else "")]
    if person:
        parts.append(f"{number(person)} {_verb(person, 'need')} a person" + _about(instead))
    if stays:
        parts.append(f"{number(stays)} {_verb(stays, 'stay')} behind" + _about(beside, " of work"))
    return "; ".join(parts) + "."


def _about(minutes: int, of: str = "") -> str:
    return f", about {work(minutes)}{of}" if minutes else ""


def blocking(figures: Figures) -> str:
    """The sentence after the headline: what keeps this from starting, or a part of it."""
    blockers = [group for group in figures.groups.values() if group.severity == "blocker"]
    everywhere = sum(group.everywhere for group in blockers)
    places = sum(1 for place in figures.places.values() if place.blockers)
    if everywhere:
        who = f"{counted(everywhere, 'blocker')} {'stands' if everywhere == 1 else 'stand'}"
        return f"{who} in the way of everything: nothing starts before that is solved."
    if places:
        what = "it is" if places == 1 else "them is"
        who = counted(places, "workspace")
        return f"Nothing stops it as a whole, but {who} can't begin before what blocks {what} solved."
    return "Nothing was found that would stop it."


def _verb(count: int, word: str) -> str:
    return f"{word}s" if count == 1 else word


def _self(count: int) -> str:
    return "itself" if count == 1 else "themselves"
