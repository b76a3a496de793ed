"""The app as its users drive it: HTTP in, JSON out, waiting by polling the status."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import requests

from local.azurite import Azurite
from local.process import App
from sandbox.server import Sandbox

RESTING = {"ready", "succeeded", "partial", "failed", "cancelled", "rolledBack"}


class Driver:
    """One app process against one sandbox; `kill` and `start` may alternate."""

    def __init__(self, azurite: Azurite, sandbox: Sandbox, folder: Path, **settings: str) -> None:
        self.sandbox, self.azurite = sandbox, azurite
        defaults = {"POLL_SCALE": "0.02", "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1"}
        connection = {"AzureWebJobsStorage": azurite.connection_string}
        self.app = App({**defaults, **sandbox.env, **connection, **settings}, folder)

    def get(self, path: str, **params: Any) -> requests.Response:
        return requests.get(f"{self.app.url}/api/{path}", params=params, timeout=60)

    def post(self, path: str, body: Any = None, data: bytes | None = None) -> requests.Response:
        return requests.post(f"{self.app.url}/api/{path}", json=body, data=data, timeout=60)

    def begin(self, **changes: Any) -> str:
        """Start the migration the sandbox suggests, with changes; its id."""
        answer = self.post("migrations", {**self.sandbox.control.suggested_request(), **changes})
        assert answer.status_code in (200, 202), answer.text
        return answer.json()["id"]

    def plan(self, within: float = 120, **changes: Any) -> dict[str, Any]:
        """Ask for the plan the sandbox suggests, with changes (None leaves a field out), until it is made."""
        wanted = {**self.sandbox.control.suggested_request(), **changes}
        answer = self.post("plans", {name: value for name, value in wanted.items() if value is not None})
        assert answer.status_code == 202, answer.text
        assert answer.headers["Location"] == f"/api/plans/{answer.json()['id']}"
        return self.planned(answer.json()["id"], within)

    def planned(self, plan: str, within: float = 120) -> dict[str, Any]:
        deadline = time.monotonic() + within
        while (found := self.get(f"plans/{plan}").json())["status"] == "running":
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
        assert found["status"] == "done", found["error"]
        return found

    def status(self, migration: str) -> dict[str, Any]:
        answer = self.get(f"migrations/{migration}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rest(self, migration: str, within: float = 120, statuses: set[str] = RESTING) -> dict[str, Any]:
        """Poll until the migration rests; its last status."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            found = self.status(migration)
            if found["status"] in statuses:
                return found
            time.sleep(0.1)
        raise AssertionError(f"{migration} is still {found['status']} after {within} s: {found}")

    def met(self, migration: str) -> list[str]:
        """Codes of what the migration met on its way; that its capacity lies elsewhere is known beforehand."""
        found = (row["code"] for row in self.all(f"migrations/{migration}/findings"))
        return [code for code in found if code != "capacity.region"]

    def all(self, path: str) -> list[dict[str, Any]]:
        """Every row of a list, page by page."""
        rows: list[dict[str, Any]] = []
        params: dict[str, Any] = {}
        while True:
            page = self.get(path, **params).json()
            rows += page["value"]
            if "continuationToken" not in page:
                return rows
            params["continuationToken"] = page["continuationToken"]
