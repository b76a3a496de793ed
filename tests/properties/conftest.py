"""Properties are tried on real storage; the short form draws the same examples every time.

`FUZZ_SEED=<seed>` gives the long forms (make chaos) other examples; hypothesis shows how to repeat a failure.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from local.azurite import Azurite
from shared.config import Settings, load
from shared.tables import Tables

SETTINGS = {
    f"PBI_CONNECTIONS__{name}__{field}": value
    for name, number in (("contoso", "1"), ("fabrikam", "2"))
    for field, value in {
        "TENANT_ID": "-".join(number * length for length in (8, 4, 4, 4, 12)),
        "CLIENT_ID": f"app-of-{name}",
        "CLIENT_SECRET": f"secret-of-{name}",
    }.items()
}

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
    with Azurite(tmp_path_factory.mktemp("properties-azurite")) as emulator:
        yield load({**SETTINGS, "AzureWebJobsStorage": emulator.connection_string})


@pytest.fixture(scope="session")
def tables(storage: Settings) -> Tables:
    return Tables(storage)
