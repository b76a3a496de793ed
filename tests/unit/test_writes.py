"""The gate: wherever a try dies, and however many try at once, a write has one effect.

`World` stands for a tenant: what a write makes in it can be found again, at once or after a while.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from core_support import HandClock, at_once, next_id
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import writes
from shared.errors import AmbiguousWrite, BadRequest, NotAuthorized, Throttled, Unavailable
from shared.powerbi.calls import CallRecord
from shared.tables import Tables
from shared.writes import Gate, Intent, NotYet

SETTLE = 60.0


class Died(BaseException):
    """A process that ends in the middle of something: nothing after it runs, nothing catches it."""


class World:
    """What exists in the tenant, and how its writes go wrong."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.made: list[tuple[str, float]] = []  # (id, visible from)
        self.lag_s = 0.0
        self.calls = 0
        self.before: BaseException | None = None  # raised instead of the effect
        self.after: BaseException | None = None  # raised once the effect is there
        self.gate = threading.Event()  # closed: the write takes its time
        self.gate.set()
        self.began = threading.Event()

    def act(self) -> dict[str, Any]:
        self.calls += 1
        self.began.set()
        assert self.gate.wait(30)
        before, self.before = self.before, None
        if before is not None:
            raise before
        self.made.append((f"made-{len(self.made)}", self._clock.monotonic() + self.lag_s))
        after, self.after = self.after, None
        if after is not None:
            raise after
        return {"id": self.made[-1][0]}

    def visible(self) -> list[str]:
        return [identity for identity, since in self.made if since <= self._clock.monotonic()]

    def survey(self) -> dict[str, Any]:
        return {"there": self.visible()}

    def look(self, before: dict[str, Any]) -> dict[str, Any] | None:
        fresh = [identity for identity in self.visible() if identity not in before["there"]]
        return {"id": fresh[0]} if fresh else None


@pytest.fixture
def world(clock: HandClock) -> World:
    return World(clock)


@pytest.fixture
def gate(tables: Tables, clock: HandClock) -> Gate:
    return Gate(tables, clock, SETTLE, lambda migration: True)


@pytest.fixture(autouse=True)
def no_observer() -> Iterator[None]:
    yield
    writes.write_observer = None


def intent(migration: str, subject: str = "report-1", workspace: str = "w") -> Intent:
    return Intent(migration, workspace, "import", subject, "Imports_Post", "Sales", "fabrikam", "app")


def write(gate: Gate, world: World, wanted: Intent, **options: Any) -> dict[str, Any]:
    return gate.write(wanted, act=world.act, look=world.look, survey=world.survey, **options)


def insist(gate: Gate, world: World, wanted: Intent, clock: HandClock) -> dict[str, Any]:
    """Try as an orchestration does: again after every transient failure, wait where told to."""
    for _ in range(20):
        try:
            return write(gate, world, wanted)
        except NotYet as early:
            clock.move((early.until - clock.now()).total_seconds())
        except (AmbiguousWrite, Throttled, Unavailable):
            clock.move(1)
    raise AssertionError("no end after 20 tries")


def call(request_id: str) -> CallRecord:
    return CallRecord(
        "fabrikam", "Imports_Post", "POST", "/imports", "app", "default", 1, 202, 5, request_id, "c"
    )


def audit(tables: Tables, migration: str) -> list[dict[str, Any]]:
    return list(tables["PbiAudit"].partition(migration))


def die_at(point: str) -> None:
    def observer(seen: str, _intent: str) -> None:
        if seen == point:
            writes.write_observer = None
            raise Died(point)

    writes.write_observer = observer


def test_a_write_that_succeeds_is_made_once_and_remembered(gate: Gate, world: World, migration: str) -> None:
    wanted = intent(migration)
    assert not gate.is_open(wanted)
    first = write(gate, world, wanted)
    assert write(gate, world, wanted) == first == {"id": "made-0"}
    assert (world.calls, len(world.made)) == (1, 1)
    assert gate.results(migration, "w", "import") == [first]


@pytest.mark.parametrize("point", ["before", "after", "recorded"])
def test_a_process_that_dies_at_a_seam_leaves_one_effect(
    gate: Gate, world: World, migration: str, clock: HandClock, point: str
) -> None:
    die_at(point)
    with pytest.raises(Died):
        write(gate, world, intent(migration))
    assert insist(gate, world, intent(migration), clock) == {"id": "made-0"}
    assert len(world.made) == 1


@pytest.mark.parametrize("effect", [False, True])
@pytest.mark.parametrize(
    "end", [Died("killed"), AmbiguousWrite("lost"), Unavailable("away"), RuntimeError("a mistake of ours")]
)
def test_a_try_that_ends_in_the_call_leaves_one_effect(
    gate: Gate, world: World, migration: str, clock: HandClock, end: BaseException, effect: bool
) -> None:
    if effect:
        world.after = end
    else:
        world.before = end
    with pytest.raises(type(end)):
        write(gate, world, intent(migration))
    assert insist(gate, world, intent(migration), clock) == {"id": "made-0"}
    assert len(world.made) == 1


