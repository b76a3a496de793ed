"""Calls before the ledger: reserved before they are sent, held back after a 429, in every thread and process."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from powerbi_support import (
    Received,
    Reply,
    Rig,
    Service,
    error,
    reply_json,
    rig_on,
    settings_for,
)

from shared.errors import AmbiguousWrite, Throttled, Unavailable
from shared.ledger import Ledger
from shared.ledger_rows import RowsInMemory
from shared.powerbi import operations as op
from shared.powerbi.buckets import bucket_of
from shared.powerbi.connect import PowerBI, Tenants
from shared.powerbi.retry_budget import RetryBudget

GROUP = "6a3bc0f8-0000-4000-8000-000000000001"
OTHER = "6a3bc0f8-0000-4000-8000-000000000002"


def told(seconds: str) -> Reply:
    return Reply(429, b'{"message": "Too many."}', {"Retry-After": seconds})


def limited(service: Service, quotas: dict[str, Any], **fields: str) -> Rig:
    return rig_on(service, QUOTAS=json.dumps(quotas), **fields)


def opened(rig: Rig, ledger: Ledger | None = None, **fields: str) -> PowerBI:
    return Tenants(settings_for(rig.service.origin, **fields), rig.clock, ledger=ledger).open("contoso")


def test_another_call_on_the_quota_does_not_reach_the_service_before_its_time(rig: Rig) -> None:
    rig.service.in_turn(told("600"), reply_json({"id": OTHER}))
    with pytest.raises(Throttled):
        rig.tenant.groups.get(GROUP)
    with pytest.raises(Throttled) as held:
        rig.tenant.groups.get(OTHER)
    assert held.value.retry_at >= rig.clock.start + timedelta(seconds=600)
    assert (held.value.operation, held.value.connection) == ("Groups_GetGroup", "contoso")
    assert len(rig.service.received) == 1
    rig.clock.passed = 601
    assert rig.tenant.groups.get(OTHER) == {"id": OTHER}


def test_what_is_left_of_a_short_wait_is_waited_for_inline(rig: Rig) -> None:
    rig.service.in_turn(told("600"), reply_json({"id": OTHER}))
    with pytest.raises(Throttled):
        rig.tenant.groups.get(GROUP)
    rig.clock.passed = 598
    assert rig.tenant.groups.get(OTHER) == {"id": OTHER}
    assert rig.clock.passed >= 600


def test_a_process_that_comes_after_goes_on_waiting(rig: Rig) -> None:
    rows = RowsInMemory()
    rig.service.in_turn(told("600"), reply_json({"id": GROUP}))
    for _ in range(2):  # two processes, one after the other
        with pytest.raises(Throttled):
            opened(rig, Ledger(rows, rig.clock)).groups.get(GROUP)
    assert len(rig.service.received) == 1


def test_a_429_that_names_no_time_closes_the_quota_too(rig: Rig) -> None:
    rig.service.in_turn(Reply(429), reply_json({"id": GROUP}))
    for _ in range(2):
        with pytest.raises(Throttled) as held:
            rig.tenant.groups.get(GROUP)
        assert held.value.retry_at >= rig.clock.start + timedelta(seconds=30)
    assert len(rig.service.received) == 1


def test_a_wait_longer_than_any_window_is_about_one_object(rig: Rig) -> None:
    rig.service.in_turn(told("40000"), reply_json({"id": OTHER}))
    with pytest.raises(Throttled):
        rig.tenant.groups.get(GROUP)
    assert rig.tenant.groups.get(OTHER) == {"id": OTHER}


def test_a_call_within_the_quota_only(service: Service) -> None:
    rig = limited(service, {"admin.modified": {"limit": 2, "window_s": 100}})
    for _ in range(2):
        rig.tenant.scanner.modified()
    with pytest.raises(Throttled, match=r"admin\.modified") as held:
        rig.tenant.scanner.modified()
    assert 100 <= (held.value.retry_at - rig.clock.now()).total_seconds() <= 106
    assert len(service.received) == 2
    rig.clock.passed = 98
    rig.tenant.scanner.modified()  # what is left is waited for
    assert rig.clock.passed >= 100


def test_every_attempt_and_every_page_is_reserved(service: Service) -> None:
    rig = limited(service, {"default": {"limit": 3, "window_s": 100}})
    service.in_turn(Reply(503), Reply(503), reply_json({"id": GROUP}))
    assert rig.tenant.groups.get(GROUP) == {"id": GROUP}
    with pytest.raises(Throttled):
        rig.tenant.client.follow(op.LIST_GROUPS, f"{service.origin}/v1.0/myorg/groups?x=1")
    assert len(service.received) == 3


def test_what_goes_to_storage_is_not_counted(service: Service) -> None:
    rig = limited(service, {"default": {"limit": 1, "window_s": 100}})
    service.script = lambda _: Reply(200, b"x")
    for _ in range(3):
        with rig.tenant.client.download(f"{service.origin}/file?sig=1") as response:
            assert response.read() == b"x"


def test_refreshes_are_counted_per_model_and_on_shared_capacity_only(service: Service) -> None:
    rig = limited(service, {"dataset.refresh": {"limit": 1, "window_s": 86400}})
    service.script = lambda _: Reply(202, headers={"RequestId": "r"})
    for model in (GROUP, OTHER):
        assert rig.tenant.datasets.refresh(GROUP, model) == "r"
        with pytest.raises(Throttled):
            rig.tenant.datasets.refresh(GROUP, model)
        for _ in range(3):
            assert rig.tenant.datasets.refresh(GROUP, model, on_shared=False) == "r"


def test_the_last_word_before_a_call_goes_out(rig: Rig) -> None:
    class Stopped(Exception):
        pass

    asked: list[int] = []

    def on_send() -> None:
        asked.append(len(rig.service.received))
        if len(asked) > 2:
            raise Stopped

    tenants = Tenants(settings_for(rig.service.origin), rig.clock, on_send=on_send)
    rig.service.in_turn(told("1"), reply_json({"id": GROUP}))
    assert tenants.open("contoso").groups.get(GROUP)
    with pytest.raises(Stopped):
        tenants.open("contoso").groups.get(GROUP)
    assert asked == [0, 1, 2]
    assert len(rig.service.received) == 2


def test_two_connections_of_one_tenant_have_one_admin_quota(rig: Rig) -> None:
    ledger = Ledger(clock=rig.clock)
    quotas = '{"admin.modified": {"limit": 1, "window_s": 100}}'
    opened(rig, ledger, QUOTAS=quotas).scanner.modified()
    with pytest.raises(Throttled):
        opened(rig, ledger, QUOTAS=quotas, CLIENT_ID="another").scanner.modified()


def test_whose_count_a_call_goes_into(rig: Rig) -> None:
    def key(operation: op.Operation, item: str = "", **fields: str) -> str:
        connection = settings_for(rig.service.origin, **fields).connections["contoso"]
        return bucket_of(connection, operation, item).key

    profile = {"PROFILE_ID": OTHER}
    assert key(op.GET_GROUP) == key(op.LIST_REPORTS)
    assert key(op.GET_GROUP) != key(op.GET_GROUP, CLIENT_ID="b") != key(op.GET_GROUP, **profile)
    assert key(op.GET_SCAN_STATUS) == key(op.GET_SCAN_STATUS, CLIENT_ID="b", **profile)
    assert key(op.LIST_CAPACITIES_AS_ADMIN).startswith("admin.other.")
    assert key(op.LIST_CAPACITIES_AS_ADMIN) != key(op.Operation("X", "GET", "", "admin.other", "admin"))
    assert key(op.REFRESH_DATASET, "a") != key(op.REFRESH_DATASET, "b")
    assert key(op.REFRESH_DATASET, "a") == key(op.REFRESH_DATASET, "A")


def test_a_refresh_is_an_ordinary_call_besides(service: Service) -> None:
    rig = limited(
        service,
        {"default": {"limit": 2, "window_s": 100}, "dataset.refresh": {"limit": 1, "window_s": 1000}},
    )
    rig.tenant.datasets.refresh(GROUP, OTHER)
    with pytest.raises(Throttled, match=r"dataset\.refresh"):
        rig.tenant.datasets.refresh(GROUP, OTHER)
    with pytest.raises(Throttled, match="quota default"):
        rig.tenant.datasets.refresh(GROUP, GROUP)
    assert len(service.received) == 1
    rig.clock.passed = 102
    rig.tenant.datasets.refresh(GROUP, GROUP)  # nothing of its own budget was spent on the refusal


def test_a_long_wait_leaves_a_line(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.service.in_turn(told("600"))
    with caplog.at_level(logging.INFO, "powerbi.calls"):
        for _ in range(2):
            with pytest.raises(Throttled):
                rig.tenant.groups.get(GROUP)
    lines = [vars(record) for record in caplog.records if "waits for" in record.message]
    assert [(line["quota"], line["why"]) for line in lines] == [
        ("default", "told by the service"),
        ("default", "the service is still to be left alone"),
    ]
    assert all(line["until"] > "2026-11-21T12:09" for line in lines)


def test_retries_are_spent_once_and_earned_by_calls(rig: Rig) -> None:
    rig.service.script = lambda _: error(503, "x")
    for _ in range(20):
        with pytest.raises(Unavailable):
            rig.tenant.groups.get(GROUP)
    assert len(rig.service.received) == 20 + 10 + 1  # ten to begin with, and those twenty calls earned one
    rig.service.script = lambda _: Reply(hang_up=True)
    with pytest.raises(AmbiguousWrite):
        rig.tenant.groups.create("x")


def test_a_429_is_waited_for_without_the_budget(rig: Rig) -> None:
    rig.service.script = lambda _: error(503, "x")
    for _ in range(20):
        with pytest.raises(Unavailable):
            rig.tenant.groups.get(GROUP)
    rig.service.in_turn(told("1"), reply_json({"id": GROUP}))
    assert rig.tenant.groups.get(GROUP) == {"id": GROUP}


def test_a_budget_never_grows_beyond_its_size() -> None:
    budget = RetryBudget()
    for _ in range(1000):
        budget.earn()
    assert sum(budget.spend() for _ in range(20)) == 10


@pytest.mark.parametrize("told_s", ["0", "-3", "soon", "", "1e400"])
def test_odd_waits_close_nothing_for_ever(rig: Rig, told_s: str) -> None:
    rig.service.in_turn(told(told_s), reply_json({"id": GROUP}))
    for _ in range(2):
        try:
            rig.tenant.groups.get(GROUP)
        except Throttled as held:
            assert held.retry_at <= rig.clock.now() + timedelta(seconds=31)
            rig.clock.passed += (held.retry_at - rig.clock.now()).total_seconds()
    assert len(rig.service.received) >= 2


def test_calls_wait_for_a_place_in_flight(service: Service) -> None:
    """Two places, sixteen threads: the service never sees more than two calls at once, and does see two."""
    rig = limited(service, {"default": {"in_flight": 2, "limit": 1000, "window_s": 60}})
    lock, both, arrived, inside, most = threading.Lock(), threading.Barrier(2), 0, 0, 0

    def script(_: Received) -> Reply:
        nonlocal arrived, inside, most
        with lock:
            arrived, inside = arrived + 1, inside + 1
            most, first = max(most, inside), arrived <= 2
        if first:
            both.wait(60)  # each of the first two stays until the other is inside as well
        with lock:
            inside -= 1
        return reply_json({"id": GROUP})

    service.script = script
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda _: rig.tenant.groups.get(GROUP), range(64)))
    assert most == 2
