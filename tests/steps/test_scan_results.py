"""Scan results are large: a process has one of them in memory, however many scans have ended side by side."""

from __future__ import annotations

from collections.abc import Callable
from threading import BoundedSemaphore
from typing import Any

import pytest
from step_support import Move

from activities import inventory, planning
from shared.services import RESULTS_IN_HAND

RESULT = "WorkspaceInfo_GetScanResult"


@pytest.fixture
def scanned(moving: Callable[..., Move]) -> Move:
    """The one batch of this estate has been scanned; its result was not asked for yet."""
    move = moving()
    for body in (planning.select_workspaces, inventory.await_scan):
        assert move.step(body, batch(move))["outcome"] == "done"
    return move


def batch(move: Move) -> dict[str, Any]:
    return {"migration": move.migration, "scale": 1.0, "mode": "scanner", "batch": 0}


def free(places: BoundedSemaphore) -> int:
    """How many places are free; none of them is kept."""
    taken = 0
    while places.acquire(blocking=False):
        taken += 1
    for _ in range(taken):
        places.release()
    return taken


def test_a_result_is_read_only_where_there_is_room_for_it(
    scanned: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "MAX_INLINE_WAIT_S", 0.0)
    places = scanned.services.results_in_hand
    for _ in range(RESULTS_IN_HAND):
        places.acquire()
    assert scanned.once(inventory.collect_scan, batch(scanned))["outcome"] == "wait"
    assert scanned.requests(RESULT) == []
    places.release()
    assert scanned.step(inventory.collect_scan, batch(scanned))["outcome"] == "done"
    assert len(scanned.requests(RESULT)) == 1
    assert free(places) == 1


def test_a_result_that_can_not_be_read_leaves_its_room_to_others(scanned: Move) -> None:
    scanned.sandbox.control.fault(
        {"operation": RESULT, "tenant": "contoso"},
        {"status": 404, "body": {"error": {"code": "ScanNotFound"}}},
    )
    assert scanned.step(inventory.collect_scan, batch(scanned))["outcome"] == "failed"
    assert free(scanned.services.results_in_hand) == RESULTS_IN_HAND


def test_a_scan_that_fails_is_asked_for_once_more(moving: Callable[..., Move]) -> None:
    move = moving()
    control = move.sandbox.control
    failed = {"status": 200, "body": {"id": "any", "status": "Failed"}}
    control.fault({"operation": "WorkspaceInfo_GetScanStatus", "nth": 1}, failed)
    for body in (planning.select_workspaces, inventory.await_scan, inventory.collect_scan):
        assert move.step(body, batch(move))["outcome"] == "done"
    assert len(move.requests("WorkspaceInfo_PostWorkspaceInfo")) == 2
    control.clear_faults()
    control.fault({"operation": "WorkspaceInfo_GetScanStatus", "times": 2}, failed)
    again = moving()
    assert again.step(planning.select_workspaces, batch(again))["outcome"] == "done"
    assert again.step(inventory.await_scan, batch(again))["code"] == "scan.failed"


def test_workspaces_that_a_scan_has_lost_are_read_by_their_own_lists(scanned: Move) -> None:
    nothing = {"status": 200, "body": {"workspaces": None, "datasourceInstances": [None]}}
    scanned.sandbox.control.fault({"operation": RESULT}, nothing)
    assert scanned.step(inventory.collect_scan, batch(scanned))["outcome"] == "done"
    space = scanned.sandbox.control.state("contoso")["workspaces"][0]
    rows = scanned.services.manifest.items_of(scanned.migration, space["id"])
    assert {row.source_id for row in rows} >= {report["id"] for report in space["reports"]}
