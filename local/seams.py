"""Crash seams for tests: count the points around the app's writes, and die at the chosen one.

`LOCAL_SEAM_LOG=<file>` writes each point down; `LOCAL_STOP_AT="<n>"` kills the process at the n-th point of
any kind, `LOCAL_STOP_AT="<point>:<n>"` at the n-th of one kind (before, after, recorded). `new` in place of a
number dies at the first point that the log does not hold yet: started again and again with one log, the
process dies once at every point. The kill is SIGKILL: no handler, no flush, as when a worker is taken away.
Only the local host has this.
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
NEW = "new"
_GATE_MODULE = "shared.writes"


@dataclass(slots=True)
class CrashSeams:
    """The observer that the write gate calls at each point."""

    stop_point: str | None = None
    stop_count: int | None = None
    log_path: Path | None = None
    stop_at_new: bool = False
    _known: set[str] = field(default_factory=set[str])
    _seen: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if self.stop_at_new and self.log_path is not None and self.log_path.exists():
            self._known.update(self.log_path.read_text(encoding="utf-8").splitlines())

    def __call__(self, point: str, intent_key: str) -> None:
        line = f"{point}\t{intent_key}"
        # Held to the end: no second write may pass while this process is dying.
        with self._lock:
            if self.log_path is not None:
                with self.log_path.open("a", encoding="utf-8") as log:
                    log.write(f"{line}\n")
            if self.stop_point is None or point == self.stop_point:
                self._seen += 1
                if self._dies_here(line):
                    os.kill(os.getpid(), signal.SIGKILL)

    def _dies_here(self, line: str) -> bool:
        return line not in self._known if self.stop_at_new else self._seen == self.stop_count


def from_environment(environment: Mapping[str, str] = os.environ) -> CrashSeams | None:
    """The seams that the environment asks for, if any."""
    stop_at, log = environment.get("LOCAL_STOP_AT", ""), environment.get("LOCAL_SEAM_LOG", "")
    if not stop_at and not log:
        return None
    point, _, count = stop_at.rpartition(":")
    number = int(count) if count.isdigit() else None
    if (stop_at and number is None and count != NEW) or (point and point not in POINTS):
        wanted = f"<n>, new, <point>:<n> or <point>:new with a point of {', '.join(POINTS)}"
        raise SettingsError(f"LOCAL_STOP_AT must be {wanted}")
    if count == NEW and not log:
        raise SettingsError("LOCAL_STOP_AT=new needs LOCAL_SEAM_LOG, which tells what is not new")
    return CrashSeams(point or None, number, Path(log) if log else None, count == NEW)


def install(environment: Mapping[str, str] = os.environ) -> None:
    """Hang the seams into the app's write gate; an app without one is told so in the log."""
    seams = from_environment(environment)
    if seams is None:
        return
    try:
        gate = importlib.import_module(_GATE_MODULE)
    except ModuleNotFoundError as error:
        if error.name not in (_GATE_MODULE, _GATE_MODULE.partition(".")[0]):
            raise
        LOG.warning("Crash seams are set, but the app has no %s to hang them into", _GATE_MODULE)
        return
    vars(gate)["write_observer"] = seams
