"""The retry policy: never sooner than told, never a write twice, the service's swapped 401 and 403."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import (
    AlreadyExists,
    AmbiguousWrite,
    BadRequest,
    EntityNotFound,
    NotAuthorized,
    ServiceError,
    TerminalError,
    Throttled,
    Unavailable,
    WireError,
)
from shared.powerbi.service_errors import ServiceFault
from shared.powerbi.throttling import (
    MAX_RETRIES,
    Attempt,
    GiveUp,
    RenewToken,
    RetryAfter,
    Return,
    decide,
    told_wait,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FAULT = ServiceFault("code", "text", "r", ("code",))


def attempt(number: int = 0, *, idempotent: bool = True, jitter: float = 0.5) -> Attempt:
    return Attempt(number, NOW, idempotent, jitter)


def wait_of(decision: object) -> float:
    """The wait a decision stands for, whether inline or by a durable timer."""
    if isinstance(decision, RetryAfter):
        return decision.seconds
    assert isinstance(decision, GiveUp)
    assert isinstance(decision.error, Throttled)
    return (decision.error.retry_at - NOW).total_seconds()


def given_up(decision: object) -> ServiceError:
    assert isinstance(decision, GiveUp)
    return decision.error


@given(
    seconds=st.integers(0, 86_400),
    form=st.sampled_from(["seconds", "decimal", "date", "body", "both"]),
    number=st.integers(0, 8),
    idempotent=st.booleans(),
    jitter=st.floats(0, 1),
)
def test_a_429_is_never_retried_sooner_than_told(
    seconds: int, form: str, number: int, idempotent: bool, jitter: float
) -> None:
    headers = {
        "seconds": {"Retry-After": str(seconds)},
        "decimal": {"retry-after": f"{seconds}.0"},
        "date": {"RETRY-AFTER": format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)},
        "body": {},
        "both": {"Retry-After": str(seconds // 2)},
    }[form]
    text = f"You have exceeded the amount. Retry in {seconds} seconds." if form in ("body", "both") else ""
    fault = ServiceFault("http.429", text)
    assert (
        wait_of(decide(429, headers, fault, attempt(number, idempotent=idempotent, jitter=jitter))) >= seconds
    )


@pytest.mark.parametrize("value", ["", "-5", "soon", "nan", "inf", "Wed, 99 Foo 2026", "1e400", "٣٠"])
def test_a_429_without_a_usable_number_still_waits(value: str) -> None:
    assert 0 < wait_of(decide(429, {"Retry-After": value}, FAULT, attempt())) <= 86400
    assert wait_of(decide(429, {"Retry-After": value}, FAULT, attempt(MAX_RETRIES))) >= 1


@pytest.mark.parametrize("value", ["1000000000", "1e9", "1e18"])
def test_an_absurd_wait_is_no_time_at_all(value: str) -> None:
    assert told_wait({"Retry-After": value}, None, NOW) is None
    assert told_wait({"Retry-After": "86400"}, None, NOW) == 86400
    assert 0 < wait_of(decide(429, {"Retry-After": value}, FAULT, attempt())) <= 30


def test_a_date_is_read_by_the_services_own_clock() -> None:
    """Ours may be hours off; what counts is the distance between its two dates."""
    skewed = NOW - timedelta(hours=26)
    headers = {
        "Date": format_datetime(skewed, usegmt=True),
        "Retry-After": format_datetime(skewed + timedelta(seconds=90), usegmt=True),
    }
    assert told_wait(headers, None, NOW) == 90


def test_short_waits_are_inline_and_long_ones_leave_the_call() -> None:
    assert decide(429, {"Retry-After": "5"}, FAULT, attempt()) == RetryAfter(5)
    error = given_up(decide(429, {"Retry-After": "6"}, FAULT, attempt()))
    assert isinstance(error, Throttled)
    assert error.retry_at == NOW + timedelta(seconds=6)


def test_a_429_is_inline_for_writes_too_but_only_so_often() -> None:
    assert isinstance(decide(429, {"Retry-After": "1"}, FAULT, attempt(idempotent=False)), RetryAfter)
    assert isinstance(given_up(decide(429, {"Retry-After": "1"}, FAULT, attempt(MAX_RETRIES))), Throttled)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_server_errors_are_repeated_for_reads_and_never_for_writes(status: int) -> None:
    assert isinstance(decide(status, {}, FAULT, attempt()), RetryAfter)
    assert isinstance(given_up(decide(status, {}, FAULT, attempt(MAX_RETRIES))), Unavailable)
    assert isinstance(given_up(decide(status, {}, FAULT, attempt(idempotent=False))), AmbiguousWrite)


def test_an_unavailable_service_that_names_a_time_is_believed() -> None:
    error = given_up(decide(503, {"Retry-After": "120"}, FAULT, attempt()))
    assert isinstance(error, Unavailable)
    assert error.retry_at == NOW + timedelta(seconds=120)


def test_no_answer() -> None:
    lost, refused = WireError("reset", sent=True), WireError("refused", sent=False)
    assert isinstance(decide(0, {}, lost, attempt()), RetryAfter)
    assert isinstance(given_up(decide(0, {}, lost, attempt(MAX_RETRIES))), Unavailable)
    assert isinstance(given_up(decide(0, {}, lost, attempt(idempotent=False))), AmbiguousWrite)
    assert isinstance(decide(0, {}, refused, attempt(idempotent=False)), RetryAfter)
    assert isinstance(given_up(decide(0, {}, refused, attempt(MAX_RETRIES, idempotent=False))), Unavailable)
    untrusted = given_up(decide(0, {}, WireError("certificate", sent=False, trusted=False), attempt()))
    assert isinstance(untrusted, TerminalError)


@pytest.mark.parametrize("code", ["TokenExpired", "InvalidToken", "tokenexpired"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_to_be_renewed(status: int, code: str) -> None:
    fault = ServiceFault(code, codes=(code,))
    assert decide(status, {}, fault, attempt(idempotent=False)) == RenewToken()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "GroupNotAccessible"),
        (403, "http.403"),
        (401, "PowerBINotAuthorizedException"),
        (400, "TokenExpired"),
    ],
)
def test_missing_rights_are_not_a_token_matter(status: int, code: str) -> None:
    assert not isinstance(decide(status, {}, ServiceFault(code, codes=(code,)), attempt()), RenewToken)


def test_the_standard_challenge_renews_and_the_conditional_access_one_does_not() -> None:
    bad_token = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    claims = {"www-authenticate": 'Bearer error="insufficient_claims", claims="e30="'}
    assert decide(401, bad_token, FAULT, attempt()) == RenewToken()
    assert isinstance(given_up(decide(401, claims, FAULT, attempt())), NotAuthorized)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "PowerBIEntityAlreadyExists", AlreadyExists),
        (400, "AddingAlreadyExistsGroupUserNotSupportedError", AlreadyExists),
        (400, "PbixAlreadyImported", AlreadyExists),
        (404, "PowerBIEntityNotFound", EntityNotFound),
        (404, "", EntityNotFound),
        (404, "DuplicatePackageNotFoundError", BadRequest),
        (404, "ExportPBIX_ModelessWorkbookNotFound", BadRequest),
        (409, "MoreThanOneDuplicatePackageFoundError", BadRequest),
        (401, "GroupNotAccessible", NotAuthorized),
        (403, "", NotAuthorized),
        (400, "NeverHeardOf", BadRequest),
        (302, "", BadRequest),
    ],
)
def test_refusals(status: int, code: str, kind: type[ServiceError]) -> None:
    fault = ServiceFault(code, "the text", "r1", (code,) if code else ())
    error = given_up(decide(status, {}, fault, attempt()))
    assert type(error) is kind
    assert (error.message, error.request_id, error.status) == ("the text", "r1", status)


def test_fabric_names_refusals_that_pass() -> None:
    fault = ServiceFault("ItemDisplayNameNotAvailableYet", codes=("x",), retriable=True)
    assert isinstance(given_up(decide(400, {}, fault, attempt())), Unavailable)


def test_success_is_returned() -> None:
    assert decide(200, {}, None, attempt()) == Return()


def test_backoff_grows_and_stays_inline() -> None:
    waits = [wait_of(decide(500, {}, FAULT, attempt(number, jitter=1))) for number in range(MAX_RETRIES)]
    assert waits == [0.5, 1, 2, 4]
