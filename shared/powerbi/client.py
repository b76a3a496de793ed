"""The client of one connection: names an operation and what it takes, gives back what the service said.

Nothing here knows a resource (the files per resource area do) and nothing here decides about retries (the
exchange and its policies do).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from shared.clock import Clock, SystemClock
from shared.connections import Connection
from shared.errors import AmbiguousWrite, BadRequest, IncompletePages, ServiceError, Unavailable, WireError
from shared.ledger import Ledger
from shared.powerbi import operations
from shared.powerbi.admission import Admission
from shared.powerbi.calls import CallRecord
from shared.powerbi.exchange import Call, Exchange
from shared.powerbi.hosts import Purpose
from shared.powerbi.operations import Operation
from shared.powerbi.tokens import Tokens
from shared.powerbi.transport import IDLE_TIMEOUT_S, Response, SizedBody, Transport

Query = Mapping[str, str | int | bool]

_JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: status, headers, parsed JSON (None where there was no body)."""

    operation: Operation
    status: int
    headers: Mapping[str, str]
    json: Any

    @property
    def request_id(self) -> str:
        """The service's id of the request; a refresh is found by it in the history."""
        return self.headers.get("RequestId") or self.headers.get("x-ms-request-id") or ""

    def object(self) -> dict[str, Any]:
        """The answer as an object. An answer of another form says nothing: as if it had been lost."""
        if not isinstance(self.json, dict):
            raise self.unusable("is not an object")
        return self.json

    def rows(self, *, paged: bool = False) -> list[dict[str, Any]]:
        """The objects of a list answer, `{"value": [...]}` or a bare array.

        Not `paged` means the whole list: one that names a next page is IncompletePages.
        """
        rows = self.json if isinstance(self.json, list) else self.object().get("value")
        if not paged and isinstance(self.json, dict) and self.json.get("@odata.nextLink"):
            raise IncompletePages(
                "paging.unexpected",
                "the service gave only a part of a list that it is known to give whole",
                status=self.status,
                operation=self.operation.id,
            )
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.unusable("holds no list of objects")
        return rows

    def id(self) -> str:
        """The id of what the operation made or started."""
        identity = self.object().get("id")
        if not isinstance(identity, str) or not identity:
            raise self.unusable("holds no id")
        return identity

    def unusable(self, what: str) -> ServiceError:
        """The error of an answer that says nothing, to be raised: as if it had been lost."""
        kind = Unavailable if self.operation.idempotent else AmbiguousWrite
        return kind(
            "answer.unusable",
            f"the answer {what}",
            status=self.status,
            request_id=self.request_id,
            operation=self.operation.id,
        )


