"""JSON of somebody else: read with bounds, and walked without trusting how deep it goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, cast

from shared.content.encoding import decode
from shared.errors import ContentError

type Json = dict[str, Any]

_DEPTH = 200  # objects and lists in each other; a visual's deepest filter is at some 40


def load(data: bytes, what: str) -> Any:
    """The JSON value in the bytes of `what`; ContentError where there is none."""
    text, _ = decode(data, what)
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as bad:
        raise ContentError("content.json", f"{what} is not valid JSON: {_short(bad)}") from bad


def load_object(data: bytes, what: str) -> Json:
    value = load(data, what)
    if not isinstance(value, dict):
        raise ContentError("content.json", f"{what} holds no JSON object")
    return cast(Json, value)


def dump(value: Any) -> bytes:
    """As the service's own files are written: readable, in UTF-8."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=2).encode()
    except (ValueError, RecursionError) as bad:  # a lone surrogate is a ValueError
        raise ContentError("content.json", f"the content can't be written as JSON: {_short(bad)}") from bad


def map_strings(value: Any, change: Callable[[str], str], depth: int = 0) -> Any:
    """A copy with every string, also every name in an object, changed."""
    _check(depth)
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        pairs = cast(Json, value).items()
        return {change(name): map_strings(inner, change, depth + 1) for name, inner in pairs}
    if isinstance(value, list):
        return [map_strings(inner, change, depth + 1) for inner in cast(list[Any], value)]
    return value


def objects(value: Any, depth: int = 0) -> Iterator[Json]:
    """Every object in it, outermost first."""
    _check(depth)
    if isinstance(value, dict):
        yield cast(Json, value)
        for inner in cast(Json, value).values():
            yield from objects(inner, depth + 1)
    elif isinstance(value, list):
        for inner in cast(list[Any], value):
            yield from objects(inner, depth + 1)


def field(value: Any, *names: str) -> Any:
    """The value at a path of names; None where the path ends early, whatever stands there instead."""
    for name in names:
        value = cast(Json, value).get(name) if isinstance(value, dict) else None
    return value


def rows(value: Any, *names: str) -> list[Json]:
    """The objects of the list at a path; nothing where there is no such list."""
    found = field(value, *names)
    listed = cast(list[Any], found) if isinstance(found, list) else []
    return [cast(Json, row) for row in listed if isinstance(row, dict)]


def text(value: Any, *names: str) -> str:
    """The text at a path; "" where there is none. Lines kept as a list (TMSL expressions) are joined."""
    found = field(value, *names)
    if isinstance(found, list):
        return "\n".join(line for line in cast(list[Any], found) if isinstance(line, str))
    return found if isinstance(found, str) else ""


def _check(depth: int) -> None:
    if depth > _DEPTH:
        raise ContentError("content.tooDeep", f"the JSON has over {_DEPTH} objects and lists in each other")


def _short(bad: Exception) -> str:
    return str(bad)[:200]
