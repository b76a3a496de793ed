"""`python -m local.demo` (make demo): a plan and a migration between two simulated tenants, told as it happens.

Everything a migration needs runs on this machine, each part as a process of its own: the storage emulator, the
sandbox with both tenants, the app. What a person would do is done through the command line. The comparison
of the tenants at the end is the sandbox's own; the app has no part in it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from local.azurite import Azurite
from local.demo_account import accounted
from local.demo_command import REQUEST, Command, CommandFailed
from local.demo_figures import calls_made, forecast_beside_outcome, verdict
from local.demo_plan import plan_beside_outcome
from local.demo_request import request
from local.errors import LocalHostError
from local.process import App
from sandbox.server import Sandbox
from sandbox.verdict import render

WORKSPACES = 10
SCALE = 0.05  # of real time: a refresh of 20 s takes one, so that there is something to see
MIGRATION = "demo"
DRIFT_WITHIN_S = 60.0
SETTINGS = {"POLL_SCALE": str(SCALE), "DRIFT_SCHEDULE": "*/2 * * * * *"}


class Demo:
    """The story, step by step. Each step raises DemoFailed where something is not as it should be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept = folder.parent  # stays when the folder goes
        self._report = self._kept / "estate-report.html"
        self._forecast: dict[str, Any] = {}
        self._stack = ExitStack()
        self._steps = 0

    def play(self) -> bool:
        """True where all went as it should."""
        with self._stack:
            began = time.monotonic()
            self._set_up()
            started = time.monotonic()
            tell(f"(set up in {started - began:.0f} s)")
            self._plan()
            self._migrate()
            comparison = self._compare()
            self._cut_over()
            noticed = self._change_something()
            self._step("The verdict.")
            return self._conclude(comparison, noticed, time.monotonic() - started)

    def _set_up(self) -> None:
        self._step(
            "Set up: a storage emulator, two simulated tenants (contoso with workspaces of every kind and real PBIX "
            "files, fabrikam with none of them), and the app."
        )
        azurite = self._stack.enter_context(Azurite(self._folder / "azurite"))
        self._sandbox = Sandbox(
            self._folder / "sandbox",
            workspaces=WORKSPACES,
            every_kind=True,
            graph=True,
            time_scale=SCALE,
            lag="0-0",
        )
        self._stack.callback(self._sandbox.stop)
        self._sandbox.start()
        settings = {"AzureWebJobsStorage": azurite.connection_string, **self._sandbox.env, **SETTINGS}
        app = App(settings, self._folder / "app")
        self._stack.callback(app.stop)
        app.start()
        self._command = Command(app.url, self._folder)

    def _plan(self) -> None:
        self._step(
            "Plan it first: these workspaces of contoso go to fabrikam. The request says on which capacity and to whom "
            "(ids stand for groups and apps, null leaves somebody out knowingly)."
        )
        self._request = request(self._sandbox.control, MIGRATION)
        file = self._command.write(self._request, self._kept)
        self._command.show("plan", file, "--report", str(self._report))
        self._forecast = self._command.json("plan", file)["forecast"]
        written = len(self._sandbox.control.writes())
        tell(
            f"Calls that changed anything in either tenant so far: {written}.", f"The report: {self._report}"
        )
        if written:
            raise CommandFailed("the plan has written to a tenant")

    def _migrate(self) -> None:
        self._step("Start the migration, from the same file.")
        self._command.show("start", "-f", REQUEST)
        self._step("Watch it until it rests. It will stop at `ready`: all is copied and checked.")
        self._command.show("status", MIGRATION, "--watch", "--every", "0.5")

    def _compare(self) -> dict[str, Any]:
        self._step("Compare the two tenants, item by item and by the bytes of the files.")
        comparison = self._sandbox.control.compare(self._request)
        tell(render(comparison))
        return comparison

    def _cut_over(self) -> None:
        self._step("Cut over: from now on fabrikam is in use, and changes on either side are watched.")
        self._command.show("cutover", MIGRATION, "--wait")

    def _change_something(self) -> int:
        """How many of the two changes were noticed."""
        report = self._a_report()
        self._step("Somebody edits a report in the old tenant, and renames its copy in the new one.")
        tell(f"  the report: {report['sourceName']}")
        act = self._sandbox.control.act
        act("contoso", "editReport", workspace=report["workspaceId"], report=report["sourceId"])
        space = next(row for row in self._rows("mapping") if row["sourceId"] == report["workspaceId"])
        name = f"{report['targetName']} 2026"
        act("fabrikam", "renameReport", workspace=space["targetId"], report=report["targetId"], name=name)
        return self._await_drift({report["sourceId"], report["targetId"]})

    def _a_report(self) -> dict[str, Any]:
        """One with a plain name, if there is one: many names of the sandbox are awkward on purpose."""
        rows = self._rows("mapping")
        moved = [row for row in rows if row["kind"] == "report" and row["state"] == "done"]
        if not moved:
            raise CommandFailed("no report was moved")
        return min(moved, key=lambda row: not re.fullmatch(r"[A-Za-z ]+", row["sourceName"]))

    def _await_drift(self, changed: set[str]) -> int:
        tell("  The timer reads the activity logs of both tenants …")
        deadline = time.monotonic() + DRIFT_WITHIN_S
        noticed: dict[str, str] = {}
        while noticed.keys() != changed and time.monotonic() < deadline:
            rows = self._rows("findings")
            noticed = {row["id"]: row["message"] for row in rows if row["code"] == "drift.activity"}
            time.sleep(0.5)
        tell(*(f"  noticed: {message}" for message in noticed.values()))
        return len(noticed.keys() & changed)

    def _conclude(self, comparison: dict[str, Any], noticed: int, seconds: float) -> bool:
        status = self._command.json("status", MIGRATION)
        violations = self._sandbox.control.violations()
        findings, verdicts = self._rows("findings"), self._command.verdicts(MIGRATION)
        lines, lost = accounted(comparison, findings, verdicts)
        tell(*lines)
        tell("", *plan_beside_outcome(verdicts, self._rows("mapping"), findings), "")
        tell(*forecast_beside_outcome(self._forecast, status["outcome"]))
        tell(*calls_made(self._sandbox.control.ledger()))
        tell(f"Time from start to verdict, plan and watching included: {seconds:.0f} s.")
        lines, fine = verdict(status["status"], comparison, noticed, violations, lost)
        tell(*lines)
        return fine

    def _rows(self, what: str) -> list[dict[str, Any]]:
        return self._command.json(what, MIGRATION)["value"]

    def _step(self, text: str) -> None:
        self._steps += 1
        tell("", f"{self._steps}. {text}")


def tell(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)


def main() -> int:
    signal.signal(signal.SIGTERM, _as_interrupt)
    base = Path(os.environ.get("DATA_DIR") or ".data").resolve() / "demo"
    base.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=base))
    try:
        fine = Demo(folder).play()
    except KeyboardInterrupt:
        tell("", "Stopped. Everything the demo started has ended.")
        shutil.rmtree(folder, ignore_errors=True)
        return 130
    except (CommandFailed, LocalHostError, RuntimeError) as error:
        tell("", f"The demo failed: {error}", f"Logs and data: {folder}")
        return 1
    if fine:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        tell(f"Logs and data: {folder}")
    return 0 if fine else 1


def _as_interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
