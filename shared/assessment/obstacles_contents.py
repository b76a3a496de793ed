"""What a workspace's document shows to be in the way: what it uses elsewhere, what needs a capacity, sick models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.assessment.model import Extract, Facts, Json, Obstacle
from shared.assessment.reading import identity, listed, lower, name_of, rows, text
from shared.models import Kind

# Of Fabric's own kinds these work without a capacity.
_WITHOUT_CAPACITY = frozenset(
    {"scorecard", "goals", "metricset", "exploration", "report", "dashboard", "app"}
)


def outside(extract: Extract, facts: Facts) -> Iterator[Obstacle]:
    """One obstacle per workspace, whatever it uses elsewhere."""
    left = [other for other in extract.upstream if other.lower() not in facts.selected]
    if left and facts.selected:
        message = f"It uses models or dataflows of {listed(left, 3)}, which do not move with it."
        yield _about("lineage.outside", extract, message)


def capacity_needed(document: Mapping[str, Any], extract: Extract, facts: Facts) -> Iterator[Obstacle]:
    """What runs without one in the source runs without one in the target."""
    needing = list(_needing(document)) if extract.capacity else []
    if facts.on_capacity is False and needing:
        message = f"It gets no capacity in the target, and these need one: {listed(needing, 3)}."
        yield _about("capacity.needed", extract, message)


def models(document: Mapping[str, Any], extract: Extract) -> Iterator[Obstacle]:
    for dataset in rows(document, "datasets"):
        if rows(dataset, "misconfiguredDatasourceUsages"):
            yield _of_model(
                "model.misconfiguredSource", dataset, extract, "The scan marks a data source as wrong."
            )
        if reason := text(dataset, "schemaRetrievalError"):
            yield _of_model("model.unreadable", dataset, extract, f"The scan could not read it: {reason}")


def _needing(document: Mapping[str, Any]) -> Iterator[str]:
    for dataset in rows(document, "datasets"):
        if lower(dataset, "targetStorageMode") == "premiumfiles":
            yield f"{name_of(dataset)} (large model)"
    for dataflow in rows(document, "dataflows"):
        if rows(dataflow, "upstreamDataflows"):
            yield f"{name_of(dataflow)} (linked dataflow)"
    for datamart in rows(document, "datamarts"):
        yield f"{name_of(datamart)} (datamart)"
    for item in rows(document, "fabricItems"):
        if lower(item, "type") not in _WITHOUT_CAPACITY:
            yield f"{name_of(item)} ({text(item, 'type')})"


def _about(code: str, extract: Extract, message: str) -> Obstacle:
    return Obstacle(code, Kind.WORKSPACE, extract.workspace_id, extract.name, message, extract.workspace_id)


def _of_model(code: str, dataset: Json, extract: Extract, message: str) -> Obstacle:
    own_id = identity(Kind.DATASET, dataset)
    return Obstacle(code, Kind.DATASET, own_id, name_of(dataset), message, extract.workspace_id)
