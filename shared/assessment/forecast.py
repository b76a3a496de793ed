"""What a migration of an estate will cost: calls by quota, and the time they and the work take. Pure.

The calls are those of `call_table`, at the pace of `pace`. The time is the longest of three: each quota from an
empty window on; the work of all workspaces, twelve at once; the longest workspace by itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.assessment.call_table import LINES, Looks, Per, calls
from shared.assessment.estate import Estate
from shared.assessment.model import Json
from shared.assessment.pace import Pace
from shared.assessment.paths import Leg
from shared.assessment.quota_time import seconds_for
from shared.connections import Connection
from shared.powerbi.buckets import Bucket, buckets_of
from shared.powerbi.operations import Operation
from shared.powerbi.portions import LEARNED_START
from shared.powerbi.quotas import ADMIN, MINUTE

WORKSPACES_AT_ONCE, SCANS_AT_ONCE = 12, 8  # orchestrators/migration.py
_WORK = f"the work itself, {WORKSPACES_AT_ONCE} workspaces at once"
_PLANNING_STEPS = 16  # activities of the plan that no batch has, one per list of a tenant and some to spare
_PER_WORKSPACE = frozenset({Per.BATCH, Per.LISTED})


# Whose calls they are, where not the app's own; admin quotas are a tenant's, whoever calls.
_CALLERS: dict[str, str] = {"user": "master user", "admin": "admin reader", "graph": "Microsoft Graph"}


@dataclass(slots=True)
class Load:
    """What one bucket has to carry, of one connection or (with one identity) of both."""

    bucket: Bucket
    connections: set[str] = field(default_factory=set[str])
    operations: set[Operation] = field(default_factory=set[Operation])
    calls: float = 0.0

    def add(self, connection: str, operation: Operation, number: float) -> None:
        self.connections.add(connection)
        self.operations.add(operation)
        self.calls += number

    @property
    def name(self) -> str:
        return f"the quota {self.bucket.name} of {self.connected}" + (f" ({self.of})" if self.of else "")

    @property
    def of(self) -> str:
        """What tells it from another count of the same quota and tenant: its operation, or who calls."""
        if self.bucket.of_operation:
            return ", ".join(sorted(operation.id for operation in self.operations))
        callers = {operation.identity for operation in self.operations}
        if self.bucket.name.startswith(ADMIN) or "main" in callers:
            return ""
        return ", ".join(sorted(_CALLERS[each] for each in callers))

    @property
    def connected(self) -> str:
        return ", ".join(sorted(self.connections))

    @property
    def whole(self) -> int:
        return math.ceil(round(self.calls, 6))

    def seconds(self, pace: Pace, *, rises: bool = True) -> float:
        """A budget of one object is not used up by the one call that each object gets."""
        number = 1 if self.bucket.of_item else self.whole
        return seconds_for(number, self.bucket.quota, pace.called_s, pace.scale, rises=rises)


def estimate(
    estate: Estate, source: Connection, target: Connection | None, *, now: datetime, pace: Pace
) -> Json:
    """What `summary.json` holds of it: `{"calls": {quota key: n}, "seconds", "limitedBy", "secondsAtStartRate",
    "bytes", "longestPath": [{"what", "seconds"}], "expectedEnd", "scale", "quotas": [per quota and tenant],
    "assumptions"}`. All seconds are at `scale` (POLL_SCALE) of the real service's; published limits never are.

    Without a target (an assessment) its quotas are taken to be like the source's.
    """
    loads = list(_loads(estate, source, target or _stand_in(source), pace).values())
    path = [*_planning(estate, pace), *estate.longest, *estate.closing]
    seconds, limit = max([(_work(estate, pace), _WORK), *((load.seconds(pace), load.name) for load in loads)])
    held = max([seconds, *(load.seconds(pace, rises=False) for load in loads)])
    reports = estate.counts[Per.REPORT]
    return {
        "calls": _by_quota(estate, pace),
        "seconds": round(seconds),
        "limitedBy": limit,
        "secondsAtStartRate": round(held),
        "bytes": None if pace.file_bytes is None else reports * pace.file_bytes,
        "longestPath": [{"what": leg.what, "seconds": round(leg.seconds, 1)} for leg in path],
        "expectedEnd": (now + timedelta(seconds=round(seconds))).isoformat(),
        "scale": pace.scale,
        "quotas": [_shown(load, pace) for load in sorted(loads, key=lambda load: -load.seconds(pace))],
        "assumptions": list(_assumptions(estate, target is None, pace, held)),
    }


def _loads(estate: Estate, source: Connection, target: Connection, pace: Pace) -> dict[str, Load]:
    """By bucket: two connections of one tenant share some, and a refresh on shared capacity counts in two."""
    loads: dict[str, Load] = {}
    for line, number in calls(estate.counts, pace.looks()):
        connection = source if line.side == "source" else target
        for bucket in buckets_of(connection, line.operation) if number else ():
            loads.setdefault(bucket.key, Load(bucket)).add(connection.name, line.operation, number)
    return loads


def _by_quota(estate: Estate, pace: Pace) -> dict[str, int]:
    """Each call once, by the quota of its own."""
    found: Counter[str] = Counter()
    for line, number in calls(estate.counts, pace.looks()):
        found[line.operation.quota] += number  # pyright: ignore[reportArgumentType]
    return {key: math.ceil(round(number, 6)) for key, number in sorted(found.items()) if number}


def _stand_in(source: Connection) -> Connection:
    return replace(source, name="target", tenant_id="the target of an assessment")


def _work(estate: Estate, pace: Pace) -> float:
    """Planning, then all workspaces: the longest may be the last to begin, while the others share the rest."""
    longest = sum(leg.seconds for leg in estate.longest)
    planning = sum(leg.seconds for leg in _planning(estate, pace))
    rest = max(0.0, estate.work_s - longest) / WORKSPACES_AT_ONCE
    return planning + rest + longest + sum(leg.seconds for leg in estate.closing)


def _planning(estate: Estate, pace: Pace) -> list[Leg]:
    batches, listed = estate.counts[Per.BATCH], estate.counts[Per.LISTED]
    lists = sum(line.phase == "plan" and line.per not in _PER_WORKSPACE for line in LINES)
    begun = _PLANNING_STEPS * pace.step_s + lists * pace.called_s
    scan = pace.wait(Looks.SCAN).seconds + 2 * (pace.step_s + pace.called_s)
    rounds = -(-batches // SCANS_AT_ONCE)
    legs = (
        Leg("workspaces are listed and the plan is concluded", begun),
        Leg(f"{batches} scans, {SCANS_AT_ONCE} at once", rounds * scan),
        Leg(f"{listed} workspaces are listed one by one", listed * 5 * pace.called_s / SCANS_AT_ONCE),
    )
    return [leg for leg in legs if leg.seconds > 0]


def _shown(load: Load, pace: Pace) -> Json:
    quota = load.bucket.quota
    return {
        "quota": load.bucket.name,
        "connection": load.connected,
        "of": load.of,
        "calls": load.whole,
        "limit": quota.limit,
        "window_s": quota.window_s,
        "seconds": round(load.seconds(pace), 1),
    }


def _assumptions(estate: Estate, no_target: bool, pace: Pace, held: float) -> Iterator[str]:
    ranges = (
        ("a scan", pace.scan_s),
        ("moving a workspace onto a capacity", pace.capacity_s),
        ("publishing an imported file", pace.import_s),
        ("a test refresh", pace.refresh_s),
        ("reading a definition, or making an item by it, where that is an operation", pace.operation_s),
    )
    lasting = "; ".join(f"{what} {low:g} to {high:g} s" for what, (low, high) in ranges)
    yield from _of_the_scale(pace)
    here = "" if pace.scale == 1 else f" (here {MINUTE * pace.scale:g} s)"
    yield f"What no API tells beforehand is taken to last: {lasting}. A longer refresh lengthens its workspace."
    yield (
        f"The limits of ordinary calls are not published. The app begins with {LEARNED_START} a minute{here} and "
        "doubles while the service stays silent; if it never allows more than that, the migration takes "
        f"{_span(held)}."
    )
    if pace.file_bytes is None:
        yield "No API tells the size of a report's file: bytes are not forecast, nor is the time they are on their way."
    else:
        yield f"A file is taken to have {pace.file_bytes:,} bytes on average, as configured."
    yield "Everybody with a right on a workspace, except this app, is counted as one who gets it in the target."
    if estate.counts[Per.DEFINED] + estate.counts[Per.REWRITTEN]:
        yield (
            f"{pace.accepted:.0%} of the calls that read a definition or make an item by it are taken to be "
            "long-running operations, which are asked for until they end; the service answers the others at once."
        )
    yield (
        "No list tells folders, links that lead from one report to another, or which reports the service will "
        "refuse to give as a file (these go by definition instead): the calls for these are not in here."
    )
    yield "Obstacles are taken to be removed; retries, other tools' calls and what people do by hand are not in here."
    if estate.counts[Per.LISTED]:
        yield "Without admin rights each workspace is read by its own lists."
    if no_target:
        yield "There is no target yet: its quotas are taken to be like the source's, and no workspace has a capacity."


def _of_the_scale(pace: Pace) -> Iterator[str]:
    if pace.scale != 1:
        yield (
            f"This forecast is for a service made faster: its times are taken at {pace.scale:g} of the real ones "
            "(POLL_SCALE). Not scaled are published limits, the app's own steps, and the durations named below."
        )


def _span(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    days, hours = divmod(minutes // 60, 24)
    parts = ((days, "d"), (hours, "h"), (minutes % 60, "min"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
