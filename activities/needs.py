"""An item that can't be without another one waits until that has arrived.

Workspaces are begun in the order of the plan, so what is needed has begun earlier, or lies in a workspace that uses
this one in turn; either way it comes, or comes to an end without arriving.
"""

from __future__ import annotations

from activities.context import Context
from activities.identities import target_of
from shared.assessment.model import Route
from shared.errors import NotFound
from shared.models import ItemRow, ItemState, Kind, Need, WorkspaceStatus
from shared.outcomes import Failed, Outcome
from shared.polling import NEIGHBOUR

NOT_THERE = "item.needNotThere"  # and it will not come by itself
LATE = "item.needFailed"  # a retry may bring it

_ON_ITS_WAY = frozenset({ItemState.PLANNED, ItemState.CREATING})
_ENDED = frozenset(
    {WorkspaceStatus.DONE, WorkspaceStatus.FAILED, WorkspaceStatus.BLOCKED, WorkspaceStatus.SKIPPED}
)


def await_needs(context: Context, item: ItemRow) -> Outcome | None:
    """None where all is there; else a wait, or how it failed.

    A report is nothing without its model. What a model or dataflow reads may come later or never: it arrives all the
    same, and a finding names what it still reads from the old tenant.
    """
    waiting = False
    for need in map(Need.parse, item.needs):
        state = _state(context, need)
        if state in _ON_ITS_WAY:
            waiting = waiting or not (state == ItemState.PLANNED and _is_mended(context, item, need))
        elif state != ItemState.DONE and item.kind == Kind.REPORT:
            return _failed(need, state)
    if not waiting:
        return None
    again = NEIGHBOUR.again(context.call.state, context.services.clock.now(), context.call.scale)
    return again or (
        Failed(LATE, f"It waited for {item.needs[0]} in vain.") if item.kind == Kind.REPORT else None
    )


def _is_mended(context: Context, item: ItemRow, need: Need) -> bool:
    """Dataflows of Fabric tell only by their content what they read, so those that read may all have begun before it
    and would leave it no place to begin in. They need not wait: their links to it are mended."""
    if need.workspace != context.call.workspace.lower():
        return False
    later = item.kind == Kind.DATAFLOW and need.kind == Kind.DATASET  # models come after all dataflows
    return later or (item.kind, item.route) == (Kind.DATAFLOW, Route.DEFINITION)


def _state(context: Context, need: Need) -> str:
    """Of the item; what is open in a workspace that has ended does not come any more."""
    try:
        state = target_of(context, need).state
    except NotFound:
        return ItemState.SKIPPED
    if state not in _ON_ITS_WAY or need.workspace == context.call.workspace.lower():
        return state
    row = context.services.manifest.workspace(context.call.migration, need.workspace)
    return ItemState.FAILED if row.status in _ENDED else state


def _failed(need: Need, state: str) -> Failed:
    if state == ItemState.FAILED:
        return Failed(LATE, f"Its {need.kind} {need.id} has failed; it can follow once that is there.")
    return Failed(NOT_THERE, f"Its {need.kind} {need.id} does not move by itself, and it needs that first.")
