"""One storage emulator and one pair of tenants per worker; the target tenant is put back before each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from step_support import Move, MovedClock, begin

from local.azurite import Azurite
from sandbox.server import Sandbox
from shared.config import Settings, load
from shared.services import Services


@pytest.fixture(scope="session")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), workspaces=4, time_scale=0.001) as running:
        yield running


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, tenants: Sandbox) -> Iterator[Settings]:
    with Azurite(tmp_path_factory.mktemp("azurite")) as emulator:
        yield load({**tenants.env, "AzureWebJobsStorage": emulator.connection_string})


@pytest.fixture(scope="session")
def as_begun(tenants: Sandbox) -> dict[str, Any]:
    return {name: tenants.control.state(name) for name in ("contoso", "fabrikam")}


@pytest.fixture
def sandbox(tenants: Sandbox, as_begun: dict[str, Any]) -> Sandbox:
    for name, state in as_begun.items():
        tenants.control.put_state(name, state)
    tenants.control.clear_faults()
    tenants.control.clear_import_plans()
    tenants.control.clear_ledger()
    return tenants


@pytest.fixture(scope="session")
def clock() -> MovedClock:
    """One for all: what one test has written of times would lie in the future of the next."""
    return MovedClock()


@pytest.fixture
def services(settings: Settings, clock: MovedClock) -> Services:
    return Services(settings, clock)


@pytest.fixture
def moving(services: Services, sandbox: Sandbox, clock: MovedClock) -> Callable[..., Move]:
    """`moving(reports=2, origin="merged")`: a workspace on its way, nothing of it moved yet."""
    return lambda reports=1, **row: begin(services, sandbox, clock, reports, **row)
