"""Step 4: one report out of the source, streamed into Blob Storage and checked for completeness."""

from __future__ import annotations

from collections.abc import Iterator

from activities.adoption import adopt_earlier
from activities.context import Context, open_context
from activities.frame import Call
from shared.errors import ContentError
from shared.manifest import safe_id
from shared.models import ItemRow, ItemState, Kind
from shared.outcomes import Done, Failed, Outcome, Wait
from shared.polling import VISIBILITY
from shared.services import Services
from shared.zipcheck import ZipWitness

_TRIES = 3  # of a download that comes damaged


def export_report(services: Services, call: Call) -> Outcome:
    """Reports_ExportReportInGroup as a stream, block by block; length and SHA-256 go into the manifest.

    A file that was exported before and still lies in full where the manifest says is not fetched again.
    A damaged download is fetched again up to three times, then the item has failed.
    """
    context = open_context(services, call)
    item = services.manifest.item(call.migration, call.workspace, Kind.REPORT, call.report)
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
    return Done()


def _export(context: Context, item: ItemRow) -> None:
    call, services = context.call, context.services
    name = "/".join(safe_id(part) for part in (call.migration, call.workspace, call.report)) + ".pbix"
    with context.source.reports.export(call.workspace, item.source_id) as response:
        staged = services.staging.stage(name, _witnessed(response.iter_bytes()))
    services.manifest.update_item(
        call.migration,
        call.workspace,
        Kind.REPORT,
        call.report,
        blob=staged.blob,
        length=staged.length,
        sha256=staged.sha256,
    )


def _witnessed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Pass chunks through; after the last one raise unless they were one whole ZIP (nothing is committed then)."""
    witness = ZipWitness()
    for chunk in chunks:
        witness.feed(chunk)
        yield chunk
    witness.verify()


def _staged(services: Services, item: ItemRow) -> bool:
    return bool(item.blob) and services.staging.size(item.blob) == item.length


def _again(services: Services, call: Call, damaged: ContentError) -> Outcome:
    tries = int(call.state.get("tries", 0)) + 1
    again = VISIBILITY.again({"polls": tries - 1}, services.clock.now(), call.scale)
    if tries >= _TRIES or again is None:
        return Failed(damaged.code, f"{damaged.message} ({tries} downloads)")
    return Wait(again.until, {"tries": tries})
