"""Tokens per connection and identity: kept for their own life, fetched once however many threads ask.

Their life is counted in monotonic seconds from `expires_in`, so that no wrong clock shortens or prolongs it. A
token that the service refuses is renewed, but where it refuses fresh ones too, not again and again.
"""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Any

from shared.clock import Clock
from shared.connections import Connection
from shared.errors import IdentityRefused, ServiceError, WireError
from shared.powerbi.entra import EntraBusy, IssuedToken, request_token
from shared.powerbi.hosts import AllowList
from shared.powerbi.operations import Identity
from shared.powerbi.throttling import Attempt, GiveUp, RetryAfter, decide
from shared.powerbi.transport import Transport

RENEW_EVERY_S = 300.0  # at most one renewal in this time because the service refused a token
_MARGIN_S = 300.0  # renewed this long before the end, or a tenth of the life of short-lived ones


@dataclass(slots=True)
class _Slot:
    """The present token of one identity; the lock is held while a new one is fetched."""

    lock: Lock
    token: str = ""
    good_until: float = 0.0  # monotonic seconds
    refresh_token: str | None = None
    renewed_at: float | None = None  # when a refusal of the service last made us fetch another one
    refused_at: float | None = None  # since when Entra or the service has been refusing this identity


class Tokens:
    """The tokens of one connection; no other connection can reach them."""

    def __init__(
        self,
        connection: Connection,
        transport: Transport,
        clock: Clock,
        renew_every_s: float = RENEW_EVERY_S,
    ) -> None:
        refresh = connection.refresh_token.reveal() if connection.refresh_token else None
        self._connection = connection
        self._transport = transport
        self._clock = clock
        self._renew_every_s = renew_every_s
        self._hosts = AllowList(connection)
        self._slots: dict[Identity, _Slot] = {
            "main": _Slot(Lock()),
            "admin": _Slot(Lock()),
            "user": _Slot(Lock(), refresh_token=refresh),
            "graph": _Slot(Lock()),
        }

    def get(self, identity: Identity) -> str:
        """A token that is good for a while yet. Raises IdentityRefused, TerminalError or TransientError."""
        slot = self._slots[self._effective(identity)]
        with slot.lock:
            if self._clock.monotonic() >= slot.good_until:
                self._renew(self._effective(identity), slot)
            return slot.token

    def renew(self, identity: Identity, refused: str) -> str:
        """Another token than the one the service refused; fetched only if nobody else has done so already.

        Raises IdentityRefused where the last renewal was a moment ago: fresh tokens are refused too.
        """
        slot = self._slots[self._effective(identity)]
        with slot.lock:
            if slot.token == refused or not slot.token:
                self._not_again_and_again(slot)
                self._renew(self._effective(identity), slot)
                slot.renewed_at = self._clock.monotonic()
            return slot.token

    def refused(self, identity: Identity) -> IdentityRefused:
        """What to raise where the service has refused a renewed token as well: when to try again."""
        return self._token_refused(self._slots[self._effective(identity)])

    def accepted(self, identity: Identity) -> None:
        """The service has taken a token of this identity: whatever was refused before is over."""
        self._slots[self._effective(identity)].refused_at = None

    def principal_id(self, identity: Identity = "main") -> str | None:
        """The object id of the identity in its tenant (the token's `oid`), or None where it can't be read."""
        oid = _claims(self.get(identity)).get("oid")
        return oid if isinstance(oid, str) and oid else None

    def user_name(self) -> str:
        """The sign-in name of the master user as its token tells it, or "" where it doesn't."""
        claims = _claims(self.get("user"))
        found = (claims.get(name) for name in ("upn", "preferred_username", "unique_name"))
        return next((name for name in found if isinstance(name, str) and name), "")

    def _effective(self, identity: Identity) -> Identity:
        return "main" if identity == "admin" and not self._connection.has_admin else identity

    def _not_again_and_again(self, slot: _Slot) -> None:
        if slot.renewed_at is None or self._clock.monotonic() - slot.renewed_at >= self._renew_every_s:
            return
        raise self._token_refused(slot)

    def _token_refused(self, slot: _Slot) -> IdentityRefused:
        passed = 0.0 if slot.renewed_at is None else self._clock.monotonic() - slot.renewed_at
        wait = timedelta(seconds=max(0.0, self._renew_every_s - passed))
        error = IdentityRefused(
            "token.refused",
            "The service refuses tokens that Entra has just issued.",
            retry_at=self._clock.now() + wait,
        )
        return self._since(slot, self._located(error))

    def _since[E: ServiceError](self, slot: _Slot, error: E) -> E:
        """The error knows for how long its identity has been refused."""
        if isinstance(error, IdentityRefused):
            now = self._clock.monotonic()
            slot.refused_at = now if slot.refused_at is None else slot.refused_at
            error.refused_s = now - slot.refused_at
        return error

    def _renew(self, identity: Identity, slot: _Slot) -> None:
        try:
            issued = self._fetch(identity, slot.refresh_token)
        except IdentityRefused as refused:
            raise self._since(slot, refused) from None
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
        return Attempt(number, self._clock.now(), idempotent=True, jitter=random.random())  # noqa: S311

    def _located[E: ServiceError](self, error: E) -> E:
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
