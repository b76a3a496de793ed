"""A staged file into a workspace of the target, by the way its size allows: in the request, or by upload location."""

from __future__ import annotations

from dataclasses import dataclass

from activities.context import Context
from activities.copying import fetched, streamed
from shared import writes
from shared.blobs import Staged
from shared.errors import BadRequest
from shared.outcomes import Json
from shared.powerbi.imports import MULTIPART_LIMIT, NameConflict, UploadLocation

_NO_PBIX = "RequestedFileIsEncryptedOrCorrupted"


@dataclass(frozen=True, slots=True)
class Place:
    """Where it goes; `name` with the extension, `folder` "" for the top of the workspace."""

    workspace: str
    name: str
    folder: str = ""


def deliver(
    context: Context, staged: Staged, place: Place, conflict: NameConflict, *, may_fetch: bool = True
) -> Json:
    """Imports_PostImportInGroup: `{"import": id, "sha256"}`, the hash being that of the bytes as they were sent.

    The last bytes are held back until the gate was asked once more: a slow upload may have been given up by the
    engine, and its successor be at work.
    """
    if staged.length > MULTIPART_LIMIT:
        return _by_location(context, staged, place, conflict, may_fetch=may_fetch)
    body = context.services.staging.body(staged, before_last=writes.still_permitted)
    imports = context.target.imports
    made = imports.post_file(place.workspace, place.name, conflict, body, folder_id=place.folder)
    return {"import": made, "sha256": body.sent_sha256}


def _by_location(
    context: Context, staged: Staged, place: Place, conflict: NameConflict, *, may_fetch: bool
) -> Json:
    """Fetched by the service's storage where it can, once: a storage that takes the request for another one answers
    that all is well and holds an empty file, which shows when it is imported."""
    location = context.target.imports.create_upload_location(place.workspace)
    if may_fetch and fetched(context, location, staged):
        try:
            return {"import": _post(context, location, place, conflict), "sha256": staged.sha256}
        except BadRequest as refused:
            if not refused.mentions(_NO_PBIX):
                raise
        context.services.staging.out_of_reach.add(context.request.target)
        location = context.target.imports.create_upload_location(place.workspace)
    body = context.services.staging.body(staged, before_last=writes.still_permitted)
    streamed(context, location, body)
    return {"import": _post(context, location, place, conflict), "sha256": body.sent_sha256}


def _post(context: Context, location: UploadLocation, place: Place, conflict: NameConflict) -> str:
    writes.still_permitted()
    imports = context.target.imports
    return imports.post_file_url(place.workspace, place.name, conflict, location.url, folder_id=place.folder)
