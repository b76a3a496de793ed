"""The count of calls: whose they are, that none is counted twice, and that it never stands in the way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from core_support import START, HandClock, at_once

from activities.frame import Call, during, run
from shared import call_tally
from shared.call_tally import CallTally, outcome_of
from shared.config import load
from shared.models import Migration
from shared.outcomes import Done, Outcome
from shared.powerbi.calls import CallRecord
from shared.services import Services
from shared.statuses import Status
from shared.tables import Table, Tables

RECORD = CallRecord(
    connection="contoso",
    operation="Groups_GetGroups",
    method="GET",
    template="/groups",
    identity="main",
    quota="default",
    attempt=0,
    status=200,
    duration_ms=1,
    request_id="",
    correlation_id="",
)


@pytest.fixture
def tally(tables: Tables, clock: HandClock) -> CallTally:
    return CallTally(tables, clock)


def make(tally: CallTally, run: str, *records: CallRecord) -> None:
    with tally.counting(run):
        for record in records:
            call_tally.note(record)


def begun(services: Services, migration: str) -> Migration:
    row = Migration(migration, Status.RUNNING, "contoso", "fabrikam", "h", START.isoformat(), "")
    services.manifest.create(row)
    return row


class Counted:
    """The writes to the table of counts, one entry each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answer: Callable[..., Any] | None = None) -> None:
        self.rows: list[str] = []
        real = Table.swap

        def swap(table: Table, pk: str, rk: str, values: Any, etag: str) -> str | None:
            if "throttled" in values:
                self.rows.append(f"{pk}.{rk}")
                if answer is not None:
                    return answer()
            return real(table, pk, rk, values, etag)

        monkeypatch.setattr(Table, "swap", swap)


def test_calls_are_counted_by_quota_with_their_retries_and_the_429s_apart(
    tally: CallTally, migration: str
) -> None:
    again = replace(RECORD, attempt=1)
    scan = replace(RECORD, quota="admin.getInfo")
    make(tally, migration, replace(RECORD, status=429, code="429"), again, scan)
    make(tally, migration, RECORD)
    told = tally.of(migration)
    assert told["calls"] == {"admin.getInfo": 1, "default": 3}
    assert told["throttled"] == 1
    assert told["last"] == START.isoformat()


@pytest.mark.parametrize(
    ("record", "counted"),
    [
        (replace(RECORD, status=500, code="500"), True),
        (replace(RECORD, status=0, code="wire.timeout"), True),
        (replace(RECORD, status=0, code="host.forbidden"), False),
        (replace(RECORD, operation="Blob_PutBlock", template=""), False),
    ],
    ids=["refused by the service", "no answer", "refused by us", "not the service"],
)
def test_what_went_out_to_the_service_is_a_call(
    tally: CallTally, migration: str, record: CallRecord, counted: bool
) -> None:
    make(tally, migration, record)
    assert tally.of(migration)["calls"] == ({"default": 1} if counted else {})


def test_calls_outside_of_any_run_are_nobodys(tally: CallTally, migration: str) -> None:
    make(tally, "", RECORD)
    call_tally.note(RECORD)
    make(tally, migration)
    assert tally.of(migration) == {"calls": {}, "throttled": 0, "last": ""}


def test_of_two_runs_at_once_each_has_its_own(tally: CallTally, migration: str) -> None:
    runs = [f"{migration}-{number}" for number in range(6)]
    at_once(*(lambda run=run: make(tally, run, RECORD, RECORD) for run in runs))
    assert [tally.of(run)["calls"]["default"] for run in runs] == [2] * 6


def test_no_count_is_lost_or_doubled_between_threads_and_processes(
    tables: Tables, clock: HandClock, migration: str
) -> None:
    tallies = [CallTally(tables, clock) for _ in range(3)]

    def work(tally: CallTally) -> None:
        for _ in range(5):
            make(tally, migration, RECORD, replace(RECORD, quota="admin.other"))

    at_once(*(lambda tally=tally: work(tally) for tally in tallies * 3))
    assert tallies[0].of(migration)["calls"] == {"admin.other": 45, "default": 45}


def test_an_activity_costs_one_write_where_it_called_and_none_where_it_did_not(
    tally: CallTally, migration: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = Counted(monkeypatch)
    make(tally, migration)
    assert writes.rows == []
    make(tally, migration, *[RECORD] * 30)
    make(tally, migration, RECORD)
    assert len(writes.rows) == 2
    assert tally.of(migration)["calls"] == {"default": 31}


def test_a_row_of_another_run_is_not_taken_for_ones_own_after_a_lost_race(
    tables: Tables, clock: HandClock, migration: str
) -> None:
    one, other = CallTally(tables, clock), CallTally(tables, clock)
    other._shard = one._shard  # pyright: ignore[reportPrivateUsage]
    first, second = f"{migration}-1", f"{migration}-2"
    make(one, first, RECORD)
    make(one, second, RECORD)
    make(other, first, RECORD)
    for _ in range(4):  # the first of them loses the race, and moves to another row
        make(one, first, RECORD)
        make(one, second, RECORD)
    assert one.of(first)["calls"] == {"default": 6}
    assert one.of(second)["calls"] == {"default": 5}


@pytest.mark.parametrize("answer", [None, "raises"], ids=["always a lost race", "an outage"])
def test_a_count_that_storage_does_not_take_is_lost_with_a_line_and_nothing_else(
    tally: CallTally,
    migration: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    answer: str | None,
) -> None:
    def refuse() -> str | None:
        if answer:
            raise TimeoutError("storage is away")
        return None

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        Counted(patch, refuse)
        make(tally, migration, RECORD, RECORD)
    assert "2 calls" in caplog.text
    make(tally, migration, RECORD)
    assert tally.of(migration)["calls"] == {"default": 1}


def test_storage_that_is_away_fails_no_activity(clock: HandClock, migration: str) -> None:
    away = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:9/a;"
    make(CallTally(Tables(load({"AzureWebJobsStorage": away})), clock), migration, RECORD)


def test_an_activity_counts_for_its_migration_however_it_ends(services: Services, migration: str) -> None:
    begun(services, migration)

    @during(Status)
    def counting_body(using: Services, call: Call) -> Outcome:
        call_tally.note(RECORD)
        if call.page:
            raise RuntimeError("after the call")
        return Done()

    run(counting_body, services, {"migration": migration})
    with pytest.raises(RuntimeError):
        run(counting_body, services, {"migration": migration, "page": 1})
    run(counting_body, services, {})
    assert services.calls.of(migration)["calls"] == {"default": 2}


def test_the_outcome_ends_with_the_latest_call(services: Services, clock: HandClock, migration: str) -> None:
    row = begun(services, migration)
    assert outcome_of(services, row) == {"calls": {}, "throttled": 0, "seconds": None}
    clock.move(90)
    make(services.calls, migration, RECORD)
    clock.move(timedelta(days=3).total_seconds())  # ready, and waiting for people
    assert outcome_of(services, row) == {"calls": {"default": 1}, "throttled": 0, "seconds": 90.0}
