"""Verbs: first the row, then the instance that does what the row says."""

from __future__ import annotations

from typing import Any

from shared import control
from shared.models import Migration
from shared.services import Services
from shared.statuses import Status


class Asked:
    """A starter that notes what it was asked to run."""

    def __init__(self) -> None:
        self.instances: list[str] = []

    def __call__(self, orchestrator: str, instance_id: str, payload: dict[str, Any]) -> None:
        self.instances.append(f"{orchestrator}/{instance_id}")


def _at_rest(services: Services, migration: str, status: Status) -> None:
    services.manifest.create(Migration(migration, status, "a", "b", "hash", "now", "now"))


def test_a_cutover_never_waits_for_the_instance_that_is_ending(services: Services, migration: str) -> None:
    _at_rest(services, migration, Status.READY)
    asked = Asked()
    assert control.cut_over(services, asked, migration, b"").status == Status.CUTOVER
    assert asked.instances == [f"migration/{migration}.cutover"]


def test_the_watchdog_starts_each_unfinished_stage_under_the_id_it_was_begun_with(
    services: Services, migration: str
) -> None:
    _at_rest(services, f"{migration}-a", Status.RUNNING)
    _at_rest(services, f"{migration}-b", Status.CUTOVER)
    _at_rest(services, f"{migration}-c", Status.SUCCEEDED)
    asked = Asked()
    control.restart_unfinished(services, asked)
    ours = [each for each in asked.instances if migration in each]
    assert sorted(ours) == [f"migration/{migration}-a", f"migration/{migration}-b.cutover"]
