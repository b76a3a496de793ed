"""One PBIX report with its model: out of the source as a stream, into the target, its new ids recorded.

Reports of one name in one workspace come here together and go one after the other: only so can an import
whose answer was lost be told from its namesake's.
"""

from __future__ import annotations

from durabletask.task import OrchestrationContext

from activities import exports, imports
from orchestrators.waiting import Steps, step
from shared.outcomes import Failed, Json


def move_model(ctx: OrchestrationContext, payload: Json) -> Steps[Json]:
    """Input: {"migration", "scale", "workspace", "reports": [source ids of one name]}. Output: {}.

    One report per generation: however many share a name, the history stays as short as one report's.
    """
    report, *others = payload["reports"]
    one = {**payload, "report": report}
    for activity in (exports.export_report, imports.import_report, imports.await_import):
        outcome = yield from step(ctx, activity, one)
        if isinstance(outcome, Failed):
            reason = {"during": activity.__name__, "code": outcome.code, "message": outcome.message}
            yield from step(ctx, imports.record_item_failure, {**one, **reason})
            break
    if others:
        ctx.continue_as_new({**payload, "reports": others})
    return {}
