"""By which way each kind of item gets into the target, route by route."""

from __future__ import annotations

from collections.abc import Mapping

from activities import live_connect, ways_files, ways_made_anew
from activities.making import Way
from activities.ways_definitions import DATAFLOW, MODEL, REPORT
from shared.assessment.model import Route
from shared.errors import NotFound
from shared.models import ItemRow, Kind

_WAYS: Mapping[tuple[str, str], Way] = {
    (Kind.DATASET, Route.DEFINITION): MODEL,
    (Kind.REPORT, Route.DEFINITION): REPORT,
    (Kind.REPORT, live_connect.ROUTE): live_connect.LIVE,
    (Kind.DATAFLOW, Route.DEFINITION): DATAFLOW,
    (Kind.PAGINATED_REPORT, Route.RDL): ways_files.RDL,
    (Kind.DATAFLOW, Route.MODEL_JSON): ways_files.MODEL_JSON,
    (Kind.DATASET, Route.RECREATE): ways_made_anew.PUSH_MODEL,
    (Kind.DASHBOARD, Route.RECREATE): ways_made_anew.DASHBOARD,
}


def has_way(item: ItemRow) -> bool:
    return (item.kind, item.route) in _WAYS


def way_of(item: ItemRow) -> Way:
    found = _WAYS.get((item.kind, item.route))
    if found is None:
        raise NotFound(f"a {item.kind} can't go by {item.route}", "item.noWay")
    return found
