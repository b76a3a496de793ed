"""One workspace undone: what this migration brought or made there, and nothing else."""

from __future__ import annotations

from durabletask.task import OrchestrationContext

from orchestrators.waiting import Steps, Tally, generations
from shared.outcomes import Json


@generations
def undo_workspace(ctx: OrchestrationContext, payload: Json, tally: Tally) -> Steps[Json]:
    """Input: {"migration", "scale", "workspace"}. Output: {}."""
    yield from ()
    return {}
