"""A migration from its first to its resting status.

The status in the manifest says what comes next, so an instance that is started again after everything was
lost (a new task hub, a killed host) goes on where the manifest stands. Each stage ends with an activity that
moves the status along the table; each page of workspaces is a generation of its own (continue-as-new), so
that the history stays small however many workspaces there are. Where people pause or cancel, the activities
of the stage are not let run any more, it unwinds, and the status is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from durabletask.task import OrchestrationContext, Task

from activities import conclusion, mending, migrations, pipelines, planning, tenancy
from orchestrators.names import details_instance, scan_instance, undo_instance, workspace_instance
from orchestrators.rollback import undo_workspace
from orchestrators.scan import scan_batch, workspace_details
from orchestrators.waiting import Halt, Steps, Tally, generations, step
from orchestrators.windows import fan_out
from orchestrators.workspace import workspace
from shared.outcomes import Failed, Json
from shared.statuses import RESTING, Status

SCANS_AT_ONCE = 8  # of the 16 scans a tenant may have in flight; the rest is left to its own tools
WORKSPACES_AT_ONCE = 12
BATCHES = 60  # of an inventory, per generation
PAGE = 60  # workspaces per generation


@generations
def migration(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """Input: {"migration", "scale", "status"?, "batch"?, "cursor"?, "page"?}. Output: {"status"}."""
    where = {"migration": payload["migration"], "scale": payload["scale"]}
    status = payload.get("status")
    if not status:
        status = yield from _answer(ctx, migrations.current_status, where, tally)
    if status in RESTING or status == Status.PAUSED:
        return {"status": status}
    try:
        after = yield from STAGES[Status(status)](ctx, payload, tally)
    except Halt:
        after = {}  # the next generation asks where the migration stands now
    ctx.continue_as_new({**where, **after})
    return {"status": status}


def plan(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """Inventory and checks, so many batches of workspaces per generation; nothing is written in either tenant."""
    selected = yield from step(ctx, planning.select_workspaces, payload, tally)
    if isinstance(selected, Failed):
        return (yield from _fail(ctx, payload, selected, tally))
    found = selected.value
    after = yield from (_read_details if "cursor" in payload else _scan)(ctx, payload, found, tally)
    if after is not None:
        return {"status": Status.PLANNING, **after}
    yield from _read_parts(ctx, payload, found["later"], tally)
    return {"status": (yield from _answer(ctx, conclusion.conclude_plan, payload, tally))}


def _scan(ctx: OrchestrationContext, payload: Json, found: Json, tally: Tally) -> Steps[Json | None]:
    """The tenants' own lists, then the workspaces in batches; what the next generation has to do."""
    identity, first = payload["migration"], payload.get("batch", 0)
    if not first:
        yield from _read_parts(ctx, payload, found["parts"], tally)

    def start(number: int) -> Task[Any]:
        batch = {"migration": identity, "scale": payload["scale"], "mode": found["mode"], "batch": number}
        return ctx.call_sub_orchestrator(
            scan_batch.__name__, input=batch, instance_id=scan_instance(identity, number)
        )

    yield from fan_out(range(first, min(first + BATCHES, found["batches"])), start, SCANS_AT_ONCE)
    if first + BATCHES < found["batches"]:
        return {"batch": first + BATCHES}
    return {"cursor": None, "page": 0} if found["details"] else None


def _read_parts(ctx: OrchestrationContext, payload: Json, parts: list[str], tally: Tally) -> Steps[None]:
    """One that can't be read is missing, and is said to be; it stops nothing."""
    for part in parts:
        wanted = {"migration": payload["migration"], "scale": payload["scale"], "phase": part}
        yield from step(ctx, tenancy.read_part, wanted, tally)


def _read_details(ctx: OrchestrationContext, payload: Json, found: Json, tally: Tally) -> Steps[Json | None]:
    """One page of workspaces whose models are looked at singly, as long as the plan's budget lasts."""
    identity = payload["migration"]
    page = yield from step(ctx, planning.next_details, payload, tally)
    if isinstance(page, Failed):
        return None

    def start(workspace_id: str) -> Task[Any]:
        one = {"migration": identity, "scale": payload["scale"], "workspace": workspace_id}
        return ctx.call_sub_orchestrator(
            workspace_details.__name__, input=one, instance_id=details_instance(identity, workspace_id)
        )

    yield from fan_out(page.value["workspaces"], start, WORKSPACES_AT_ONCE)
    cursor = page.value["cursor"]
    return {"cursor": cursor, "page": page.value["models"]} if cursor else None


