"""One batch of at most 100 workspaces read into the manifest: ask for the scan, wait for it, take it over."""

from __future__ import annotations

from durabletask.task import OrchestrationContext

from activities import inventory
from orchestrators.waiting import Steps, step
from shared.outcomes import Failed, Json


def scan_batch(ctx: OrchestrationContext, payload: Json) -> Steps[Json]:
    """Input: {"migration", "scale", "batch", "mode": scanner | member}. Output: {}.

    A batch that can't be read becomes a finding per workspace; the others go on.
    """
    for activity in READ[payload["mode"]]:
        outcome = yield from step(ctx, activity, payload)
        if isinstance(outcome, Failed):
            failure = {**payload, "code": outcome.code, "message": outcome.message}
            yield from step(ctx, inventory.record_unread, failure)
            break
    return {}


READ = {
    "scanner": (inventory.await_scan, inventory.collect_scan),
    "member": (inventory.list_directly,),
}
