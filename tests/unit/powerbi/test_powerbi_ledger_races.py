"""Many processes on one ledger: whatever the order of their storage steps, no window is overdrawn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from powerbi_support import ManualClock

from shared.config import Settings
from shared.ledger import Ledger
from shared.ledger_rows import RowsInMemory, StoredRows
from shared.powerbi.buckets import Bucket
from shared.powerbi.quotas import Quota
from shared.tables import Tables

DEFAULT = Quota(in_flight=5)


def bucket(quota: Quota, key: str = "k", name: str = "default") -> Bucket:
    return Bucket(name, key, quota)


class Stage:
    """Lets one actor run at a time, from one storage step to the next; the order is the test's choice."""

    def __init__(self) -> None:
        self._go: dict[int, threading.Semaphore] = {}
        self._stopped = threading.Semaphore(0)
        self.ready: set[int] = set()

    def play(self, actors: list[Callable[[], None]], choose: Callable[[list[int]], int]) -> None:
        threads: list[threading.Thread] = []
        for number, actor in enumerate(actors):
            self._go[number] = threading.Semaphore(0)
            thread = threading.Thread(target=self._act, args=(number, actor), daemon=True)
            thread.start()
            threads.append(thread)
            self.ready.add(number)
        while self.ready:
            self._go[choose(sorted(self.ready))].release()
            assert self._stopped.acquire(timeout=30)
        for thread in threads:
            thread.join(30)

    def pause(self, number: int) -> None:
        """Called by an actor before each of its storage steps."""
        self._stopped.release()
        self._go[number].acquire()

    def _act(self, number: int, actor: Callable[[], None]) -> None:
        self._go[number].acquire()
        try:
            actor()
        finally:
            self.ready.discard(number)
            self._stopped.release()


class Watched:
    """The rows as one process sees them: each step may be held up, and the moment of a reservation is kept."""

    def __init__(self, rows: RowsInMemory, stage: Stage, number: int, clock: ManualClock) -> None:
        self._rows, self._stage, self._number, self._clock = rows, stage, number, clock
        self.reserved = 0.0

    def get(self, pk: str, rk: str) -> tuple[dict[str, Any], str] | None:
        self._stage.pause(self._number)
        return self._rows.get(pk, rk)

    def swap(self, pk: str, rk: str, values: Mapping[str, Any], etag: str) -> str | None:
        at = self._clock.passed
        self._stage.pause(self._number)
        fresh = self._rows.swap(pk, rk, values, etag)
        self.reserved = at if fresh else self.reserved
        return fresh


@given(
    quota=st.sampled_from(
        [Quota(3, 60.0), Quota(7, 20.0, burst=2, burst_window_s=2.0), Quota(1000, 60.0), Quota(1200, 5.0)]
    ),
    processes=st.integers(2, 4),
    steps=st.lists(st.tuples(st.integers(0, 3), st.floats(0, 9)), min_size=5, max_size=80),
)
def test_no_interleaving_overdraws_a_window(
    quota: Quota, processes: int, steps: list[tuple[int, float]]
) -> None:
    clock, rows, stage, made = ManualClock(), RowsInMemory(), Stage(), list[float]()
    order = iter(steps)

    def choose(ready: list[int]) -> int:
        number, pause = next(order, (0, 0.0))
        clock.passed += pause
        return ready[number % len(ready)]

    def process(number: int) -> Callable[[], None]:
        watched = Watched(rows, stage, number, clock)
        ledger = Ledger(watched, clock)

        def work() -> None:
            for _ in range(6):
                if ledger.take(bucket(quota)) is None:
                    made.append(watched.reserved)

        return work

    stage.play([process(number) for number in range(processes)], choose)
    assert made
    for limit, seconds in ((quota.limit, quota.window_s), (quota.burst, quota.burst_window_s)):
        if limit is not None and seconds is not None:
            assert all(sum(1 for at in made if call <= at < call + seconds) <= limit for call in made)


@pytest.mark.parametrize("limit", [1, 50, 1500])
def test_threads_and_processes_together_get_exactly_the_limit(limit: int) -> None:
    clock, rows = ManualClock(), RowsInMemory()
    shared = bucket(Quota(limit, 3600.0))
    ledgers = [Ledger(rows, clock) for _ in range(3)]
    with ThreadPoolExecutor(24) as pool:
        refusals = list(pool.map(lambda number: ledgers[number % 3].take(shared), range(limit + 30)))
    assert refusals.count(None) == limit
    assert all(refusal is None or refusal.seconds >= 3600 for refusal in refusals)


