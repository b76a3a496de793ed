"""One page of a list as HTTP shows it: size and token come in, rows and the next token go out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from shared.errors import InvalidInput
from shared.manifest import Listing

type Json = dict[str, Any]
type Params = Mapping[str, str]

TOP = 100  # rows shown unless asked otherwise
MAX_TOP = 1000
_SIZE = re.compile(r"[1-9][0-9]{0,3}")


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


def not_a_token() -> InvalidInput:
    remedy = "leave it out for the first page, then send the one the last page gave"
    return InvalidInput([fault("continuationToken", "is not of this list", remedy)])


def fault(field: str, message: str, remedy: str) -> dict[str, str]:
    return {"field": field, "message": message, "remedy": remedy}
