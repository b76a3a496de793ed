"""What an item of any kind may have besides its content, and loses on the way: label, endorsement, shares.

None of them has an operation by which a service principal could give it again (labels are set by a Fabric admin in
person and have other ids in every tenant; reports and dashboards have no grant at all), so each is time of a person.
"""

from __future__ import annotations

from shared.assessment.model import Json, Route
from shared.assessment.reading import access_right, count, listed, name_of, names_of, record, rows, text
from shared.assessment.verdicts_contents import Item
from shared.assessment.verdicts_draft import Cost, Draft, Place
from shared.assessment.verdicts_effort import minutes
from shared.models import Kind

_NEEDS_EXPORT = frozenset({Route.PBIX, Route.DEFINITION, Route.RDL, Route.MODEL_JSON})
_LISTS_OF_THEIR_OWN = frozenset({Kind.APP, Kind.SUBSCRIPTION})  # their users are what they are about


def with_extras(item: Item, draft: Draft, place: Place) -> Draft:
    """What stays behind takes all of it along, and nobody has to do anything about it."""
    if draft.route == Route.STAYS_BEHIND:
        return draft
    shares = Cost() if item.kind in _LISTS_OF_THEIR_OWN else _shares(item.raw, place)
    return draft.and_also((_label(item.raw), _endorsement(item.raw), shares, _right(draft, place)))


def _label(raw: Json) -> Cost:
    if not text(record(raw, "sensitivityLabel"), "labelId", "id"):
        return Cost()
    return Cost(("sensitivity label",), ("Set its sensitivity label.",), minutes("label"))


def _endorsement(raw: Json) -> Cost:
    given = text(record(raw, "endorsementDetails"), "endorsement")
    if not given or given.lower() == "none":
        return Cost()
    return Cost((f"endorsement ({given})",), (f"Endorse it again: {given}.",), minutes("endorsement"))


def _shares(raw: Json, place: Place) -> Cost:
    """People who have a right on the item itself, and none on its workspace."""
    people = [
        user for user in rows(raw, "users") if access_right(user) and not names_of(user) & place.members
    ]
    if not people:
        return Cost()
    names = listed(text(user, "emailAddress") or name_of(user) or text(user, "identifier") for user in people)
    lost = f"direct access of {count(len(people), 'principal')}, sharing links"
    return Cost((lost,), (f"Share it again with {names}.",), minutes("share", len(people)))


def _right(draft: Draft, place: Place) -> Cost:
    """No minutes: the right is given once per workspace, and its verdict counts them."""
    if draft.route not in _NEEDS_EXPORT or place.facts.right not in ("none", "read"):
        return Cost()
    return Cost((), ("First give the source identity the Contributor role in the source workspace.",))
