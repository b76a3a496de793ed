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
