"""Table Storage, as little of it as we use: insert-once, conditional replace, prefix queries with paging.

Keys are built from GUIDs, hashes and fixed words (never from display names), and every property is held
against Azure's own limits here, because the emulator accepts what Azure refuses.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from shared.config import Settings
from shared.errors import InvalidInput
from shared.storage import connect, is_outage, load_sdk, tries

if TYPE_CHECKING:  # the storage SDK costs 300 ms to import, so only when a table is first opened
    from azure.data.tables import TableClient, TableServiceClient

type Entity = dict[str, Any]

_KEY = re.compile(r"[A-Za-z0-9._~@+-]{1,512}")
_PROPERTY_CHARS = 29_000  # Azure allows 32 K UTF-16 characters; 10 % margin
_PROPERTIES = 200  # Azure allows 252 besides the keys
_POSITION_CHARS = 2_000  # a key of 512 characters in base64 and some to spare
_TRANSACTION = 100  # operations per transaction
PAGE = 1000  # rows the service gives at most per page
_HELD = 250  # rows in memory of a partition that is gone through: each is some KiB in the hands of the SDK


class TooLarge(ValueError):
    """A row that Azure would refuse. A programming error: large values belong in a blob."""


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Entity]
    token: str | None


def key(*parts: str) -> str:
    """Join key parts; each must already be free of forbidden characters."""
    joined = ".".join(parts)
    if not _KEY.fullmatch(joined):
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
        """Insert Entity; False where the key exists: somebody, perhaps an earlier call of ours, was first.

        An insert of this call that landed although its answer was lost is told from that by its values.
        """
        return self.swap(pk, rk, values, "") is not None

    def put(self, pk: str, rk: str, values: Mapping[str, Any]) -> None:
        """Insert Or Replace Entity."""
        self._client.upsert_entity(_encode(pk, rk, values), mode=_replace())

    def insert_all(self, pk: str, rows: Mapping[str, Mapping[str, Any]]) -> bool:
        """Insert Entity of many rows of one partition by row key, in transactions of 100.

        False where a key exists: nothing of that transaction was written, the ones before it were.
        """
        from azure.data.tables import TableTransactionError

        entities = [_encode(pk, rk, values) for rk, values in rows.items()]
        for start in range(0, len(entities), _TRANSACTION):
            part = entities[start : start + _TRANSACTION]
            try:
                self._client.submit_transaction([("create", entity) for entity in part])
            except TableTransactionError as refused:
                if refused.status_code == HTTPStatus.CONFLICT:
                    return False
                raise
        return True

    def replace(self, pk: str, rk: str, values: Mapping[str, Any], etag: str) -> bool:
        """Update Entity if nobody has since `etag`; False where somebody else has, or the row is gone."""
        return self.swap(pk, rk, values, etag) is not None

    def swap(self, pk: str, rk: str, values: Mapping[str, Any], etag: str) -> str | None:
        """Insert Entity (no etag) or Update Entity if nobody has since: the new etag, None where somebody has."""
        from azure.core import MatchConditions

        entity, unchanged = _encode(pk, rk, values), MatchConditions.IfNotModified
        if not etag:
            return self._land(entity, lambda: self._client.create_entity(entity, retry_total=0))

        def update() -> Mapping[str, Any]:
            return self._client.update_entity(
                entity, mode=_replace(), etag=etag, match_condition=unchanged, retry_total=0
            )

        return self._land(entity, update)

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
        found = self._client.query_entities(
            "PartitionKey eq @pk", parameters={"pk": pk}, results_per_page=_HELD
        )
        for row in found:
            yield _decode(row)

    def row_keys(self, first_pk: str, last_pk: str) -> Iterator[str]:
        """Row key of every row with first_pk <= partition key <= last_pk; the rows themselves are not sent."""
        found = self._client.query_entities(
            "PartitionKey ge @first and PartitionKey le @last",
            parameters={"first": first_pk, "last": last_pk},
            select=["RowKey"],
            results_per_page=_HELD,
        )
        for row in found:
            yield str(row["RowKey"])

    def where(self, pk: str, name: str, value: str) -> Iterator[Entity]:
        """The rows of one partition in which the property `name` (a fixed word of ours) has this value."""
        found = self._client.query_entities(
            f"PartitionKey eq @pk and {name} eq @value",
            parameters={"pk": pk, "value": value},
            results_per_page=_HELD,
        )
        for row in found:
            yield _decode(row)

    def page(self, first_pk: str, last_pk: str, top: int, token: str | None) -> Page:
        """Up to `top` rows with first_pk <= partition key <= last_pk, and the token of the next page.

        The service may end a page early (1,000 rows, 5 s, partition border), even an empty one that has a
        token, so this goes on until `top` rows are there or the token is absent.
        """
        rows: list[Entity] = []
        listing = hashed(f"{first_pk} {last_pk}")
        position = _unpack(token, listing) if token else None
        while len(rows) < top:
            found, position = self._query(first_pk, last_pk, min(top - len(rows), PAGE), position)
            rows += found
            if not position:
                return Page(rows, None)
        return Page(rows, _pack(position, listing))

    def _land(self, entity: Entity, write: Callable[[], Mapping[str, Any]]) -> str | None:
        """The new etag of a conditional write, None where it is refused. It is tried again here, not in the SDK:
        only we can tell that a refusal is the doing of an earlier try, whose answer was lost."""
        from azure.core import exceptions as sdk

        lost = False
        for is_last in tries():
            try:
                return str(write()["etag"])
            except (sdk.ResourceExistsError, sdk.ResourceModifiedError, sdk.ResourceNotFoundError):
                return self._etag_of(entity) if lost else None
            except sdk.AzureError as away:
                if is_last or not is_outage(away):
                    raise
                lost = True
        raise AssertionError("unreachable: the last try returns or raises")

    def _etag_of(self, entity: Entity) -> str | None:
        """The row's etag if it has exactly these values (properties without a value are not stored)."""
        found = self.get(entity["PartitionKey"], entity["RowKey"])
        wanted = {name: value for name, value in _decode(entity).items() if value is not None}
        return found[1] if found is not None and found[0] == wanted else None

    def _query(self, first_pk: str, last_pk: str, size: int, position: Any) -> tuple[list[Entity], Any]:
        """Query Entities, one answer. InvalidInput where the service does not take the position."""
        from azure.core.exceptions import HttpResponseError

        found = self._client.query_entities(
            "PartitionKey ge @first and PartitionKey le @last",
            parameters={"first": first_pk, "last": last_pk},
            results_per_page=size,
        )
        pages: Any = found.by_page(continuation_token=position)  # typed as a plain iterator by the SDK
        try:
            rows = [_decode(row) for row in next(pages)]
        except HttpResponseError as refused:
            if position and refused.status_code == HTTPStatus.BAD_REQUEST:
                raise _not_a_token() from refused
            raise
        return rows, pages.continuation_token


