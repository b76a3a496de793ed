"""A plan in numbers: the sums over the extracts of an estate, as `summary.json` has them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from shared.assessment.model import Extract, Json, Route, Verdict
from shared.assessment.verdicts_effort import minutes
from shared.models import Kind

_LARGEST = 20
_NAMED = 5  # workspaces of a wave that are named


class Totals:
    """Sums over the extracts of an estate."""

    def __init__(self) -> None:
        self._workspaces: Counter[str] = Counter()
        self._items: Counter[str] = Counter()
        self._kinds: dict[str, Counter[str]] = {}
        self._minutes = 0
        self._principals: set[str] = set()
        self._waves: dict[int, Json] = {}
        self._largest: list[Json] = []

    def add(self, extract: Extract, waves: Mapping[str, int]) -> None:
        items = sum(extract.routes.values())
        self._workspaces[extract.kind] += 1
        self._items.update(extract.routes)
        self._count(Kind.WORKSPACE, Route.RECREATE if extract.moves else Route.STAYS_BEHIND)
        for kind, routes in extract.kinds.items():
            self._kinds.setdefault(kind, Counter()).update(routes)
        self._minutes += extract.minutes
        self._principals.update(extract.principals)
        if extract.workspace_id in waves:
            self._add_to_wave(waves[extract.workspace_id], extract, items)
        self._largest.append({"id": extract.workspace_id, "name": extract.name, "items": items})
        self._largest = sorted(self._largest, key=lambda one: (-one["items"], one["id"]))[:_LARGEST]

    def _add_to_wave(self, number: int, extract: Extract, items: int) -> None:
        wave = self._waves.setdefault(number, {"wave": number, "workspaces": 0, "items": 0, "first": []})
        wave["workspaces"] += 1
        wave["items"] += items
        if len(wave["first"]) < _NAMED:
            wave["first"].append(extract.name)

    def add_late(self, items: Mapping[str, Mapping[str, int]]) -> None:
        """Subscriptions, which were read after the extracts were written."""
        found = items.get(Kind.SUBSCRIPTION, {"total": 0})["total"]
        if found:
            self._count(Kind.SUBSCRIPTION, Route.BY_HAND, found)
            self._minutes += found * minutes("subscription")

    def add_verdicts(self, verdicts: Iterable[Verdict]) -> None:
        """Of what belongs to no workspace."""
        for verdict in verdicts:
            self._count(verdict.kind, verdict.route)
            self._minutes += verdict.minutes

    def _count(self, kind: str, route: str, number: int = 1) -> None:
        self._items[route] += number
        self._kinds.setdefault(kind, Counter())[route] += number

    def to_dict(self) -> Json:
        return {
            "workspaces": dict(self._workspaces),
            "items": dict(self._items),
            "kinds": {kind: dict(routes) for kind, routes in self._kinds.items()},
            "minutes": self._minutes,
            "principals": len(self._principals),
            "waves": [self._waves[number] for number in sorted(self._waves)],
            "largest": self._largest,
        }
