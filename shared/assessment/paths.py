"""How long one workspace takes from its creation to its closing entry, and how long with those it waits for. Pure.

A workspace waits for another one only where an item of its own can't be made before what it needs is there: reports and
models by definition, dataflows. Files bring along what they need. So the longest path of an estate may lead through
several workspaces: through the models and dataflows of each but the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from shared.assessment import lineage
from shared.assessment.call_table import Looks, Per
from shared.assessment.pace import Pace

AT_ONCE, DATAFLOWS_AT_ONCE = 3, 20  # items of a workspace; orchestrators/workspace.py

type Counts = Mapping[str, int]


class Stage(IntEnum):
    """The phases of orchestrators/workspace.py, as far as others may wait for them."""

    CONTAINERS = 0
    DATAFLOWS = 1
    FILES = 2
    DEFINITIONS = 3  # the last of what other workspaces may need
    AFTERWARDS = 4


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of a path: what takes so many seconds."""

    what: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Trip:
    """One workspace on its way. Seconds from its begin, if nobody is in its way: until it may have to wait for
    others (before the stage `waits_at`), until they need not wait for it any more, and to its end."""

    name: str
    counts: Counts
    upstream: tuple[str, ...]
    waits_at: Stage
    held_s: float
    ready_s: float
    whole_s: float


def trip_of(name: str, counts: Counts, upstream: list[str], pace: Pace) -> Trip:
    legs = legs_of(name, counts, pace)
    until = {stage: sum(leg.seconds for at, leg in legs if at <= stage) for stage in Stage}
    whole, waits_at = until[Stage.AFTERWARDS], _waits_at(counts)
    if waits_at is None:
        return Trip(name, counts, (), Stage.CONTAINERS, 0.0, until[Stage.DEFINITIONS], whole)
    held = until[Stage(waits_at - 1)]
    return Trip(name, counts, tuple(upstream), waits_at, held, until[Stage.DEFINITIONS], whole)


def _waits_at(counts: Counts) -> Stage | None:
    """The first stage with an item that can't be made before what it needs is there."""
    if counts.get(Per.MODEL_JSON, 0) + counts.get(Per.DATAFLOW_DEFINED, 0):
        return Stage.DATAFLOWS
    return Stage.DEFINITIONS if counts.get(Per.DEFINED, 0) else None


def longest_of(trips: Mapping[str, Trip], pace: Pace) -> list[Leg]:
    """The path of the workspace that comes to its end last, were all begun at once. Those that use each other wait
    for single items only, in turn: not counted."""
    wave = lineage.waves({name: trip.upstream for name, trip in trips.items()})
    ready, before = dict[str, float](), dict[str, str]()
    last, end = "", -1.0
    for name in sorted(trips, key=lambda name: wave[name]):
        trip = trips[name]
        begun = trip.held_s
        for used in trip.upstream:
            if used in trips and wave[used] < wave[name] and ready[used] > begun:
                begun, before[name] = ready[used], used
        ready[name] = begun + trip.ready_s - trip.held_s
        if begun + trip.whole_s - trip.held_s > end:
            last, end = name, begun + trip.whole_s - trip.held_s
    return _legs_to(last, trips, before, ready, pace) if last else []


def _legs_to(
    last: str, trips: Mapping[str, Trip], before: Mapping[str, str], ready: Mapping[str, float], pace: Pace
) -> list[Leg]:
    """The workspaces it waits for with one leg each, then its own legs from there on."""
    chain = [last]
    while chain[0] in before:
        chain.insert(0, before[chain[0]])
    legs, at = list[Leg](), 0.0
    for name in chain[:-1]:
        legs.append(Leg(f"models and dataflows of '{trips[name].name}' arrive", ready[name] - at))
        at = ready[name]
    own = legs_of(trips[last].name, trips[last].counts, pace)
    return [*legs, *(leg for stage, leg in own if len(chain) == 1 or stage >= trips[last].waits_at)]


def legs_of(name: str, counts: Counts, pace: Pace) -> list[tuple[Stage, Leg]]:
    """One workspace, nobody in its way; see orchestrators/workspace.py."""

    def told(per: Per) -> int:
        return counts.get(per, 0)

    step, call = pace.step_s, pace.called_s
    flows, gen2 = told(Per.MODEL_JSON), told(Per.DATAFLOW_DEFINED)
    thin, rdl = told(Per.REPORT_DEFINED), told(Per.RDL)
    shells, push = told(Per.DASHBOARD), told(Per.PUSH_MODEL)
    by_definition = 3 * step + 3 * call + pace.operations_s
    as_small_file = 3 * step + 4 * call + pace.wait(Looks.SMALL_IMPORT).seconds
    file = pace.file_s + 3 * step + 4 * call + pace.wait(Looks.IMPORT).seconds
    anew = 3 * step + 2 * call
    settings = told(Per.DESCRIBED) + told(Per.LARGE_FORMAT) + 3 * told(Per.DATAFLOW_STORAGE)
    assigned = 2 * step + 3 * call + pace.wait(Looks.CAPACITY).seconds
    granted = told(Per.GRANT_ROUND) * (step + call) + told(Per.GRANT) * (call + step / 4)
    refreshed = told(Per.REFRESH) * (2 * step + 3 * call)
    refreshed += told(Per.REFRESHING) * pace.wait(Looks.REFRESH).seconds
    legs = (
        (Stage.CONTAINERS, f"the workspace '{name}' is made", 10 * step + (6 + settings) * call),
        (Stage.CONTAINERS, "it gets its capacity", assigned * told(Per.ON_CAPACITY)),
        (
            Stage.DATAFLOWS,
            f"{flows + gen2} dataflows move, {DATAFLOWS_AT_ONCE} at once",
            _rounds((flows, as_small_file), (gen2, by_definition), at_once=DATAFLOWS_AT_ONCE),
        ),
        (
            Stage.FILES,
            f"{told(Per.REPORT)} reports with their models move, {AT_ONCE} at once",
            _rounds((told(Per.REPORT), file), (told(Per.REWRITTEN), by_definition)),
        ),
        (
            Stage.DEFINITIONS,
            f"{told(Per.MODEL_DEFINED) + push} models move by definition or are made anew",
            _rounds((told(Per.MODEL_DEFINED), by_definition), (push, anew)),
        ),
        (
            Stage.AFTERWARDS,
            f"{thin + rdl} reports follow their models, or come as RDL",
            _rounds((thin, by_definition), (rdl, as_small_file)),
        ),
        (Stage.AFTERWARDS, f"{shells} dashboards are made", _rounds((shells, anew))),
        (Stage.AFTERWARDS, f"{told(Per.GRANT)} rights are granted", granted),
        (Stage.AFTERWARDS, f"{told(Per.REFRESH)} models are refreshed", refreshed),
        (Stage.AFTERWARDS, "it is validated and closed", (1 + told(Per.CHECK)) * (step + call)),
    )
    return [(stage, Leg(what, seconds)) for stage, what, seconds in legs if seconds > 0]


def _rounds(*work: tuple[int, float], at_once: int = AT_ONCE) -> float:
    """So many things of so many seconds each, a few at once: no shorter than the last of them."""
    if not any(number for number, _ in work):
        return 0.0
    longest = max(seconds for number, seconds in work if number)
    return max(longest, sum(number * seconds for number, seconds in work) / at_once)
