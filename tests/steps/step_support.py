"""Activities against two simulated tenants and a storage emulator, one after the other as an orchestration
would call them, in a time that passes when a test says so.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from activities import exports, imports
from activities.frame import Body, run
from sandbox.server import Sandbox
from shared.models import ItemRow, Kind, Migration, MigrationRequest, WorkspaceRow
from shared.services import Services, request_path

MOST_CALLS = 400  # of one item: far more than any rule allows
_numbers = itertools.count(1)

type Json = dict[str, Any]


class MovedClock:
    """The computer's clock, which a wait moves forward instead of lasting."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def sleep(self, seconds: float) -> None:
        self.move(seconds)

    def move(self, seconds: float) -> None:
        self._ahead += max(0.0, seconds)


@dataclass
class Move:
    """One source workspace on its way into a target workspace of ours, which is there already."""

    services: Services
    sandbox: Sandbox
    clock: MovedClock
    migration: str
    workspace: str
    target: str
    reports: list[ItemRow]

    def call(self, report: int = 0) -> Json:
        identity = self.reports[report].source_id
        return {"migration": self.migration, "workspace": self.workspace, "report": identity, "scale": 1.0}

    def once(self, body: Body, given: Json) -> Json:
        """One execution; what the service works on meanwhile is done afterwards."""
        outcome = run(body, self.services, given)
        self.sandbox.control.advance()
        return outcome

    def step(self, body: Body, given: Json) -> Json:
        """One activity to its outcome, as `waiting.step`: waits pass, a raise comes out."""
        state: Json = {}
        for _ in range(MOST_CALLS):
            outcome = self.once(body, {**given, **state})
            if outcome["outcome"] != "wait":
                return outcome
            state = outcome["state"]
            self.clock.move((datetime.fromisoformat(outcome["until"]) - self.clock.now()).total_seconds())
        raise AssertionError(f"{body.__name__} waits without an end: {state}")

    def move(self, report: int = 0) -> Json:
        """One report as `orchestrators.item` moves it; the last outcome."""
        given = self.call(report)
        for _ in range(20):
            for body in (exports.export_report, imports.import_report, imports.await_import):
                outcome = self.step(body, given)
                if outcome["outcome"] == "failed":
                    reason = {"during": body.__name__, "code": outcome["code"], "message": outcome["message"]}
                    self.step(imports.record_item_failure, {**given, **reason})
                    return outcome
                if outcome["value"].get("again"):
                    break
            else:
                return outcome
        raise AssertionError("begun again without an end")

    def item(self, report: int = 0, kind: Kind = Kind.REPORT) -> ItemRow:
        row = self.reports[report]
        identity = row.source_id if kind == Kind.REPORT else row.dataset_id
        return self.services.manifest.item(self.migration, self.workspace, kind, identity)

    def space(self) -> Json:
        """The target workspace as it is, by the sandbox's own account."""
        spaces = self.sandbox.control.state("fabrikam")["workspaces"]
        return next(space for space in spaces if space["id"] == self.target)

    def held(self) -> tuple[int, int]:
        """How many reports and models the target workspace holds."""
        space = self.space()
        return len(space["reports"]), len(space["datasets"])

    def requests(self, operation: str) -> list[Json]:
        """The calls of one operation since the last estate, by the sandbox's ledger."""
        return [entry for entry in self.sandbox.control.ledger() if entry["operation"] == operation]

    @property
    def posts(self) -> int:
        return len(self.requests("Imports_PostImportInGroup"))

    def findings(self) -> dict[str, str]:
        """Message by code."""
        return {found.code: found.message for found in self.services.findings.page(self.migration, 100).rows}


def begin(services: Services, sandbox: Sandbox, clock: MovedClock, reports: int = 1, **row: Any) -> Move:
    """A running migration with the rows of one source workspace that has at least so many reports."""
    source = sandbox.control.state("contoso")["workspaces"]
    space = next(space for space in source if len(space["reports"]) >= reports)
    migration = f"step{next(_numbers)}"
    request = MigrationRequest("contoso", "fabrikam", ["*"])
    services.documents.write_json(request_path(migration, "h"), request.to_dict())
    services.manifest.create(Migration(migration, "running", "contoso", "fabrikam", "h", "t", "t"))
    name = f"{space['name']} {migration}"
    target = str(services.power_bi("fabrikam").groups.create(name)["id"])
    given = {
        "target_name": name,
        "status": "running",
        "target_id": target,
        "origin": "created",
        **row,
    }
    services.manifest.plan_workspace(migration, WorkspaceRow(space["id"], space["name"], **given))
    rows = [_report(space, each) for each in space["reports"][:reports]]
    models = [ItemRow(space["id"], Kind.DATASET, each.dataset_id, each.source_name) for each in rows]
    services.manifest.plan_items(migration, space["id"], [*rows, *models])
    return Move(services, sandbox, clock, migration, space["id"], target, rows)


def _report(space: Json, report: Json) -> ItemRow:
    return ItemRow(space["id"], Kind.REPORT, report["id"], report["name"], dataset_id=report["datasetId"])
