"""A served sandbox for the tests of this folder: one process per worker, put back to the bare estate for each test.

Time runs at real scale without latency, so nothing under way is ever done by chance: `control.advance()` does it.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from service_client import Client

from sandbox import bare
from sandbox.server import Sandbox

INSTANT = {"default": 0, "Entra_Token": 0, "Reports_ExportReportInGroup": 0}


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, dict[str, Any]]]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), workspaces=0, time_scale=1) as sandbox:
        yield sandbox, sandbox.control.settings(latency=INSTANT)


@pytest.fixture
def sandbox(served: tuple[Sandbox, dict[str, Any]]) -> Sandbox:
    sandbox, settings = served
    for tenant in bare.two_tenants():
        sandbox.control.put_state(tenant.name, tenant.to_dict())
    sandbox.control.clear_faults()
    sandbox.control.release(drop=True)
    sandbox.control.clear_import_plans()
    sandbox.control.clear_operation_plans()
    sandbox.control.clear_ledger()
    sandbox.control.call("DELETE", "violations")
    sandbox.control.settings(**settings)
    return sandbox


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Nobody may change it: it is read by every test that asks for it."""
    folder = tmp_path_factory.mktemp("every-kind")
    with Sandbox(folder, workspaces=3, every_kind=True, graph=True, time_scale=1) as sandbox:
        sandbox.control.settings(latency=INSTANT, record=True)
        yield sandbox


@pytest.fixture
def source(sandbox: Sandbox) -> Client:
    """The migration app in contoso."""
    return Client(sandbox, "CONTOSO")


@pytest.fixture
def admin(sandbox: Sandbox) -> Client:
    """The admin reader app in contoso."""
    return Client(sandbox, "CONTOSO", app="ADMIN_")


@pytest.fixture
def master(sandbox: Sandbox) -> Client:
    """The master user of contoso, a Fabric administrator."""
    return Client(sandbox, "CONTOSO", user=True)
