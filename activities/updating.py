"""An item that has arrived gets the content its source has now: over its own item in the target, whose ids stay.

Safe to repeat: what was read is staged, and the row tells the hash that was read from the one that was sent, so a try
that died goes on with what it had. What has not changed in the source is not sent.
"""

from __future__ import annotations

import json
from typing import Any

from activities.context import Context, open_context
from activities.frame import Call
from activities.making import Way
from activities.updating_files import update_file
from activities.updating_rows import UNCHANGED, finished, is_new, noted
from activities.ways import has_way, way_of
from shared.models import ItemRow, ItemState, Kind
from shared.outcomes import Done, Failed, Outcome, Wait
from shared.polling import DEFINITION
from shared.run_documents import content_path
from shared.services import Services

_CHANGING = 1  # `position`: the content was sent, and what it takes time for is waited for


def update_item(services: Services, call: Call) -> Outcome:
    """`kind`, `item`: `{"changed": bool}`. Items_Update…Definition, or an import that overwrites."""
    context = open_context(services, call)
    item = services.manifest.item(call.migration, call.workspace, Kind(call.kind), call.item)
    if item.state != ItemState.DONE or not item.target_id:
        return Failed("item.notThere", "It has not arrived, so there is nothing to update.")
    way = way_of(item) if has_way(item) else None
    if way is None and item.kind == Kind.REPORT:
        return update_file(context, item)
    if (
        way is None or way.renew is None or way.read is None
    ):  # a model that a file carries goes with its report
        return Failed("item.noUpdate", f"A {item.kind} that went by {item.route} can't be gone over.")
    return _by_its_way(context, item, way)


def _by_its_way(context: Context, item: ItemRow, way: Way) -> Outcome:
    state = dict(context.call.state)
    if state.get("position") == _CHANGING:
        return _ended(context, item, way, json.loads(str(state["operation"])))
    if not is_new(context, item):
        found = _read(context, item, way, state)
        if not isinstance(found, ItemRow):
            return found
        item = found
    renew, content = way.renew, way.content(context, item)
    if renew is None:
        return UNCHANGED
    made = context.services.gate.write(
        context.intent(
            "update", f"{item.kind}.{item.source_id}-{item.sha256[:16]}", way.operation, item.source_name
        ),
        look=lambda before: None,
        act=lambda: renew(context, context.workspace().target_id, item, content),
        repeatable=True,
    )
    return _ended(context, item, way, made)


def _read(context: Context, item: ItemRow, way: Way, state: dict[str, Any]) -> ItemRow | Outcome:
    """The content of now, staged; a wait while the service makes it."""
    call = context.call
    content = way.read(context, item, state) if way.read else None
    if content is None:
        return _later(context, str(state.get("operation", "")), 0)
    path = content_path(call.migration, call.workspace, item.kind, item.source_id)
    return noted(context, item, context.services.staging.stage(path, content)) or UNCHANGED


def _ended(context: Context, item: ItemRow, way: Way, made: dict[str, Any]) -> Outcome:
    workspace = context.workspace().target_id
    if made and way.ended is not None and way.ended(context, workspace, item, made) is None:
        return _later(context, json.dumps(made), _CHANGING)
    finished(context, item)
    return Done({"changed": True})


def _later(context: Context, operation: str, position: int) -> Outcome:
    call = context.call
    again = DEFINITION.again(call.state, context.services.clock.now(), call.scale)
    if again is None:
        return Failed("update.deadline", "The service did not end updating it in time.")
    return Wait(again.until, {**again.state, "operation": operation, "position": position})
