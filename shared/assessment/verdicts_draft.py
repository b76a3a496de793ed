"""A verdict in the making: a route with its reason, and what the move by it costs.

What an item costs comes from several independent rules (its route, its label, its shares, its workspace). Each
gives a `Cost` of its own; adding them up is all that is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared.assessment.model import Facts, Route, Verdict
from shared.assessment.needs import needs_of
from shared.assessment.reading import name_of, names_of, rows, text
from shared.assessment.verdicts_contents import Contents, Item, contents
from shared.models import Kind


@dataclass(frozen=True, slots=True)
class Cost:
    """What does not arrive, what a person does about it, and for how long."""

    lost: tuple[str, ...] = ()
    todo: tuple[str, ...] = ()
    minutes: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.lost + other.lost, self.todo + other.todo, self.minutes + other.minutes)


@dataclass(frozen=True, slots=True)
class Draft:
    route: Route
    reason: str
    cost: Cost = Cost()

    def and_also(self, costs: Iterable[Cost]) -> Draft:
        return replace(self, cost=sum(costs, self.cost))

    def verdict(self, place: Place, item: Item, dataset: str = "", *, alone: bool = True) -> Verdict:
        return Verdict(
            place.id,
            item.kind,
            item.id,
            _name(item),
            str(self.route),
            self.reason,
            "; ".join(self.cost.lost),
            " ".join(self.cost.todo),
            self.cost.minutes,
            dataset,
            alone,
            [str(need) for need in needs_of(place.id, item, place.moves)],
        )


def _name(item: Item) -> str:
    """Of what only Fabric knows, with its type: its kind alone would not say what it is."""
    name, kind = name_of(item.raw), text(item.raw, "type")
    return f"{name} ({kind})" if item.kind == Kind.FABRIC_ITEM and kind else name


@dataclass(frozen=True, slots=True)
class Place:
    """The workspace a verdict is about: its items, who is in it, and what else is known."""

    id: str
    contents: Contents
    facts: Facts
    members: frozenset[str]  # every name of everybody who has a right on the workspace itself
    stays: str = ""  # why the workspace as a whole stays behind, "" where it moves

    def moves(self, workspace: str) -> bool:
        """Is this workspace, where another one's items are used, among those that move?"""
        return workspace.lower() in self.facts.selected or workspace.lower() == self.id.lower()


def place_of(document: Mapping[str, Any], facts: Facts, stays: str) -> Place:
    users = (names_of(user) for user in rows(document, "users"))
    return Place(text(document, "id"), contents(document), facts, frozenset[str]().union(*users), stays)


def by_hand(reason: str, *todo: str, lost: tuple[str, ...] = (), minutes: int = 0) -> Draft:
    return Draft(Route.BY_HAND, reason, Cost(lost, todo, minutes))


def stays_behind(reason: str, *todo: str, minutes: int = 0) -> Draft:
    return Draft(Route.STAYS_BEHIND, reason, Cost((), todo, minutes))


def of_kind(place: Place, *kinds: Kind) -> list[Item]:
    return [item for kind in kinds for item in place.contents[kind]]
