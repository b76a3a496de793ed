"""What becomes of a workspace as such, and of everything in one that stays behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.assessment.model import Facts, Route, Verdict
from shared.assessment.reading import as_object, lower, record, text
from shared.assessment.verdicts_contents import Contents, Item
from shared.assessment.verdicts_draft import Cost, Draft, Place, stays_behind
from shared.assessment.verdicts_effort import minutes
from shared.models import Kind

_PERSONAL = frozenset({"personalgroup", "personal"})
_SOMEBODYS = "It is somebody's personal workspace, to which neither app nor admin has access."
_OF_THE_SERVICE = frozenset({"admininsights", "adminworkspace"})
_CLASSIC = "group"
_WORTH_MOVING = frozenset({Kind.REPORT, Kind.PAGINATED_REPORT, Kind.WORKBOOK, Kind.DASHBOARD, Kind.DATAFLOW})
_GONE = {"deleted": "It is deleted.", "removing": "It is being deleted."}


def kind_of(group: Mapping[str, Any]) -> str:
    """workspace | personal | deleted | orphaned | classic: the one that matters most."""
    kind, state = lower(group, "type"), lower(group, "state")
    if state in _GONE:
        return "deleted"
    if kind in _PERSONAL:
        return "personal"
    if state == "orphaned":
        return "orphaned"
    return "classic" if kind == _CLASSIC else "workspace"


def why_it_stays(group: Mapping[str, Any]) -> str:
    """ "" for a workspace that moves."""
    if lower(group, "type") in _PERSONAL:
        return _SOMEBODYS
    if lower(group, "type") in _OF_THE_SERVICE:
        return "The service itself makes this workspace, in each tenant."
    return _GONE.get(lower(group, "state"), "")


def judge_workspace(group: Mapping[str, Any], facts: Facts) -> Verdict:
    """Of a group as the lists give it, or of an inventory document."""
    place = Place(text(group, "id"), Contents(), facts, frozenset())
    item = Item(Kind.WORKSPACE, place.id, as_object(group))
    return _draft(group, facts).verdict(place, item)


def _draft(group: Mapping[str, Any], facts: Facts) -> Draft:
    stays = why_it_stays(group)
    if stays:
        return stays_behind(stays, *_for_the_owner(group))
    draft = Draft(Route.RECREATE, "It is made by API, with its capacity and its users.")
    return draft.and_also((_orphaned(group), _classic(group), _settings(group), _right(facts)))


def _for_the_owner(group: Mapping[str, Any]) -> tuple[str, ...]:
    if lower(group, "type") not in _PERSONAL:
        return ()
    return ("Let its owner move what is needed to a workspace that moves, or publish it in the new tenant.",)


def _orphaned(group: Mapping[str, Any]) -> Cost:
    if lower(group, "state") != "orphaned":
        return Cost()
    return Cost((), ("Name an owner: it has no admin any more.",), minutes("workspaceOwner"))


def _classic(group: Mapping[str, Any]) -> Cost:
    """A classic workspace belongs to a Microsoft 365 group, which is not Power BI's to move."""
    if lower(group, "type") != _CLASSIC:
        return Cost()
    lost = ("its Microsoft 365 group with mailbox, files and membership",)
    return Cost(lost, ("Give the group's members a role in the new workspace.",), minutes("workspaceSetting"))


def _settings(group: Mapping[str, Any]) -> Cost:
    linked = [
        name
        for name, found in (
            ("Log Analytics", bool(record(group, "logAnalyticsWorkspace"))),
            ("dataflow storage", bool(text(group, "dataflowStorageId"))),
        )
        if found
    ]
    return Cost(
        tuple(f"link to {name}" for name in linked),
        tuple(f"Connect {name} in the settings of the target workspace." for name in linked),
        minutes("workspaceSetting", len(linked)),
    )


def _right(facts: Facts) -> Cost:
    if facts.right not in ("none", "read"):
        return Cost()
    todo = "Give the source identity the Contributor role in it (a master user who is its admin can)."
    return Cost((), (todo,), minutes("sourceRight"))


def left_with_its_workspace(item: Item, place: Place) -> Draft:
    """An item of a workspace that stays: its owner's to take along where the workspace is personal."""
    reason = f"Its workspace stays behind. {place.stays}"
    if place.stays != _SOMEBODYS or item.kind not in _WORTH_MOVING:
        return stays_behind(reason)
    return stays_behind(
        reason, "Its owner saves a copy and publishes it again.", minutes=minutes("ownersItem")
    )
