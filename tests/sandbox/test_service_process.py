"""The process: what it writes when it is ready, and that it ends with whoever started it."""

import json
import subprocess
import sys
from pathlib import Path

import psutil

from sandbox.server import ROOT, Sandbox


def test_the_settings_name_both_connections(sandbox: Sandbox) -> None:
    assert sandbox.env["REQUESTS_CA_BUNDLE"] == str(sandbox.ca.resolve())
    for tenant in ("CONTOSO", "FABRIKAM"):
        fields = {key.split("__")[2] for key in sandbox.env if key.startswith(f"PBI_CONNECTIONS__{tenant}__")}
        assert {"TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "AUTHORITY_URL", "API_URL", "FABRIC_URL"} <= fields
    assert set(sandbox.endpoints) == {"contoso", "fabrikam"}


def test_it_ends_with_its_starter(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib; from sandbox.server import Sandbox\n"
        "sandbox = Sandbox(pathlib.Path(sys.argv[1]), workspaces=0); sandbox.start()\n"
        "print(sandbox.pid, flush=True); os._exit(9)"
    )
    starter = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert starter.returncode == 9, starter.stderr
    pid = int(starter.stdout)
    if psutil.pid_exists(pid):
        psutil.Process(pid).wait(timeout=60)
    assert json.loads((tmp_path / "endpoints.json").read_text())


def test_sigterm_ends_it_in_order(tmp_path: Path) -> None:
    with Sandbox(tmp_path, workspaces=0) as sandbox:
        process = psutil.Process(sandbox.pid)
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_its_help_names_what_it_takes_without_being_told() -> None:
    command = [sys.executable, "-m", "sandbox", "serve", "--help"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for default in ("8443", "1", "20", "0.02", "0-60"):
        assert f"(default: {default})" in " ".join(told.stdout.split())
