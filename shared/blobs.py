"""Blob Storage as a place where bytes pass through: staged block by block, read back range by range.

No file is ever whole in memory or on a local disk. A staged file carries its length and SHA-256 in the
manifest; reading it back checks both before the last block is given out, so a corrupted, swapped or
truncated blob can never become a complete upload.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO

from shared.blob_reading import Pages
from shared.blob_signing import read_url
from shared.config import Settings
from shared.errors import ContentError
from shared.storage import connect, load_sdk

if TYPE_CHECKING:  # 300 ms to import
    from azure.storage.blob import BlobServiceClient, ContainerClient

BLOCK = 4 * 1024 * 1024  # bytes; times 50,000 blocks = 195 GiB, and small enough for 16 streams at once
_API_VERSION = "2025-11-05"  # the newest that both Azure and the emulator know


@dataclass(frozen=True, slots=True)
class Staged:
    blob: str
    length: int
    sha256: str


class StagedBody:
    """A staged file as a sized, re-iterable request body; each iteration reads and verifies it anew."""

    def __init__(
        self, container: ContainerClient, staged: Staged, before_last: Callable[[], None] | None = None
    ):
        self._container = container
        self._staged = staged
        self._before_last = before_last
        self.sent_sha256 = ""  # of the bytes the last complete iteration gave out

    def __len__(self) -> int:
        return self._staged.length

    def __iter__(self) -> Iterator[bytes]:
        """Yield blocks in order. The last one comes only if length and hash are those recorded at export.

        Raises ContentError otherwise, and whatever `before_last` raises: the request that carries this body
        then stays incomplete and has no effect. The etag pins one version of the blob from the first block to
        the last.
        """
        digest = hashlib.sha256()
        for block, last in self._blocks():
            digest.update(block)
            if last:
                self._check(digest.hexdigest())
            yield block
        if not self._staged.length:  # no last block that could be held back
            self._check(digest.hexdigest())
        self.sent_sha256 = digest.hexdigest()

    def _check(self, sha256: str) -> None:
        if sha256 != self._staged.sha256:
            raise ContentError(
                "content.changed", f"the staged file {self._staged.blob} has other bytes than were exported"
            )
        if self._before_last is not None:
            self._before_last()

    def _blocks(self) -> Iterator[tuple[bytes, bool]]:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        client = self._container.get_blob_client(self._staged.blob)
        try:
            properties = client.get_blob_properties()
            if properties.size != self._staged.length:
                raise ContentError(
                    "content.changed",
                    f"{self._staged.blob} has {properties.size} bytes, {self._staged.length} were exported",
                )
            for offset in range(0, properties.size, BLOCK):
                length = min(BLOCK, properties.size - offset)
                block: bytes = client.download_blob(
                    offset, length, etag=properties.etag, match_condition=MatchConditions.IfNotModified
                ).readall()
                yield block, offset + length == properties.size
        except ResourceNotFoundError as gone:
            raise ContentError("content.gone", f"the staged file {self._staged.blob} is gone") from gone
        except ResourceModifiedError as changed:
            raise ContentError("content.changed", f"{self._staged.blob} changed while read") from changed


class Container:
    """One private container: streamed files and small JSON documents, named by ids only."""

    def __init__(self, client: ContainerClient, service: BlobServiceClient):
        self._client = client
        self._service = service
        self.out_of_reach: set[str] = set()  # connections whose storage was seen unable to fetch from here

    def stage(self, name: str, chunks: Iterable[bytes]) -> Staged:
        """Put Block per 4 MiB as the bytes arrive, Put Block List at the end; nothing is visible before."""
        client = self._client.get_blob_client(name)
        digest, length, ids = hashlib.sha256(), 0, list[Any]()
        attempt = secrets.token_hex(8)  # two tries at once must never mix their blocks
        for number, block in enumerate(_blocks_of(chunks)):
            identity = base64.b64encode(f"{attempt}{number:08d}".encode()).decode()
            client.stage_block(identity, block, length=len(block))
            digest.update(block)
            length += len(block)
            ids.append(_block(identity))
        client.commit_block_list(ids, metadata={"sha256": digest.hexdigest()})
        return Staged(name, length, digest.hexdigest())

    def body(self, staged: Staged, before_last: Callable[[], None] | None = None) -> StagedBody:
        """The staged file as a request body; `before_last` may still stop it before its last block."""
        return StagedBody(self._client, staged, before_last)

    def signed_url(self, name: str, hours: float) -> str | None:
        """An address (a secret) under which this one blob may be read for so long, by anyone; None where this app
        can't sign: it holds neither the account's key nor the right to a user delegation key."""
        return read_url(self._service, self._client.get_blob_client(name), hours)

    def pinned(self, staged: Staged) -> str:
        """Get Blob Properties: the etag of the staged file, for who reads it past us. Raises ContentError where its
        length or recorded hash is not that of the export."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            properties = self._client.get_blob_client(staged.blob).get_blob_properties()
        except ResourceNotFoundError as gone:
            raise ContentError("content.gone", f"the staged file {staged.blob} is gone") from gone
        if (properties.size, (properties.metadata or {}).get("sha256")) != (staged.length, staged.sha256):
            raise ContentError("content.changed", f"the staged file {staged.blob} is not the exported one")
        return str(properties.etag)

    def seekable(self, staged: Staged) -> BinaryIO:
        """The staged file to be looked into at a few places: each page of it one Get Blob, see `blob_reading`."""
        from azure.core.exceptions import ResourceNotFoundError

        client = self._client.get_blob_client(staged.blob)

        def fetch(offset: int, length: int) -> bytes:
            try:
                return client.download_blob(offset, length).readall()
            except ResourceNotFoundError as gone:
                raise ContentError("content.gone", f"the staged file {staged.blob} is gone") from gone

        return io.BufferedReader(Pages(staged.length, fetch))

    def write_json(self, name: str, document: Any) -> None:
        self._client.upload_blob(name, json.dumps(document, separators=(",", ":")), overwrite=True)

    def read_bytes(self, name: str) -> bytes | None:
        """Get Blob, whole: for small documents of ours only. None where it does not exist."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._client.get_blob_client(name).download_blob().readall()
        except ResourceNotFoundError:
            return None

    def read_json(self, name: str) -> Any | None:
        raw = self.read_bytes(name)
        return None if raw is None else json.loads(raw)

    def size(self, name: str) -> int | None:
        """Get Blob Properties: bytes, or None where it does not exist."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._client.get_blob_client(name).get_blob_properties().size
        except ResourceNotFoundError:
            return None

    def delete(self, name: str) -> None:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            self._client.delete_blob(name)
        except ResourceNotFoundError:
            return  # an earlier try of the same activity deleted it

    def delete_all(self, folder: str) -> None:
        """List Blobs and Delete Blob: everything under `folder/`, also what no row knows of."""
        for name in list(self._client.list_blob_names(name_starts_with=f"{folder}/")):
            self.delete(name)


class Blobs:
    """The containers of this app, created on first use."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._open: dict[str, Container] = {}

    def __getitem__(self, name: str) -> Container:
        if name not in self._open:
            client = self._client.get_container_client(name)
            if not client.exists():
                _create(client)
            self._open[name] = Container(client, self._client)
        return self._open[name]

    @cached_property
    def _client(self) -> BlobServiceClient:
        load_sdk()
        from azure.storage.blob import BlobServiceClient

        options: dict[str, Any] = {
            "api_version": _API_VERSION,
            "max_single_get_size": BLOCK,
            "max_chunk_get_size": BLOCK,
        }
        return connect(self._settings, BlobServiceClient, "blob", **options)


def _create(client: ContainerClient) -> None:
    from azure.core.exceptions import ResourceExistsError

    try:
        client.create_container()
    except ResourceExistsError:
        return  # another instance was first


def _blocks_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Regroup chunks of any size into blocks of `BLOCK` bytes; the last one may be shorter."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= BLOCK:
            yield bytes(held[:BLOCK])
            del held[:BLOCK]
    if held:
        yield bytes(held)


def _block(identity: str) -> Any:
    from azure.storage.blob import BlobBlock

    return BlobBlock(identity)
