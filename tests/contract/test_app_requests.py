"""Every request the app makes of Power BI and Fabric, and every answer of the sandbox, is as the contracts say."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from driver import Driver

from tests.contract.contract import CONTRACT, check_ledger
from tests.contract.fabric import FABRIC, check_fabric_ledger

pytestmark = pytest.mark.skipif(
    not (CONTRACT.exists() and FABRIC.exists()), reason="the contracts are not in ../shared"
)

WITHOUT_ADMIN = {
    "PBI_CONNECTIONS__CONTOSO__ADMIN_CLIENT_ID": "",
    "PBI_CONNECTIONS__CONTOSO__ADMIN_CLIENT_SECRET": "",
}
# What a whole migration can't do without; were the ledger empty or the run another one, it would show here.
ALWAYS = {
    "Groups_CreateGroup",
    "Reports_ExportReportInGroup",
    "Imports_PostImportInGroup",
    "Imports_GetImportInGroup",
    "Groups_AddGroupUser",
    "Datasets_RefreshDatasetInGroup",
    "Datasets_GetRefreshHistoryInGroup",
}
SCANNER = {
    "WorkspaceInfo_PostWorkspaceInfo",
    "WorkspaceInfo_GetScanStatus",
    "WorkspaceInfo_GetScanResult",
}
MEMBER = {
    "Groups_GetGroups",
    "Reports_GetReportsInGroup",
    "Datasets_GetDatasetsInGroup",
    "Groups_GetGroupUsers",
}


def run(driver: Driver, **changes: Any) -> list[dict[str, Any]]:
    """Migrate and cut over with the ledger keeping bodies; what it has."""
    driver.sandbox.control.settings(record=True)
    driver.app.start()
    migration = driver.begin(**changes)
    assert driver.rest(migration)["status"] in {"ready", "partial"}
    assert driver.post(f"migrations/{migration}/cutover", {}).status_code == 202
    driver.rest(migration, statuses={"succeeded", "partial"})
    return driver.sandbox.control.ledger()


def violations(ledger: list[dict[str, Any]]) -> list[str]:
    """Of both contracts."""
    return [*check_ledger(ledger), *check_fabric_ledger(ledger)]


def succeeded(ledger: list[dict[str, Any]]) -> set[str]:
    return {entry["operation"] for entry in ledger if entry["status"] < 300}


def test_with_the_scanner_and_every_kind_of_item(driver_of: Callable[..., Driver]) -> None:
    ledger = run(driver_of(workspaces=2, extras=True, start=False))
    assert violations(ledger) == []
    assert succeeded(ledger) >= ALWAYS | SCANNER


def test_where_the_admin_apis_are_refused(driver_of: Callable[..., Driver]) -> None:
    ledger = run(driver_of(WITHOUT_ADMIN, workspaces=2, extras=True, start=False))
    assert violations(ledger) == []
    assert succeeded(ledger) >= ALWAYS | MEMBER
    assert not SCANNER & succeeded(ledger)  # the master user is asked whether it is an admin, no more


def test_merging_into_workspaces_that_are_there(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=2, start=False)
    control = driver.sandbox.control
    ours = control.state("fabrikam")["actors"]["migration"]
    for space in control.state("contoso")["workspaces"]:
        made = control.act("fabrikam", "createWorkspace", name=space["name"])
        control.act("fabrikam", "addUser", workspace=made["id"], principal=ours, right="Admin")
    ledger = run(driver, existing="merge")
    assert violations(ledger) == []
    assert ALWAYS - {"Groups_CreateGroup"} <= succeeded(ledger)
    assert "Groups_CreateGroup" not in succeeded(ledger)


def test_the_watch_for_drift(driver_of: Callable[..., Driver]) -> None:
    """Activity events of both tenants, with continuations and a page without rows."""
    driver = driver_of({"DRIFT_SCHEDULE": "* * * * * *"}, workspaces=1, start=False)
    driver.sandbox.control.settings(activity={"pageSize": 1, "emptyPages": True})
    run(driver)
    space = driver.sandbox.control.state("contoso")["workspaces"][0]["id"]
    for name in ("Once", "Twice", "Thrice"):
        driver.sandbox.control.act("contoso", "renameWorkspace", workspace=space, name=name)
    driver.sandbox.control.advance()
    assert violations(after_continuations(driver, 3)) == []


def after_continuations(driver: Driver, number: int) -> list[dict[str, Any]]:
    """The ledger once so many pages of events were asked for by their continuation."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        ledger = driver.sandbox.control.ledger()
        pages = [e for e in ledger if e["operation"] == "Admin_GetActivityEvents"]
        if sum("continuationToken" in e.get("query", "") for e in pages) >= number:
            return ledger
        time.sleep(0.1)
    raise AssertionError("the drift watch did not read on")