def move(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """One page of workspaces, each in an orchestration of its own; then the next page; then what needs all of them."""
    if "links" in payload:
        return (yield from _finish(ctx, payload, tally))
    pages = Pages(Status.RUNNING, workspace, workspace_instance)
    return (yield from _by_page(ctx, payload, tally, pages)) or {"status": Status.RUNNING, "links": None}


def _finish(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """Links from one workspace into another, a page of workspaces per generation; then pipelines. Neither stops it."""
    where = {"migration": payload["migration"], "scale": payload["scale"]}
    asked = {**where, "cursor": payload["links"], "page": PAGE}
    page = yield from step(ctx, mending.next_linked, asked, tally)
    if not isinstance(page, Failed):
        for linked in page.value["workspaces"]:
            yield from step(ctx, mending.mend_links, {**where, "workspace": linked}, tally)
        if page.value["cursor"]:
            return {"status": Status.RUNNING, "links": page.value["cursor"]}
    yield from step(ctx, pipelines.make_pipelines, where, tally)
    return {"status": (yield from _answer(ctx, migrations.begin_validation, where, tally))}


def validate(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """The workspaces have validated themselves; here it is proved that none of them is unaccounted for."""
    return {"status": (yield from _answer(ctx, migrations.conclude_validation, payload, tally))}


def cut_over(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    return {"status": (yield from _answer(ctx, migrations.complete_cutover, payload, tally))}


def cancel(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """Nothing is under way any more; what was not finished is said to have been left."""
    return {"status": (yield from _answer(ctx, migrations.conclude_cancel, payload, tally))}


def roll_back(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """One page of workspaces after the other is undone."""
    yield from step(ctx, pipelines.undo_pipelines, payload, tally)
    pages = Pages(Status.ROLLING_BACK, undo_workspace, undo_instance)
    after = yield from _by_page(ctx, payload, tally, pages)
    return after or {"status": (yield from _answer(ctx, migrations.conclude_rollback, payload, tally))}


STAGES = {
    Status.PLANNING: plan,
    Status.RUNNING: move,
    Status.VALIDATING: validate,
    Status.CUTOVER: cut_over,
    Status.CANCELLING: cancel,
    Status.ROLLING_BACK: roll_back,
}


@dataclass(frozen=True, slots=True)
class Pages:
    """A stage that goes through the workspaces, with a child each."""

    status: Status
    child: Callable[..., Any]
    instance: Callable[[str, str], str]


def _by_page(ctx: OrchestrationContext, payload: Json, tally: Tally, pages: Pages) -> Steps[Json | None]:
    """What the next generation goes on with, or None after the last page."""
    identity = payload["migration"]
    asked = {**payload, "cursor": payload.get("cursor"), "page": PAGE}
    page = yield from step(ctx, migrations.next_workspaces, asked, tally)
    if isinstance(page, Failed):
        return (yield from _fail(ctx, payload, page, tally))
    again = {"again": True} if page.value["again"] else {}

    def start(workspace_id: str) -> Task[Any]:
        one = {"migration": identity, "scale": payload["scale"], "workspace": workspace_id, **again}
        return ctx.call_sub_orchestrator(
            pages.child.__name__, input=one, instance_id=pages.instance(identity, workspace_id)
        )

    yield from fan_out(page.value["workspaces"], start, WORKSPACES_AT_ONCE)
    if page.value["cursor"]:
        return {"status": pages.status, "cursor": page.value["cursor"]}
    return None


def _answer(ctx: OrchestrationContext, activity: Any, payload: Json, tally: Tally) -> Steps[str]:
    """The status an activity leads to; `failed` with the reason kept where it could not decide."""
    outcome = yield from step(ctx, activity, payload, tally)
    if isinstance(outcome, Failed):
        return (yield from _fail(ctx, payload, outcome, tally))["status"]
    return outcome.value["status"]


def _fail(ctx: OrchestrationContext, payload: Json, why: Failed, tally: Tally) -> Steps[Json]:
    reason = {**payload, "code": why.code, "message": why.message}
    yield from step(ctx, migrations.record_migration_failure, reason, tally)
    return {"status": Status.FAILED}
