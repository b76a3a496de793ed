"""Bytes from people into JSON values: strictly, and never more of them than the app can bear.

What other readers let pass (duplicate names, NaN, lone surrogates, numbers without end) means different things to
different programs; what is too long or too deep would cost memory or the stack.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from shared.errors import InvalidInput

MAX_BYTES = 16 * 1024 * 1024  # 50,000 principals are some 5 MB
_DEPTH = 32  # of objects and lists in each other; the request itself needs three
_DIGITS = 400  # more than any number that means something


def parse_json(raw: bytes) -> Any:
    """Strict JSON (UTF-8, no NaN, no duplicate keys) of bounded size and depth; InvalidInput otherwise."""
    if len(raw) > MAX_BYTES:
        raise _unreadable(f"the body has {len(raw)} bytes, at most {MAX_BYTES} are read")
    try:
        body = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_whole_number,
        )
        # A lone surrogate, or a number too large to be one, can't be stored or sent anywhere.
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as bad:
        raise _unreadable(f"the body is not valid JSON: {bad}") from bad
    if _is_deeper(body, _DEPTH):
        raise _unreadable(f"the body has more than {_DEPTH} objects and lists in each other")
    return body


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name[:80]!r} stands twice")
        found[name] = value
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _whole_number(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError(f"a number has {len(text)} digits")
    return int(text)


def _is_deeper(body: Any, depth: int) -> bool:
    """Level by level, so that no depth is too much for it."""
    level = [body]
    for _ in range(depth + 1):
        level = [inner for outer in level for inner in _inside(outer)]
    return bool(level)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def _unreadable(message: str) -> InvalidInput:
    fault = {"field": "", "message": message, "remedy": "send one JSON object"}
    return InvalidInput([fault])
