"""What a forecast counts: of each workspace, in sum, and of the one that takes longest. Pure, one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.assessment.call_table import Looks, Per
from shared.assessment.model import Extract
from shared.assessment.pace import Pace

SCAN_BATCH = 100  # workspaces per scan
LISTING, OWN_LISTING, ITEMS = 5000, 1000, 10_000  # rows per page of an admin list, of one's own, of Fabric's
DIRECTORY = 20  # principals per question to Microsoft Graph
GRANTS, CHECKED = 25, 20  # principals per activity; models per page
AT_ONCE = 3  # reports of a workspace

type Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of a path: what takes so many seconds."""

    what: str
    seconds: float


@dataclass(slots=True)
class Estate:
    """The sums over all workspaces that move, and how long the longest of them takes from end to end."""

    counts: Counter[str] = field(default_factory=Counter[str])
    work_s: float = 0.0  # of all workspaces, one after the other
    longest: list[Leg] = field(default_factory=list[Leg])


def counts_of(extract: Extract) -> Counter[str]:
    """One workspace by the words of the call table."""
    told = extract.counts
    reports, users = told.get("pbixReports", 0), told.get("grants", told.get("users", 0))
    grants = max(0, users - 1)  # one of them is the identity that reads the source: it is not moved
    refreshes = told.get("refreshes", min(told.get("refreshable", reports), reports))
    on_capacity = int(bool(extract.target_capacity))
    found = {
        Per.WORKSPACE: 1,
        Per.ON_CAPACITY: on_capacity,
        Per.REPORT: reports,
        Per.RENAMED: told.get("renamed", 0),
        Per.GRANT: grants,
        Per.GRANT_ROUND: max(1, _pages(grants, GRANTS)),
        Per.CHECK: max(1, _pages(reports, CHECKED)),
        Per.REFRESHING: int(refreshes > 0),
        Per.REFRESH: refreshes,
        Per.ON_OWN if on_capacity else Per.ON_SHARED: refreshes,
    }
    return Counter({str(name): number for name, number in found.items() if number})


def estate_of(
    extracts: Iterable[Extract], pace: Pace, mode: str = "scanner", parts: Mapping[str, int] | None = None
) -> Estate:
    """Sums of the workspaces that move.

    `mode` as in the selection: scanner | member. `parts`: how many rows each of the tenants' lists has, by
    "source-apps", "target-groups" and so on (activities/tenancy.py); one that is not told is taken for short.
    """
    estate, seen, items, principals = Estate(), 0, 0, set[str]()
    for extract in extracts:
        seen, items = seen + 1, items + extract.counts.get("items", 0)
        principals.update(extract.principals)
        if not extract.moves:
            continue
        counts = counts_of(extract)
        legs = path_of(extract.name, counts, pace)
        estate.counts.update(counts)
        estate.work_s += _length(legs)
        estate.longest = max(estate.longest, legs, key=_length)
    estate.counts.update(_of_the_run(estate.counts[Per.WORKSPACE], seen, scanned=mode == "scanner"))
    estate.counts.update(_of_the_lists(parts or {}, seen, items, len(principals)))
    return estate


def path_of(name: str, counts: Counts, pace: Pace) -> list[Leg]:
    """One workspace from its creation to its closing entry, nobody in its way; see orchestrators/workspace.py."""
    step, call = pace.step_s, pace.called_s
    rounds = _pages(counts.get(Per.REPORT, 0), AT_ONCE)
    one = pace.file_s + 3 * step + 4 * call + pace.wait(Looks.IMPORT).seconds
    assigned = 2 * step + 3 * call + pace.wait(Looks.CAPACITY).seconds
    granted = counts.get(Per.GRANT_ROUND, 0) * (step + call) + counts.get(Per.GRANT, 0) * (call + step / 4)
    refreshed = counts.get(Per.REFRESH, 0) * (2 * step + 3 * call)
    refreshed += counts.get(Per.REFRESHING, 0) * pace.wait(Looks.REFRESH).seconds
    legs = (
        Leg(f"the workspace '{name}' is made", 3 * step + 4 * call),
        Leg("it gets its capacity", assigned if counts.get(Per.ON_CAPACITY) else 0),
        Leg(f"{counts.get(Per.REPORT, 0)} reports with their models move, {AT_ONCE} at once", rounds * one),
        Leg(f"{counts.get(Per.GRANT, 0)} rights are granted", granted),
        Leg(f"{counts.get(Per.REFRESH, 0)} models are refreshed", refreshed),
        Leg("it is validated and closed", (1 + counts.get(Per.CHECK, 0)) * (step + call)),
    )
    return [leg for leg in legs if leg.seconds > 0]


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


def _looks(rows: int, size: int) -> int:
    """Pages of a list that is read until a page brings nothing new: of an empty one it is the first."""
    return _pages(rows, size) + 1 if rows else 1


def _pages(number: int, size: int) -> int:
    return -(-number // size)


def _length(legs: list[Leg]) -> float:
    return sum(leg.seconds for leg in legs)
