"""What a comparison of two tenants found: counts by kind, and every difference."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["equal", "missing", "twice", "different", "orphan", "left"]
OUTCOMES: tuple[Outcome, ...] = ("equal", "missing", "twice", "different", "orphan", "left")
"""left: not in the target, which is right or wrong by what was promised of it; never a difference."""

KINDS = ("workspace", "report", "dataset", "user")


@dataclass(frozen=True, slots=True)
class Difference:
    """`what` is missing, twice, orphan, or the attribute that differs."""

    kind: str
    workspace: str
    name: str
    what: str
    source: str | None = None
    target: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Left:
    """A source item without a counterpart: then somebody has to be told of it, exactly once."""

    kind: str
    id: str
    name: str
    workspace: str
    workspace_id: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "id": self.id,
            "name": self.name,
            "workspace": self.workspace,
            "workspaceId": self.workspace_id,
        }


@dataclass(slots=True)
class Comparison:
    counts: dict[str, Counter[Outcome]] = field(
        default_factory=lambda: defaultdict(Counter[Outcome], {kind: Counter[Outcome]() for kind in KINDS})
    )
    differences: list[Difference] = field(default_factory=list[Difference])
    left: list[Left] = field(default_factory=list[Left])
    not_compared: Counter[str] = field(default_factory=Counter[str])

    @property
    def clean(self) -> bool:
        return not self.differences

    def equal(self, kind: str) -> None:
        self.counts[kind]["equal"] += 1

    def differs(self, outcome: Outcome, difference: Difference) -> None:
        self.counts[difference.kind][outcome] += 1
        self.differences.append(difference)

    def leave(self, left: Left) -> None:
        self.counts[left.kind]["left"] += 1
        self.left.append(left)

    def totals(self) -> dict[str, int]:
        """Over all kinds: what is lost, there twice, from nowhere, or not the same."""
        names: dict[str, Outcome] = {
            "lost": "missing",
            "twice": "twice",
            "orphans": "orphan",
            "different": "different",
        }
        return {name: sum(row[outcome] for row in self.counts.values()) for name, outcome in names.items()}

    def to_dict(self) -> dict[str, Any]:
        return {
            "clean": self.clean,
            "totals": self.totals(),
            "counts": {kind: {o: row[o] for o in OUTCOMES} for kind, row in self.counts.items()},
            "differences": [difference.to_dict() for difference in self.differences],
            "left": [left.to_dict() for left in self.left],
            "notCompared": dict(self.not_compared),
        }
