"""Looks for secrets wherever the app leaves anything: storage, logs, histories, answers.

A secret is looked for as it is and as it would look quoted for a URL, inside JSON, or inside base64 wherever in it
it begins. Of long ones (tokens) a piece from the middle is enough: half a token in a log is a leak too.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from local.azurite import Azurite
from local.queues import API_VERSION

PIECE = 48  # characters that are looked for of a secret
STAGED = "pbi-staging"  # its blobs' contents are the customer's files; names and metadata are ours


@dataclass(frozen=True, slots=True)
class Place:
    """Something the app has left behind, and where."""

    where: str
    text: str


def forms(secret: str) -> set[str]:
    """Every way in which a secret may stand in a text."""
    middle = max(0, len(secret) - PIECE) // 2
    piece = secret[middle : middle + PIECE]
    inside = json.dumps(piece)[1:-1]
    plain = {
        piece,
        inside,
        json.dumps(piece, ensure_ascii=False)[1:-1],
        quote(piece, safe=""),
        quote_plus(piece),
    }
    return plain | {form.lower() for form in plain if "%" in form} | set(_encoded(piece))


def _encoded(piece: str) -> Iterator[str]:
    """Its core in base64 at each of three alignments, without the characters that its neighbours change."""
    for offset in range(3):
        raw = b"\0" * offset + piece.encode()
        core = raw[: len(raw) // 3 * 3]
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(core).decode()[4 if offset else 0 :]


def hits(places: Iterable[Place], secrets: Mapping[str, str]) -> list[str]:
    """`<which secret> in <where>`, one for each pair."""
    sought = {name: forms(secret) for name, secret in secrets.items()}
    return [
        f"{name} in {place.where}"
        for place in places
        for name, each in sought.items()
        if any(form in place.text for form in each)
    ]


def stored(azurite: Azurite) -> Iterator[Place]:
    yield from _tables(azurite)
    yield from _queues(azurite)
    yield from _blobs(azurite)


def _tables(azurite: Azurite) -> Iterator[Place]:
    from azure.data.tables import TableServiceClient

    service = TableServiceClient.from_connection_string(azurite.connection_string)
    for table in service.list_tables():
        for row in service.get_table_client(table.name).list_entities():
            for name, value in row.items():
                yield Place(f"table {table.name}, {name}", f"{name} {value}")


def _queues(azurite: Azurite) -> Iterator[Place]:
    """Azurite keeps messages that have been taken in files of its own; those are scanned with the folder."""
    from azure.storage.queue import QueueServiceClient

    service: Any = QueueServiceClient.from_connection_string(
        azurite.connection_string, api_version=API_VERSION
    )
    for queue in service.list_queues():
        for message in service.get_queue_client(queue.name).peek_messages(32):
            yield Place(f"queue {queue.name}", f"{message.content} {_decoded(message.content)}")


def _blobs(azurite: Azurite) -> Iterator[Place]:
    from azure.storage.blob import BlobServiceClient

    service: Any = BlobServiceClient.from_connection_string(
        azurite.connection_string, api_version=API_VERSION
    )
    for container in service.list_containers():
        client = service.get_container_client(container.name)
        for blob in client.list_blobs(include=["metadata"]):
            yield Place(f"blob {blob.name}, name and metadata", f"{blob.name} {blob.metadata}")
            if container.name != STAGED:
                yield Place(
                    f"blob {blob.name}", client.download_blob(blob.name).readall().decode(errors="replace")
                )


def files(folder: Path, pattern: str) -> Iterator[Place]:
    for path in sorted(folder.rglob(pattern)):
        if path.is_file():
            yield Place(f"file {path.name}", path.read_text(errors="replace"))


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except ValueError:
        return ""
