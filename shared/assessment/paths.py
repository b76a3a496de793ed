"""How long one workspace takes from its creation to its closing entry, and how long with those it waits for. Pure.

A workspace waits for another one only where an item of its own can't be made before what it needs is there: reports and
models by definition, dataflows. Files bring along what they need. So the longest path of an estate may lead through
several workspaces: through the models and dataflows of each but the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from shared.assessment import lineage
from shared.assessment.call_table import Looks, Per
from shared.assessment.pace import Pace

AT_ONCE, DATAFLOWS_AT_ONCE = 3, 20  # items of a workspace; orchestrators/workspace.py

_NAMED = 6  # workspaces of a longest path that are waited for

type Counts = Mapping[str, int]
type Told = Callable[[Per], int]  # how many of a workspace


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
    chain = _chain(last, before)
    since = {name: ready[name] - ready.get(before.get(name, ""), 0.0) for name in chain}
    legs = [Leg(f"models and dataflows of '{trips[name].name}' arrive", since[name]) for name in chain]
    if len(legs) > _NAMED:
        rest = legs[_NAMED:]
        seconds = sum(leg.seconds for leg in rest)
        legs[_NAMED:] = [Leg(f"those of {len(rest)} further workspaces arrive, one after another", seconds)]
    own = legs_of(trips[last].name, trips[last].counts, pace)
    return [*legs, *(leg for stage, leg in own if not chain or stage >= trips[last].waits_at)]


def _chain(last: str, before: Mapping[str, str]) -> list[str]:
    """Who is waited for, from the first to the one right before the last."""
    chain = list[str]()
    while last in before:
        last = before[last]
        chain.append(last)
    return chain[::-1]


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of single things, at a pace: an activity each for reading, making and waiting, with its calls."""

    file: float
    small_file: float  # an RDL or a model.json
    by_definition: float
    anew: float
    assigned: float  # onto a capacity
    refreshed: float  # the longest of a workspace; all others end meanwhile

    @classmethod
    @cache
    def at(cls, pace: Pace) -> Costs:
        step, call = pace.step_s, pace.called_s
        return cls(
            file=pace.file_s + 3 * step + 4 * call + pace.wait(Looks.IMPORT).seconds,
            small_file=3 * step + 4 * call + pace.wait(Looks.SMALL_IMPORT).seconds,
            by_definition=3 * step + 3 * call + pace.operations_s,
            anew=3 * step + 2 * call,
            assigned=2 * step + 3 * call + pace.wait(Looks.CAPACITY).seconds,
            refreshed=pace.wait(Looks.REFRESH).seconds,
        )


def legs_of(name: str, counts: Counts, pace: Pace) -> list[tuple[Stage, Leg]]:
    """One workspace, nobody in its way; see orchestrators/workspace.py."""

    def told(per: Per) -> int:
        return counts.get(per, 0)

    costs = Costs.at(pace)
    legs = (
        *((Stage.CONTAINERS, *leg) for leg in _begun(name, told, costs, pace)),
        *_moved(told, costs),
        *((Stage.AFTERWARDS, *leg) for leg in _ended(told, costs, pace)),
    )
    return [(stage, Leg(what, seconds)) for stage, what, seconds in legs if seconds > 0]


def _begun(name: str, told: Told, costs: Costs, pace: Pace) -> Iterator[tuple[str, float]]:
    settings = told(Per.DESCRIBED) + told(Per.LARGE_FORMAT) + 3 * told(Per.DATAFLOW_STORAGE)
    yield f"the workspace '{name}' is made", 10 * pace.step_s + (6 + settings) * pace.called_s
    yield "it gets its capacity", costs.assigned * told(Per.ON_CAPACITY)


def _moved(told: Told, costs: Costs) -> Iterator[tuple[Stage, str, float]]:
    """What other workspaces may need."""
    flows, gen2 = told(Per.MODEL_JSON), told(Per.DATAFLOW_DEFINED)
    yield (
        Stage.DATAFLOWS,
        f"{flows + gen2} dataflows move, {DATAFLOWS_AT_ONCE} at once",
        _rounds((flows, costs.small_file), (gen2, costs.by_definition), at_once=DATAFLOWS_AT_ONCE),
    )
    yield (
        Stage.FILES,
        f"{told(Per.REPORT)} reports with their models move, {AT_ONCE} at once",
        _rounds((told(Per.REPORT), costs.file), (told(Per.REWRITTEN), costs.by_definition)),
    )
    models, push = told(Per.MODEL_DEFINED), told(Per.PUSH_MODEL)
    yield (
        Stage.DEFINITIONS,
        f"{models + push} models move by definition or are made anew",
        _rounds((models, costs.by_definition), (push, costs.anew)),
    )


def _ended(told: Told, costs: Costs, pace: Pace) -> Iterator[tuple[str, float]]:
    step, call = pace.step_s, pace.called_s
    thin, rdl, shells = told(Per.REPORT_DEFINED), told(Per.RDL), told(Per.DASHBOARD)
    yield (
        f"{thin + rdl} reports follow their models, or come as RDL",
        _rounds((thin, costs.by_definition), (rdl, costs.small_file)),
    )
    yield f"{shells} dashboards are made", _rounds((shells, costs.anew))
    granted = told(Per.GRANT_ROUND) * (step + call) + told(Per.GRANT) * (call + step / 4)
    yield f"{told(Per.GRANT)} rights are granted", granted
    refreshed = told(Per.REFRESH) * (2 * step + 3 * call) + told(Per.REFRESHING) * costs.refreshed
    yield f"{told(Per.REFRESH)} models are refreshed", refreshed
    yield "it is validated and closed", (1 + told(Per.CHECK)) * (step + call)


def _rounds(*work: tuple[int, float], at_once: int = AT_ONCE) -> float:
    """So many things of so many seconds each, a few at once: no shorter than the last of them."""
    if not any(number for number, _ in work):
        return 0.0
    longest = max(seconds for number, seconds in work if number)
    return max(longest, sum(number * seconds for number, seconds in work) / at_once)
