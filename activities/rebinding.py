"""What a report that is renewed reads now: its author may have changed that since the plan.

Its row takes that over only when the new content is in the target; until then it says what is there.
"""

from __future__ import annotations

from dataclasses import replace

from activities.context import Context
from activities.identities import sources_in
from activities.making import Way, staged_bytes
from shared.assessment.reading import lower
from shared.errors import BadRequest
from shared.models import ItemRow, ItemState, Kind, Need


def refuse_rebound(context: Context, item: ItemRow) -> None:
    """Reports_GetReportsInGroup of the source. A file goes over report and model together: it can't change models."""
    now = _model_of(context, item)
    if now not in ("", item.dataset_id.lower()):
        raise _rebound(now)


def bound_as_now(context: Context, item: ItemRow) -> ItemRow:
    """With the model that its source is bound to by now. BadRequest where that has not arrived in this workspace."""
    now = _model_of(context, item)
    if now in ("", item.dataset_id.lower()):
        return item
    call = context.call
    items = context.services.manifest.items_of(call.migration, call.workspace)
    found = [each for each in items if each.kind == Kind.DATASET and each.source_id.lower() == now]
    if not found or found[0].state != ItemState.DONE:
        raise _rebound(now)
    others = [need for need in item.needs if Need.parse(need).kind != Kind.DATASET]
    needs = [str(Need(call.workspace.lower(), Kind.DATASET, now)), *others]
    return replace(item, needs=needs, dataset_id=found[0].source_id)


def reading_as_now(context: Context, item: ItemRow, way: Way) -> ItemRow:
    """With what its content names that no list has told."""
    if item.kind == Kind.REPORT:
        return item
    named = way.names(context, staged_bytes(context, item))
    new = {str(need) for need in sources_in(context, item, named)} - set(item.needs)
    return replace(item, needs=[*item.needs, *sorted(new)])


def _rebound(model: str) -> BadRequest:
    return BadRequest("update.rebound", f"In the source it is bound to another model by now: {model}.")


def _model_of(context: Context, item: ItemRow) -> str:
    """Empty where nobody tells."""
    if item.kind != Kind.REPORT:
        return ""
    listed = context.source.reports.list(context.call.workspace)
    wanted = item.source_id.lower()
    return next((lower(report, "datasetId") for report in listed if lower(report, "id") == wanted), "")
