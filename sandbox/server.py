"""The sandbox as tests and the demo use it: a process on free ports, and a client for its controls."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

ROOT = Path(__file__).resolve().parent.parent


class Control:
    """The control interface, one method per use; every method raises on a refusal."""

    def __init__(self, url: str, ca: Path) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(ca)

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        answer = self._session.request(method, f"{self._url}/{path}", json=body, params=query, timeout=120)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def settings(self, **changes: Any) -> Any:
        return self.call("PUT", "settings", changes)

    def fault(self, match: dict[str, Any], effect: dict[str, Any]) -> Any:
        return self.call("POST", "faults", [{"match": match, "effect": effect}])

    def faults(self) -> Any:
        return self.call("GET", "faults")

    def clear_faults(self) -> None:
        self.call("DELETE", "faults")

    def ledger(self, since: int = 0) -> list[dict[str, Any]]:
        return self.call("GET", "ledger", since=since)

    def clear_ledger(self) -> None:
        self.call("DELETE", "ledger")

    def violations(self) -> list[dict[str, Any]]:
        return self.call("GET", "violations")

    def state(self, tenant: str) -> dict[str, Any]:
        return self.call("GET", f"state/{tenant}")

    def put_state(self, tenant: str, state: dict[str, Any]) -> None:
        self.call("PUT", f"state/{tenant}", state)

    def act(self, tenant: str, action: str, **facts: Any) -> Any:
        return self.call("POST", "act", {"tenant": tenant, "action": action, **facts})

    def advance(self) -> None:
        """Everything under way is done at once."""
        self.call("POST", "advance")

    def expire_tokens(self) -> None:
        self.call("POST", "expire-tokens")

    def suggested_request(self) -> dict[str, Any]:
        return self.call("GET", "request")

    def compare(self, request: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.call("POST", "compare", request)


class Sandbox:
    """`with Sandbox(data_dir) as sandbox:` – serving inside the block. `env` holds the app settings."""

    def __init__(
        self,
        data_dir: Path,
        *,
        workspaces: int = 20,
        seed: int = 1,
        time_scale: float = 0.02,
        port: int = 0,
        lag: str = "0-60",
        extras: bool = False,
        sizes: Sequence[int] = (),
        distinct_files: bool = True,
        ready_within: float = 120,
    ) -> None:
        self.data_dir = data_dir
        self._ready_within = ready_within
        options = {"data-dir": data_dir, "port": port, "seed": seed, "workspaces": workspaces}
        options |= {"time-scale": time_scale, "lag": lag}
        options |= {"sizes": ",".join(map(str, sizes))}
        self._arguments = [f"--{key}={value}" for key, value in options.items()]
        self._arguments += ["--until-stdin-closes"]
        self._arguments += ["--extras"] * extras + ["--shared-files"] * (not distinct_files)
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoints: dict[str, dict[str, str]] = {}
        self.env: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def ca(self) -> Path:
        return self.data_dir / "ca.pem"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the sandbox does not run")
        return self._process.pid

    def start(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        ready = self.data_dir / "endpoints.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "sandbox", "serve", *self._arguments]
        with (self.data_dir / "sandbox.log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log)  # noqa: S603 - our own
        self._wait(ready)
        self.endpoints = json.loads(ready.read_text())
        self.env = json.loads((self.data_dir / "env.json").read_text())
        self.control = Control(self.endpoints["contoso"]["control"], self.ca)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.communicate(timeout=30)
            finally:
                self._process.kill()
                self._process = None

    def _wait(self, ready: Path) -> None:
        deadline = time.monotonic() + self._ready_within
        while not ready.exists():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(
                    "the sandbox did not start:\n" + (self.data_dir / "sandbox.log").read_text()
                )
            time.sleep(0.02)
