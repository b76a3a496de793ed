"""Step 4: one report out of the source, streamed into Blob Storage and checked for completeness."""

from __future__ import annotations

from activities.adoption import adopt_earlier
from activities.context import Context, open_context
from activities.frame import Call
from activities.pbix_files import stage_report
from activities.renewing import renew
from shared.assessment.model import Route
from shared.errors import ContentError, TerminalError
from shared.models import ItemRow, ItemState, Kind
from shared.outcomes import Done, Failed, Outcome, Wait
from shared.polling import VISIBILITY
from shared.powerbi.reports import export_refusal
from shared.services import Services

_TRIES = 3  # of a download that comes damaged


def export_report(services: Services, call: Call) -> Outcome:
    """Reports_ExportReportInGroup as a stream, block by block; length and SHA-256 go into the manifest.

    A file that was exported before and still lies in full where the manifest says is not fetched again.
    A damaged download is fetched again up to three times, then the item has failed. `{"over": true}` where the
    service gives no file of it, and it goes another way.
    """
    context = open_context(services, call)
    item = services.manifest.item(call.migration, call.workspace, Kind.REPORT, call.report)
    if item.renew:
        return renew(context, item)
    if item.state == ItemState.DONE or _staged(services, item) or adopt_earlier(context, item):
        return Done()
    context.update_workspace(step="export")
    services.manifest.update_item(
        call.migration, call.workspace, Kind.REPORT, call.report, state=ItemState.CREATING
    )
    try:
        _export(context, item)
    except ContentError as damaged:
        return _again(services, call, damaged)
    except TerminalError as refused:
        if export_refusal(refused) is None:
            raise
        return _by_definition(context, item, refused)
    return Done()


def _by_definition(context: Context, item: ItemRow, refused: TerminalError) -> Outcome:
    """The service gives no PBIX of it, which no list had told: report and model go by definition instead."""
    why = f"The service gave no PBIX of it: {refused.code}."
    changes = {"route": str(Route.DEFINITION), "state": ItemState.PLANNED, "reason": why}
    call, manifest = context.call, context.services.manifest
    context.about(
        item, "item.rerouted", f"{why} It goes by definition."
    )  # before: no export is asked for then
    manifest.update_item(call.migration, call.workspace, Kind.DATASET, item.dataset_id, **changes)
    manifest.update_item(call.migration, call.workspace, Kind.REPORT, item.source_id, **changes)
    return Done({"over": True})


def _export(context: Context, item: ItemRow) -> None:
    call, staged = context.call, stage_report(context, item)
    context.services.manifest.update_item(
        call.migration,
        call.workspace,
        Kind.REPORT,
        call.report,
        blob=staged.blob,
        length=staged.length,
        sha256=staged.sha256,
    )


def _staged(services: Services, item: ItemRow) -> bool:
    return bool(item.blob) and services.staging.size(item.blob) == item.length


def _again(services: Services, call: Call, damaged: ContentError) -> Outcome:
    tries = int(call.state.get("tries", 0)) + 1
    again = VISIBILITY.again({"polls": tries - 1}, services.clock.now(), call.scale)
    if tries >= _TRIES or again is None:
        return Failed(damaged.code, f"{damaged.message} ({tries} downloads)")
    return Wait(again.until, {"tries": tries})
