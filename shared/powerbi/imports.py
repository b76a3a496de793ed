"""Imports: a file into a workspace, in one request or, when large, by way of a temporary upload location."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shared.errors import BadRequest, ContentError, Unavailable
from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient
from shared.powerbi.multipart import MultipartFile
from shared.powerbi.transport import SizedBody

Row = dict[str, Any]
NameConflict = Literal["Ignore", "Abort", "Overwrite", "CreateOrOverwrite", "GenerateUniqueName"]

MULTIPART_LIMIT = 1024**3  # bytes; larger files go through an upload location (capacity workspaces only)
_ANSWER_TIMEOUT_S = 300.0  # the service reads a whole file, or fetches a whole block, before it answers
_BLOB_API = "2021-12-02"


@dataclass(frozen=True, slots=True, repr=False)
class UploadLocation:
    """A temporary blob: the signed address (a secret) and when it ends."""

    url: str
    expires_at: datetime | None


class Imports:
    """Operations on imports of a workspace."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def post_file(
        self,
        group_id: str,
        name: str,
        conflict: NameConflict,
        body: SizedBody,
        *,
        as_user: bool = False,
        folder_id: str = "",
    ) -> str:
        """Imports_PostImportInGroup with the file itself: the import's id; accepted, not done.

        `name` carries the extension: .pbix, .rdl (conflicts Abort, Overwrite), or the whole name `model.json`
        (Abort, GenerateUniqueName), which the service takes of the master user only (`as_user`).
        `body` has a length, and every iteration of it starts at the first byte.
        Raises AmbiguousWrite where the answer was lost: look for the import before sending it again.
        """
        form = MultipartFile(name, body)
        query = _query(name, conflict, folder_id)
        answer = self._client.send_body(
            op.POST_IMPORT_AS_USER if as_user else op.POST_IMPORT,
            {"group": group_id},
            query,
            form,
            content_type=form.content_type,
            idle_timeout_s=_ANSWER_TIMEOUT_S,
        )
        return answer.id()

    def post_file_url(
        self, group_id: str, name: str, conflict: NameConflict, url: str, *, folder_id: str = ""
    ) -> str:
        """Imports_PostImportInGroup with `fileUrl`, an upload location that holds the file."""
        query = _query(name, conflict, folder_id)
        return self._client.call(op.POST_IMPORT, {"group": group_id}, query, {"fileUrl": url}).id()

    def get(self, group_id: str, import_id: str, *, as_user: bool = False) -> Row:
        """Imports_GetImportInGroup: `importState` Publishing, Succeeded, Failed; `reports`, `datasets`, `dataflows`."""
        operation = op.GET_IMPORT_AS_USER if as_user else op.GET_IMPORT
        return self._client.call(operation, {"group": group_id, "import": import_id}).object()

    def list(self, group_id: str, *, as_user: bool = False) -> list[Row]:
        """Imports_GetImportsInGroup: also finds an import whose answer was lost."""
        operation = op.LIST_IMPORTS_AS_USER if as_user else op.LIST_IMPORTS
        return self._client.call(operation, {"group": group_id}).rows()

    def create_upload_location(self, group_id: str) -> UploadLocation:
        """Imports_CreateTemporaryUploadLocationInGroup, read in any spelling of its keys."""
        document = self._client.call(op.CREATE_UPLOAD_LOCATION, {"group": group_id}).object()
        fields = {key.lower(): value for key, value in document.items()}
        if not fields.get("url"):
            raise ContentError("upload.noLocation", "the service gave no upload address", transient=True)
        return UploadLocation(fields["url"], _time(fields.get("expirationtime")))

    def upload_block(self, location: UploadLocation, index: int, data: bytes) -> str:
        """Put Block: stages one block, gives its id for `commit_blocks`. The same index again replaces it."""
        url = _block_url(location, index)
        self._client.upload(op.PUT_BLOCK, url, data, _blob_headers("application/octet-stream"))
        return block_id_of(index)

    def put_block_from_url(
        self,
        location: UploadLocation,
        index: int,
        source_url: str,
        start: int,
        length: int,
        etag: str = "",
    ) -> str:
        """Put Block From URL: the storage account fetches one block from `source_url` by itself; its id.

        With `etag` only of that version of the source. At most 4,000 MiB of one block. Any TerminalError means that
        it doesn't work between these two accounts (not built, not reachable, not allowed): stream instead.
        """
        headers = _blob_headers("application/octet-stream") | {
            "x-ms-copy-source": source_url,
            "x-ms-source-range": f"bytes={start}-{start + length - 1}",
        }
        if etag:
            headers["x-ms-source-if-match"] = etag
        try:
            self._client.upload(
                op.PUT_BLOCK_FROM_URL, _block_url(location, index), b"", headers, _ANSWER_TIMEOUT_S
            )
        except Unavailable as error:
            if error.mentions("CannotVerifyCopySource"):  # a 500, though it is the source that gave no answer
                raise BadRequest("upload.noCopy", error.message, status=error.status) from error
            raise
        return block_id_of(index)

    def commit_blocks(self, location: UploadLocation, block_ids: Sequence[str]) -> None:
        """Put Block List: the file is the blocks in this order."""
        blocks = "".join(f"<Latest>{each}</Latest>" for each in block_ids)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{blocks}</BlockList>'.encode()
        url = _with_query(location.url, "comp=blocklist")
        self._client.upload(op.PUT_BLOCK_LIST, url, body, _blob_headers("application/xml"))


def block_id_of(index: int) -> str:
    """Ids of one blob must be of one length; this one follows from the index, so that a retry replaces."""
    return base64.b64encode(f"block-{index:06d}".encode()).decode()


def _query(name: str, conflict: str, folder_id: str) -> dict[str, str | int | bool]:
    folder = {"subfolderObjectId": folder_id} if folder_id else {}
    return {"datasetDisplayName": name, "nameConflict": conflict, **folder}


def _block_url(location: UploadLocation, index: int) -> str:
    quoted = block_id_of(index).replace("+", "%2B").replace("=", "%3D")
    return _with_query(location.url, f"comp=block&blockid={quoted}")


def _with_query(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _blob_headers(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "x-ms-version": _BLOB_API}


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
