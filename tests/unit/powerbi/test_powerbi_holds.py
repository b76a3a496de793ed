"""A 429 closes its quota for every call of the identity, in every thread, and for the process that comes after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from powerbi_support import ManualClock, Reply, Rig, reply_json, settings_for

from shared.errors import Throttled
from shared.powerbi import operations as op
from shared.powerbi.connect import Tenants
from shared.powerbi.holds import LONGEST, Holds

GROUP = "6a3bc0f8-0000-4000-8000-000000000001"
OTHER = "6a3bc0f8-0000-4000-8000-000000000002"


def told(seconds: str) -> Reply:
    return Reply(429, b'{"message": "Too many."}', {"Retry-After": seconds})


class Remembered:
    """A store in memory, as another process would find it."""

    def __init__(self) -> None:
        self.rows: dict[str, datetime] = {}

    def load(self, connection: str) -> Mapping[str, datetime]:
        return self.rows

    def save(self, connection: str, quota: str, until: datetime) -> None:
        self.rows[quota] = until


def test_another_call_on_the_quota_does_not_reach_the_service_before_its_time(rig: Rig) -> None:
    rig.service.in_turn(told("600"), reply_json({"id": OTHER}))
    with pytest.raises(Throttled):
        rig.tenant.groups.get(GROUP)
    with pytest.raises(Throttled) as held:
        rig.tenant.groups.get(OTHER)
    assert held.value.retry_at >= rig.clock.start + timedelta(seconds=600)
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


def test_quotas_and_identities_are_apart(rig: Rig) -> None:
    holds, now = Holds("contoso"), rig.clock.now()
    holds.close(op.GET_GROUP, now, 60)
    assert holds.until(op.LIST_REPORTS, now) == now + timedelta(seconds=60)
    assert holds.until(op.GET_SCAN_STATUS, now) is None
    assert holds.until(op.LIST_CAPACITIES_AS_ADMIN, now) is None


def test_a_hold_only_grows_and_ends_by_itself() -> None:
    holds, now = Holds("contoso"), ManualClock().now()
    holds.close(op.GET_GROUP, now, 60)
    holds.close(op.GET_GROUP, now, 5)
    assert holds.until(op.GET_GROUP, now) == now + timedelta(seconds=60)
    assert holds.until(op.GET_GROUP, now + timedelta(seconds=60)) is None


@pytest.mark.parametrize("seconds", [0.0, -5.0, 1e9, LONGEST.total_seconds() + 1])
def test_what_no_window_is_as_long_as_stops_nobody_else(seconds: float) -> None:
    holds, now = Holds("contoso"), ManualClock().now()
    holds.close(op.GET_GROUP, now, seconds)
    assert holds.until(op.GET_GROUP, now) is None


def test_a_process_that_comes_after_goes_on_waiting(rig: Rig) -> None:
    store = Remembered()
    rig.service.in_turn(told("600"), reply_json({"id": GROUP}))
    for _ in range(2):  # two processes, one after the other
        tenant = Tenants(settings_for(rig.service.origin), rig.clock, holds=store).open("contoso")
        with pytest.raises(Throttled):
            tenant.groups.get(GROUP)
    assert len(rig.service.received) == 1


def test_a_clock_that_jumped_back_holds_nobody_for_ever() -> None:
    store, now = Remembered(), ManualClock().now()
    store.save("contoso", "main.default", now + timedelta(days=1))
    assert Holds("contoso", store).until(op.GET_GROUP, now) is None
