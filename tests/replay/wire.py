"""The app as the scenes drive it: begin, wait until it rests, cut over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

from sandbox.server import Sandbox

_WITHIN_S = 180.0


class Api:
    def __init__(self, url: str) -> None:
        self._url, self._plans = f"{url}/api/migrations", f"{url}/api/plans"

    def begin(self, sandbox: Sandbox, identity: str) -> None:
        """Start the migration the sandbox suggests."""
        body = {**sandbox.control.suggested_request(), "id": identity}
        requests.post(self._url, json=body, timeout=60).raise_for_status()

    def finish(self, sandbox: Sandbox, identity: str, status: str) -> None:
        """Start it and wait for the status it has to reach."""
        self.begin(sandbox, identity)
        self._reach(identity, status)

    def plan(self, sandbox: Sandbox, identity: str) -> None:
        """Ask for the plan of it, and wait until it is done."""
        body = {**sandbox.control.suggested_request(), "id": identity}
        requests.post(self._plans, json=body, timeout=60).raise_for_status()
        self.until(lambda: requests.get(f"{self._plans}/{identity}", timeout=60).json()["status"] == "done")

    def give(self, identity: str, verb: str, body: Any = None, status: str = "") -> None:
        """Give a verb, and wait for the status it has to lead to."""
        requests.post(f"{self._url}/{identity}/{verb}", json=body, timeout=60).raise_for_status()
        if status:
            self._reach(identity, status)

    def cut_over(self, identity: str, status: str) -> None:
        requests.post(
            f"{self._url}/{identity}/cutover", json={"reason": "recorded", "force": True}, timeout=60
        ).raise_for_status()
        self.until(lambda: bool(self._get(identity).get("cutoverAt")))
        self._reach(identity, status)

    def until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _WITHIN_S
        while not reached():
            if time.monotonic() > deadline:
                raise TimeoutError("the scene did not come to its end")
            time.sleep(0.1)

    def _reach(self, identity: str, status: str) -> None:
        try:
            self.until(lambda: self._get(identity)["status"] == status)
        except TimeoutError:
            raise TimeoutError(f"{identity} should be {status}: {self._get(identity)}") from None

    def _get(self, identity: str) -> dict[str, str]:
        return requests.get(f"{self._url}/{identity}", timeout=60).json()
