"""Timer triggers: one run of a timer at a time, and runs missed meanwhile collapse into none.

A thread per timer: an app has a handful, and a slow one must not delay the others.
"""

import json
import logging
import threading
from datetime import UTC, datetime
from typing import Any

from azure.functions import meta

from local.functions import TimerSpec
from local.invocation import Invoker

LOG = logging.getLogger("local.timers")


class Timer:
    """Runs one timer function by its schedule."""

    def __init__(self, spec: TimerSpec, invoker: Invoker) -> None:
        self._spec = spec
        self._invoker = invoker
        self._stopping = threading.Event()
        self._last: datetime | None = None
        self._thread = threading.Thread(target=self._run, name=f"timer-{spec.function.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def request_stop(self) -> None:
        self._stopping.set()

    def join(self, timeout_s: float) -> bool:
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        if self._spec.run_on_startup:
            self._fire()
        while not self._stopping.is_set():
            # From now, not from the last run: what was missed while the function ran is not made up for.
            due = self._spec.schedule.next_after(datetime.now(UTC))
            if self._sleep_until(due):
                self._fire()

    def _sleep_until(self, due: datetime) -> bool:
        """Wait in slices, so that a changed clock or a suspended laptop is noticed; False when stopping."""
        while (remaining := (due - datetime.now(UTC)).total_seconds()) > 0:
            if self._stopping.wait(min(remaining, 30.0)):
                return False
        return not self._stopping.is_set()

    def _fire(self) -> None:
        function = self._spec.function
        try:
            request = function.converter.decode(
                meta.Datum(self._request_json(), "json"), trigger_metadata=None
            )
            self._invoker.call(function, request)
        except Exception:
            LOG.exception("Timer %s failed", function.name)
        self._last = datetime.now(UTC)

    def _request_json(self) -> str:
        following = self._spec.schedule.next_after(datetime.now(UTC))
        status: dict[str, Any] = {
            "Last": self._last.isoformat() if self._last else None,
            "LastUpdated": self._last.isoformat() if self._last else None,
            "Next": following.isoformat(),
        }
        return json.dumps({"Schedule": {"AdjustForDST": False}, "ScheduleStatus": status, "IsPastDue": False})
