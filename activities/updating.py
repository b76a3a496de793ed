"""An item that has arrived gets the content its source has now: over its own item in the target, whose ids stay.

Safe to repeat: what was read is staged, and the row tells the hash that was read from the one that was sent, so a try
that died goes on with what it had. What has not changed in the source is not sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from activities.adoption import ADOPTED
from activities.context import Context, open_context
from activities.frame import Call
from activities.long_running import of_the_question, result_of
from activities.making import Way
from activities.needs import await_needs
from activities.overwriting import Overwriting
from activities.rebinding import bound_as_now, reading_as_now
from activities.updating_files import overwriting, update_file
from activities.updating_rows import UNCHANGED, finished, forget_sent, is_new, life, noted, reads
from activities.ways import has_way, way_of
from activities.ways_files import import_made
from shared.errors import EntityNotFound, IdentityRefused, ServiceError, TransientError
from shared.models import ItemRow, ItemState, Kind
from shared.outcomes import Done, Failed, Outcome, Wait
from shared.polling import DEFINITION
from shared.run_documents import content_path
from shared.services import Services
from shared.writes import Intent

_TRIES = 3  # of an update that the service begins and does not end
_MISSES = 12  # looks in a row that do not find an import
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
        if item.sha256 == item.sent_sha256:  # a try before this one has ended it
            return Done({"changed": True})
        return _ended(context, item, way, json.loads(str(state["operation"])))
    if not is_new(context, item):
        found = _read(context, item, way, state)
        if not isinstance(found, ItemRow):
            return found
        item = found
    item = reading_as_now(context, bound_as_now(context, item), way)
    return await_needs(context, item) or _sent(context, item, way)


def _sent(context: Context, item: ItemRow, way: Way) -> Outcome:
    renew, content = way.renew, way.content(context, item)
    if renew is None:
        return UNCHANGED
    workspace = context.workspace().target_id
    if way.pending is not None:
        made = _overwriting(context, item, way).write(lambda: renew(context, workspace, item, content))
    else:
        made = context.services.gate.write(
            _intent(context, item, way),
            look=lambda before: None,
            act=lambda: {**renew(context, workspace, item, content), **_facts(item)},
            repeatable=True,
        )
    return _ended(context, item, way, made)


def settle_update(context: Context, item: ItemRow, state: Mapping[str, Any]) -> Wait | None:
    """Of one that nobody goes on with: a file that was on its way over it is waited for. Which content it has then
    nobody knows."""
    way = way_of(item) if has_way(item) else None
    if way is not None and way.pending is None:
        return None
    sent = _overwriting(context, item, way) if way else overwriting(context, item)
    was_sent, waiting = sent.settle(state)
    if was_sent:
        forget_sent(context, item)
    return waiting


def _overwriting(context: Context, item: ItemRow, way: Way) -> Overwriting:
    """A paginated report's file, which the service tells by its name alone."""
    return Overwriting(context, item, _intent(context, item, way), (f"{item.source_name}.rdl",), _facts(item))


def _facts(item: ItemRow) -> dict[str, Any]:
    return {
        "adopted": item.note.startswith(ADOPTED),
        "reads": {"needs": item.needs, "dataset_id": item.dataset_id},
    }


def _read(context: Context, item: ItemRow, way: Way, state: dict[str, Any]) -> ItemRow | Outcome:
    """The content of now, staged; a wait while the service makes it."""
    call = context.call
    content = way.read(context, item, state) if way.read else None
    if content is None:
        return _later(context, str(state.get("operation", "")), 0)
    path = content_path(call.migration, call.workspace, item.kind, item.source_id)
    return noted(context, item, context.services.staging.stage(path, content)) or UNCHANGED


def _ended(context: Context, item: ItemRow, way: Way, made: dict[str, Any]) -> Outcome:
    try:
        is_over = _is_over(context, made)
    except ServiceError as error:
        return _came_to_nothing(context, item, way, made, error)
    if not is_over:
        return _later(context, json.dumps(made), _CHANGING)
    item = reads(context, item, made.get("reads", {}))
    # What the new content still names is said, and mended, as at its first arrival.
    way.content(context, replace(item, state=ItemState.CREATING))
    finished(context, item, model=item.source_id if item.kind == Kind.DATASET else "")
    return Done({"changed": True})


def _is_over(context: Context, made: dict[str, Any]) -> bool:
    """EntityNotFound where the service does not know it (any more), else what it failed of."""
    if made.get("operation"):
        return result_of(context.target.operations, made["operation"]) is not None
    if made.get("import"):
        return import_made(context, context.workspace().target_id, made["import"], "reports") is not None
    return True


def _came_to_nothing(
    context: Context, item: ItemRow, way: Way, made: dict[str, Any], error: ServiceError
) -> Outcome:
    """What was begun has failed there, or nobody knows it: the next try is another write, and there are three. An
    import may just not be shown yet."""
    is_lost = isinstance(error, EntityNotFound)
    if error.retry_at is not None or isinstance(error, IdentityRefused):
        raise error
    if of_the_question(error) and not is_lost:
        raise error
    looks = _MISSES if is_lost and made.get("import") else 1
    tries = int(context.call.state.get("tries", 0)) + 1
    if tries % looks:
        return _later(context, json.dumps(made), _CHANGING, tries)
    context.services.gate.drop(_intent(context, item, way))
    if tries >= looks * _TRIES or not (is_lost or isinstance(error, TransientError)):
        return Failed(error.code, error.message)
    return _later(context, "", 0, tries)


def _later(context: Context, operation: str, position: int, tries: int | None = None) -> Outcome:
    """A deadline for each of reading and changing."""
    call = context.call
    goes_on = int(call.state.get("position", 0)) == position
    again = DEFINITION.again(call.state if goes_on else {}, context.services.clock.now(), call.scale)
    if again is None:
        return Failed("update.deadline", "The service did not end updating it in time.")
    kept = int(call.state.get("tries", 0)) if tries is None else tries
    return Wait(again.until, {**again.state, "operation": operation, "position": position, "tries": kept})


def _intent(context: Context, item: ItemRow, way: Way) -> Intent:
    return context.intent("update", f"{item.kind}.{life(item)}", way.operation, item.source_name)