def test_a_process_that_dies_before_its_intent_is_stored_leaves_nothing(
    gate: Gate, world: World, migration: str
) -> None:
    def survey() -> dict[str, Any]:
        raise Died("while looking around")

    with pytest.raises(Died):
        gate.write(intent(migration), act=world.act, look=world.look, survey=survey)
    assert not gate.is_open(intent(migration))
    assert write(gate, world, intent(migration)) == {"id": "made-0"}


deaths = st.sampled_from(["before", "after", "recorded", "lost", "killed", "throttled", "none"])


@settings(max_examples=40)
@given(st.lists(deaths, max_size=6), st.floats(0, SETTLE - 1), st.booleans())
def test_whatever_goes_wrong_in_whatever_order_there_is_one_effect(
    tables: Tables, ends: list[str], lag: float, effect_first: bool
) -> None:
    """Also where an effect shows only after a while, as long as that is less than the time to settle."""
    clock = HandClock()
    gate, world, wanted = Gate(tables, clock, SETTLE, lambda migration: True), World(clock), intent(next_id())
    world.lag_s = lag
    for end in ends:
        failure = {
            "lost": AmbiguousWrite("lost"),
            "killed": Died("in the call"),
            "throttled": Throttled(clock.now()),
        }.get(end)
        if failure is None:
            die_at(end)
        elif effect_first and end != "throttled":
            world.after = failure
        else:
            world.before = failure
        try:
            write(gate, world, wanted)
        except NotYet as early:
            clock.move((early.until - clock.now()).total_seconds())
        except (Died, AmbiguousWrite, Throttled):
            clock.move(1)
        writes.write_observer = world.before = world.after = None
    insist(gate, world, wanted, clock)
    assert len(world.made) == 1


def test_an_effect_that_shows_late_is_waited_for_and_adopted(
    gate: Gate, world: World, migration: str, clock: HandClock, tables: Tables
) -> None:
    world.lag_s, world.after = SETTLE - 1, AmbiguousWrite("lost")
    with pytest.raises(AmbiguousWrite):
        write(gate, world, intent(migration))
    with pytest.raises(NotYet) as early:
        write(gate, world, intent(migration))
    assert (early.value.until - clock.now()).total_seconds() == SETTLE
    clock.move(SETTLE - 1)
    assert write(gate, world, intent(migration)) == {"id": "made-0"}
    assert [row["outcome"] for row in audit(tables, migration)] == ["lost", "adopted"]


def test_the_time_to_settle_runs_from_the_loss_not_from_the_start(
    gate: Gate, world: World, migration: str, clock: HandClock
) -> None:
    """An upload of ten minutes whose answer is lost may show a minute after its end."""

    def slow() -> dict[str, Any]:
        clock.move(600)
        raise AmbiguousWrite("lost")

    with pytest.raises(AmbiguousWrite):
        gate.write(intent(migration), act=slow, look=world.look, survey=world.survey)
    with pytest.raises(NotYet) as early:
        write(gate, world, intent(migration))
    assert (early.value.until - clock.now()).total_seconds() == SETTLE


def test_a_repeatable_write_does_not_wait(gate: Gate, world: World, migration: str) -> None:
    world.before = AmbiguousWrite("lost")
    with pytest.raises(AmbiguousWrite):
        write(gate, world, intent(migration), repeatable=True)
    assert write(gate, world, intent(migration), repeatable=True) == {"id": "made-0"}


@pytest.mark.parametrize("refusal", [BadRequest("nope"), NotAuthorized("no")])
def test_a_refusal_closes_the_intent_and_the_next_try_starts_afresh(
    gate: Gate, world: World, migration: str, tables: Tables, refusal: Exception
) -> None:
    world.before = refusal
    with pytest.raises(type(refusal)):
        write(gate, world, intent(migration))
    assert not gate.is_open(intent(migration))
    world.made.append(("somebody else's", 0.0))  # in the meantime: surveyed anew, so not taken for ours
    assert write(gate, world, intent(migration)) == {"id": "made-1"}
    assert [row["outcome"] for row in audit(tables, migration)] == ["refused", "written"]


