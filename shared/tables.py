"""Table Storage, as little of it as we use: insert-once, conditional replace, prefix queries with paging.

Keys are built from GUIDs, hashes and fixed words (never from display names), and every property is held
against Azure's own limits here, because the emulator accepts what Azure refuses.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.config import Settings
from shared.errors import InvalidInput
from shared.storage import connect

if TYPE_CHECKING:  # the storage SDK costs 300 ms to import, so only when a table is first opened
    from azure.data.tables import TableClient, TableServiceClient

type Entity = dict[str, Any]

_KEY = re.compile(r"^[A-Za-z0-9._~@+-]{1,512}$")
_PROPERTY_CHARS = 29_000  # Azure allows 32 K UTF-16 characters; 10 % margin
_PROPERTIES = 200  # Azure allows 252 besides the keys
_TRANSACTION = 100  # operations per transaction
PAGE = 1000  # rows the service gives at most per page


class TooLarge(ValueError):
    """A row that Azure would refuse. A programming error: large values belong in a blob."""


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Entity]
    token: str | None


def key(*parts: str) -> str:
    """Join key parts; each must already be free of forbidden characters."""
    joined = ".".join(parts)
    if not _KEY.match(joined):
        raise ValueError(f"not a table key: {joined!r}")
    return joined


def hashed(text: str) -> str:
    """A key-safe, fixed-length stand-in for text from outside (a principal, a name)."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Table:
    """One table. Missing tables are created on first use; every method names its storage operation."""

    def __init__(self, client: TableClient):
        self._client = client

    def insert(self, pk: str, rk: str, values: Mapping[str, Any]) -> bool:
        """Insert Entity; False where the key exists (somebody, perhaps an earlier try of ours, was first)."""
        from azure.core.exceptions import ResourceExistsError

        try:
            self._client.create_entity(_encode(pk, rk, values))
        except ResourceExistsError:
            return False
        return True

    def put(self, pk: str, rk: str, values: Mapping[str, Any]) -> None:
        """Insert Or Replace Entity."""
        self._client.upsert_entity(_encode(pk, rk, values), mode=_replace())

    def put_all(self, pk: str, rows: list[tuple[str, Mapping[str, Any]]]) -> None:
        """Insert Or Replace of many rows of one partition, in transactions of 100."""
        for start in range(0, len(rows), _TRANSACTION):
            part = rows[start : start + _TRANSACTION]
            self._client.submit_transaction(
                [("upsert", _encode(pk, rk, values), {"mode": _replace()}) for rk, values in part]
            )

    def replace(self, pk: str, rk: str, values: Mapping[str, Any], etag: str) -> bool:
        """Update Entity if nobody has since `etag`; False where somebody has, or the row is gone."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        try:
            self._client.update_entity(
                _encode(pk, rk, values),
                mode=_replace(),
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
            )
        except (ResourceModifiedError, ResourceNotFoundError):
            return False
        return True

    def delete(self, pk: str, rk: str) -> None:
        self._client.delete_entity(pk, rk)

    def get(self, pk: str, rk: str) -> tuple[Entity, str] | None:
        """Get Entity: the row and its etag, or None."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            found = self._client.get_entity(pk, rk)
        except ResourceNotFoundError:
            return None
        return _decode(found), str(found.metadata["etag"])

    def partition(self, pk: str) -> Iterator[Entity]:
        """Every row of one partition, in row key order."""
        for found in self._client.query_entities("PartitionKey eq @pk", parameters={"pk": pk}):
            yield _decode(found)

    def page(self, first_pk: str, last_pk: str, top: int, token: str | None) -> Page:
        """Up to `top` rows with first_pk <= partition key <= last_pk, and the token of the next page.

        The service may end a page early (1,000 rows, 5 s, partition border), even an empty one that has a
        token, so this goes on until `top` rows are there or the token is absent.
        """
        rows: list[Entity] = []
        position = _unpack(token, first_pk, last_pk) if token else None
        while len(rows) < top:
            found = self._client.query_entities(
                "PartitionKey ge @first and PartitionKey le @last",
                parameters={"first": first_pk, "last": last_pk},
                results_per_page=min(top - len(rows), PAGE),
            )
            pages: Any = found.by_page(continuation_token=position)  # typed as a plain iterator by the SDK
            rows.extend(_decode(row) for row in next(pages))
            position = pages.continuation_token
            if not position:
                return Page(rows, None)
        return Page(rows, _pack(position))


class Tables:
    """The tables of this app in the storage account of `AzureWebJobsStorage`."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._open: dict[str, Table] = {}

    def __getitem__(self, name: str) -> Table:
        if name not in self._open:
            client = self._client
            client.create_table_if_not_exists(name)
            self._open[name] = Table(client.get_table_client(name))
        return self._open[name]

    @cached_property
    def _client(self) -> TableServiceClient:
        from azure.data.tables import TableServiceClient

        return connect(self._settings, TableServiceClient, "table")


def _replace() -> Any:
    from azure.data.tables import UpdateMode

    return UpdateMode.REPLACE


def _encode(pk: str, rk: str, values: Mapping[str, Any]) -> Entity:
    """Flat properties as they are; dicts and lists as JSON text, marked by a suffix in the name."""
    entity: Entity = {"PartitionKey": key(pk), "RowKey": key(rk)}
    for name, value in values.items():
        if isinstance(value, dict | list):
            entity[f"{name}__json"] = json.dumps(value, separators=(",", ":"))
        else:
            entity[name] = str(value) if isinstance(value, str) else value
    if len(entity) > _PROPERTIES:
        raise TooLarge(f"{len(entity)} properties in row {rk}")
    for name, value in entity.items():
        if isinstance(value, str) and len(value.encode("utf-16-le")) // 2 > _PROPERTY_CHARS:
            raise TooLarge(f"property {name} of row {rk}")
    return entity


def _decode(found: Mapping[str, Any]) -> Entity:
    row: Entity = {}
    for name, value in found.items():
        plain = name.removesuffix("__json")
        row[plain] = json.loads(value) if plain != name else value
    return row


def _pack(position: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def _unpack(token: str, first_pk: str, last_pk: str) -> Any:
    """The storage position of a token. InvalidInput where it is not one of ours, or of another list."""
    position: Any = None
    try:
        position = json.loads(base64.urlsafe_b64decode(token.encode("ascii")))
        within = first_pk <= position["PartitionKey"] <= last_pk and isinstance(position["RowKey"], str)
    except (ValueError, KeyError, TypeError):
        within = False
    if not within:
        remedy = "leave it out for the first page, then send the one the last page gave"
        raise InvalidInput(
            [{"field": "continuationToken", "message": "is not of this list", "remedy": remedy}]
        )
    return position
