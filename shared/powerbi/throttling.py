"""What to do with an answer: pure policy over (status, headers, fault, attempt, now), no clock and no I/O.

Three rules: never sooner than the service said; never longer inline than the caller allows (longer waits are
durable timers); and never repeat a write whose answer was lost.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from shared.errors import (
    AlreadyExists,
    AmbiguousWrite,
    BadRequest,
    EntityNotFound,
    NotAuthorized,
    ServiceError,
    TerminalError,
    Throttled,
    TransientError,
    Unavailable,
    WireError,
)
from shared.powerbi.service_errors import ServiceFault

MAX_INLINE_WAIT_S = 5.0
MAX_RETRIES = 4  # of one call; more is a matter of durable timers
BACKOFF_S = 0.5
LONGEST_TOLD_S = 86_400.0  # refreshes are counted per day
UNTOLD_WAIT_S = 30.0  # 429 without any usable number, after the inline tries
_FAR = timedelta(days=365 * 100)  # what no datetime can hold is cut to this

_TOKEN_CODES = frozenset(
    {"tokenexpired", "invalidtoken", "expiredauthenticationtoken", "invalidauthenticationtoken"}
)
_UNAUTHORIZED_CODES = frozenset(
    {
        "powerbinotauthorizedexception",
        "groupnotaccessible",
        "insufficientprivileges",
        "insufficientworkspacerole",
        "principaltypenotsupported",
        "requestdeniedbyinboundpolicy",
    }
)
_TAKEN_CODES = frozenset(
    {
        "powerbientityalreadyexists",
        "powerbientityalreadyexistsexception",
        "addingalreadyexistsgroupusernotsupportederror",
        "pbixalreadyimported",
        "itemdisplaynamealreadyinuse",
        "folderdisplaynamealreadyinuse",
        "duplicateconnectionname",
    }
)
_GONE_CODES = frozenset({"powerbientitynotfound", "itemnotfound", "entitynotfound"})
# The name of what was deleted stays reserved for some minutes; whether the service says so or not, it passes.
_PASSING_CODES = frozenset({"itemdisplaynamenotavailableyet"})
_NOT_IMPLEMENTED = 501
# 404, but the workspace is there: Overwrite found nothing to overwrite
_NOT_REALLY_GONE = ("DuplicatePackageNotFound", "ModelessWorkbookNotFound", "CanNotFindMatchingDatasource")
_IN_BODY = re.compile(r"retry in (\d+(?:\.\d+)?) second", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Return:
    """Give the answer to the caller."""


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Send the same request again after this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class RenewToken:
    """Get another token, then send the same request again."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Raise this."""

    error: ServiceError


