"""A storage emulator, sandboxes and app processes per test, for every folder that drives the whole app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from driver import Driver
from storage_proxy import StorageProxy

from local.azurite import Azurite
from sandbox.server import Sandbox


@pytest.fixture
def azurite(tmp_path: Path) -> Iterator[Azurite]:
    """Of its own for every test: an app takes up whatever unfinished migration its storage holds."""
    with Azurite(tmp_path / "azurite") as emulator:
        yield emulator


@pytest.fixture
def storage_proxy(azurite: Azurite) -> Iterator[StorageProxy]:
    """Storage that fails on demand: `driver_of({"AzureWebJobsStorage": storage_proxy.connection_string})`."""
    with StorageProxy(azurite) as proxy:
        yield proxy


@pytest.fixture
def sandbox_of(tmp_path: Path) -> Iterator[Callable[..., Sandbox]]:
    """`sandbox_of(workspaces=3, seed=7, …)`: two simulated tenants, gone at the end of the test."""
    running: list[Sandbox] = []

    def make(**options: Any) -> Sandbox:
        sandbox = Sandbox(tmp_path / f"sandbox-{len(running)}", **options)
        running.append(sandbox)
        sandbox.start()
        return sandbox

    yield make
    for sandbox in running:
        sandbox.stop()


@pytest.fixture
def driver_of(
    tmp_path: Path, azurite: Azurite, sandbox_of: Callable[..., Sandbox]
) -> Iterator[Callable[..., Driver]]:
    """`driver_of(workspaces=3, settings={…})`: an app serving against a fresh sandbox."""
    running: list[Driver] = []

    def make(settings: dict[str, str] | None = None, *, start: bool = True, **options: Any) -> Driver:
        sandbox = sandbox_of(**{"workspaces": 3, **options})
        driver = Driver(azurite, sandbox, tmp_path / f"app-{len(running)}", **(settings or {}))
        running.append(driver)
        if start:
            driver.app.start()
        return driver

    yield make
    for driver in running:
        driver.app.stop()