class Counted(RowsInMemory):
    """Rows that count their steps."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: Counter[str] = Counter()

    def get(self, pk: str, rk: str) -> tuple[dict[str, Any], str] | None:
        self.steps["get"] += 1
        return super().get(pk, rk)

    def swap(self, pk: str, rk: str, values: Mapping[str, Any], etag: str) -> str | None:
        self.steps["swap"] += 1
        return super().swap(pk, rk, values, etag)


def test_a_reservation_nobody_disturbs_is_one_step() -> None:
    rows = Counted()
    ledger, shared = Ledger(rows, ManualClock()), bucket(Quota(400, 60.0))
    for _ in range(100):
        assert ledger.take(shared) is None
    assert rows.steps == {"get": 1, "swap": 100}


def test_waiters_of_all_processes_are_told_different_times() -> None:
    clock, rows = ManualClock(), RowsInMemory()
    shared, told = bucket(Quota(10, 3600.0)), list[float]()
    ledgers = [Ledger(rows, clock) for _ in range(3)]
    for number in range(16):
        refusal = ledgers[number % 3].take(shared)
        clock.passed += 10
        if refusal:
            told.append(clock.passed - 10 + refusal.seconds)
    assert len(told) == len(set(told)) == 6


def test_a_close_reaches_every_process_and_every_row() -> None:
    clock, rows = ManualClock(), RowsInMemory()
    shared = bucket(Quota(4000, 60.0))
    one, other = Ledger(rows, clock), Ledger(rows, clock)
    assert one.take(shared) is None
    assert other.take(shared) is None
    one.close(shared, 300)
    assert one.closed_s(shared) == 300
    for ledger in (one, other, Ledger(rows, clock)):
        refusal = ledger.take(shared)
        assert refusal
        assert refusal.closed
        assert refusal.seconds >= 300
    clock.passed += 300
    assert other.take(shared) is None


@pytest.mark.parametrize("seconds", [-1.0, 3601.0, 1e9])
def test_what_is_about_one_object_closes_nothing(seconds: float) -> None:
    ledger = Ledger(clock=ManualClock())
    ledger.close(bucket(DEFAULT), seconds)
    assert ledger.take(bucket(DEFAULT)) is None
    assert ledger.closed_s(bucket(DEFAULT)) == 0


class Broken(RowsInMemory):
    """Storage that is away."""

    def swap(self, pk: str, rk: str, values: Mapping[str, Any], etag: str) -> str | None:
        raise ConnectionError("storage is away")


def test_without_storage_nothing_is_reserved_for_anybody() -> None:
    ledger = Ledger(Broken(), ManualClock())
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(ledger.take, bucket(DEFAULT)) for _ in range(8)]
    assert all(isinstance(answer.exception(), ConnectionError) for answer in answers)


def test_never_more_calls_in_flight_than_places() -> None:
    rows, shared = RowsInMemory(), bucket(DEFAULT)
    ledgers = [Ledger(rows, scale=0.01) for _ in range(3)]
    flying, most, lock, pause = 0, 0, threading.Lock(), threading.Event()

    def call(number: int) -> bool:
        nonlocal flying, most
        ledger = ledgers[number % 3]
        if not ledger.in_flight.enter(shared, 60):
            return False
        with lock:
            flying += 1
            most = max(most, flying)
        pause.wait(0.002)
        with lock:
            flying -= 1
        ledger.in_flight.leave(shared)
        return True

    with ThreadPoolExecutor(30) as pool:
        assert all(pool.map(call, range(300)))
    assert 1 <= most <= 5


def test_a_place_is_refused_after_a_while_and_given_where_one_is_left() -> None:
    rows, narrow = RowsInMemory(), bucket(Quota(in_flight=1))
    one, other = Ledger(rows), Ledger(rows)
    assert one.in_flight.enter(narrow, 0)
    assert not one.in_flight.enter(narrow, 0.01)
    assert not other.in_flight.enter(narrow, 0.01)
    one.in_flight.leave(narrow)
    assert one.in_flight.enter(narrow, 0)


def test_idle_places_go_back_to_the_others() -> None:
    rows, narrow = RowsInMemory(), bucket(Quota(in_flight=1))
    one, other = Ledger(rows, scale=0.01), Ledger(rows, scale=0.01)
    assert one.in_flight.enter(narrow, 0)
    one.in_flight.leave(narrow)
    assert other.in_flight.enter(narrow, 60)


def test_a_scan_keeps_its_place_until_it_ends_or_its_deadline() -> None:
    clock, rows = ManualClock(), RowsInMemory()
    scans = bucket(Quota(500, 3600.0, 2), name="admin.getInfo")
    ledger, other = Ledger(rows, clock), Ledger(rows, clock)
    assert ledger.lease(scans, "m.1", 7200)
    assert ledger.lease(scans, "m.1", 7200)  # the same scan, asked for again
    assert other.lease(scans, "m.2", 7200)
    assert not other.lease(scans, "m.3", 7200)
    ledger.release(scans, "m.1")
    assert other.lease(scans, "m.3", 7200)
    clock.passed += 7201
    assert ledger.lease(scans, "m.4", 7200)
    assert ledger.in_flight.enter(scans, 0)  # the call that starts a scan takes no place of its own


def test_scans_that_wait_do_not_fill_the_row() -> None:
    rows, scans = RowsInMemory(), bucket(Quota(500, 3600.0, 16), name="admin.getInfo")
    ledger = Ledger(rows, ManualClock())
    assert sum(ledger.lease(scans, f"{number}.00000", 7200) for number in range(1000)) == 16
    found = rows.get("k", "flight")
    assert found is not None
    assert len(found[0]["leases"]) == 16


PROCESS = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from shared.config import load
from shared.ledger import Ledger
from shared.ledger_rows import StoredRows
from shared.powerbi.buckets import Bucket
from shared.powerbi.quotas import Quota
from shared.tables import Tables

settings = json.loads(sys.argv[1])
bucket = Bucket("default", settings["key"], Quota(settings["limit"], 3600.0))
ledger = Ledger(StoredRows(Tables(load(settings["variables"]))))
with ThreadPoolExecutor(8) as pool:
    taken = list(pool.map(lambda _: ledger.take(bucket) is None, range(settings["limit"] // 3 + 8)))
print(sum(taken))
"""


def test_three_processes_on_real_storage_get_exactly_the_limit(storage: Settings) -> None:
    assert storage.storage_connection
    variables = {"AzureWebJobsStorage": storage.storage_connection.reveal()}
    StoredRows(Tables(storage)).get("x", "0")  # the table is there before they start
    for limit, key in ((60, "few"), (1000, "many")):
        told = json.dumps({"variables": variables, "key": f"race.{key}", "limit": limit})
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", PROCESS, told],
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": os.getcwd()},
            )
            for _ in range(3)
        ]
        counts = [int(process.communicate(timeout=200)[0]) for process in processes]
        assert sum(counts) == limit
