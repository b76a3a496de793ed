"""What an item can't do without: the model of a report, the dataflows and models that a model or dataflow reads.

Only what moves too is needed: what stays behind is told with the verdict, and nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shared.assessment.reading import lower, rows
from shared.assessment.verdicts_contents import Item
from shared.models import Kind, Need

_UPSTREAM = (
    ("upstreamDataflows", "targetDataflowId", Kind.DATAFLOW),
    ("upstreamDatasets", "targetDatasetId", Kind.DATASET),
)


def needs_of(workspace: str, item: Item, moves: Callable[[str], bool]) -> list[Need]:
    """Without repetition, in the order the service tells them."""
    found = _model(workspace, item) if item.kind == Kind.REPORT else _sources(workspace, item)
    return [need for need in dict.fromkeys(found) if moves(need.workspace) and need.id != item.key]


def _model(workspace: str, item: Item) -> Iterator[Need]:
    if identity := lower(item.raw, "datasetId"):
        yield Need(lower(item.raw, "datasetWorkspaceId") or workspace.lower(), Kind.DATASET, identity)


def _sources(workspace: str, item: Item) -> Iterator[Need]:
    for part, name, kind in _UPSTREAM if item.kind in (Kind.DATASET, Kind.DATAFLOW) else ():
        for row in rows(item.raw, part):
            if identity := lower(row, name):
                yield Need(lower(row, "groupId") or workspace.lower(), kind, identity)
