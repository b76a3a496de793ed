"""A 1 GiB report through export and import: how much memory the function process holds, and how long it takes."""

from __future__ import annotations

import time
from pathlib import Path

import requests

from local.azurite import Azurite
from local.process import App
from sandbox.server import Sandbox

BYTES = 1024**3
MIB = 1024**2
_RESTING = {"ready", "partial", "failed"}


def measure(folder: Path) -> list[str]:
    """Peak resident memory (VmHWM) of the whole function process, task hub included."""
    with (
        Azurite(folder / "azurite") as storage,
        Sandbox(folder / "sandbox", workspaces=1, sizes=[BYTES], ready_within=300) as sandbox,
    ):
        settings = {**sandbox.env, "AzureWebJobsStorage": storage.connection_string, "POLL_SCALE": "0.02"}
        with App(settings, folder / "app") as app:
            idle = app.peak_rss_bytes()
            began = time.monotonic()
            status = _migrate(app, sandbox)
            seconds, peak = time.monotonic() - began, app.peak_rss_bytes()
        clean = sandbox.control.compare()["clean"]
    return [
        f"a report of {BYTES // MIB} MiB, migration {status}, tenants {'equal' if clean else 'DIFFER'}",
        f"function process {peak / MIB:.0f} MiB resident at its peak, {idle / MIB:.0f} MiB before",
        f"{seconds:.0f} s from start to rest, export and import",
    ]


def _migrate(app: App, sandbox: Sandbox) -> str:
    body = {**sandbox.control.suggested_request(), "id": "large"}
    requests.post(f"{app.url}/api/migrations", json=body, timeout=60).raise_for_status()
    while True:
        status: str = requests.get(f"{app.url}/api/migrations/large", timeout=60).json()["status"]
        if status in _RESTING:
            return status
        time.sleep(0.5)
