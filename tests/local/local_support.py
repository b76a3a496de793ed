"""What the tests of the local host share: the sample app loaded afresh, a running host, polling."""

import importlib.util
import itertools
import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import requests
from azure.durable_functions.client import SyncDurableFunctionsClient

from local.host import LocalHost

SAMPLE = Path(__file__).with_name("sample_app.py")
_NUMBERS = itertools.count()


def load_sample() -> ModuleType:
    """The sample app as a module of its own: each test gets fresh functions and notes."""
    name = f"sample_app_{next(_NUMBERS)}"
    spec = importlib.util.spec_from_file_location(name, SAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def eventually[T](probe: Callable[[], T], timeout_s: float = 30.0) -> T:
    """Poll until the probe gives something true; what it gave last is in the failure."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not (found := probe()):
        assert time.monotonic() < deadline, f"still {found!r} after {timeout_s} s"
        pause.wait(0.02)
    return found


@dataclass
class Running:
    """A host at work, and the ways in."""

    host: LocalHost
    sample: ModuleType
    client: SyncDurableFunctionsClient
    http: requests.Session

    def url(self, path: str) -> str:
        return f"{self.host.base_url}{path}"

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        return self.http.get(self.url(path), timeout=30, **kwargs)

    def post(self, path: str, **kwargs: Any) -> requests.Response:
        return self.http.post(self.url(path), timeout=30, **kwargs)

    def run(self, orchestrator: str, value: Any = None, *, instance_id: str | None = None) -> Any:
        """Start an orchestration and return its final state."""
        started = self.client.schedule_new_orchestration(orchestrator, input=value, instance_id=instance_id)
        state = self.client.wait_for_orchestration_completion(started, timeout=120)
        assert state is not None
        return state


def output(state: Any) -> Any:
    """What an orchestration returned."""
    return json.loads(getattr(state, "serialized_output", None) or "null")
