"""HTTP answers: JSON bodies, and every exception as `{"error": {"code", "message", "details"}}`.

A failure nobody foresaw answers with a correlation id only; the log has the rest under that id. Where storage is
away, the answer says so, and when to come again: every request may simply be repeated.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import azure.functions as func

from shared.assessment import report
from shared.errors import AppError, Away, ConfigError, Conflict, InvalidInput, NotFound
from shared.listings import Download
from shared.storage import is_outage

log = logging.getLogger(__name__)

RETRY_AFTER_S = "10"
TOKEN = "x-continuation-token"  # noqa: S105 - a position in a list, where a body can't hold it
_MARK = "\ufeff"  # by which spreadsheets know UTF-8
_STATUS: dict[type[AppError], int] = {InvalidInput: 400, NotFound: 404, Conflict: 409, ConfigError: 409}


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> func.HttpResponse:
    text = json.dumps(body, ensure_ascii=False)
    return func.HttpResponse(
        _utf8(text), status_code=status, headers=headers, mimetype="application/json", charset="utf-8"
    )


def text_csv(pieces: Iterable[str]) -> func.HttpResponse:
    """A CSV file in UTF-8 with the mark by which spreadsheets know that it is."""
    return func.HttpResponse(_utf8(_MARK + "".join(pieces)), mimetype="text/csv", charset="utf-8")


def html(text: str) -> func.HttpResponse:
    """A page of ours: it may show itself with its own styles, and do nothing else, wherever it is framed or opened."""
    headers = {
        "Content-Security-Policy": f"{report.policy()}; frame-ancestors 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return func.HttpResponse(_utf8(text), headers=headers, mimetype="text/html", charset="utf-8")


def download(file: Download) -> func.HttpResponse:
    """A file, or a page of it with the token of the next one in a header."""
    text = "".join(file.pieces)
    if file.media == "text/html":
        return html(text)
    headers = {
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "X-Content-Type-Options": "nosniff",
    }
    if file.token:
        headers[TOKEN] = file.token
    mark = _MARK if file.media == "text/csv" and file.is_first else ""
    return func.HttpResponse(_utf8(mark + text), headers=headers, mimetype=file.media, charset="utf-8")


def _utf8(text: str) -> bytes:
    """Half a character (a lone surrogate in somebody's name) must not cost the whole answer."""
    return text.encode(errors="replace")


def guarded(respond: Callable[[], func.HttpResponse]) -> func.HttpResponse:
    """Run a handler; what it raises becomes an error answer."""
    try:
        return respond()
    except Exception as error:  # noqa: BLE001 - the outermost frame: logged under an id, answered without detail
        return _refusal(error)


def not_found(request: func.HttpRequest) -> func.HttpResponse:
    """What is not built (yet), said in the form of every other error."""
    return _error(
        404, "route.unknown", f"There is no {request.method} {urlsplit(request.url).path[:200]}.", []
    )


def _refusal(error: Exception) -> func.HttpResponse:
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    if isinstance(error, AppError) and status != 500:
        return _error(status, error.code, error.message, error.details)
    return _away(error) if is_outage(error) else _unforeseen(error)


def _away(error: Exception) -> func.HttpResponse:
    log.warning("storage is away: %s", type(error).__name__)
    away = Away()
    return _error(503, away.code, away.message, [], {"Retry-After": RETRY_AFTER_S})


def _unforeseen(error: Exception) -> func.HttpResponse:
    identity = str(uuid.uuid4())
    log.error("request failed, correlation id %s", identity, exc_info=error)
    return _error(500, "internal", f"Something went wrong on our side; correlation id {identity}.", [])


def _error(
    status: int,
    code: str,
    message: str,
    details: list[dict[str, Any]],
    headers: dict[str, str] | None = None,
) -> func.HttpResponse:
    return answer({"error": {"code": code, "message": message, "details": details}}, status, headers)