Decision = Return | RetryAfter | RenewToken | GiveUp


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the policy knows about one try: its number from 0, and what the call allows."""

    number: int
    now: datetime
    idempotent: bool
    jitter: float = 0.5  # 0..1, drawn by the caller
    max_inline_wait_s: float = MAX_INLINE_WAIT_S
    untold_wait_s: float | None = None  # after a 429 without a number, from the first on


def decide(
    status: int, headers: Mapping[str, str], fault: ServiceFault | WireError | None, attempt: Attempt
) -> Decision:
    """The next step after an answer (`fault` None for success) or after none came (a WireError)."""
    if isinstance(fault, WireError):
        return _no_answer(fault, attempt)
    if fault is None:
        return Return()
    if token_refused(status, headers, fault):
        return RenewToken()
    if status == 429:
        return _throttled(headers, fault, attempt)
    if (status >= 500 and status != _NOT_IMPLEMENTED) or status == 408:
        return _server_error(status, headers, fault, attempt)
    error = refusal(status, fault)
    told = told_wait(headers, fault, attempt.now) if isinstance(error, TransientError) else None
    error.retry_at = None if told is None else _later(attempt.now, told)
    return GiveUp(error)


def token_refused(status: int, headers: Mapping[str, str], fault: ServiceFault) -> bool:
    """The token itself is bad. The service says so by code (with 403), not by status."""
    if status not in (401, 403):
        return False
    challenge = _header(headers, "WWW-Authenticate").lower()
    return "invalid_token" in challenge or any(code.lower() in _TOKEN_CODES for code in fault.codes)


def refusal(status: int, fault: ServiceFault) -> ServiceError:
    """The exception for an answer that is neither success nor overload; unknown codes are terminal."""
    kind = _kind(status, fault)
    return kind(
        fault.code or f"http.{status}",
        fault.message,
        status=status,
        request_id=fault.request_id,
        codes=fault.codes,
    )


def _kind(status: int, fault: ServiceFault) -> type[TerminalError] | type[TransientError]:
    codes = {code.lower() for code in fault.codes}
    if codes & _TAKEN_CODES:
        return AlreadyExists
    if codes & _PASSING_CODES:
        return Unavailable
    if any(part.lower() in code for part in _NOT_REALLY_GONE for code in codes):
        return BadRequest
    if status == 404 or codes & _GONE_CODES:
        return EntityNotFound
    if status in (401, 403) or codes & _UNAUTHORIZED_CODES:
        return NotAuthorized
    # Fabric marks refusals that pass by themselves, such as a name that is still reserved.
    return Unavailable if fault.retriable else BadRequest


def told_wait(headers: Mapping[str, str], fault: ServiceFault | None, now: datetime) -> float | None:
    """Seconds the service told us to wait: the longer of header and text, or None where it did not.

    More than the longest window of any quota is no time to wait for but a mistake, and tells nothing.
    """
    waits = [_header_wait(headers, now)]
    if fault is not None:
        waits += [float(number) for number in _IN_BODY.findall(fault.message)]
    known = [wait for wait in waits if wait is not None and wait <= LONGEST_TOLD_S]
    return max(known) if known else None


def _header_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    text = _header(headers, "Retry-After").strip()
    try:
        seconds = float(text)
    except ValueError:
        return _date_wait(text, _parsed_date(_header(headers, "Date")) or now)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _date_wait(text: str, reference: datetime) -> float | None:
    """Until an HTTP date, by the service's own clock where it sent one: ours may be wrong."""
    date = _parsed_date(text)
    return None if date is None else max(0.0, (date - reference).total_seconds())


def _parsed_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _throttled(headers: Mapping[str, str], fault: ServiceFault, attempt: Attempt) -> Decision:
    """429: the request had no effect, so even a write may be sent again."""
    told = told_wait(headers, fault, attempt.now)
    told = attempt.untold_wait_s if told is None else told
    wait = max(told or 0.0, _backoff(attempt))
    if attempt.number < MAX_RETRIES and wait <= attempt.max_inline_wait_s:
        return RetryAfter(wait)
    wait = max(told if told is not None else UNTOLD_WAIT_S, wait)
    return GiveUp(
        Throttled(
            _later(attempt.now, wait),
            fault.message,
            status=429,
            request_id=fault.request_id,
            codes=fault.codes,
        )
    )


def _server_error(status: int, headers: Mapping[str, str], fault: ServiceFault, attempt: Attempt) -> Decision:
    told = told_wait(headers, fault, attempt.now)
    wait = max(told or 0.0, _backoff(attempt))
    if attempt.idempotent and attempt.number < MAX_RETRIES and wait <= attempt.max_inline_wait_s:
        return RetryAfter(wait)
    kind = Unavailable if attempt.idempotent else AmbiguousWrite
    return GiveUp(
        kind(
            fault.code,
            fault.message,
            status=status,
            request_id=fault.request_id,
            codes=fault.codes,
            retry_at=None if told is None else _later(attempt.now, told),
        )
    )


def _no_answer(error: WireError, attempt: Attempt) -> Decision:
    if not error.trusted:
        return GiveUp(TerminalError("tls.untrusted", error.message))
    if error.sent and not attempt.idempotent:
        return GiveUp(AmbiguousWrite(error.code, error.message))
    wait = _backoff(attempt)
    if attempt.number < MAX_RETRIES and wait <= attempt.max_inline_wait_s:
        return RetryAfter(wait)
    return GiveUp(Unavailable(error.code, error.message))


def _backoff(attempt: Attempt) -> float:
    """0.5 s doubling, each between 50 % and 100 %, so that clients that failed together come back apart."""
    return BACKOFF_S * 2**attempt.number * (0.5 + attempt.jitter / 2)


def _later(now: datetime, seconds: float) -> datetime:
    try:
        return now + min(timedelta(seconds=seconds), _FAR)
    except OverflowError:
        return now + _FAR


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")
