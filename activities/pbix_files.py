"""A PBIX out of the source into the staging container, checked on its way to be one whole file; its removal."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from activities.context import Context
from shared.blobs import Staged
from shared.errors import ContentError
from shared.manifest import safe_id
from shared.models import ItemRow
from shared.powerbi.transport import Response
from shared.services import Services
from shared.zipcheck import ZipWitness
from shared.zipmembers import ZipMembers


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
