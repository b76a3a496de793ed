"""One workspace from the source into the target, phase by phase.

The order matters: a workspace must exist and lie on its capacity before large models come; people get in
only when there is something to see; validation comes last. No phase needs another workspace, so there is
no barrier here. A phase that fails ends the workspace; an item that fails does not.
"""

from __future__ import annotations

from typing import Any

from durabletask.task import OrchestrationContext

from activities import access, capacity, validation, workspaces
from orchestrators.item import move_model
from orchestrators.names import item_instance
from orchestrators.waiting import Steps, step
from orchestrators.windows import fan_out
from shared.outcomes import Failed, Json

MODELS_AT_ONCE = 3
PAGE = 20  # reports per generation


def workspace(ctx: OrchestrationContext, payload: Json) -> Steps[Json]:
    """Input: {"migration", "scale", "workspace", "phase"?, "cursor"?}. Output: {}."""
    names = list(PHASES)
    where = {key: payload[key] for key in ("migration", "scale", "workspace")}
    begun = payload.get("phase", names[0])
    for name in names[names.index(begun) :]:
        given = {**where, "page": PAGE, "cursor": payload.get("cursor") if name == begun else None}
        failed, cursor = yield from PHASES[name](ctx, given)
        if cursor is not None:
            ctx.continue_as_new({**where, "phase": name, "cursor": cursor})
            return {}
        if failed is not None:
            reason = {**where, "phase": name, "code": failed.code, "message": failed.message}
            yield from step(ctx, workspaces.record_workspace_failure, reason)
            break
    yield from step(ctx, workspaces.finish_workspace, where)
    return {}


type Phase = Steps[tuple[Failed | None, str | None]]  # what failed, or where the next generation goes on


def containers(ctx: OrchestrationContext, payload: Json) -> Phase:
    """The workspace itself, on its capacity. The source is looked at first: what can't be read is not begun."""
    for activity in (
        workspaces.inspect_source,
        workspaces.create_workspace,
        capacity.assign_capacity,
        capacity.await_capacity,
    ):
        outcome = yield from step(ctx, activity, payload)
        if isinstance(outcome, Failed):
            return outcome, None
    return None, None


def models(ctx: OrchestrationContext, payload: Json) -> Phase:
    """Reports with their models, a page per generation."""
    page = yield from step(ctx, workspaces.next_models, payload)
    if isinstance(page, Failed):
        return page, None

    def start(reports: list[str]) -> Any:
        child = {key: payload[key] for key in ("migration", "scale", "workspace")}
        identity = item_instance(payload["migration"], payload["workspace"], reports[0])
        return ctx.call_sub_orchestrator(
            move_model.__name__, input={**child, "reports": reports}, instance_id=identity
        )

    yield from fan_out(page.value["groups"], start, MODELS_AT_ONCE)
    yield from step(ctx, workspaces.count_workspace, payload)
    return None, page.value["cursor"]


def people(ctx: OrchestrationContext, payload: Json) -> Phase:
    """Workspace users, as many as one activity grants in its time; again until none is left."""
    outcome = yield from step(ctx, access.grant_access, payload)
    if isinstance(outcome, Failed):
        return outcome, None
    return None, None


def proof(ctx: OrchestrationContext, payload: Json) -> Phase:
    """Everything once and bound to its model, then one refresh per model, a page per generation."""
    page = yield from step(ctx, validation.check_workspace, payload)
    if isinstance(page, Failed):
        return page, None
    # All are started before the first is waited for: the service runs them side by side.
    going: list[str] = page.value["datasets"]
    for activity in (validation.refresh_model, validation.await_refresh):
        going = yield from _those_not_failed(ctx, activity, payload, going)
    return None, page.value["cursor"]


def _those_not_failed(
    ctx: OrchestrationContext, activity: Any, payload: Json, datasets: list[str]
) -> Steps[list[str]]:
    """Call the activity for each model; a refresh that was refused is recorded, and not waited for."""
    passed: list[str] = []
    for dataset in datasets:
        one = {**payload, "dataset": dataset}
        outcome = yield from step(ctx, activity, one)
        if isinstance(outcome, Failed):
            reason = {**one, "code": outcome.code, "message": outcome.message}
            yield from step(ctx, validation.record_refresh_failure, reason)
        else:
            passed.append(dataset)
    return passed


PHASES = {"containers": containers, "models": models, "access": people, "validation": proof}
