"""Every exception becomes an answer of the contract's form; what nobody foresaw shows no detail."""

from __future__ import annotations

import json
import logging
from typing import Any

import azure.functions as func
import pytest
from azure.core.exceptions import ServiceRequestError

from shared.errors import (
    AppError,
    Away,
    ConfigError,
    Conflict,
    ContentError,
    InvalidInput,
    NotFound,
    SettingFault,
    Unavailable,
)
from shared.web import answer, guarded, text_csv

FAULT = {"field": "source", "message": "is missing", "remedy": "give it"}


def raised(error: BaseException) -> tuple[int, dict[str, Any]]:
    def respond() -> Any:
        raise error

    response = guarded(respond)
    assert response.mimetype == "application/json"
    body = json.loads(response.get_body())
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "details"}
    return response.status_code, body["error"]


@pytest.mark.parametrize(
    ("error", "status", "code", "details"),
    [
        (InvalidInput([FAULT]), 400, "request.invalid", [FAULT]),
        (NotFound("no such thing", "migration.unknown"), 404, "migration.unknown", []),
        (
            Conflict("not now", ["cutover"], "migration.status"),
            409,
            "migration.status",
            [{"allowed": ["cutover"]}],
        ),
        (Conflict("never"), 409, "conflict", [{"allowed": []}]),
        (
            ConfigError([SettingFault("X", "wrong", "right")]),
            409,
            "config.invalid",
            [{"field": "X", "message": "wrong", "remedy": "right"}],
        ),
    ],
)
def test_what_a_person_can_mend_is_named(error: AppError, status: int, code: str, details: list[Any]) -> None:
    assert raised(error)[0] == status
    assert (raised(error)[1]["code"], raised(error)[1]["details"]) == (code, details)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("secret detail"),
        KeyError("secret detail"),
        Unavailable("x", "secret detail"),
        ContentError("content.gone", "secret detail"),
        UnicodeEncodeError("utf-8", "secret detail", 0, 1, "secret detail"),
    ],
)
def test_what_nobody_foresaw_is_logged_under_an_id_and_shown_without_detail(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        status, shown = raised(error)
    assert (status, shown["code"], shown["details"]) == (500, "internal", [])
    assert "secret detail" not in json.dumps(shown)
    identity = shown["message"].rpartition(" ")[2].rstrip(".")
    (record,) = caplog.records
    assert identity in record.getMessage()
    # Where an app was configured in this process before, the redaction filter has turned it into text already.
    assert (record.exc_info and record.exc_info[1] is error) or type(error).__name__ in (
        record.exc_text or ""
    )


@pytest.mark.parametrize(
    "error", [Away(), TimeoutError("a row of everybody"), ServiceRequestError("refused, secret detail")]
)
def test_storage_that_is_away_is_said_to_be_with_a_time_to_come_again(error: Exception) -> None:
    def respond() -> func.HttpResponse:
        raise error

    answered = guarded(respond)
    shown = json.loads(answered.get_body())["error"]
    assert (answered.status_code, shown["code"], shown["details"]) == (503, "storage.away", [])
    assert int(answered.headers["Retry-After"]) > 0
    assert "detail" not in shown["message"]


def test_an_answer_is_utf8_json_as_it_is() -> None:
    response = answer({"name": "Größe 数据 🚀"}, 202, {"Location": "/x"})
    assert "Größe 数据 🚀".encode() in response.get_body()
    assert (response.status_code, response.headers["Location"], response.charset) == (202, "/x", "utf-8")


def test_a_csv_begins_with_the_mark_of_its_encoding() -> None:
    response = text_csv(iter(["ä,b\r\n", "c,d\r\n"]))
    assert response.get_body() == "\ufeffä,b\r\nc,d\r\n".encode()
    assert response.mimetype == "text/csv"
