"""What becomes of a workspace as such, and of everything in one that stays behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.assessment.model import Facts, Route, Verdict
from shared.assessment.reading import as_object, lower, record, rows, text
from shared.assessment.verdicts_contents import Contents, Item
from shared.assessment.verdicts_draft import Cost, Draft, Place, stays_behind
from shared.assessment.verdicts_effort import minutes
from shared.models import Kind

_PERSONAL = frozenset({"personalgroup", "personal"})
_BY_TYPE = {"": "workspace", "workspace": "workspace", "group": "classic"}
_LIVE = frozenset({"", "active", "orphaned"})
_KINDS = frozenset({"workspace", "classic", "orphaned", "personal", "deleted", "other"})
_WHY = {
    "personal": "It is somebody's personal workspace, to which neither app nor admin has access.",
    "deleted": "It is deleted, or being deleted.",
    "other": "The service itself makes workspaces of this type.",
}
_WORTH_MOVING = frozenset({Kind.REPORT, Kind.PAGINATED_REPORT, Kind.WORKBOOK, Kind.DASHBOARD, Kind.DATAFLOW})


def kind_of(group: Mapping[str, Any]) -> str:
    """workspace | classic | orphaned | personal | deleted | other: what matters most of it.

    The `kind` of a selection's entry goes before what a document says, which may not have been read; its users tell
    an orphan whose state does not. Lists that don't tell type and state hold only live workspaces.
    """
    told = text(group, "kind")
    kind = told if told in _KINDS else _by_type_and_state(group)
    return "orphaned" if kind == "workspace" and _has_no_admin(group) else kind


def _by_type_and_state(group: Mapping[str, Any]) -> str:
    kind, state = lower(group, "type"), lower(group, "state")
    if state not in _LIVE:
        return "deleted"
    if kind in _PERSONAL:
        return "personal"
    if kind not in _BY_TYPE:
        return "other"
    return "orphaned" if state == "orphaned" else _BY_TYPE[kind]


def _has_no_admin(group: Mapping[str, Any]) -> bool:
    """Where nobody is told, nobody may be told: that is not the same."""
    rights = {text(user, "groupUserAccessRight") for user in rows(group, "users")} - {""}
    return bool(rights) and "Admin" not in rights


def why_it_stays(group: Mapping[str, Any]) -> str:
    """ "" for a workspace that moves."""
    return _WHY.get(kind_of(group), "")


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
    if kind_of(group) != "personal":
        return ()
    return ("Let its owner move what is needed to a workspace that moves, or publish it in the new tenant.",)


def _orphaned(group: Mapping[str, Any]) -> Cost:
    if kind_of(group) != "orphaned":
        return Cost()
    return Cost((), ("Name an owner: it has no admin any more.",), minutes("workspaceOwner"))


def _classic(group: Mapping[str, Any]) -> Cost:
    """A classic workspace belongs to a Microsoft 365 group, which is not Power BI's to move."""
    if lower(group, "type") != "group":
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
    if place.stays != _WHY["personal"] or item.kind not in _WORTH_MOVING:
        return stays_behind(reason)
    return stays_behind(
        reason, "Its owner saves a copy and publishes it again.", minutes=minutes("ownersItem")
    )
