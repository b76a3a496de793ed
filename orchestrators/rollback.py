"""One workspace undone: what this migration brought or made there, and nothing else.

The order matters: imports must have ended before their objects can be known; a model takes its reports along,
so reports go first; rights are taken back one by one only where the workspace stays. What is refused on the way
does not stop the rest: the end counts what is left.
"""

from __future__ import annotations

from typing import Any

from durabletask.task import OrchestrationContext

from activities import rollback, settling, settling_items, taking_back, undoing
from orchestrators.waiting import Steps, Tally, generations, step
from shared.outcomes import Failed, Json


@generations
def undo_workspace(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """Input: {"migration", "scale", "workspace"}. Output: {"left": objects of ours that are still there}.

    A generation that begins anew goes through the first steps once more: each of them only looks then.
    """
    where = {key: payload[key] for key in ("migration", "scale", "workspace")}
    steps, value = list(STEPS), dict[str, Any]()
    while steps:
        outcome = yield from step(ctx, steps.pop(0), where, tally)
        if isinstance(outcome, Failed):
            reason = {**where, "code": outcome.code, "message": outcome.message}
            yield from step(ctx, rollback.record_undo_failure, reason, tally)
            return {"left": 1}
        value = outcome.value
        if not value.get("there", True):
            steps = [rollback.close_undo]
    return value


STEPS = (
    rollback.begin_undo,
    settling.settle_imports,
    settling_items.settle_items,
    undoing.delete_reports,
    undoing.delete_datasets,
    undoing.delete_others,
    undoing.delete_target,
    taking_back.take_back_rights,
    rollback.close_undo,
)
