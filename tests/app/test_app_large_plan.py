"""A plan of many workspaces: a scan per hundred of them, no more, and memory that does not grow with them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable

import pytest
from driver import Driver

SCAN_BATCH = 100


def planned(driver: Driver, workspaces: int, within: float) -> int:
    """Plan all of them; peak memory of the app in bytes."""
    plan = driver.plan(id=f"large-{workspaces}", within=within)
    assert plan["workspaces"]["workspace"] == workspaces
    calls = Counter(call["operation"] for call in driver.sandbox.control.ledger() if call["status"] < 300)
    assert calls["WorkspaceInfo_PostWorkspaceInfo"] == -(-workspaces // SCAN_BATCH)
    # A result is read again where storage could not take it at first: of few, and no scan is asked for once more.
    scans = calls["WorkspaceInfo_PostWorkspaceInfo"]
    assert scans <= calls["WorkspaceInfo_GetScanResult"] <= 1.1 * scans
    assert driver.sandbox.control.writes() == []
    return driver.app.peak_rss_bytes()


def test_a_scan_reads_a_hundred_workspaces(driver_of: Callable[..., Driver]) -> None:
    planned(driver_of(workspaces=120, distinct_files=False), 120, within=240)


@pytest.mark.chaos
@pytest.mark.timeout(7200)
def test_ten_thousand_workspaces_take_a_hundred_scans(driver_of: Callable[..., Driver]) -> None:
    first = driver_of(workspaces=1_000, distinct_files=False)
    few = planned(first, 1_000, within=1800)
    first.app.stop()
    first.sandbox.stop()
    sys.stdout.write(f"1,000: {few:,} bytes\n")
    many = planned(driver_of(workspaces=10_000, distinct_files=False), 10_000, within=5400)
    sys.stdout.write(f"10,000: {many:,} bytes\n")
    assert many <= 1.2 * few
