"""Crash seams for tests: count the points around the app's writes, and die at the chosen one.

`LOCAL_SEAM_LOG=<file>` writes each point down; `LOCAL_STOP_AT="<n>"` kills the process at the n-th point of
any kind, `LOCAL_STOP_AT="<point>:<n>"` at the n-th of one kind (before, after, recorded). The kill is
SIGKILL: no handler, no flush, as when a worker is taken away. Only the local host has this.
"""

import importlib
import logging
import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.errors import SettingsError

LOG = logging.getLogger("local.seams")
POINTS = ("before", "after", "recorded")
_SERVICES_MODULE = "shared.services"


@dataclass(slots=True)
class CrashSeams:
    """The observer that the write gate calls at each point."""

    stop_point: str | None = None
    stop_count: int | None = None
    log_path: Path | None = None
    _seen: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, point: str, intent_key: str) -> None:
        # Held to the end: no second write may pass while this process is dying.
        with self._lock:
            if self.log_path is not None:
                with self.log_path.open("a", encoding="utf-8") as log:
                    log.write(f"{point}\t{intent_key}\n")
            if self.stop_point is not None and point != self.stop_point:
                return
            self._seen += 1
            if self._seen == self.stop_count:
                os.kill(os.getpid(), signal.SIGKILL)


def from_environment(environment: Mapping[str, str] = os.environ) -> CrashSeams | None:
    """The seams that the environment asks for, if any."""
    stop_at, log = environment.get("LOCAL_STOP_AT", ""), environment.get("LOCAL_SEAM_LOG", "")
    if not stop_at and not log:
        return None
    point, _, count = stop_at.rpartition(":")
    if (stop_at and not count.isdigit()) or (point and point not in POINTS):
        raise SettingsError(f"LOCAL_STOP_AT must be <n> or <point>:<n> with a point of {', '.join(POINTS)}")
    return CrashSeams(point or None, int(count) if stop_at else None, Path(log) if log else None)


def install(environment: Mapping[str, str] = os.environ) -> None:
    """Hang the seams into the app's write gate; an app without one is told so in the log."""
    seams = from_environment(environment)
    if seams is None:
        return
    try:
        services = importlib.import_module(_SERVICES_MODULE)
    except ModuleNotFoundError as error:
        if error.name not in (_SERVICES_MODULE, _SERVICES_MODULE.partition(".")[0]):
            raise
        LOG.warning("Crash seams are set, but the app has no %s to hang them into", _SERVICES_MODULE)
        return
    vars(services)["write_observer"] = seams