class PowerBIClient:
    """One connection's client; safe to use from many threads at once."""

    def __init__(
        self,
        connection: Connection,
        transport: Transport,
        *,
        tokens: Tokens | None = None,
        clock: Clock | None = None,
        log: logging.Logger | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
        on_send: Callable[[], None] | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self.connection = connection
        self.clock = clock or SystemClock()
        self.tokens = tokens or Tokens(connection, transport, self.clock)
        log = log or logging.getLogger("powerbi.calls")
        self._admission = Admission(connection, ledger or Ledger(clock=self.clock), self.clock, log)
        self._exchange = Exchange(
            connection,
            transport,
            self.tokens,
            clock=self.clock,
            log=log,
            on_call=on_call,
            on_send=on_send,
            admission=self._admission,
        )

    def call(
        self,
        operation: Operation,
        params: Mapping[str, str] | None = None,
        query: Query | None = None,
        json: Any = None,
        item: str = "",
    ) -> Answer:
        """Run an operation to its whole answer. Raises ServiceError (shared.errors draws its branches).

        `item` is the object whose own budget the call is counted in, where the quota is per object.
        """
        headers, body = {"Accept": "application/json"}, None
        if json is not None:
            headers["Content-Type"], body = _JSON_TYPE, _encode(json)
        url = self.url(operation, params, query)
        return self._exchange.run(Call(operation, url, headers=headers, body=body, item=item), _whole)

    def send_body(
        self,
        operation: Operation,
        params: Mapping[str, str],
        query: Query,
        body: SizedBody,
        *,
        content_type: str,
        idle_timeout_s: float = IDLE_TIMEOUT_S,
    ) -> Answer:
        """Run an operation whose request body is streamed; `body` starts anew at every attempt."""
        headers = {"Accept": "application/json", "Content-Type": content_type}
        url = self.url(operation, params, query)
        return self._exchange.run(
            Call(operation, url, headers=headers, body=body, idle_timeout_s=idle_timeout_s), _whole
        )

    def follow(self, operation: Operation, url: str) -> Answer:
        """GET an address the service gave (a continuation link) as it is, if the allow-list has it."""
        return self._exchange.run(Call(operation, url, headers={"Accept": "application/json"}), _whole)

    @contextmanager
    def stream(
        self, operation: Operation, params: Mapping[str, str] | None = None, query: Query | None = None
    ) -> Iterator[Response]:
        """Run an operation and give its successful answer unread; closed at the end of the `with`."""
        call = Call(operation, self.url(operation, params, query), headers={"Accept": "*/*"})
        with self._exchange.run(call, _unread) as response:
            yield response

    @contextmanager
    def download(self, url: str) -> Iterator[Response]:
        """Stream a temporary file behind a signed address; never with our token."""
        call = Call(operations.GET_BLOB, url, Purpose.UPLOAD, {"Accept": "*/*"})
        with self._exchange.run(call, _unread) as response:
            yield response

    def upload(
        self,
        operation: Operation,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        idle_timeout_s: float = IDLE_TIMEOUT_S,
    ) -> Answer:
        """PUT bytes to a signed address; never with our token."""
        call = Call(operation, url, Purpose.UPLOAD, headers, body, idle_timeout_s)
        return self._exchange.run(call, _whole)

    def lease(self, operation: Operation, holder: str, seconds: float) -> bool:
        """A place in flight for work that goes on after the call's answer; False where all are taken."""
        return self._admission.lease(operation, holder, seconds)

    def release(self, operation: Operation, holder: str) -> None:
        """Give the place back, as its work has ended."""
        self._admission.release(operation, holder)

    def url(self, operation: Operation, params: Mapping[str, str] | None, query: Query | None) -> str:
        """The complete address of an operation on this connection."""
        base = self._base(operation)
        pairs = {key: _query_value(value) for key, value in (query or {}).items()}
        text = urlencode(pairs, quote_via=quote, safe="$'():,")
        return base + operation.path(dict(params or {})) + (f"?{text}" if text else "")

    def _base(self, operation: Operation) -> str:
        if operation.api == "powerbi":
            return self.connection.api_url
        if operation.api == "graph":
            if not self.connection.graph_url:
                raise BadRequest("connection.noGraph", "GRAPH_URL is not set: Microsoft Graph is not used")
            versioned = urlsplit(self.connection.graph_url).path.strip("/")
            return self.connection.graph_url if versioned else f"{self.connection.graph_url}/v1.0"
        if not self.connection.fabric_url:
            raise BadRequest("connection.noFabric", "set FABRIC_URL: this cloud has no known Fabric address")
        return self.connection.fabric_url


def _encode(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _query_value(value: str | int | bool) -> str:
    """Booleans as the contract knows them: workspaceV2 takes the value `true` only."""
    return str(value) if not isinstance(value, bool) else ("true" if value else "false")


def _unread(_: Call, response: Response) -> Response:
    return response


def _whole(call: Call, response: Response) -> Answer:
    """Read and parse. What should be JSON and isn't was cut off, or is not the service's: WireError."""
    content = response.read()
    document = None
    if content.strip():
        try:
            document = json.loads(content)
        except ValueError:
            is_json = "json" in response.headers.get("Content-Type", "").lower()
            if is_json or call.operation.method == "GET":
                raise WireError("the answer is not the JSON it should be", sent=True) from None
    return Answer(call.operation, response.status, response.headers, document)
