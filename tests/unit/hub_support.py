"""The local host's own task hub around a small app, for tests of what the engine does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import azure.durable_functions as df
import pytest
from azure.durable_functions.client import SyncDurableFunctionsClient

from local.host import LocalHost
from local.settings import HostSettings


@contextmanager
def hub_of(app: df.DFApp) -> Iterator[SyncDurableFunctionsClient]:
    """A client of a hub that runs `app`; both end with the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_grpc_proxy", "127.0.0.1,localhost")
        patch.setenv("NO_PROXY", f"127.0.0.1,localhost,{os.environ.get('NO_PROXY', '')}")
        settings = HostSettings.from_host_json({"extensions": {"durableTask": {"defaultVersion": "1"}}})
        with LocalHost(app, settings) as host:
            client = SyncDurableFunctionsClient(host.client_configuration)
            yield client
            client.close()
