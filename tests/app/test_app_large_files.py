"""Large files of a whole migration: fetched by the service's storage out of ours, or streamed where it can't be.

What counts as large is scaled down, in the app's own process: 1 GiB per file would cost every run minutes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from driver import Driver

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 30_000  # bytes; with files of twice that in three blocks
_SCALED = f"""
from shared.powerbi import imports

imports.MULTIPART_LIMIT = {LIMIT}

from activities import copying

copying.BLOCK = {LIMIT}
"""


@pytest.fixture
def driver(tmp_path: Path, driver_of: Callable[..., Driver]) -> Driver:
    """An app that imports the module of this name before anything else, as Python does."""
    (tmp_path / "scaled").mkdir()
    (tmp_path / "scaled" / "sitecustomize.py").write_text(_SCALED)
    path = os.pathsep.join((str(tmp_path / "scaled"), str(ROOT)))
    return driver_of({"PYTHONPATH": path}, workspaces=2, sizes=[2 * LIMIT + 1000, LIMIT // 2])


def arrived(driver: Driver) -> list[dict[str, Any]]:
    """The calls of a migration after which both tenants are equal."""
    migration = driver.begin()
    assert driver.rest(migration)["status"] == "ready"
    compared = driver.sandbox.control.compare()
    assert compared["clean"], compared["differences"]
    assert driver.sandbox.control.violations() == []
    return driver.sandbox.control.ledger()


def of(calls: list[dict[str, Any]], operation: str) -> list[dict[str, Any]]:
    return [each for each in calls if each["operation"] == operation]


def test_large_files_do_not_pass_through_the_app(driver: Driver) -> None:
    calls = arrived(driver)
    fetched, sent = of(calls, "Blob_PutBlockFromUrl"), of(calls, "Imports_PostImportInGroup")
    assert fetched
    assert not of(calls, "Blob_PutBlock")
    assert {each["bytesIn"] for each in fetched} == {0}
    assert max(each["bytesIn"] for each in sent) <= LIMIT + 1000
    moved = sum(each["length"] for each in of(calls, "Reports_ExportReportInGroup"))
    assert sum(each["fetched"] for each in fetched) + sum(each["bytesIn"] for each in sent) >= moved


def test_a_service_that_can_not_fetch_is_asked_once(driver: Driver) -> None:
    driver.sandbox.control.fault({"operation": "Blob_PutBlockFromUrl"}, {"status": 501})
    calls = arrived(driver)
    assert 1 <= len(of(calls, "Blob_PutBlockFromUrl")) <= 3  # of those at work at the same time each once
    assert of(calls, "Blob_PutBlock")
