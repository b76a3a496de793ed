"""Property tests draw the same examples every time; what is stored lies in a real storage emulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from core_support import CONNECTIONS, HandClock, next_id
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from local.azurite import Azurite
from shared.config import Settings, load
from shared.manifest import Manifest
from shared.services import Services
from shared.tables import Tables

# No deadline: the machine may be busy. A fixture of a property test here is one for all its examples.
hypothesis_settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
hypothesis_settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings with two connections and an emulator of this worker's own; each test uses ids of its own."""
    with Azurite(tmp_path_factory.mktemp("azurite")) as emulator:
        yield load({**CONNECTIONS, "AzureWebJobsStorage": emulator.connection_string})


@pytest.fixture(scope="session")
def tables(storage: Settings) -> Tables:
    return Tables(storage)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def services(storage: Settings, clock: HandClock) -> Services:
    return Services(storage, clock)


@pytest.fixture
def manifest(tables: Tables, clock: HandClock) -> Manifest:
    return Manifest(tables, clock)


@pytest.fixture
def migration() -> str:
    """A migration id no other test has."""
    return next_id()
