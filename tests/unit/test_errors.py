"""The exception tree: what is tried again, and what people and machines can read from an error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.errors import (
    AlreadyExists,
    AmbiguousWrite,
    AppError,
    BadRequest,
    ConfigError,
    Conflict,
    ContentError,
    EntityNotFound,
    ForbiddenHost,
    IncompletePages,
    InvalidInput,
    NotAuthorized,
    NotFound,
    ServiceError,
    SettingFault,
    Throttled,
    Unavailable,
    WireError,
    is_transient,
)

SOON = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    "error",
    [
        Throttled(SOON),
        Unavailable("x"),
        AmbiguousWrite("x"),
        ContentError("content.truncated", "", transient=True),
    ],
)
def test_tried_again(error: AppError) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        NotAuthorized("x"),
        EntityNotFound("x"),
        AlreadyExists("x"),
        BadRequest("x"),
        IncompletePages("x"),
        ForbiddenHost("x"),
        ContentError("content.changed", ""),
        NotFound("x"),
        Conflict("x"),
        InvalidInput([]),
        ConfigError([]),
        ValueError("x"),
    ],
)
def test_not_tried_again(error: Exception) -> None:
    assert not is_transient(error)


def test_every_error_of_ours_has_code_message_and_details() -> None:
    fault = SettingFault("POLL_SCALE", "is not a number", "use 1")
    assert ConfigError([fault]).details == [
        {"field": "POLL_SCALE", "message": "is not a number", "remedy": "use 1"}
    ]
    assert Conflict("no", ["pause", "cancel"]).details == [{"allowed": ["pause", "cancel"]}]
    assert InvalidInput([{"field": "source"}]).details == [{"field": "source"}]
    assert WireError("timed out", sent=True).code == "wire.timeout"
    for kind in (NotFound("gone"), Conflict("no"), InvalidInput([])):
        assert kind.code
        assert kind.message


def test_a_service_error_says_where_and_what() -> None:
    error = BadRequest("Code", "text", status=400, request_id="r1", operation="Op", connection="contoso")
    assert str(error) == "contoso Op, HTTP 400, Code, request r1: text"
    assert str(ServiceError("Code")) == "Code"
    assert Throttled(SOON).retry_at == SOON


def test_codes_are_matched_by_fragment_in_any_case() -> None:
    error = BadRequest("ServerError_PremiumFilesErrors_XNotSupported", codes=("Outer", "InnerCode"))
    assert error.mentions("innercode")
    assert not error.mentions("other", "nothing")
