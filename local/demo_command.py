"""The command line as the demo uses it: every step that a person would take is shown with its command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from local.process import ROOT

REQUEST = "request.json"
SHOWN = 8  # lines of the request
_PARTIAL = 3


class CommandFailed(Exception):
    """A command ended with something else than success."""


class Command:
    """`pbimigrate` against one app."""

    def __init__(self, url: str, folder: Path) -> None:
        self._folder = folder
        self._url = url
        self._environment = {**os.environ, "PBIMIGRATE_URL": url}

    def write(self, request: dict[str, Any], kept: Path) -> str:
        """Write the request down, also into the folder `kept`, and show its beginning; the name of its file."""
        text = json.dumps(request, ensure_ascii=False, indent=2)
        for folder in (self._folder, kept):
            (folder / REQUEST).write_text(text, encoding="utf-8")
        lines = text.splitlines()
        print("\n".join(f"   | {line}" for line in lines[:SHOWN]))
        print(f"   … and {len(lines) - SHOWN} more lines: {kept / REQUEST}")
        return REQUEST

    def show(self, *arguments: str) -> None:
        """Run it where the person sees it; its output goes straight to the terminal."""
        print(f"$ ./pbimigrate {' '.join(arguments)}", flush=True)
        code = self._run(arguments, None).returncode
        # Partial is no reason to stop: the comparison will say what is missing.
        if code not in (0, _PARTIAL):
            raise CommandFailed(f"`pbimigrate {arguments[0]}` ended with exit code {code}")

    def json(self, *arguments: str) -> Any:
        """Run it unseen and read its answer."""
        done = self._run((*arguments, "--json"), subprocess.PIPE)
        if done.returncode not in (0, _PARTIAL):
            raise CommandFailed(f"`pbimigrate {arguments[0]}`: {done.stdout.decode(errors='replace')}")
        return json.loads(done.stdout)

    def verdicts(self, plan: str) -> list[dict[str, Any]]:
        """All items of a plan, page by page: no command lists them one by one."""
        rows: list[dict[str, Any]] = []
        params = {"top": "1000"}
        while True:
            page = requests.get(f"{self._url}/api/plans/{plan}/items", params=params, timeout=60).json()
            rows += page["value"]
            if "continuationToken" not in page:
                return rows
            params["continuationToken"] = page["continuationToken"]

    def _run(self, arguments: tuple[str, ...], output: int | None) -> subprocess.CompletedProcess[bytes]:
        environment = {**self._environment, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-P", "-m", "cli", *arguments]
        return subprocess.run(command, cwd=self._folder, env=environment, stdout=output, check=False)
