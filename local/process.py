"""The app as a process of its own, for the demo and the tests: started, watched, stopped or killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from local.errors import LocalHostError

ROOT = Path(__file__).resolve().parent.parent
_READY = "Serving on "
_START_TIMEOUT_S = 60.0
# Large answers lie beside the heap and are given back at once, instead of tearing holes into it.
_ALLOCATOR = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "262144"}


class App:
    """`with App(settings, folder) as app:` – `python -m local.serve` on a free port, its output in a file.

    `settings` are added to the environment; they must name a storage account, so that no emulator is started
    behind the caller's back. `kill` is SIGKILL; `start` may be called again afterwards.
    """

    def __init__(self, settings: Mapping[str, str], folder: Path, port: int = 0) -> None:
        self._environment = {**os.environ, **_ALLOCATOR, **settings, "DATA_DIR": str(folder)}
        self._port = port
        self.log = folder / "app.log"
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, **more: str) -> None:
        """Start and wait until it serves; `more` settings are for this start only."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        offset = self.log.stat().st_size if self.log.exists() else 0
        command = [sys.executable, "-m", "local.serve"]
        environment = {**self._environment, "PORT": str(self._port), **more}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        self._wait_until_serving(offset)

    def stop(self) -> int | None:
        """SIGTERM and wait; the exit code."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60) if self.process else None

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def peak_rss_bytes(self) -> int:
        """The most memory the process has held so far (VmHWM)."""
        if self.process is None:
            raise LocalHostError("the app does not run")
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024

    def _wait_until_serving(self, offset: int) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            text = self.log.read_bytes()[offset:].decode(errors="replace")
            line = next((line for line in text.splitlines() if line.startswith(_READY)), None)
            if line is not None:
                self.url = line.removeprefix(_READY).strip()
                return
            if self.process is None or self.process.poll() is not None:
                raise LocalHostError(f"the app ended before it served:\n{text[-4000:]}")
            time.sleep(0.05)
        raise LocalHostError(f"the app did not serve within {_START_TIMEOUT_S:.0f} s; see {self.log}")
