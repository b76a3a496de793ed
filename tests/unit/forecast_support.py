"""Estates in numbers for the tests of the forecast: workspaces by counts, and one with an item by every route."""

from __future__ import annotations

from dataclasses import replace

from core_support import START

from shared.assessment.call_table import calls
from shared.assessment.estate import Estate, estate_of
from shared.assessment.forecast import estimate
from shared.assessment.model import Extract, Json
from shared.assessment.pace import Pace
from shared.connections import Connection

SOURCE = Connection("contoso", "1" * 8, "reader")
TARGET = Connection("fabrikam", "2" * 8, "writer")
PACE = Pace()


def workspace(number: int, capacity: bool = True, **counts: int) -> Extract:
    where = "c" if capacity else ""
    return Extract(f"w{number}", f"Workspace {number}", target_capacity=where, counts=counts)


def told(
    *extracts: Extract, target: Connection | None = TARGET, pace: Pace = PACE, mode: str = "scanner"
) -> Json:
    return estimate(estate_of(extracts, pace, mode), SOURCE, target, now=START, pace=pace)


AT_ONCE = replace(
    PACE, capacity_s=(0, 0), import_s=(0, 0), refresh_s=(0, 0), scan_s=(0, 0), operation_s=(0, 0), accepted=1
)
"""Each wait ends at its first look."""

# One workspace with an item of each kind and route, all on a capacity; and a pipeline with it in two of its stages.
EVERY_ROUTE = {
    "dataset": {"pbix": 1, "definition": 2, "recreate": 1, "byHand": 5},
    "report": {"pbix": 1, "definition": 3, "byHand": 5},
    "paginatedReport": {"rdl": 2},
    "dataflow": {"modelJson": 2, "definition": 1, "byHand": 5},
    "dashboard": {"recreate": 2},
}
PIPELINE = {
    "stages": [
        {"order": 0, "workspaceId": "W1"},
        {"order": 1, "workspaceId": "elsewhere"},
        {"order": 2, "workspaceId": "w1"},
    ],
    "users": [{"identifier": "a"}, {"identifier": "b"}, {"identifier": "c"}],
}
UNMOVED = {"stages": [{"order": 0, "workspaceId": "elsewhere"}, {"order": 1}], "users": [{"identifier": "a"}]}


def every_kind(number: int, **counts: int) -> Extract:
    return replace(workspace(number, True, **counts), kinds=EVERY_ROUTE)


def counted(estate: Estate, phases: set[str] | None = None) -> dict[str, float]:
    found: dict[str, float] = {}
    for line, number in calls(estate.counts, AT_ONCE.looks()):
        if number and (phases is None or line.phase in phases):
            found[line.operation.id] = found.get(line.operation.id, 0) + number
    return found
