"""What a forecast counts: of each workspace, in sum, and of the one that takes longest. Pure, one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.assessment.call_table import Per
from shared.assessment.model import Extract, Route
from shared.assessment.pace import Pace
from shared.assessment.paths import Leg, Trip, longest_of, trip_of
from shared.assessment.reading import lower, rows
from shared.models import Kind

SCAN_BATCH = 100  # workspaces per scan
LISTING, OWN_LISTING, ITEMS = 5000, 1000, 10_000  # rows per page of an admin list, of one's own, of Fabric's
DIRECTORY = 20  # principals per question to Microsoft Graph
GRANTS, CHECKED = 25, 20  # principals per activity; models per page


@dataclass(slots=True)
class Estate:
    """The sums over all workspaces that move, and how long the longest of them takes from end to end."""

    counts: Counter[str] = field(default_factory=Counter[str])
    work_s: float = 0.0  # of all workspaces, one after the other
    longest: list[Leg] = field(default_factory=list[Leg])
    closing: list[Leg] = field(default_factory=list[Leg])  # what comes after all workspaces


def counts_of(extract: Extract) -> Counter[str]:
    """One workspace by the words of the call table."""
    told = extract.counts
    reports, users = told.get("pbixReports", 0), told.get("grants", told.get("users", 0))
    grants = max(0, users - 1)  # one of them is the identity that reads the source: it is not moved
    others = _by_other_routes(extract)
    models = reports + others[Per.MODEL_DEFINED]  # those that may have to be filled
    refreshes = told.get("refreshes", min(told.get("refreshable", models), models))
    on_capacity = int(bool(extract.target_capacity))
    found = others | {
        Per.WORKSPACE: 1,
        Per.ON_CAPACITY: on_capacity,
        Per.DESCRIBED: told.get("described", 0),
        Per.LARGE_FORMAT: told.get("largeFormat", 0) * on_capacity,
        Per.LARGE_MODEL: told.get("largeModels", 0) * on_capacity,
        Per.DATAFLOW_STORAGE: told.get("dataflowStorage", 0),
        Per.REPORT: reports,
        Per.RENAMED: told.get("renamed", 0),
        Per.PARAMETERS_SET: told.get("parametersSet", 0),
        Per.REWRITTEN: told.get("modelsRewritten", 0),
        Per.GRANT: grants,
        Per.GRANT_ROUND: max(1, _pages(grants, GRANTS)),
        Per.CHECK: max(1, _pages(models + others[Per.PUSH_MODEL], CHECKED)),
        Per.REFRESHING: int(refreshes > 0),
        Per.REFRESH: refreshes,
        Per.ON_OWN if on_capacity else Per.ON_SHARED: refreshes,
    }
    return Counter({name.value: number for name, number in found.items() if number})  # one string for all


def _by_other_routes(extract: Extract) -> dict[Per, int]:
    """Items that come with no PBIX, by kind and route (activities/ways.py), and which lists validation reads."""

    def routed(kind: Kind, route: Route) -> int:
        return extract.kinds.get(kind, {}).get(route, 0)

    found = {
        Per.MODEL_JSON: routed(Kind.DATAFLOW, Route.MODEL_JSON),
        Per.RDL: routed(Kind.PAGINATED_REPORT, Route.RDL),
        Per.PUSH_MODEL: routed(Kind.DATASET, Route.RECREATE),
        Per.DASHBOARD: routed(Kind.DASHBOARD, Route.RECREATE),
        Per.MODEL_DEFINED: routed(Kind.DATASET, Route.DEFINITION),
        Per.REPORT_DEFINED: routed(Kind.REPORT, Route.DEFINITION),
        Per.DATAFLOW_DEFINED: routed(Kind.DATAFLOW, Route.DEFINITION),
    }
    return found | {
        Per.DEFINED: sum(found[per] for per in (Per.MODEL_DEFINED, Per.REPORT_DEFINED, Per.DATAFLOW_DEFINED)),
        Per.WITH_MODEL_JSON: int(found[Per.MODEL_JSON] > 0),
        Per.WITH_DASHBOARD: int(found[Per.DASHBOARD] > 0),
        Per.WITH_DATAFLOW_DEFINED: int(found[Per.DATAFLOW_DEFINED] > 0),
    }


def estate_of(
    extracts: Iterable[Extract],
    pace: Pace,
    mode: str = "scanner",
    parts: Mapping[str, int] | None = None,
    pipelines: Iterable[Mapping[str, Any]] = (),
) -> Estate:
    """Sums of the workspaces that move.

    `mode` as in the selection: scanner | member. `parts`: how many rows each of the tenants' lists has, by
    "source-apps", "target-groups" and so on (activities/tenancy.py); one that is not told is taken for short.
    `pipelines`: the source's deployment pipelines with stages and users.
    """
    estate, seen, items, principals, trips = Estate(), 0, 0, set[str](), dict[str, Trip]()
    for extract in extracts:
        seen, items = seen + 1, items + extract.counts.get("items", 0)
        principals.update(extract.principals)
        if not extract.moves:
            continue
        counts = counts_of(extract)
        trip = trip_of(extract.name, dict(counts), extract.upstream, pace)
        estate.counts.update(counts)
        estate.work_s += trip.whole_s
        trips[extract.workspace_id] = trip
    estate.longest = longest_of(trips, pace)
    estate.counts.update(_of_the_run(estate.counts[Per.WORKSPACE], seen, scanned=mode == "scanner"))
    estate.counts.update(_of_the_lists(parts or {}, seen, items, len(principals)))
    estate.counts.update(_of_the_pipelines(pipelines, trips))
    estate.closing = _closing(estate.counts, pace)
    return estate


def _of_the_run(moving: int, seen: int, *, scanned: bool) -> dict[str, int]:
    """What is counted once, by page or by batch. Without admin rights each admin list is refused once."""
    return {
        Per.RUN: 1,
        Per.LISTING: _looks(seen, LISTING) if scanned else 1,
        Per.OWN_LISTING: _looks(seen, OWN_LISTING),
        Per.OWN_FALLBACK: 0 if scanned else _looks(seen, OWN_LISTING),
        Per.BATCH: _pages(moving, SCAN_BATCH) if scanned else 0,
        Per.LISTED: 0 if scanned else moving,
    }


def _of_the_lists(parts: Mapping[str, int], seen: int, items: int, principals: int) -> dict[str, int]:
    """The tenants' own lists, as far as a migration reads them; a directory only where there is one."""
    return {
        Per.APPS: _looks(parts.get("source-apps", 1), LISTING),
        Per.PIPELINES: _looks(parts.get("source-pipelines", 1), LISTING),
        Per.ITEMS: max(1, _pages(items + parts.get("source-fabricItems", 0), ITEMS)),
        Per.SOURCE_GATEWAY: parts.get("source-gateways", 0),
        Per.TARGET_GATEWAY: parts.get("target-gateways", 0),
        Per.DIRECTORY: _pages(principals, DIRECTORY) if "target-graph" in parts else 0,
    }


def _of_the_pipelines(pipelines: Iterable[Mapping[str, Any]], moving: Collection[str]) -> Counter[str]:
    """Those of which a stage's workspace moves: they are made, these stages are assigned, their users added."""
    found = Counter[str]()
    for pipeline in pipelines:
        stages = sum(lower(stage, "workspaceId") in moving for stage in rows(pipeline, "stages"))
        if stages:
            users = len(rows(pipeline, "users"))
            found.update({Per.PIPELINE: 1, Per.STAGE: stages, Per.PIPELINE_USER: users})
    return found


def _closing(counts: Mapping[str, int], pace: Pace) -> list[Leg]:
    number = counts.get(Per.PIPELINE, 0)
    if not number:
        return []
    writes = counts.get(Per.STAGE, 0) + counts.get(Per.PIPELINE_USER, 0)
    seconds = (4 * number + writes) * pace.called_s + (number + writes) * pace.step_s / 4
    return [Leg(f"{number} deployment pipelines are made, after all workspaces", seconds)]


def _looks(rows: int, size: int) -> int:
    """Pages of a list that is read until a page brings nothing new: of an empty one it is the first."""
    return _pages(rows, size) + 1 if rows else 1


def _pages(number: int, size: int) -> int:
    return -(-number // size)
