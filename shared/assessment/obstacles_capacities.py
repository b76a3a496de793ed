"""Capacities: running, large enough, in the same region, ours to assign to; and workspaces that get none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.assessment.model import Extract, Json, Obstacle
from shared.assessment.obstacles_parts import Parts, Surroundings, Tally, rows_of
from shared.assessment.reading import lower, text
from shared.models import MigrationRequest

_RUNNING = frozenset({"", "active", "updatingsku"})
_UNITS = {  # capacity units of families whose number is a size class, not a count
    "P": (64, 128, 256, 512, 1024),
    "EM": (8, 16, 32),
    "A": (8, 16, 32, 64, 128, 256, 512, 1024),
    "FT": (64,),
}
_SKU = re.compile(r"(P|EM|A|FT|F)(\d+)")


def units(sku: str) -> int | None:
    """What a SKU is worth in capacity units, None for one whose size is not published (per-user, trials of others)."""
    match = _SKU.fullmatch(sku.strip().upper())
    if match is None:
        return None
    family, number = match[1], int(match[2])
    if family == "F":
        return number
    known = _UNITS[family]
    return known[number - 1] if 1 <= number <= len(known) else None


class Capacities:
    """One obstacle per capacity, or per pair of a source and its target."""

    def __init__(self, parts: Parts, request: MigrationRequest, surroundings: Surroundings):
        self._has_target = bool(request.target)
        self._needing = surroundings.needing
        self._source = _by_id(rows_of(parts, "source-capacities"))
        self._target = _by_id(rows_of(parts, "target-capacities"))
        self._used: dict[tuple[str, str], Tally] = {}  # (side, capacity)
        self._pairs: dict[tuple[str, str], Tally] = {}
        self._unmapped: dict[str, Tally] = {}

    def see(self, extract: Extract) -> Iterator[Obstacle]:
        source, target = extract.capacity.lower(), extract.target_capacity.lower()
        if extract.moves:
            for side, capacity in (("source", source), ("target", target)):
                if capacity:
                    self._used.setdefault((side, capacity), Tally()).add(extract.name)
            if source and target:
                self._pairs.setdefault((source, target), Tally()).add(extract.name)
            if self._has_target and source and not target and extract.workspace_id not in self._needing:
                self._unmapped.setdefault(source, Tally()).add(extract.name)
        return iter(())

    def conclude(self) -> Iterator[Obstacle]:
        for (side, capacity), tally in sorted(self._used.items()):
            row = (self._source if side == "source" else self._target).get(capacity, {})
            if lower(row, "state") not in _RUNNING:
                what = f"This capacity of the {side} is {text(row, 'state')}; it is used by {tally}."
                yield _about("capacity.paused", capacity, row, what, side)
            if side == "target" and lower(row, "capacityUserAccessRight") == "none":
                what = f"The target identity may not assign workspaces to it; {tally} are to go there."
                yield _about("capacity.noRight", capacity, row, what)
        for (source, target), tally in sorted(self._pairs.items()):
            yield from self._compare(source, target, tally)
        for capacity, tally in sorted(self._unmapped.items()):
            what = f"{tally} are on it in the source; capacities gives them none in the target."
            yield _about("capacity.unmapped", capacity, self._source.get(capacity, {}), what)

    def _compare(self, source: str, target: str, tally: Tally) -> Iterator[Obstacle]:
        here, there = self._source.get(source, {}), self._target.get(target, {})
        before, after = units(text(here, "sku")), units(text(there, "sku"))
        name = text(here, "displayName") or source
        if before is not None and after is not None and after < before:
            what = (
                f"It is {text(there, 'sku')}, {name} in the source is {text(here, 'sku')}; {tally} go there."
            )
            yield _about("capacity.smaller", target, there, what, source)
        regions = text(here, "region"), text(there, "region")
        if all(regions) and _plain(regions[0]) != _plain(regions[1]):
            what = f"It lies in {regions[1]}, {name} of the source in {regions[0]}; {tally} go there."
            yield _about("capacity.region", target, there, what, source)


def _by_id(rows: list[Json]) -> dict[str, Json]:
    return {lower(row, "id"): row for row in rows}


def _plain(region: str) -> str:
    """`West Europe` and `westeurope` are one."""
    return region.replace(" ", "").casefold()


def _about(code: str, capacity: str, row: Json, message: str, key: str = "") -> Obstacle:
    return Obstacle(code, "capacity", capacity, text(row, "displayName") or capacity, message, key=key)