class Tables:
    """The tables of this app in the storage account of `AzureWebJobsStorage`."""

    def __init__(self, settings: Settings, on_answer: Callable[[Any], object] | None = None):
        self._settings = settings
        self._on_answer = on_answer  # sees every answer of the service: it carries the account's time
        self._open: dict[str, Table] = {}

    def __getitem__(self, name: str) -> Table:
        if name not in self._open:
            client = self._connect()
            client.create_table_if_not_exists(name)
            self._open[name] = Table(client.get_table_client(name))
        return self._open[name]

    def _connect(self) -> TableServiceClient:
        """One per table: clients of one service client share its policies, and each new one links them anew while
        other threads send through them ("object has no attribute 'next'")."""
        load_sdk()
        from azure.data.tables import TableServiceClient

        return connect(self._settings, TableServiceClient, "table", raw_response_hook=self._on_answer)


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
            entity[name] = _plain(value)
    if len(entity) > _PROPERTIES:
        raise TooLarge(f"{len(entity)} properties in row {rk}")
    for name, value in entity.items():
        if isinstance(value, str) and len(value.encode("utf-16-le")) // 2 > _PROPERTY_CHARS:
            raise TooLarge(f"property {name} of row {rk}")
    return entity


def _plain(value: Any) -> Any:
    """Enumerations as the text they stand for; a number beyond 32 bits (a length) is said to be of 64."""
    from azure.data.tables import EdmType, EntityProperty

    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        return EntityProperty(value, EdmType.INT64)
    return value


def _decode(found: Mapping[str, Any]) -> Entity:
    from azure.data.tables import EntityProperty

    row: Entity = {}
    for name, value in found.items():
        plain = name.removesuffix("__json")
        known = value.value if isinstance(value, EntityProperty) else value
        row[plain] = json.loads(known) if plain != name else known
    return row


def _pack(position: Any, listing: str) -> str:
    """A token of ours: which list it is of, and the service's position, which is opaque (no plain keys)."""
    return base64.urlsafe_b64encode(json.dumps([listing, position]).encode()).decode()


def _unpack(token: str, listing: str) -> Any:
    """The service's position in a token. InvalidInput where it is not one of ours, or of another list.

    A forged position gives no more than another page of the same list: the query names its partitions.
    """
    position: Any = None
    try:
        of, position = json.loads(base64.b64decode(token.encode("ascii"), b"-_", validate=True))
        known = of == listing and set(position) == {"PartitionKey", "RowKey"}
        known = known and all(_is_header(value) for value in position.values())
    except (ValueError, TypeError, AttributeError, RecursionError):
        known = False
    if not known:
        raise _not_a_token()
    return position


def _is_header(value: Any) -> bool:
    """What a service may have sent in a header: visible ASCII of a length that comes back in an address, or nothing."""
    if value is None:
        return True
    return (
        isinstance(value, str) and len(value) <= _POSITION_CHARS and value.isascii() and value.isprintable()
    )


def _not_a_token() -> InvalidInput:
    remedy = "leave it out for the first page, then send the one the last page gave"
    return InvalidInput([{"field": "continuationToken", "message": "is not of this list", "remedy": remedy}])
