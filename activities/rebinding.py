"""What a report that is renewed reads now: its author may have changed that since the plan."""

from __future__ import annotations

from activities.context import Context
from activities.identities import sources_in
from activities.making import Way, staged_bytes
from shared.assessment.reading import lower
from shared.errors import BadRequest
from shared.models import ItemRow, ItemState, Kind, Need


def bound_as_now(context: Context, item: ItemRow, *, moves: bool) -> ItemRow:
    """Reports_GetReportsInGroup of the source: the row of a report, with the model it is bound to by now.

    `moves`: whether it can go to another model than it has in the target. BadRequest where it can't, or where that
    model has not arrived in this workspace.
    """
    now = _model_of(context, item)
    if now in ("", item.dataset_id.lower()):
        return item
    call, manifest = context.call, context.services.manifest
    items = manifest.items_of(call.migration, call.workspace)
    found = [each for each in items if each.kind == Kind.DATASET and each.source_id.lower() == now]
    if not moves or not found or found[0].state != ItemState.DONE:
        raise BadRequest("update.rebound", f"In the source it is bound to another model by now: {now}.")
    others = [need for need in item.needs if Need.parse(need).kind != Kind.DATASET]
    needs = [str(Need(call.workspace.lower(), Kind.DATASET, now)), *others]
    return _update(context, item, needs=needs, dataset_id=found[0].source_id)


def reading_as_now(context: Context, item: ItemRow, way: Way) -> ItemRow:
    """With what its content names that no list has told."""
    if item.kind == Kind.REPORT:
        return item
    named = way.names(context, staged_bytes(context, item))
    new = {str(need) for need in sources_in(context, item, named)} - set(item.needs)
    return _update(context, item, needs=[*item.needs, *sorted(new)]) if new else item


def _model_of(context: Context, item: ItemRow) -> str:
    """Empty where nobody tells."""
    if item.kind != Kind.REPORT:
        return ""
    listed = context.source.reports.list(context.call.workspace)
    wanted = item.source_id.lower()
    return next((lower(report, "datasetId") for report in listed if lower(report, "id") == wanted), "")


def _update(context: Context, item: ItemRow, **changes: object) -> ItemRow:
    call = context.call
    return context.services.manifest.update_item(
        call.migration, call.workspace, Kind(item.kind), item.source_id, **changes
    )
