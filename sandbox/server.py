"""The sandbox as tests and the demo use it: a process on free ports; `control` speaks to it."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.remote import Control

ROOT = Path(__file__).resolve().parent.parent


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
        every_kind: bool = False,
        graph: bool = False,
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
        self._arguments += ["--every-kind"] * every_kind + ["--graph"] * graph
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
