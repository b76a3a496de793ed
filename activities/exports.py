"""Step 4: one report out of the source, streamed into Blob Storage and checked for completeness."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from activities.adoption import adopt_earlier
from activities.context import Context, open_context
from activities.frame import Call
from shared.assessment.model import Route
from shared.blobs import Staged
from shared.errors import ContentError, TerminalError
from shared.manifest import safe_id
from shared.models import ItemRow, ItemState, Kind
from shared.outcomes import Done, Failed, Outcome, Wait
from shared.polling import VISIBILITY
from shared.powerbi.reports import export_refusal
from shared.powerbi.transport import Response
from shared.services import Services
from shared.zipcheck import ZipWitness
from shared.zipmembers import ZipMembers

_TRIES = 3  # of a download that comes damaged


def export_report(services: Services, call: Call) -> Outcome:
    """Reports_ExportReportInGroup as a stream, block by block; length and SHA-256 go into the manifest.

    A file that was exported before and still lies in full where the manifest says is not fetched again.
    A damaged download is fetched again up to three times, then the item has failed. `{"over": true}` where the
    service gives no file of it, and it goes another way.
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
    manifest.update_item(call.migration, call.workspace, Kind.DATASET, item.dataset_id, **changes)
    manifest.update_item(call.migration, call.workspace, Kind.REPORT, item.source_id, **changes)
    told = f"{why} It goes by definition."
    context.about(item, "item.rerouted", told)
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


def stage_report(context: Context, item: ItemRow) -> Staged:
    """Reports_ExportReportInGroup into the staging container, checked to be one whole PBIX."""
    call, staging = context.call, context.services.staging
    name = f"{_folder(call.migration, call.workspace)}/{safe_id(item.source_id)}.pbix"
    with context.source.reports.export(call.workspace, item.source_id) as response:
        return staging.stage(name, checked_pbix(response))


def drop_staged(services: Services, migration: str, workspace: str = "") -> None:
    """Every staged file of a workspace, or of all, also one whose process died before its row was written.

    For the end of a life (cancelled, rolled back, cut over): until then a failed item's file serves its retry.
    """
    services.staging.delete_all(_folder(migration, workspace) if workspace else safe_id(migration))


def _folder(migration: str, workspace: str) -> str:
    return f"{safe_id(migration)}/{safe_id(workspace)}"


def checked_pbix(response: Response) -> Iterator[bytes]:
    """Pass the file through; after its last chunk raise unless it was what was announced, one whole ZIP.

    Nothing is committed then. A file of another kind (an error page with status 200) is refused at once.
    """
    witness, members, length, md5 = ZipWitness(), ZipMembers(), 0, hashlib.md5(usedforsecurity=False)
    for chunk in response.iter_bytes():
        witness.feed(chunk)
        witness.verify_head()
        members.feed(chunk)
        md5.update(chunk)
        length += len(chunk)
        yield chunk
    _compare(response, length, base64.b64encode(md5.digest()).decode())
    witness.verify()
    members.verify()


def _compare(response: Response, length: int, md5: str) -> None:
    """With the length and the MD5 that the service announced, where it did."""
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) != length:
        raise ContentError("content.length", f"{length} bytes came, {announced} were announced")
    for header in ("Content-MD5", "x-ms-blob-content-md5"):
        told = response.headers.get(header, "")
        if told and told != md5:
            raise ContentError("content.changed", f"the bytes that came do not have the {header} announced")


def _staged(services: Services, item: ItemRow) -> bool:
    return bool(item.blob) and services.staging.size(item.blob) == item.length


def _again(services: Services, call: Call, damaged: ContentError) -> Outcome:
    tries = int(call.state.get("tries", 0)) + 1
    again = VISIBILITY.again({"polls": tries - 1}, services.clock.now(), call.scale)
    if tries >= _TRIES or again is None:
        return Failed(damaged.code, f"{damaged.message} ({tries} downloads)")
    return Wait(again.until, {"tries": tries})
