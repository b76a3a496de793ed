"""Error answers are in no contract; what can be asked is that each has a shape the service is known to use."""

from typing import Any

Body = dict[str, Any]


def error_faults(status: int, body: Any) -> list[str]:
    """Shapes 1 to 5 of FACTS 0 (6 and 7 sit inside answers of status 200)."""
    if body is None or isinstance(body, str):
        return []
    if isinstance(body, dict) and (_envelope(body) or _message(body) or _entra(body) or _fabric(body)):
        return []
    return [f"status {status} with a body of no known error shape: {str(body)[:200]}"]


def _envelope(body: Body) -> bool:
    """`{"error": {"code", "message"?, "pbi.error"?}}`; some operations add the request's id beside it."""
    error = body.get("error")
    return isinstance(error, dict) and isinstance(error.get("code"), str)


def _message(body: Body) -> bool:
    return len(body) == 1 and any(isinstance(body.get(key), str) for key in ("message", "Message"))


def _entra(body: Body) -> bool:
    return isinstance(body.get("error"), str) and isinstance(body.get("error_description"), str)


def _fabric(body: Body) -> bool:
    return isinstance(body.get("errorCode"), str) and isinstance(body.get("message"), str)
