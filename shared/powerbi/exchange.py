"""One call from first attempt to last: address checked, token attached, redirects followed, policy asked.

Every attempt is admitted by the quota ledger first, opens the request body afresh, carries its own correlation
id, and leaves one log line and one record, whichever way it ends.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin
from uuid import uuid4

from shared.clock import Clock
from shared.connections import Connection
from shared.errors import AppError, BadRequest, ForbiddenHost, ServiceError, Throttled, WireError
from shared.powerbi.admission import Admission
from shared.powerbi.calls import CallRecord, log_call
from shared.powerbi.hosts import AllowList, Purpose
from shared.powerbi.operations import Operation
from shared.powerbi.retry_budget import RetryBudget
from shared.powerbi.service_errors import ServiceFault, parse
from shared.powerbi.throttling import (
    MAX_RETRIES,
    Attempt,
    Decision,
    GiveUp,
    RenewToken,
    RetryAfter,
    decide,
    told_wait,
)
from shared.powerbi.tokens import Tokens
from shared.powerbi.transport import IDLE_TIMEOUT_S, Request, Response, SizedBody, Transport

_MAX_HOPS = 3
_ERROR_LIMIT = 1024 * 1024  # bytes of an error answer
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REQUEST_ID_HEADERS = ("RequestId", "x-ms-request-id")


@dataclass(frozen=True, slots=True)
class Call:
    """One operation with everything filled in; `url` is complete and quoted."""

    operation: Operation
    url: str
    purpose: Purpose = Purpose.API
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | SizedBody | None = None
    idle_timeout_s: float = IDLE_TIMEOUT_S
    item: str = ""  # the object a budget of the quota is about


@dataclass(slots=True)
class _Try:
    """What one attempt came to know, filled in as it goes."""

    number: int
    correlation_id: str
    started: float
    token: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: ServiceFault | WireError | None = None


class Exchange:
    """Sends the calls of one connection; safe to use from many threads at once.

    `on_send` is called right before each attempt goes out; what it raises keeps the attempt from being sent.
    """

    def __init__(
        self,
        connection: Connection,
        transport: Transport,
        tokens: Tokens,
        *,
        clock: Clock,
        log: logging.Logger,
        on_call: Callable[[CallRecord], None] | None,
        on_send: Callable[[], None] | None,
        admission: Admission,
    ) -> None:
        self._connection = connection
        self._admission = admission
        self._retries = RetryBudget()
        self._transport = transport
        self._tokens = tokens
        self._clock = clock
        self._log = log
        self._on_call = on_call
        self._on_send = on_send
        self._hosts = AllowList(connection)

    def run[T](self, call: Call, take: Callable[[Call, Response], T]) -> T:
        """What `take` makes of the successful answer; a WireError from it makes the attempt a lost one."""
        number, renewed = 0, False
        self._retries.earn()
        while True:
            attempt = _Try(number, str(uuid4()), self._clock.monotonic())
            self._prepare(call, attempt)
            result = self._admitted(call, attempt, take)
            match self._decide(call, attempt):
                case RetryAfter(seconds):
                    self._clock.sleep(seconds)
                    number += 1
                case RenewToken():
                    if renewed:  # the second one too
                        raise self._located(self._tokens.refused(call.operation.identity), call)
                    self._tokens.renew(call.operation.identity, attempt.token)
                    renewed = True
                case GiveUp(error):
                    raise self._located(error, call)
                case _:
                    if attempt.token:
                        self._tokens.accepted(call.operation.identity)
                    return result[0]

    def _prepare(self, call: Call, attempt: _Try) -> None:
        """Address and token before anything is reserved: both may be refused, and Entra may take its time."""
        try:
            self._hosts.check(call.url, call.purpose)
            if self._hosts.carries_token(call.url, call.purpose):
                self._tokens.get(call.operation.identity)
        except ServiceError as refused:
            self._record(call, attempt, refused.code)
            raise self._located(refused, call) if not refused.operation else refused from None
        except Exception as error:
            self._record(call, attempt, error.code if isinstance(error, AppError) else type(error).__name__)
            raise

    def _admitted[T](self, call: Call, attempt: _Try, take: Callable[[Call, Response], T]) -> tuple[T, ...]:
        """The attempt, once the ledger lets it go: never before the service takes calls on this quota."""
        try:
            with self._passage(call):
                if self._on_send:
                    self._on_send()
                attempt.started = self._clock.monotonic()
                return self._attempt(call, attempt, take)
        except Throttled as held:
            if not held.operation:
                self._admission.note_wait(call.operation, held.retry_at, held.message)
                raise self._located(held, call) from None
            raise

    def _passage(self, call: Call) -> AbstractContextManager[None]:
        api = call.purpose is Purpose.API  # a storage account has no quota of ours
        return self._admission.passage(call.operation, call.item) if api else nullcontext()

    def _attempt[T](self, call: Call, attempt: _Try, take: Callable[[Call, Response], T]) -> tuple[T, ...]:
        """`(result,)` of a success, `()` where `attempt.fault` says what happened instead."""
        try:
            return self._exchange(call, attempt, take)
        except WireError as broken:
            attempt.fault = broken
        except ServiceError as refused:  # by the allow-list, or by Entra
            self._record(call, attempt, refused.code)
            raise self._located(refused, call) if not refused.operation else refused from None
        except Exception as error:  # the body's own: it must not leave without a line either
            self._record(call, attempt, error.code if isinstance(error, AppError) else type(error).__name__)
            raise
        self._record(call, attempt, attempt.fault.code)
        return ()

    def _exchange[T](self, call: Call, attempt: _Try, take: Callable[[Call, Response], T]) -> tuple[T, ...]:
        response = self._follow_redirects(call, attempt)
        attempt.status, attempt.headers = response.status, response.headers
        if 200 <= response.status < 300:
            try:
                result = take(call, response)
            except BaseException:
                response.close()
                raise
            self._record(call, attempt, "")
            return (result,)
        with response:
            attempt.fault = parse(response.status, response.headers, _error_body(response))
        self._record(call, attempt, attempt.fault.code)
        return ()

    def _follow_redirects(self, call: Call, attempt: _Try) -> Response:
        url, purpose = call.url, call.purpose
        for _ in range(_MAX_HOPS + 1):
            response = self._transport.send(
                Request(
                    call.operation.method,
                    url,
                    self._headers(call, attempt, url, purpose),
                    call.body,
                    call.idle_timeout_s,
                )
            )
            target = _redirect_target(call, response)
            if target is None:
                return response
            response.close()
            url = urljoin(url, target)
            purpose = self._redirect_purpose(call, url)
        raise BadRequest("redirect.endless", f"more than {_MAX_HOPS} redirects")

    def _redirect_purpose(self, call: Call, url: str) -> Purpose:
        """API calls move between clusters; a download may also move to blob storage, without our token."""
        try:
            self._hosts.check(url, call.purpose)
        except ForbiddenHost:
            if call.operation.method != "GET":
                raise
            self._hosts.check(url, Purpose.UPLOAD)
            return Purpose.UPLOAD
        return call.purpose

    def _headers(self, call: Call, attempt: _Try, url: str, purpose: Purpose) -> dict[str, str]:
        headers = {
            "User-Agent": "pbi-tenant-migration",
            "Accept-Encoding": "identity",
            "x-ms-client-request-id": attempt.correlation_id,
            **call.headers,
        }
        if self._hosts.carries_token(url, purpose):
            attempt.token = self._tokens.get(call.operation.identity)
            headers["Authorization"] = f"Bearer {attempt.token}"
            headers["ActivityId"] = attempt.correlation_id
            if self._connection.profile_id and call.operation.identity == "main":
                headers["X-PowerBI-Profile-Id"] = self._connection.profile_id
        return headers

    def _decide(self, call: Call, attempt: _Try) -> Decision:
        jitter = random.random()  # noqa: S311 - spreads retries, protects nothing
        facts = Attempt(
            attempt.number,
            self._clock.now(),
            call.operation.idempotent,
            jitter,
            untold_wait_s=self._admission.untold_wait_s,
        )
        self._tell_everybody(call, attempt, facts)
        decision = decide(attempt.status, attempt.headers, attempt.fault, facts)
        if isinstance(decision, RetryAfter) and attempt.status != 429 and not self._retries.spend():
            decision = decide(
                attempt.status, attempt.headers, attempt.fault, replace(facts, number=MAX_RETRIES)
            )
        if isinstance(decision, GiveUp) and isinstance(decision.error, Throttled):
            self._admission.note_wait(call.operation, decision.error.retry_at, "told by the service")
        return decision

    def _tell_everybody(self, call: Call, attempt: _Try, facts: Attempt) -> None:
        """A 429 speaks to all who use the quota, not to the one call it met."""
        fault = attempt.fault
        if attempt.status == 429 and call.purpose is Purpose.API and isinstance(fault, ServiceFault):
            told = told_wait(attempt.headers, fault, facts.now)
            self._admission.close(call.operation, call.item, told)

    def _record(self, call: Call, attempt: _Try, code: str) -> None:
        operation = call.operation
        record = CallRecord(
            connection=self._connection.name,
            operation=operation.id,
            method=operation.method,
            template=operation.template,
            identity=operation.identity,
            quota=operation.quota,
            attempt=attempt.number,
            status=attempt.status,
            duration_ms=round((self._clock.monotonic() - attempt.started) * 1000),
            request_id=_request_id(attempt.headers),
            correlation_id=attempt.correlation_id,
            code=code,
        )
        log_call(self._log, record)
        if self._on_call:
            self._on_call(record)

    def _located(self, error: ServiceError, call: Call) -> ServiceError:
        error.operation, error.connection = call.operation.id, self._connection.name
        return error


def _redirect_target(call: Call, response: Response) -> str | None:
    location = response.headers.get("Location")
    if response.status not in _REDIRECTS or not location:
        return None
    keeps_method = response.status in (307, 308)
    return location if keeps_method or call.operation.method == "GET" else None


def _error_body(response: Response) -> bytes:
    """The body of an error, as far as it comes: its status already says that this is one."""
    try:
        return response.read(_ERROR_LIMIT)
    except AppError:
        return b""


def _request_id(headers: Mapping[str, str]) -> str:
    return next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), "")
