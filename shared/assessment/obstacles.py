"""Obstacles: what stands in the way of a migration, found before anything moves. Pure.

Those of a workspace are seen in its own document. Those of the estate are merged by the object they are about over
all extracts: one per principal, data source, gateway, capacity. An assessment, which has no target, gets those of the
source alone: what a mapping would decide is no obstacle as long as there is nothing to map to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.assessment import obstacles_contents
from shared.assessment.model import Extract, Facts, Obstacle, Verdict
from shared.assessment.obstacles_capacities import Capacities
from shared.assessment.obstacles_gateways import Gateways
from shared.assessment.obstacles_parts import Judge, Parts, Surroundings
from shared.assessment.obstacles_principals import Principals
from shared.assessment.obstacles_unknown import Unknown
from shared.assessment.obstacles_workspaces import Workspaces
from shared.models import MigrationRequest


def of_workspace(
    document: Mapping[str, Any], verdicts: Iterable[Verdict], extract: Extract, facts: Facts
) -> list[Obstacle]:
    """What its document shows. Of one that does not move, or could not be read, nothing is in the way."""
    if not extract.moves or not document.get("complete"):
        return []
    return [
        *obstacles_contents.outside(extract, facts),
        *obstacles_contents.capacity_needed(document, extract, facts),
        *obstacles_contents.models(document, extract),
    ]


def of_estate(
    extracts: Iterable[Extract],
    parts: Parts,
    request: MigrationRequest,
    surroundings: Surroundings | None = None,
) -> Iterator[Obstacle]:
    """What all of it shows together, in one pass; memory holds what is merged, not the workspaces.

    `parts` by "source-apps", "target-groups" and so on (see activities/tenancy.py).
    """
    known = surroundings or Surroundings()
    judges: tuple[Judge, ...] = (
        Workspaces(parts, request, known),
        Capacities(parts, request, known),
        Gateways(parts, request),
        Principals(parts, request, known),
        Unknown(parts, request, known),
    )
    for extract in extracts:
        for judge in judges:
            yield from judge.see(extract)
    for judge in judges:
        yield from judge.conclude()
