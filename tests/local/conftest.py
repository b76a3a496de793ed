"""A host per test around the sample app, and one Azurite per worker process."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from azure.durable_functions.client import SyncDurableFunctionsClient
from local_support import Running, load_sample

from local.azurite import Azurite
from local.host import LocalHost
from local.settings import HostSettings


@pytest.fixture
def settings() -> HostSettings:
    return HostSettings.from_host_json(
        {"extensions": {"queues": {"visibilityTimeout": "00:00:00"}, "durableTask": {"defaultVersion": "1"}}}
    )


@pytest.fixture
def start_host(settings: HostSettings) -> Iterator[Callable[..., Running]]:
    """Start hosts around the sample app; all are stopped at the end of the test."""
    running: list[Running] = []

    def start(**options: Any) -> Running:
        sample = load_sample()
        for orchestrator in options.pop("orchestrators", ()):
            sample.app.orchestration_trigger(context_name="ctx")(orchestrator)
        host = LocalHost(sample.app, options.pop("settings", settings), **options)
        host.start()
        session = requests.Session()
        session.trust_env = False
        client = SyncDurableFunctionsClient(host.client_configuration)
        running.append(Running(host, sample, client, session))
        return running[-1]

    yield start
    for one in running:
        one.sample.RELEASE.set()
        one.http.close()
        one.client.close()
        one.host.stop()


@pytest.fixture
def running(start_host: Callable[..., Running]) -> Running:
    return start_host()


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of an Azurite for this worker's tests."""
    with Azurite(tmp_path_factory.mktemp("azurite")) as emulator:
        yield emulator.connection_string


@pytest.fixture(autouse=True)
def no_proxy_for_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_grpc_proxy", "127.0.0.1,localhost")
    monkeypatch.setenv("NO_PROXY", f"127.0.0.1,localhost,{os.environ.get('NO_PROXY', '')}")
