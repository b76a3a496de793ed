"""Verbs and the engine's own steps in any order, on the real control module over real storage: a status only ever
follows the table, a verb given twice is a verb given once, and a refusal changes nothing and names what is allowed.
"""

from __future__ import annotations

import itertools
import json
import os
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from shared import control, views
from shared.config import Settings
from shared.errors import Conflict, InvalidInput
from shared.models import Migration
from shared.services import Services
from shared.statuses import ACTIVE, Status, may_follow

SEED = int(os.environ.get("FUZZ_SEED", "4711"))
_WORKING, _RESTING = (
    ("planning", "running", "validating", "cutover"),
    ("ready", "succeeded", "partial", "failed"),
)
CONTRACT = {*_WORKING, *_RESTING, "paused", "cancelled", "rolledBack"}
# What the engine does by itself, status by status (the waits of people are no part of it).
STEPS: dict[Status, dict[Status, dict[str, Any]]] = {
    Status.PLANNING: {Status.RUNNING: {"planned": True}, Status.FAILED: {"error_code": "plan.blocked"}},
    Status.RUNNING: {Status.VALIDATING: {}, Status.FAILED: {"error_code": "x.y"}},
    Status.VALIDATING: {Status.READY: {}, Status.PARTIAL: {}, Status.FAILED: {"error_code": "x.y"}},
    Status.CUTOVER: {
        Status.SUCCEEDED: {"cutover_at": "2026-11-21T12:00:00+00:00"},
        Status.PARTIAL: {"cutover_at": "2026-11-21T12:00:00+00:00"},
    },
    Status.CANCELLING: {Status.CANCELLED: {}},
    Status.ROLLING_BACK: {Status.ROLLED_BACK: {"planned": False}, Status.FAILED: {"error_code": "x.y"}},
}
_numbers = itertools.count(1)
verbs = st.sampled_from(
    ["pause", "resume", "cancel", "retry", "cutover", "rollback to nothing", "rollback to ready"]
)


class QuickClock:
    """Stands still; waits are over at once."""

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        return


class VerbMachine(RuleBasedStateMachine):
    services: Services

    def __init__(self) -> None:
        super().__init__()
        self.started: list[str] = []
        self.id = f"verbs{next(_numbers)}"
        body = {"id": self.id, "source": "contoso", "target": "fabrikam", "workspaces": ["*"]}
        control.start(self.services, self.start, json.dumps(body).encode())

    def start(
        self, orchestrator: str, instance_id: str, payload: dict[str, Any], *, ending: bool = False
    ) -> None:
        self.started.append(instance_id)

    @property
    def row(self) -> Migration:
        return self.services.manifest.migration(self.id)

    def give(self, verb: str) -> Migration | Conflict:
        """What became of a verb: the row it answers with, or the refusal."""
        name, _, goal = verb.partition(" to ")
        body = {"confirm": self.id, "to": goal} if goal else {}
        try:
            return control.apply(self.services, self.start, self.id, name, json.dumps(body).encode())
        except Conflict as refused:
            return refused

    @rule(verb=verbs)
    def give_verb(self, verb: str) -> None:
        before = self.row
        self.started.clear()
        found = self.give(verb)
        after = self.row
        if isinstance(found, Conflict):
            assert after == before, "a refusal changed the row"
            assert verb.startswith("rollback") or verb not in found.allowed
            return
        assert found == after
        assert after.status == before.status or may_follow(before.status, after.status)
        assert bool(self.started) == (after.status in ACTIVE), (
            "work without an instance, or an instance without work"
        )
        if verb == "resume" and before.status == Status.PAUSED:
            assert after.status == before.paused_in
        self.give_again(verb, after)

    def give_again(self, verb: str, once: Migration) -> None:
        assert self.give(verb) == once, "given twice it is not the same"

    @precondition(lambda self: self.row.status in STEPS)
    @rule(data=st.data())
    def engine_goes_on(self, data: st.DataObject) -> None:
        steps = STEPS[Status(self.row.status)]
        then = data.draw(st.sampled_from(sorted(steps)))
        assert self.services.manifest.move_to(self.id, then, **steps[then]).status == then

    @rule(verb=verbs)
    def what_is_allowed_is_accepted(self, verb: str) -> None:
        """A refusal names verbs; each of them would have been taken."""
        refused = self.give(verb)
        if isinstance(refused, Conflict) and refused.allowed:
            first = "rollback to nothing" if refused.allowed[0] == "rollback" else refused.allowed[0]
            assert not isinstance(self.give(first), Conflict), (verb, refused.allowed, self.row)

    @rule(raw=st.sampled_from([b"[]", b'{"x": 1}', b"{", b"\xff", b"null"]), verb=verbs)
    def a_bad_body_changes_nothing(self, raw: bytes, verb: str) -> None:
        before = self.row
        with pytest.raises(InvalidInput):
            control.apply(self.services, self.start, self.id, verb.partition(" ")[0], raw)
        assert self.row == before

    @rule()
    def people_see_a_status_of_the_contract(self) -> None:
        assert views.migration_head(self.row)["status"] in CONTRACT

    @rule()
    def the_watchdog_starts_what_has_work(self) -> None:
        self.started.clear()
        restarted = control.restart_unfinished(self.services, self.start)
        assert (self.id in restarted) == (self.row.status in ACTIVE) == (self.id in self.started)


def run(storage: Settings, examples: int, steps: int) -> None:
    machine = type("Machine", (VerbMachine,), {"services": Services(storage, QuickClock())})
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(SEED)(machine), settings=chosen)


def test_some_hundred_verbs(storage: Settings) -> None:
    run(storage, 12, 30)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_ten_thousand_verbs(storage: Settings) -> None:
    run(storage, 200, 50)
