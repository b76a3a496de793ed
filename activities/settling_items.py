"""Before anything is undone: what became of items that were being made, without a PBIX, or renewed, when the migration
rested.

One whose answer was lost may be there, and one whose operation still runs will be. Only what is in the manifest is
deleted, so each is looked for, and its operation waited for, first.
"""

from __future__ import annotations

from activities.context import Context, open_context
from activities.frame import Call, during
from activities.long_running import of_the_question
from activities.making import Ambiguous, identity_of, intent_of, settled, whereabouts
from activities.renewing import given_up
from activities.undoing import KEPT, REFUSED, UNDOING
from activities.ways import has_way, way_of
from shared.errors import ServiceError, is_transient
from shared.models import ItemRow, ItemState, Kind
from shared.outcomes import Done, Outcome, Wait
from shared.polling import DEFINITION
from shared.services import Services

_ENDED = frozenset({ItemState.DELETED, ItemState.SKIPPED, ItemState.MANUAL})


@during(UNDOING)
def settle_items(services: Services, call: Call) -> Outcome:
    """Looks for each item that was begun and has no target yet, until it is known to have ended."""
    context = open_context(services, call)
    begun = int(call.state.get("position", 0))
    rows = sorted(services.manifest.items_of(call.migration, call.workspace), key=lambda item: item.source_id)
    for place, item in enumerate(rows[begun:], begun):
        if item.renew and item.target_id:
            waiting = given_up(context, item, call.state if place == begun else {})
        elif item.target_id or item.state in _ENDED or not has_way(item):
            continue
        else:
            waiting = _settle(context, item)
        if waiting is not None:
            return Wait(waiting.until, {**waiting.state, "position": place})
    return Done()


def _settle(context: Context, item: ItemRow) -> Wait | None:
    way = way_of(item)
    try:
        recorded = settled(context, item, way)
        if recorded is None:
            return None
        found = whereabouts(context, item, way, *recorded)
    except Ambiguous as unclear:
        context.about(item, KEPT, f"{unclear} Nothing of that was deleted.")
        return None
    except ServiceError as error:
        if is_transient(error) or of_the_question(error):
            raise
        context.services.gate.drop(intent_of(context, item, way))  # it came to nothing
        return None
    if not found:
        return _look_again(context, item)
    context.services.manifest.update_item(
        context.call.migration,
        context.call.workspace,
        Kind(item.kind),
        item.source_id,
        target_id=identity_of(found),
        target_name=item.source_name,
        state=ItemState.CREATING,  # whatever it was: it is there, and can be deleted
    )
    return None


def _look_again(context: Context, item: ItemRow) -> Wait | None:
    again = DEFINITION.again(context.call.state, context.services.clock.now(), context.call.scale)
    if again is None:
        context.about(item, REFUSED, "The service was still making it at its deadline.")
    return again
