"""One pass over the activity events of every watched tenant, a page per activity."""

from __future__ import annotations

from durabletask.task import OrchestrationContext

from activities import drift as events
from orchestrators.waiting import Steps, Tally, generations, step
from shared.outcomes import Failed, Json

INSTANCE = "watch.drift"  # one at a time: started only where none is running; no migration id has a dot
PAGES = 100  # per generation


@generations
def drift(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """Input: {"scale", "connections"?}. Output: {}.

    A tenant that can't be read is a finding and does not stop the other.
    """
    names = payload.get("connections")
    if names is None:
        begun = yield from step(ctx, events.list_connections, payload, tally)
        names = [] if isinstance(begun, Failed) else begun.value["connections"]
    for _ in range(PAGES):
        if not names:
            return {}
        one = {"scale": payload["scale"], "connection": names[0]}
        page = yield from step(ctx, events.read_events, one, tally)
        if isinstance(page, Failed):
            unreadable = {**one, "code": page.code, "message": page.message}
            yield from step(ctx, events.record_unreadable, unreadable, tally)
        if isinstance(page, Failed) or not page.value["more"]:
            names = names[1:]
    ctx.continue_as_new({"scale": payload["scale"], "connections": names})
    return {}
