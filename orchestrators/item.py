"""One item: out of the source, into the target, its new ids recorded.

Reports with their models go as PBIX, everything else by the way its row names. PBIX reports of one name in one
workspace come here together and go one after the other: only so can an import whose answer was lost be told from
its namesake's.
"""

from __future__ import annotations

from durabletask.task import OrchestrationContext

from activities import exports, imports, items
from orchestrators.waiting import Steps, Tally, generations, step
from shared.outcomes import Failed, Json


@generations
def move_model(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """Input: {"migration", "scale", "workspace", "reports": [source ids of one name]}. Output: {}.

    One report per generation, and one try of it: however many share a name, and however often an import fails
    or a staged file is damaged, the history stays as short as one report's. How many tries there are the
    activities know.
    """
    report, *others = payload["reports"]
    one = {**payload, "report": report}
    for activity in (exports.export_report, imports.import_report, imports.await_import):
        outcome = yield from step(ctx, activity, one, tally)
        if isinstance(outcome, Failed):
            reason = {"during": activity.__name__, "code": outcome.code, "message": outcome.message}
            yield from step(ctx, imports.record_item_failure, {**one, **reason}, tally)
            break
        if outcome.value.get("again"):
            ctx.continue_as_new(payload)
            return {}
        if outcome.value.get("over"):
            break
    if others:
        ctx.continue_as_new({**payload, "reports": others})
    return {}


@generations
def move_item(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """Input: {"migration", "scale", "workspace", "kind", "item": source id}. Output: {}."""
    for activity in (items.read_item, items.make_item, items.await_item):
        outcome = yield from step(ctx, activity, payload, tally)
        if isinstance(outcome, Failed):
            reason = {"during": activity.__name__, "code": outcome.code, "message": outcome.message}
            yield from step(ctx, items.record_failure, {**payload, **reason}, tally)
            return {}
        if outcome.value.get("again"):
            ctx.continue_as_new(payload)
            return {}
        if outcome.value.get("over"):
            return {}
    return {}
