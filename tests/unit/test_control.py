"""Verbs: first the row, then the instance that does what the row says. Every cell of verb × status is tried."""

from __future__ import annotations

import json
from typing import Any

import pytest
from core_support import next_id

from shared import control
from shared.errors import Conflict, InvalidInput, NotFound
from shared.models import Migration
from shared.services import Services
from shared.statuses import ACTIVE, RESTING, VERBS, Status, allowed_verbs

THEN = "2026-11-21T12:00:00+00:00"
REACHES = {
    "pause": {Status.PAUSED},
    "resume": {Status.RUNNING},
    "cancel": {Status.CANCELLING},
    "retry": {Status.RUNNING, Status.PLANNING},
    "cutover": {Status.CUTOVER},
    "rollback": {Status.ROLLING_BACK},
}


class Asked:
    """A starter that notes what it was asked to run."""

    def __init__(self) -> None:
        self.instances: list[str] = []
        self.ending: list[bool] = []

    def __call__(
        self, orchestrator: str, instance_id: str, payload: dict[str, Any], *, ending: bool = False
    ) -> None:
        self.instances.append(f"{orchestrator}/{instance_id}")
        self.ending.append(ending)


def at(services: Services, status: Status, **more: Any) -> str:
    """A migration of its own in that status."""
    identity = next_id()
    paused = {"paused_in": Status.RUNNING} if status == Status.PAUSED else {}
    row = Migration(identity, status, "a", "b", "hash", "now", "now", **{"planned": True, **paused, **more})
    services.manifest.create(Migration.from_dict({k: _plain(v) for k, v in row.to_dict().items()}))
    return identity


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def body(verb: str, migration: str, to: str = "nothing") -> bytes:
    return json.dumps({"confirm": migration, "to": to}).encode() if verb == "rollback" else b""


@pytest.mark.parametrize("status", sorted(Status))
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_cell_of_verb_and_status(services: Services, verb: str, status: Status) -> None:
    migration, asked = at(services, status), Asked()
    table = VERBS[verb]
    if status in table.starts:
        reached = control.apply(services, asked, migration, verb, body(verb, migration))
        assert reached.status in REACHES[verb]
        assert bool(asked.instances) == (reached.status in ACTIVE)
        again = control.apply(services, asked, migration, verb, body(verb, migration))
        assert again.status == reached.status  # given twice, it is given once
        assert again.attempt == reached.attempt
    elif status in table.holds:
        assert control.apply(services, asked, migration, verb, body(verb, migration)).status == status
    else:
        with pytest.raises(Conflict) as refused:
            control.apply(services, asked, migration, verb, body(verb, migration))
        assert refused.value.allowed == tuple(allowed_verbs(status))
        assert verb not in refused.value.allowed
        assert services.manifest.migration(migration).status == status
        assert asked.instances == []


@pytest.mark.parametrize("begun_in", [Status.PLANNING, Status.RUNNING, Status.VALIDATING])
def test_resume_goes_back_to_where_pause_came_from(services: Services, begun_in: Status) -> None:
    migration, asked = at(services, begun_in), Asked()
    control.apply(services, asked, migration, "pause", b"")
    assert control.apply(services, asked, migration, "resume", b"{}").status == begun_in
    assert asked.instances == [f"migration/{migration}"]


def test_a_retry_plans_again_where_the_plan_was_never_finished(services: Services) -> None:
    migration = at(services, Status.FAILED, planned=False, error_code="inventory.empty", error_message="none")
    now = control.apply(services, Asked(), migration, "retry", b"")
    assert (now.status, now.attempt, now.error_code, now.error_message) == (Status.PLANNING, 1, "", "")


@pytest.mark.parametrize("status", sorted(RESTING - {Status.PLANNED}))
def test_the_instance_of_a_migration_at_rest_is_known_to_be_ending(
    services: Services, status: Status
) -> None:
    verb = "retry"
    migration, asked = at(services, status), Asked()
    control.apply(services, asked, migration, verb, b"")
    assert asked.ending == [True]


@pytest.mark.parametrize("drained", [True, False])
def test_a_paused_instance_is_awaited_only_where_it_has_no_work_left(
    services: Services, drained: bool
) -> None:
    migration, asked = at(services, Status.PAUSED, drained=drained), Asked()
    control.apply(services, asked, migration, "resume", b"")
    assert asked.ending == [drained]


@pytest.mark.parametrize(
    ("status", "cut_over", "reached"),
    [
        (Status.SUCCEEDED, True, Status.READY),
        (Status.PARTIAL, True, Status.PARTIAL),
        (Status.PARTIAL, False, Status.PARTIAL),
        (Status.READY, False, Status.READY),
        (Status.FAILED, False, None),
        (Status.CANCELLED, False, None),
        (Status.ROLLED_BACK, False, None),
        (Status.ROLLING_BACK, False, None),
    ],
)
def test_rollback_to_ready_undoes_the_cutover_and_nothing_else(
    services: Services, status: Status, cut_over: bool, reached: Status | None
) -> None:
    migration, asked = at(services, status, cutover_at=THEN if cut_over else ""), Asked()
    if reached is None:
        with pytest.raises(Conflict):
            control.apply(services, asked, migration, "rollback", body("rollback", migration, "ready"))
        return
    now = control.apply(services, asked, migration, "rollback", body("rollback", migration, "ready"))
    assert (now.status, now.cutover_at) == (reached, "")
    assert asked.instances == []


def test_a_cutover_of_what_is_cut_over_changes_nothing(services: Services) -> None:
    migration = at(services, Status.PARTIAL, cutover_at=THEN)
    now = control.apply(services, Asked(), migration, "cutover", b'{"force": true, "reason": "again"}')
    assert (now.status, now.cutover_at, now.cutover_reason) == (Status.PARTIAL, THEN, "")


@pytest.mark.parametrize(
    ("verb", "raw", "field"),
    [
        ("rollback", b"", "confirm"),
        ("rollback", b'{"to": "nothing"}', "confirm"),
        ("rollback", b'{"confirm": "another", "to": "nothing"}', "confirm"),
        ("rollback", b'{"confirm": "ID"}', "to"),
        ("rollback", b'{"confirm": "ID", "to": "half"}', "to"),
        ("pause", b'{"force": true}', "force"),
        ("cancel", b"[]", ""),
        ("retry", b"{", ""),
    ],
)
def test_a_wrong_body_names_its_fault_and_changes_nothing(
    services: Services, verb: str, raw: bytes, field: str
) -> None:
    migration = at(services, Status.READY)
    with pytest.raises(InvalidInput) as refused:
        control.apply(services, Asked(), migration, verb, raw.replace(b"ID", migration.encode()))
    assert field in {fault["field"] for fault in refused.value.faults}
    assert all(fault["remedy"] for fault in refused.value.faults)
    assert services.manifest.migration(migration).status == Status.READY


def test_an_unknown_migration_is_told_before_anything_else(services: Services) -> None:
    with pytest.raises(NotFound):
        control.apply(services, Asked(), "nobody", "rollback", b"")


def test_the_watchdog_starts_what_has_something_to_do_and_nothing_else(services: Services) -> None:
    every = {at(services, status): status for status in Status}
    asked = Asked()
    control.restart_unfinished(services, asked)
    started = {each.removeprefix("migration/") for each in asked.instances} & set(every)
    assert {every[migration] for migration in started} == ACTIVE
