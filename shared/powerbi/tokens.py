"""Tokens per connection and identity: kept for their own life, fetched once however many threads ask."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass
from threading import Lock
from typing import Any

from shared.clock import Clock
from shared.connections import Connection
from shared.errors import ServiceError, WireError
from shared.powerbi.entra import EntraBusy, IssuedToken, request_token
from shared.powerbi.hosts import AllowList
from shared.powerbi.operations import Identity
from shared.powerbi.throttling import Attempt, GiveUp, RetryAfter, decide
from shared.powerbi.transport import Transport

_MARGIN_S = 300.0  # renewed this long before the end, or a tenth of the life of short-lived ones


@dataclass(slots=True)
class _Slot:
    """The present token of one identity; the lock is held while a new one is fetched."""

    lock: Lock
    token: str = ""
    good_until: float = 0.0  # monotonic seconds
    refresh_token: str | None = None


class Tokens:
    """The tokens of one connection; no other connection can reach them."""

    def __init__(self, connection: Connection, transport: Transport, clock: Clock) -> None:
        refresh = connection.refresh_token.reveal() if connection.refresh_token else None
        self._connection = connection
        self._transport = transport
        self._clock = clock
        self._hosts = AllowList(connection)
        self._slots: dict[Identity, _Slot] = {
            "main": _Slot(Lock()),
            "admin": _Slot(Lock()),
            "user": _Slot(Lock(), refresh_token=refresh),
        }

    def get(self, identity: Identity) -> str:
        """A token that is good for a while yet. Raises TerminalError or TransientError from Entra."""
        slot = self._slots[self._effective(identity)]
        with slot.lock:
            if self._clock.monotonic() >= slot.good_until:
                self._renew(self._effective(identity), slot)
            return slot.token

    def renew(self, identity: Identity, refused: str) -> str:
        """Another token than the one the service refused; fetched only if nobody else has done so already."""
        slot = self._slots[self._effective(identity)]
        with slot.lock:
            if slot.token == refused or not slot.token:
                self._renew(self._effective(identity), slot)
            return slot.token

    def principal_id(self, identity: Identity = "main") -> str | None:
        """The object id of the identity in its tenant (the token's `oid`), or None where it can't be read."""
        oid = _claims(self.get(identity)).get("oid")
        return oid if isinstance(oid, str) and oid else None

    def _effective(self, identity: Identity) -> Identity:
        return "main" if identity == "admin" and not self._connection.has_admin else identity

    def _renew(self, identity: Identity, slot: _Slot) -> None:
        issued = self._fetch(identity, slot.refresh_token)
        margin = min(_MARGIN_S, issued.expires_in_s / 10)
        slot.token = issued.value
        slot.good_until = self._clock.monotonic() + issued.expires_in_s - margin
        slot.refresh_token = issued.refresh_token or slot.refresh_token

    def _fetch(self, identity: Identity, refresh_token: str | None) -> IssuedToken:
        number = 0
        while True:
            try:
                return request_token(self._connection, identity, refresh_token, self._transport, self._hosts)
            except EntraBusy as busy:
                decision = decide(busy.status, busy.headers, busy.fault, self._attempt(number))
            except WireError as broken:
                decision = decide(0, {}, broken, self._attempt(number))
            if isinstance(decision, RetryAfter):
                self._clock.sleep(decision.seconds)
                number += 1
            elif isinstance(decision, GiveUp):
                raise self._located(decision.error)

    def _attempt(self, number: int) -> Attempt:
        return Attempt(number, self._clock.now(), idempotent=True, renewed=True, jitter=random.random())  # noqa: S311

    def _located(self, error: ServiceError) -> ServiceError:
        error.operation, error.connection = "Entra_Token", self._connection.name
        return error


def _claims(token: str) -> dict[str, Any]:
    """What a token says about its bearer; read, not verified: the service verifies it."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
