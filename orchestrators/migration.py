"""A migration from its first to its resting status.

The status in the manifest says what comes next, so an instance that is started again after everything was
lost (a new task hub, a killed host) goes on where the manifest stands. Each stage ends with an activity that
moves the status along the table; each page of workspaces is a generation of its own (continue-as-new), so
that the history stays small however many workspaces there are.
"""

from __future__ import annotations

from typing import Any

from durabletask.task import OrchestrationContext

from activities import conclusion, migrations, planning
from orchestrators.names import scan_instance, workspace_instance
from orchestrators.scan import scan_batch
from orchestrators.waiting import Steps, step
from orchestrators.windows import fan_out
from orchestrators.workspace import workspace
from shared.outcomes import Failed, Json
from shared.statuses import RESTING, Status

SCANS_AT_ONCE = 8  # of the 16 scans a tenant may have in flight; the rest is left to its own tools
WORKSPACES_AT_ONCE = 12
BATCHES = 60  # of an inventory, per generation
PAGE = 60  # workspaces per generation


def migration(ctx: OrchestrationContext, payload: Json) -> Steps[Json]:
    """Input: {"migration", "scale", "status"?, "batch"?, "cursor"?}. Output: {"status"}."""
    status = payload.get("status")
    if not status:
        status = yield from _answer(ctx, migrations.current_status, payload)
    if status in RESTING:
        return {"status": status}
    after = yield from STAGES[Status(status)](ctx, payload)
    ctx.continue_as_new({"migration": payload["migration"], "scale": payload["scale"], **after})
    return {"status": status}


def plan(ctx: OrchestrationContext, payload: Json) -> Steps[Json]:
    """Inventory and checks, so many batches of workspaces per generation; nothing is written in either tenant."""
    inventory = yield from step(ctx, planning.select_workspaces, payload)
    if isinstance(inventory, Failed):
        return (yield from _fail(ctx, payload, inventory))
    identity = payload["migration"]

    def start(number: int) -> Any:
        batch = {"migration": identity, "scale": payload["scale"], **inventory.value, "batch": number}
        return ctx.call_sub_orchestrator(
            scan_batch.__name__, input=batch, instance_id=scan_instance(identity, number)
        )

    first, batches = payload.get("batch", 0), inventory.value["batches"]
    yield from fan_out(range(first, min(first + BATCHES, batches)), start, SCANS_AT_ONCE)
    if first + BATCHES < batches:
        return {"status": Status.PLANNING, "batch": first + BATCHES}
    return {"status": (yield from _answer(ctx, conclusion.conclude_plan, payload))}


def move(ctx: OrchestrationContext, payload: Json) -> Steps[Json]:
    """One page of workspaces, each in an orchestration of its own; then the next page, then validation."""
    identity = payload["migration"]
    asked = {**payload, "cursor": payload.get("cursor"), "page": PAGE}
    page = yield from step(ctx, migrations.next_workspaces, asked)
    if isinstance(page, Failed):
        return (yield from _fail(ctx, payload, page))

    def start(workspace_id: str) -> Any:
        child = {"migration": identity, "scale": payload["scale"], "workspace": workspace_id}
        return ctx.call_sub_orchestrator(
            workspace.__name__, input=child, instance_id=workspace_instance(identity, workspace_id)
        )

    yield from fan_out(page.value["workspaces"], start, WORKSPACES_AT_ONCE)
    if page.value["cursor"]:
        return {"status": Status.RUNNING, "cursor": page.value["cursor"]}
    return {"status": (yield from _answer(ctx, migrations.begin_validation, payload))}


def validate(ctx: OrchestrationContext, payload: Json) -> Steps[Json]:
    """The workspaces have validated themselves; here it is proved that none of them is unaccounted for."""
    return {"status": (yield from _answer(ctx, migrations.conclude_validation, payload))}


def cut_over(ctx: OrchestrationContext, payload: Json) -> Steps[Json]:
    return {"status": (yield from _answer(ctx, migrations.complete_cutover, payload))}


STAGES = {
    Status.PLANNING: plan,
    Status.RUNNING: move,
    Status.VALIDATING: validate,
    Status.CUTOVER: cut_over,
}


def _answer(ctx: OrchestrationContext, activity: Any, payload: Json) -> Steps[str]:
    """The status an activity leads to; `failed` with the reason kept where it could not decide."""
    outcome = yield from step(ctx, activity, payload)
    if isinstance(outcome, Failed):
        return (yield from _fail(ctx, payload, outcome))["status"]
    return outcome.value["status"]


def _fail(ctx: OrchestrationContext, payload: Json, why: Failed) -> Steps[Json]:
    reason = {**payload, "code": why.code, "message": why.message}
    yield from step(ctx, migrations.record_migration_failure, reason)
    return {"status": Status.FAILED}
