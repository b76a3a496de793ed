"""What a plan reads: batches of at most 100 workspaces into the manifest, then single workspaces in detail."""

from __future__ import annotations

from durabletask.task import OrchestrationContext

from activities import details, inventory
from orchestrators.waiting import Steps, Tally, generations, step
from shared.outcomes import Failed, Json


@generations
def scan_batch(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """Input: {"migration", "scale", "batch", "mode": scanner | member}. Output: {}.

    A batch that can't be read becomes a finding per workspace; the others go on.
    """
    for activity in READ[payload["mode"]]:
        outcome = yield from step(ctx, activity, payload, tally)
        if isinstance(outcome, Failed):
            failure = {**payload, "code": outcome.code, "message": outcome.message}
            yield from step(ctx, inventory.record_unread, failure, tally)
            break
    return {}


@generations
def workspace_details(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """Input: {"migration", "scale", "workspace"}. Output: {}. What can't be read is missing, and said to be."""
    yield from step(ctx, details.read_details, payload, tally)
    return {}


READ = {
    "scanner": (inventory.await_scan, inventory.collect_scan),
    "member": (inventory.list_directly,),
}
