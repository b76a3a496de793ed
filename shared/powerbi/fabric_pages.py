"""Lists of the Fabric API, read to their end by continuation tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.powerbi.client import PowerBIClient
from shared.powerbi.operations import Operation
from shared.powerbi.paging import MAX_PAGES, Page, continuation

Row = dict[str, Any]


def rows_of(
    client: PowerBIClient,
    operation: Operation,
    parameters: dict[str, str] | None = None,
    *,
    rows: str = "value",
    most: int = MAX_PAGES,
) -> Iterator[Row]:
    """Every row of the list; `rows` is the name the answer gives them."""

    def fetch(token: str = "") -> Page:
        query = {"continuationToken": token} if token else {}
        answer = client.call(operation, parameters, query)
        document = answer.object()
        following = document.get("continuationToken")
        found = document[rows] if isinstance(document.get(rows), list) else answer.rows()
        return Page(found, str(following) if following else None)

    for page in continuation(fetch, fetch, most):
        yield from page.rows
