"""The runs that histories are recorded from: real apps against real sandboxes, calm and disturbed.

Together they lead every orchestrator through every branch it has, because a branch that no history has seen
could be changed without any test noticing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.azurite import Azurite
from local.process import App
from sandbox.server import Sandbox
from tests.replay.wire import Api

MANY_REPORTS = 23  # more than a generation moves
SLICES_S = 14.0  # more than two slices of a long wait last at this scale
MANY_EVENTS = 110  # more than a generation reads, one per page
SCAN_FAILED = {"id": "00000000-0000-0000-0000-000000000001", "status": "Failed"}
REFUSED = {"error": {"code": "PowerBINotAuthorizedException"}}
LOCKED = {"error": {"code": "ItemIsLocked"}}
BROKEN = {"error": {"code": "InternalServerError"}}
_BASE = {"POLL_SCALE": "0.02", "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1"}
_OFTEN, _NEVER = "*/2 * * * * *", "0 0 0 1 1 *"


@dataclass(frozen=True, slots=True)
class Running:
    sandbox: Sandbox
    app: App
    records: Path

    @property
    def api(self) -> Api:
        return Api(self.app.url)

    def recorded(self, orchestrator: str) -> list[Path]:
        return sorted(self.records.glob(f"{orchestrator}.*.json"))


@dataclass(frozen=True, slots=True)
class Scene:
    name: str
    play: Callable[[Running], None]
    workspaces: int
    settings: dict[str, str] = field(default_factory=dict[str, str])
    graph: bool = False  # the target's directory can be asked
    every_kind: bool = False


@contextmanager
def staged(scene: Scene, folder: Path) -> Iterator[Running]:
    """Storage, sandbox and recording app of a scene; the app starts when the scene starts it."""
    records = folder / "records"
    with (
        Azurite(folder / "azurite") as azurite,
        Sandbox(
            folder / "sandbox",
            workspaces=scene.workspaces,
            graph=scene.graph,
            every_kind=scene.every_kind,
        ) as box,
    ):
        own = {"AzureWebJobsStorage": azurite.connection_string, "LOCAL_RECORD_DIR": str(records)}
        schedule = {"DRIFT_SCHEDULE": _NEVER, "WATCHDOG_SCHEDULE": _NEVER}
        app = App({**_BASE, **schedule, **box.env, **own, **scene.settings}, folder / "app")
        try:
            yield Running(box, app, records)
        finally:
            app.stop()


def calm(running: Running) -> None:
    """Everything goes well, up to cutover and one pass of the drift watch."""
    running.app.start()
    running.api.finish(running.sandbox, "calm", "ready")
    running.api.cut_over("calm", "succeeded")
    running.api.until(lambda: _watched(running))


def _watched(running: Running) -> bool:
    """A drift pass that had something to read."""
    return _has(running, "read_events")


def disturbed(running: Running) -> None:
    """Throttled, refused, broken off: what is tried again is, what fails is recorded, the rest arrives."""
    control = running.sandbox.control
    busy = {"status": 429, "retryAfter": 6, "body": {"message": "Retry in 6 seconds."}}
    control.fault({"operation": "Groups_GetGroupsAsAdmin", "nth": 1}, busy)
    control.fault({"operation": "Admin_GetActivityEvents", "nth": 2}, busy)
    control.fault(
        {"operation": "Imports_PostImportInGroup", "nth": 1}, {"status": 500, "body": BROKEN, "when": "after"}
    )
    control.act("fabrikam", "createWorkspace", name=control.state("contoso")["workspaces"][-1]["name"])
    # So often that the pauses between the tries reach their longest.
    control.fault(
        {"operation": "Groups_AddGroupUser", "times": 21}, {"status": 500, "body": BROKEN, "when": "before"}
    )
    control.fault({"operation": "Datasets_RefreshDatasetInGroup", "nth": 1}, {"status": 400, "body": LOCKED})
    source = control.state("contoso")
    first = next(space for space in source["workspaces"] if len(space["datasets"]) > 2)
    first["datasets"][0]["exportRefusal"] = "ModelExportActionDenied"
    control.put_state("contoso", source)
    running.app.start()
    running.api.finish(running.sandbox, "disturbed", "partial")
    running.api.cut_over("disturbed", "partial")
    running.api.until(lambda: _watched(running))


def chatty(running: Running) -> None:
    """More pages of activity events than a generation of the drift watch reads; the other tenant refuses."""
    control = running.sandbox.control
    running.app.start()
    running.api.finish(running.sandbox, "chatty", "ready")
    running.api.cut_over("chatty", "succeeded")
    control.fault(
        {"operation": "Admin_GetActivityEvents", "tenant": "fabrikam"}, {"status": 403, "body": REFUSED}
    )
    control.settings(activity={"pageSize": 1, "emptyPages": False})
    space = control.state("contoso")["workspaces"][0]["id"]
    for number in range(MANY_EVENTS):
        control.act("contoso", "renameWorkspace", workspace=space, name=f"Renamed {number}")
    control.advance()
    running.api.until(lambda: _has(running, "continueAsNew") and _has(running, "record_unreadable"))


def _has(running: Running, text: str) -> bool:
    return any(text in path.read_text(encoding="utf-8") for path in running.recorded("drift"))


def slow(running: Running) -> None:
    """The app looks so often that it waits many times: generations end within phases and between them."""
    long = {"capacity.run": [60, 60], "refresh": [60, 60]}
    running.sandbox.control.settings(durations=long)
    running.app.start()
    running.api.finish(running.sandbox, "slow", "ready")


def unscanned(running: Running) -> None:
    """Both scans end as failed: the workspaces are read one by one."""
    effect = {"status": 200, "body": SCAN_FAILED}
    running.sandbox.control.fault({"operation": "WorkspaceInfo_GetScanStatus", "times": 2}, effect)
    running.app.start()
    running.api.finish(running.sandbox, "unscanned", "ready")


def member(running: Running) -> None:
    """No admin rights, and a workspace with more reports than a generation takes."""
    control = running.sandbox.control
    control.put_state("contoso", with_many_reports(control.state("contoso"), MANY_REPORTS))
    running.app.start()
    running.api.finish(running.sandbox, "member", "ready")


def stopped(running: Running) -> None:
    """Told to stop at three moments, each time to go on; at last given up, taken up again, and made whole."""
    running.app.start()
    api, control = running.api, running.sandbox.control
    api.begin(running.sandbox, "stopped")
    for operation in ("WorkspaceInfo_PostWorkspaceInfo", "Groups_CreateGroup", "Imports_PostImportInGroup"):
        api.until(lambda operation=operation: _seen(control.ledger(), operation))
        api.give("stopped", "pause", status="paused")
        api.until(lambda: _ended(running, "migration", "paused"))
        api.give("stopped", "resume")
    # So long that it binds this one call alone: the wait is cut into slices, and the cancel comes into one.
    control.fault({"operation": "Groups_AddGroupUser", "times": 1}, {"status": 429, "retryAfter": 7000})
    api.until(lambda: bool(control.totals()["throttled"]))
    time.sleep(SLICES_S)
    api.give("stopped", "cancel", status="cancelled")
    api.give("stopped", "retry", status="ready")
    target = control.state("fabrikam")
    names = [report["name"] for space in target["workspaces"] for report in space["reports"]]
    for space in target["workspaces"]:
        lost = next((report for report in space["reports"] if names.count(report["name"]) == 1), None)
        if lost is not None:
            space["reports"].remove(lost)
    control.put_state("fabrikam", target)
    api.give("stopped", "retry", status="ready")
    gone = {"status": 404, "body": {"error": {"code": "PowerBIEntityNotFound"}}}
    control.fault({"operation": "Reports_GetReportsInGroup", "tenant": "fabrikam"}, gone)
    api.give("stopped", "retry", status="failed")


def planned(running: Running) -> None:
    """A plan, which reads everything and moves nothing."""
    running.app.start()
    running.api.plan(running.sandbox, "planned")


def kinds(running: Running) -> None:
    """Everything that moves without a PBIX; some of it fails, once or for good, and more than a page of dashboards."""
    control = running.sandbox.control
    source = control.state("contoso")
    space = next(each for each in source["workspaces"] if each["name"] == "Every dashboard")
    board = space["dashboards"][-1]
    space["dashboards"] += [
        {**board, "id": f"{n:08d}-0000-4000-8000-00000000cccc", "displayName": f"Board {n}"}
        for n in range(MANY_REPORTS)
    ]
    control.put_state("contoso", source)
    control.plan_operation("fail", operation="Fabric_CreateReport", times=1)
    busy = {"code": "ItemDisplayNameNotAvailableYet", "message": "Not yet."}
    control.plan_operation("fail", operation="Fabric_CreateSemanticModel", times=1, **busy)
    running.app.start()
    running.api.finish(running.sandbox, "kinds", "partial")
    nothing = {"confirm": "kinds", "to": "nothing"}
    running.api.give("kinds", "rollback", nothing, status="rolledBack")


def _seen(ledger: list[dict[str, Any]], operation: str) -> bool:
    return any(call["operation"] == operation for call in ledger)


def _ended(running: Running, orchestrator: str, text: str) -> bool:
    return any(text in path.read_text(encoding="utf-8") for path in running.recorded(orchestrator))


def undone(running: Running) -> None:
    """Imports that fail, once and for good; then everything is rolled back, at first not quite."""
    control = running.sandbox.control
    control.plan_import("fail", times=1)
    running.app.start()
    api = running.api
    api.finish(running.sandbox, "undone", "ready")
    no = {"status": 400, "body": LOCKED}
    control.fault({"operation": "Groups_DeleteGroup", "times": 1}, no)
    control.fault({"operation": "Reports_GetReportsInGroup", "tenant": "fabrikam", "nth": 1}, no)
    nothing = {"confirm": "undone", "to": "nothing"}
    api.give("undone", "rollback", nothing, status="failed")
    api.give("undone", "rollback", nothing, status="rolledBack")


def refused(running: Running) -> None:
    """The source lets nobody in: the migration itself fails."""
    running.sandbox.control.fault({"tenant": "contoso"}, {"status": 403, "body": REFUSED})
    running.app.start()
    running.api.finish(running.sandbox, "refused", "failed")


def with_many_reports(state: dict[str, Any], number: int, name: str = "Report {}") -> dict[str, Any]:
    """The first workspace that has reports gets `number` of them, each on a model of its own."""
    made = json.loads(json.dumps(state))
    space = next(space for space in made["workspaces"] if space["reports"])
    report = space["reports"][0]
    model = next(model for model in space["datasets"] if model["id"] == report["datasetId"])
    pairs = [_copies(report, model, name.format(n), n) for n in range(number)]
    space["reports"], space["datasets"] = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return made


def _copies(report: dict[str, Any], model: dict[str, Any], name: str, n: int) -> tuple[Any, Any]:
    report_id, model_id = f"{n:08d}-0000-4000-8000-00000000aaaa", f"{n:08d}-0000-4000-8000-00000000bbbb"
    return (
        {**report, "id": report_id, "name": name, "datasetId": model_id},
        {**model, "id": model_id, "name": name},
    )


_WITHOUT_ADMIN = {
    "PBI_CONNECTIONS__CONTOSO__ADMIN_CLIENT_ID": "",
    "PBI_CONNECTIONS__CONTOSO__ADMIN_CLIENT_SECRET": "",
}

SCENES = (
    Scene("calm", calm, 2, {"DRIFT_SCHEDULE": _OFTEN}),
    Scene("disturbed", disturbed, 4, {"DRIFT_SCHEDULE": _OFTEN}),
    Scene("chatty", chatty, 1, {"DRIFT_SCHEDULE": _OFTEN}),
    Scene("slow", slow, 2, {"POLL_SCALE": "0.002"}),
    Scene("unscanned", unscanned, 1),
    Scene("member", member, 1, _WITHOUT_ADMIN),
    Scene("refused", refused, 1),
    Scene("stopped", stopped, 3),
    Scene("undone", undone, 3),
    Scene("planned", planned, 2, graph=True),
    Scene("kinds", kinds, 1, every_kind=True),
)
