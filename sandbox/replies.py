"""What the service answers: one reply type, and every error shape that the real one has been seen to use."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Reply:
    """A whole body, or a stream of chunks (then without a length unless `length` is given)."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    stream: Iterator[bytes] | None = None
    length: int | None = None


class ApiError(Exception):
    """An answer that is not a success; `code` lets the Fabric family dress it in its own shape."""

    def __init__(self, reply: Reply, code: str = "", message: str = "") -> None:
        super().__init__(f"{reply.status} {code} {message}")
        self.reply, self.code, self.message = reply, code, message


def json_reply(payload: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    body = json.dumps(payload, ensure_ascii=False).encode()
    return Reply(status, body, {"content-type": "application/json; charset=utf-8"} | (headers or {}))


def listing(values: list[Any], context: str = "") -> Reply:
    prefix = {"@odata.context": f"http://localhost/v1.0/myorg/$metadata#{context}"} if context else {}
    return json_reply(prefix | {"value": values})


def refused(status: int, code: str, detail: str = "", message: str = "") -> ApiError:
    """Shape 1: the envelope; the useful text is in pbi.error.details, `message` is often missing."""
    details = [{"code": "DetailsMessage", "detail": {"type": 1, "value": detail}}] if detail else []
    error: dict[str, Any] = {"code": code}
    if message:
        error["message"] = message
    error["pbi.error"] = {"code": code, "parameters": {}, "details": details, "exceptionCulprit": 1}
    return ApiError(
        json_reply({"error": error}, status, {"x-powerbi-error-info": code}), code, detail or message
    )


def too_many(text: str, headers: dict[str, str]) -> ApiError:
    """Shape 2: throttling is not in the error envelope."""
    return ApiError(json_reply({"message": text}, 429, headers), "RequestBlocked", text)


def not_for_applications() -> ApiError:
    """Shape 2, capital M: the tenant setting for service principals is off for this one."""
    text = "API is not accessible for application"
    return ApiError(json_reply({"Message": text}, 401), "InsufficientPrivileges", text)


def entra_error(status: int, error: str, number: int, text: str, request_id: str) -> ApiError:
    """Shape 3: `error` is a string."""
    body = {
        "error": error,
        "error_description": f"AADSTS{number}: {text} Trace ID: {request_id} Correlation ID: {request_id}",
        "error_codes": [number],
        "trace_id": request_id,
        "correlation_id": request_id,
    }
    return ApiError(json_reply(body, status), error, text)


def fabric_error(error: ApiError, request_id: str) -> Reply:
    """Shape 4: what a refusal looks like on the Fabric paths."""
    code = error.code or "UnknownError"
    body = {
        "requestId": request_id,
        "errorCode": code,
        "message": error.message or code,
        "isRetriable": error.reply.status == 429,
    }
    kept = {key: value for key, value in error.reply.headers.items() if key == "retry-after"}
    return json_reply(body, error.reply.status, kept | {"x-ms-public-api-error-code": code})


def graph_error(error: ApiError, request_id: str) -> Reply:
    """Microsoft Graph's own: here a token that is not accepted is a 401."""
    token = error.code in ("InvalidToken", "TokenExpired")
    code = "InvalidAuthenticationToken" if token else error.code or "UnknownError"
    inner = {"request-id": request_id, "client-request-id": request_id}
    body = {"error": {"code": code, "message": error.message or code, "innerError": inner}}
    kept = {key: value for key, value in error.reply.headers.items() if key == "retry-after"}
    return json_reply(body, 401 if token else error.reply.status, kept)


def token_refused(reason: str) -> ApiError:
    """Shape 5: an empty body, the reason in a header; 403 because the service swaps 401 and 403."""
    return ApiError(Reply(403, b"", {"x-powerbi-error-info": reason}), reason, "The token was refused")


def plain(status: int, text: str) -> ApiError:
    """Shape 5: plain text."""
    return ApiError(Reply(status, text.encode(), {"content-type": "text/plain; charset=utf-8"}), "", text)


def blob_error(status: int, code: str, text: str, request_id: str) -> ApiError:
    message = f"<Message>{text}\nRequestId:{request_id}</Message>"
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code>{message}</Error>'
    headers = {"content-type": "application/xml", "x-ms-error-code": code}
    return ApiError(Reply(status, b"\xef\xbb\xbf" + body.encode(), headers), code, text)


def unauthorized() -> ApiError:
    return refused(401, "PowerBINotAuthorizedException")


def not_found(code: str = "PowerBIEntityNotFound") -> ApiError:
    return refused(404, code)


def bad_request(detail: str, code: str = "InvalidRequest") -> ApiError:
    return refused(400, code, detail, message=detail)