def test_a_refused_later_try_keeps_the_intent_open(
    gate: Gate, world: World, migration: str, clock: HandClock
) -> None:
    """The refusal may be about what the first try made ("name taken"), so that is still looked for."""
    world.lag_s, world.after = SETTLE + 30, AmbiguousWrite("lost")
    with pytest.raises(AmbiguousWrite):
        write(gate, world, intent(migration))
    clock.move(SETTLE + 1)
    world.before = BadRequest("nameTaken")
    with pytest.raises(BadRequest):
        write(gate, world, intent(migration))
    clock.move(60)
    assert write(gate, world, intent(migration)) == {"id": "made-0"}
    assert len(world.made) == 1


def test_being_throttled_is_no_reason_to_wait_for_an_effect(
    gate: Gate, world: World, migration: str, clock: HandClock
) -> None:
    world.before = Throttled(clock.now())
    with pytest.raises(Throttled):
        write(gate, world, intent(migration))
    assert write(gate, world, intent(migration)) == {"id": "made-0"}


def test_two_first_tries_at_once_have_one_effect(gate: Gate, world: World, migration: str) -> None:
    results = at_once(*[lambda: write(gate, world, intent(migration))] * 6)
    assert len(world.made) == 1
    assert all(result == {"id": "made-0"} or isinstance(result, NotYet) for result in results)
    assert {"id": "made-0"} in results


@pytest.mark.parametrize("attempt", range(4))
def test_two_later_tries_at_once_have_one_effect(
    gate: Gate, world: World, clock: HandClock, attempt: int
) -> None:
    """Both see the same open intent and nothing in the target; only one of them may write."""
    wanted = intent(next_id())
    die_at("before")
    with pytest.raises(Died):
        write(gate, world, wanted)
    clock.move(SETTLE)
    world.lag_s = 30
    results = at_once(*[lambda: write(gate, world, wanted)] * 6)
    assert len(world.made) == 1, results
    assert all(result == {"id": "made-0"} or isinstance(result, NotYet) for result in results)


def test_a_second_try_while_the_first_one_writes_is_told_to_wait(
    gate: Gate, world: World, migration: str
) -> None:
    world.gate.clear()
    first = threading.Thread(target=lambda: write(gate, world, intent(migration)))
    first.start()
    assert world.began.wait(30)
    with pytest.raises(NotYet):
        write(gate, world, intent(migration))
    world.gate.set()
    first.join(30)
    assert write(gate, world, intent(migration)) == {"id": "made-0"}
    assert world.calls == 1


def test_intents_of_other_objects_are_not_touched(gate: Gate, world: World, migration: str) -> None:
    wanted = [
        intent(migration),
        intent(migration, "Größe/2"),
        intent(migration, workspace="w2"),
        intent(next_id()),
    ]
    for number, one in enumerate(wanted):
        assert write(gate, world, one) == {"id": f"made-{number}"}
    assert [write(gate, world, one)["id"] for one in wanted] == [f"made-{number}" for number in range(4)]
    assert len(gate.results(migration, "w", "import")) == 2
    assert gate.results(migration, "w", "imp") == []


def test_the_audit_names_who_what_where_and_the_calls(
    gate: Gate, migration: str, tables: Tables, clock: HandClock
) -> None:
    def act() -> dict[str, Any]:
        for number in range(30):
            writes.note_call(call(f"r{number}"))
        return {"id": "x"}

    writes.note_call(call("outside of any write"))
    gate.write(intent(migration), act=act, look=lambda before: None)
    (row,) = audit(tables, migration)
    assert row["time"] == clock.now().isoformat()
    named = (
        "actor",
        "connection",
        "operation",
        "action",
        "workspaceId",
        "subject",
        "target",
        "outcome",
        "result",
    )
    assert tuple(row[name] for name in named) == (
        "app", "fabrikam", "Imports_Post", "import", "w", "report-1", "Sales", "written", {"id": "x"},
    )  # fmt: skip
    assert [call["request"] for call in row["calls"]] == [f"r{number}" for number in range(20)]


def test_the_seams_are_seen_in_order(gate: Gate, world: World, migration: str) -> None:
    seen: list[tuple[str, str]] = []
    writes.write_observer = lambda point, key: seen.append((point, key))
    write(gate, world, intent(migration))
    write(gate, world, intent(migration))
    assert [point for point, _ in seen] == ["before", "after", "recorded"]
    assert {key for _, key in seen} == {f"{migration}.w/import.report-1"}


def test_what_is_told_to_stop_while_storage_takes_its_time_is_not_sent(
    tables: Tables, clock: HandClock, world: World, migration: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    slow = Gate(tables, clock, SETTLE, lambda of: not told)
    monkeypatch.setattr(slow, "_intent_row", lambda wanted: told.append("stop") or _row(tables, wanted))
    with pytest.raises(writes.Stopped):
        write(slow, world, intent(migration))
    assert world.calls == 0


def _row(tables: Tables, wanted: Intent) -> dict[str, Any] | None:
    found = tables["PbiIntents"].get(wanted.partition, wanted.row)
    return found[0] if found else None
