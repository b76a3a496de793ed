"""One page of a list as HTTP shows it: size and token come in, rows and the next token go out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import InvalidInput
from shared.manifest import Listing

type Json = dict[str, Any]
type Params = Mapping[str, str]
type Reader[T] = Callable[[int, str | None], Listing[T]]

TOP = 100  # rows shown unless asked otherwise
MAX_TOP = 1000
_SIZE = re.compile(r"[1-9][0-9]{0,3}")


@dataclass(frozen=True, slots=True)
class Download:
    """A file as an answer, or one page of it and the token of the next."""

    pieces: Iterable[str]
    media: str  # text/csv, text/html, application/json, application/x-ndjson
    name: str  # of the file that a browser makes of it
    token: str | None = None
    is_first: bool = True  # only the first page of a file carries the mark of its encoding


def listing[T](page: Listing[T], view: Callable[[T], Json]) -> Json:
    """`{"value": […], "continuationToken"?}`."""
    body: Json = {"value": [view(row) for row in page.rows]}
    return {**body, "continuationToken": page.token} if page.token else body


def window(params: Params, most: int = MAX_TOP) -> tuple[int, str | None]:
    """Page size and token of a list request; InvalidInput for a size outside 1 to `most`."""
    text = params.get("top") or str(TOP)
    if not (_SIZE.fullmatch(text) and int(text) <= most):
        raise InvalidInput([fault("top", f"{text[:40]!r} is no page size", f"give 1 to {most}")])
    return int(text), params.get("continuationToken") or None


def chained[T](first: Reader[T], second: Reader[T], top: int, token: str | None) -> Listing[T]:
    """Two lists as one; the token says in which of the two the next page begins."""
    part, _, position = (token or "w").partition(":")
    if part == "w":
        page = first(top, position or None)
        if page.token or len(page.rows) == top:
            return Listing(page.rows, f"w:{page.token}" if page.token else "i")
        rest = second(top - len(page.rows), None)
        return Listing([*page.rows, *rest.rows], _second(rest.token))
    if part != "i":
        raise not_a_token()
    page = second(top, position or None)
    return Listing(page.rows, _second(page.token))


def each_page[T](read: Reader[T], size: int) -> Iterator[Listing[T]]:
    """All pages of a list, one after the other."""
    token: str | None = None
    while True:
        page = read(size, token)
        yield page
        token = page.token
        if token is None:
            return


def mapped[T, V](page: Listing[T], view: Callable[[T], V]) -> Listing[V]:
    return Listing([view(row) for row in page.rows], page.token)


def _second(token: str | None) -> str | None:
    return f"i:{token}" if token else None


def not_a_token() -> InvalidInput:
    remedy = "leave it out for the first page, then send the one the last page gave"
    return InvalidInput([fault("continuationToken", "is not of this list", remedy)])


def fault(field: str, message: str, remedy: str) -> dict[str, str]:
    return {"field": field, "message": message, "remedy": remedy}
