"""One workspace from the source into the target, phase by phase.

The order matters: a workspace must exist and lie on its capacity before large models come; people get in
only when there is something to see; validation comes last. No phase needs another workspace, so there is
no barrier here. A phase that fails ends the workspace; an item that fails does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from durabletask.task import OrchestrationContext

from activities import access, capacity, furnishing, items, mending, retrying, validation, workspaces
from orchestrators.item import move_item, move_model
from orchestrators.names import item_instance
from orchestrators.waiting import Steps, Tally, generations, step
from orchestrators.windows import fan_out
from shared.outcomes import Failed, Json

MODELS_AT_ONCE = 3
PAGE = 20  # reports per generation


@generations
def workspace(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """Input: {"migration", "scale", "workspace", "again"?, "phase"?, "cursor"?, "going"?}. Output: {}.

    `again`: a retry, which first looks what is to be done at all. A new generation begins within a phase where
    the phase says how it goes on, and between two phases where there was much waiting: the history stays short.
    """
    where = {key: payload[key] for key in ("migration", "scale", "workspace")}
    if payload.get("again"):
        needed = yield from step(ctx, retrying.reopen_workspace, where, tally)
        if isinstance(needed, Failed):
            yield from _close(ctx, {**where, "phase": "again"}, needed, tally)
        elif needed.value["open"]:
            ctx.continue_as_new(where)
        return {}
    resumed = {key: payload[key] for key in ("cursor", "going") if key in payload}
    begun = payload.get("phase", next(iter(PHASES)))
    for name in list(PHASES)[list(PHASES).index(begun) :]:
        if tally.is_long:
            ctx.continue_as_new({**where, "phase": name})
            return {}
        given = {**where, "page": PAGE, "cursor": None, **(resumed if name == begun else {})}
        failed, rest = yield from PHASES[name](ctx, given, tally)
        if rest is not None:
            ctx.continue_as_new({**where, "phase": name, **rest})
            return {}
        if failed is not None:
            yield from _close(ctx, {**where, "phase": name}, failed, tally)
            return {}
    yield from step(ctx, workspaces.finish_workspace, where, tally)
    return {}


def _close(ctx: OrchestrationContext, payload: Json, failed: Failed, tally: Tally) -> Steps[None]:
    """The workspace could not be brought to its end, and says why."""
    reason = {**payload, "code": failed.code, "message": failed.message}
    yield from step(ctx, workspaces.record_workspace_failure, reason, tally)
    yield from step(ctx, workspaces.finish_workspace, payload, tally)


type Phase = Steps[tuple[Failed | None, Json | None]]  # what failed, or where the next generation goes on


def containers(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Phase:
    """The workspace itself, on its capacity. The source is looked at first: what can't be read is not begun."""
    for activity in (
        workspaces.inspect_source,
        workspaces.create_workspace,
        capacity.assign_capacity,
        capacity.await_capacity,
        furnishing.furnish_workspace,
    ):
        outcome = yield from step(ctx, activity, payload, tally)
        if isinstance(outcome, Failed):
            return outcome, None
    return None, None


def models(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Phase:
    """Reports with their models, a page per generation."""
    page = yield from step(ctx, workspaces.next_models, payload, tally)
    if isinstance(page, Failed):
        return page, None

    def start(reports: list[str]) -> Any:
        child = {key: payload[key] for key in ("migration", "scale", "workspace")}
        identity = item_instance(payload["migration"], payload["workspace"], reports[0])
        return ctx.call_sub_orchestrator(
            move_model.__name__, input={**child, "reports": reports}, instance_id=identity
        )

    yield from fan_out(page.value["groups"], start, MODELS_AT_ONCE)
    yield from step(ctx, workspaces.count_workspace, payload, tally)
    return None, _onward(page.value["cursor"])


def others(phase: str, width: int = MODELS_AT_ONCE) -> Callable[..., Phase]:
    """A phase of items that come with no PBIX: a page per generation, each after those of its phase it needs."""

    def run(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Phase:
        asked = {**payload, "phase": phase, "page": PAGE}
        page = yield from step(ctx, items.next_items, asked, tally)
        if isinstance(page, Failed):
            return page, None

        def start(item: list[str]) -> Any:
            kind, identity = item
            child = {key: payload[key] for key in ("migration", "scale", "workspace")}
            instance = item_instance(payload["migration"], payload["workspace"], f"{kind}.{identity}")
            return ctx.call_sub_orchestrator(
                move_item.__name__, input={**child, "kind": kind, "item": identity}, instance_id=instance
            )

        if page.value["items"]:
            yield from fan_out(page.value["items"], start, width)
            yield from step(ctx, workspaces.count_workspace, payload, tally)
        return None, _onward(page.value["cursor"])

    return run


def links(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Phase:
    """What was made before what it leads to; never a reason to stop."""
    yield from step(ctx, mending.mend_links, payload, tally)
    return None, None


def people(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Phase:
    """Workspace users, as many as one activity grants in its time; again until none is left."""
    outcome = yield from step(ctx, access.grant_access, payload, tally)
    if isinstance(outcome, Failed):
        return outcome, None
    return None, None


def proof(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Phase:
    """Everything once and bound to its model, then one refresh per model, a page per generation.

    All of a page are started before the first is waited for: the service runs them side by side.
    """
    given = {key: payload[key] for key in payload if key != "going"}
    going, cursor = payload.get("going"), given["cursor"]
    if going is None:
        page = yield from step(ctx, validation.check_workspace, given, tally)
        if isinstance(page, Failed):
            return page, None
        going, cursor = [], page.value["cursor"]
        for dataset in page.value["datasets"]:
            if (yield from _refresh(ctx, validation.refresh_model, {**given, "dataset": dataset}, tally)):
                going.append(dataset)
    for place, dataset in enumerate(going):
        if tally.is_long:
            return None, {"cursor": cursor, "going": going[place:]}
        yield from _refresh(ctx, validation.await_refresh, {**given, "dataset": dataset}, tally)
    return None, _onward(cursor)


def _refresh(ctx: OrchestrationContext, activity: Any, one: Json, tally: Tally) -> Steps[bool]:
    """Start a refresh or wait for it; one that failed is recorded, and is not to be waited for."""
    outcome = yield from step(ctx, activity, one, tally)
    if isinstance(outcome, Failed):
        reason = {**one, "code": outcome.code, "message": outcome.message}
        yield from step(ctx, validation.record_refresh_failure, reason, tally)
    return not isinstance(outcome, Failed)


def _onward(cursor: str | None) -> Json | None:
    """The next page in a generation of its own, if there is one."""
    return None if cursor is None else {"cursor": cursor}


PHASES: dict[str, Callable[..., Phase]] = {
    "containers": containers,
    "dataflows": others("dataflows", PAGE),  # they wait for each other
    "models": models,
    "definitions": others("definitions"),
    "reports": others("reports"),
    "dashboards": others("dashboards"),
    "links": links,
    "access": people,
    "validation": proof,
}
