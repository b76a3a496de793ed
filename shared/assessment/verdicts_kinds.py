"""What becomes of everything that is neither a model nor a report: one small rule per kind."""

from __future__ import annotations

from collections.abc import Callable

from shared.assessment.model import Json, Route
from shared.assessment.reading import access_right, count, listed, lower, name_of, rows, text
from shared.assessment.verdicts_contents import Item
from shared.assessment.verdicts_draft import Cost, Draft, Place, by_hand
from shared.assessment.verdicts_effort import minutes
from shared.assessment.verdicts_fabric import draft_fabric_item, draft_gen2
from shared.models import Kind

_TILES_SHOWN = 20


def _dashboard(item: Item, _place: Place) -> Draft:
    """The API makes empty dashboards only: tiles can't be pinned by it, nor cloned from another tenant."""
    tiles = rows(item.raw, "tiles")
    reason = "An empty dashboard of its name is made; no operation pins tiles."
    if not tiles:
        return Draft(Route.RECREATE, reason, _shell(0))
    names = listed((text(tile, "title") or "untitled" for tile in tiles), _TILES_SHOWN)
    pins = Cost((count(len(tiles), "tile"),), (f"Pin again: {names}.",))
    return Draft(Route.RECREATE, reason, _shell(len(tiles)) + pins)


def _shell(tiles: int) -> Cost:
    alerts = ("comments, data alerts",)
    return Cost(alerts, (), minutes("dashboard") + minutes("tile", tiles))


def _dataflow(item: Item, place: Place) -> Draft:
    if lower(item.raw, "generation") == "2" or lower(item.raw, "type") == "dataflow":
        return draft_gen2(place)
    lost = ("loaded data (a refresh brings it back)", "refresh history")
    if place.facts.has_target and not place.facts.target_user:
        return by_hand(
            "A service principal can't import dataflows, and the target connection has no master user.",
            "Set USERNAME or REFRESH_TOKEN of the target connection; or export its JSON and import that in the portal.",
            lost=lost,
            minutes=minutes("dataflow"),
        )
    return Draft(
        Route.MODEL_JSON,
        "Its model.json is read, rewritten and imported by the target's master user.",
        Cost(lost) + _sources_elsewhere(item.raw, place),
    )


def _sources_elsewhere(dataflow: Json, place: Place) -> Cost:
    groups = {lower(row, "groupId") for row in rows(dataflow, "upstreamDataflows")} - {""}
    outside = sorted(group for group in groups if not place.moves(group))
    if not outside:
        return Cost()
    todo = f"Its linked entities come from workspaces that do not move ({listed(outside)}): point them at others."
    return Cost((), (todo,), minutes("repoint"))


def _datamart(_item: Item, _place: Place) -> Draft:
    return by_hand(
        "No operation exports or creates datamarts.",
        "Rebuild it in the target as a warehouse, a dataflow or a model, then the reports on it.",
        lost=("its data",),
        minutes=minutes("datamart"),
    )


def _workbook(_item: Item, _place: Place) -> Draft:
    return by_hand(
        "No operation downloads workbooks.",
        "Download it in the source workspace and upload it to the target workspace.",
        minutes=minutes("workbook"),
    )


def _app(item: Item, _place: Place) -> Draft:
    people = [user for user in rows(item.raw, "users") if access_right(user)]
    names = listed(text(user, "emailAddress") or name_of(user) or text(user, "identifier") for user in people)
    audience = f"Give it to {names}." if people else "Its audiences are shown only in the portal: copy them."
    return by_hand(
        "No operation creates or publishes apps.",
        "Publish it from the target workspace once its contents are there.",
        audience,
        lost=("its link, installations, audiences",),
        minutes=minutes("app") + minutes("appUser", len(people)),
    )


def _subscription(item: Item, _place: Place) -> Draft:
    people = rows(item.raw, "users")
    about = text(item.raw, "artifactDisplayName") or "its item"
    often = text(item.raw, "frequency")
    return by_hand(
        "No operation creates subscriptions.",
        f"Subscribe {count(len(people), 'principal')} to {about} again{f' ({often})' if often else ''}.",
        minutes=minutes("subscription"),
    )


RULES: dict[Kind, Callable[[Item, Place], Draft]] = {
    Kind.DASHBOARD: _dashboard,
    Kind.DATAFLOW: _dataflow,
    Kind.DATAMART: _datamart,
    Kind.WORKBOOK: _workbook,
    Kind.APP: _app,
    Kind.SUBSCRIPTION: _subscription,
    Kind.FABRIC_ITEM: draft_fabric_item,
}
