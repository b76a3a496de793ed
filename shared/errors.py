"""The one exception tree of the app, and the one function that decides whether trying again makes sense.

AppError
├── ConfigError              settings are wrong: .faults = [(setting, what, remedy)]
├── InvalidInput             a person's input is wrong: .faults, becomes HTTP 400
├── NotFound                 no such object of ours: HTTP 404
├── Conflict                 not in this state: .allowed, HTTP 409
├── Away                     storage or the task hub can't be reached: HTTP 503, and activities wait
├── ContentError             bytes that are not what they should be; `transient` where reading again may help
├── WireError                no answer on the wire; inside the client only, it becomes one of the next
├── EntraBusy                (powerbi/entra.py) Entra is overloaded; inside the token cache only, likewise
└── ServiceError             a service refused or did not answer: code, message, status, request_id …
    ├── TransientError       try again (raise it out of an activity)
    │   ├── Throttled        told to wait: .retry_at
    │   ├── Unavailable      5xx, connection refused, timeout of a call that may be repeated
    │   └── AmbiguousWrite   the answer of a write was lost: look before you write again
    ├── IdentityRefused      credentials or fresh tokens refused: waited for where work is under way
    └── TerminalError        the same call would fail again (becomes a failed outcome with .code)
        ├── NotAuthorized    no right, no such identity
        ├── EntityNotFound   gone, or not visible to the caller
        ├── AlreadyExists    the name or the principal is taken
        ├── BadRequest       everything else the service refuses; also codes we do not know
        ├── IncompletePages  a list that can't be read to its end
        └── ForbiddenHost    an address outside the connection's allow-list; nothing was sent
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


class AppError(Exception):
    """Base of all this app raises on purpose: a stable `code`, a readable `message`, `details` as JSON."""

    def __init__(
        self, message: str, code: str = "app.error", details: list[dict[str, Any]] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.details: list[dict[str, Any]] = details or []


@dataclass(frozen=True, slots=True)
class SettingFault:
    """One wrong setting: its name, what is wrong with it, what to do."""

    setting: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.setting}: {self.what} ({self.remedy})"


class ConfigError(AppError):
    """The settings can't be used; every fault is named at once."""

    def __init__(self, faults: Sequence[SettingFault]) -> None:
        lines = "\n".join(f"  {fault}" for fault in faults)
        details = [{"field": f.setting, "message": f.what, "remedy": f.remedy} for f in faults]
        super().__init__(f"{len(faults)} setting(s) can't be used:\n{lines}", "config.invalid", details)
        self.faults = tuple(faults)


class InvalidInput(AppError):
    """What a person sent can't be used; faults are `{"field", "message", "remedy"}`."""

    def __init__(self, faults: list[dict[str, Any]], message: str = "The request can't be used.") -> None:
        super().__init__(message, "request.invalid", faults)
        self.faults = faults


class NotFound(AppError):
    """There is no such object of ours."""

    def __init__(self, message: str, code: str = "notFound") -> None:
        super().__init__(message, code)


class Conflict(AppError):
    """Not possible in the present state; `allowed` names what is, even where that is nothing."""

    def __init__(self, message: str, allowed: Sequence[str] = (), code: str = "conflict") -> None:
        super().__init__(message, code, [{"allowed": list(allowed)}])
        self.allowed = tuple(allowed)


class Away(AppError):
    """What this app itself stands on can't be reached; nothing is lost, and trying again later helps."""

    def __init__(self, message: str = "Storage can't be reached at present; try again in a moment.") -> None:
        super().__init__(message, "storage.away")


class ContentError(AppError):
    """Bytes that are not what they should be: cut short, not a ZIP, another hash."""

    def __init__(self, code: str, message: str, *, transient: bool = False) -> None:
        super().__init__(message, code)
        self.transient = transient


class WireError(AppError):
    """No (whole) answer came. `sent` is False only where the request can't have reached the service."""

    def __init__(self, message: str, *, sent: bool, trusted: bool = True) -> None:
        super().__init__(message, "wire.timeout" if "timed out" in message else "wire.failed")
        self.sent = sent
        self.trusted = trusted  # False: the certificate of the other side was refused


class ServiceError(AppError):
    """A service refused, or did not answer. `codes` holds every code found in the answer, outermost first."""

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int = 0,
        request_id: str = "",
        operation: str = "",
        connection: str = "",
        codes: Sequence[str] = (),
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(message or code, code)
        self.status = status
        self.request_id = request_id
        self.operation = operation
        self.connection = connection
        self.codes = tuple(codes) or (code,)
        self.retry_at = retry_at

    def __str__(self) -> str:
        where = " ".join(part for part in (self.connection, self.operation) if part)
        status = f"HTTP {self.status}" if self.status else ""
        request = f"request {self.request_id}" if self.request_id else ""
        head = ", ".join(part for part in (where, status, self.code, request) if part)
        return f"{head}: {self.message}" if self.message != self.code else head

    def mentions(self, *fragments: str) -> bool:
        """True where any fragment occurs in a code or the text (codes come with changing prefixes)."""
        text = " ".join((*self.codes, self.message)).lower()
        return any(fragment.lower() in text for fragment in fragments)


class TransientError(ServiceError):
    """The same call may succeed later; `retry_at` is the earliest time the service named, if it did."""


class Throttled(TransientError):
    """The service told us to wait longer than a call may wait by itself; `retry_at` is always set."""

    retry_at: datetime

    def __init__(
        self, retry_at: datetime, message: str = "", *, code: str = "throttled", **where: Any
    ) -> None:
        super().__init__(
            code, message or f"told to wait until {retry_at.isoformat()}", retry_at=retry_at, **where
        )


class Unavailable(TransientError):
    """The service is away, or the answer of a call that may simply be repeated was lost."""


class AmbiguousWrite(TransientError):
    """A write may or may not have happened: its answer was lost. Look before writing again."""


class IdentityRefused(ServiceError):
    """Entra refuses the credentials, or the service every token: people rotate secrets, and may be at it.

    No handler of missing rights must take it for one, so it is no NotAuthorized. `refused_s` is for how long
    that identity has been refused.
    """

    refused_s: float = 0.0


class TerminalError(ServiceError):
    """The same call would fail again."""


class NotAuthorized(TerminalError):
    """The identity lacks the right, or there is no such identity."""


class EntityNotFound(TerminalError):
    """Gone, or not visible to the caller (the service makes no difference)."""


class AlreadyExists(TerminalError):
    """The name is taken, or the principal is already in."""


class BadRequest(TerminalError):
    """Refused for what was asked; also every code we do not know."""


class IncompletePages(TerminalError):
    """A list could not be read to its end; never treated as a shorter list."""


class ForbiddenHost(TerminalError):
    """An address outside the connection's allow-list; refused before a socket opened."""


def is_transient(error: BaseException) -> bool:
    """The only place that decides 'try again' (True) against 'the same would happen again' (False)."""
    if isinstance(error, ContentError):
        return error.transient
    return isinstance(error, TransientError)
