"""What every comparer of a kind works on: the two tenants, their workspaces in couples, and who became of whom.

A comparer is made per comparison. All pair their items first, in the order in which they are listed, then all judge:
so whoever judges knows the counterpart of every id, of whatever kind, and can tell a reference that was rewritten from
one that still points into the source.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote, unquote

from sandbox.comparison import Comparison, Difference, Left, Outcome
from sandbox.expected import Expectation
from sandbox.state import Workspace

GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
Facts = Mapping[str, tuple[object, object]]
"""What of the source, what of the target, by the name of the attribute."""


@dataclass(slots=True)
class Couple:
    """One source workspace, and the one that has become of it."""

    old: Workspace
    new: Workspace | None
    remains: set[str]
    """Ids of what failed imports left behind in the new one: never the copy of anything."""


@dataclass(slots=True)
class Scene:
    expectation: Expectation
    result: Comparison
    known: set[str]
    """What stood in the target before: no orphan, and nobody's copy."""
    couples: list[Couple] = field(default_factory=list[Couple])
    counterparts: dict[str, str] = field(default_factory=dict[str, str])
    """Target id by source id: workspaces, and what the comparers pair."""

    def whole(self) -> Iterator[tuple[Couple, Workspace]]:
        """Couples whose target workspace is there."""
        for couple in self.couples:
            if couple.new is not None:
                yield couple, couple.new

    def meet(self, old_id: str, new_id: str) -> None:
        self.counterparts[old_id.lower()] = new_id.lower()

    def judge(self, couple: Couple | None, kind: str, name: str, facts: Facts) -> None:
        """One item, counted once, with a difference for each fact that is wrong."""
        wrong = [(what, left, right) for what, (left, right) in facts.items() if left != right]
        where = couple.old.name if couple else ""
        for what, left, right in wrong:
            self.result.differences.append(Difference(kind, where, name, what, _shown(left), _shown(right)))
        self.result.counts[kind]["different" if wrong else "equal"] += 1

    def differs(
        self,
        outcome: Outcome,
        couple: Couple | None,
        kind: str,
        name: str,
        left: str | None = None,
        right: str | None = None,
        what: str = "",
    ) -> None:
        where = couple.old.name if couple else ""
        self.result.differs(outcome, Difference(kind, where, name, what or outcome, left, right))

    def leave(self, couple: Couple | None, kind: str, item_id: str, name: str) -> None:
        """Not in the target, and whether that is right is for the caller to say."""
        home = couple.old if couple else None
        self.result.leave(Left(kind, item_id, name, home.name if home else "", home.id if home else ""))

    def surplus(self, outcome: Outcome, couple: Couple | None, kind: str, name: str, item_id: str) -> None:
        """Something in the target that nobody asked for; what stood there before is none of ours."""
        if item_id not in self.known:
            self.differs(outcome, couple, kind, name, None, item_id)

    def mapped(self, text: str) -> str:
        """As it should read in the target: ids of what has a counterpart replaced, and names of workspaces in links."""
        text = text.replace("\r\n", "\n").removeprefix("\ufeff")
        text = GUID.sub(lambda found: self._counterpart(found[0]), text)
        return _POWERBI.sub(lambda found: found[1] + self._renamed(found[2]), text)

    def _counterpart(self, written: str) -> str:
        return self.counterparts.get(written.lower(), written.lower())

    def _renamed(self, written: str) -> str:
        name = unquote(written)
        homes = (couple.old for couple in self.couples if couple.old.name == name)
        return quote(next(map(self.expectation.name_of, homes), name), safe="")


_POWERBI = re.compile(r"(powerbi://api\.powerbi\.com/v1\.0/myorg/)([^\";<]+)", re.IGNORECASE)


def plain(text: str) -> str:
    """The target's own text in the spelling of `Scene.mapped`."""
    text = GUID.sub(lambda found: found[0].lower(), text.replace("\r\n", "\n").removeprefix("\ufeff"))
    return _POWERBI.sub(lambda found: found[1] + quote(unquote(found[2]), safe=""), text)


def masked(text: str) -> str:
    """Without any id: what two items have in common that differ in their tenants alone."""
    return _POWERBI.sub("powerbi://", GUID.sub("-", text.replace("\r\n", "\n").removeprefix("\ufeff")))


def _shown(value: object) -> str | None:
    return value if isinstance(value, str) or value is None else repr(value)


class Comparer(Protocol):
    """The judge of one kind."""

    def pair(self) -> None:
        """Tell the scene which target item became of which source item (`meet`)."""
        ...

    def judge(self) -> None:
        """Count every item of the kind: equal, missing, twice, different, orphan, or left."""
        ...


Comparers = tuple[Callable[[Scene], Comparer], ...]
