"""Lists read to their end: small paginators that know when a list is complete and when it can't be.

A list that can't be completed is an error, never a shorter list: the rest would be missing in the target.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from shared.errors import IncompletePages

MAX_PAGES = 10_000
_LIMITS_ARE_MULTIPLES_OF = 50  # of rows per page, whoever sets them

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list with links; `next_uri` is None on the last."""

    rows: list[Row]
    next_uri: str | None


def skip_paging(
    fetch: Callable[[int, int], list[Row]],
    top: int,
    key: Callable[[Row], Hashable],
    *,
    until_empty: bool = False,
) -> Iterator[Row]:
    """Each row once, from `fetch(top, skip)`.

    The end is a page shorter than `top`; with `until_empty` only one that brings nothing new, since a service
    that caps its pages lower than asked would otherwise lose the rest unnoticed (one more call). A page as long
    as the first that brings nothing new means the service repeats itself: IncompletePages. Only where it did so
    right after a short first page it doesn't know `$skip`, and had given all it has, unless that page was as long
    as a limit would be.
    """
    seen: set[Hashable] = set()
    skip, first = 0, 0
    for number in range(MAX_PAGES):
        page = fetch(top, skip)
        first = first or len(page)
        fresh = _fresh(page, key, seen)
        yield from fresh
        ignores_skip = number == 1 and first < top and first % _LIMITS_ARE_MULTIPLES_OF != 0
        if page and not fresh and len(page) >= first and not ignores_skip:
            raise IncompletePages("paging.repeated", f"the page after {skip} rows repeats earlier ones")
        if not fresh or (len(page) < top and not until_empty):
            return
        skip += len(page)
    raise IncompletePages("paging.endless", f"more than {MAX_PAGES} pages")


def _fresh(page: list[Row], key: Callable[[Row], Hashable], seen: set[Hashable]) -> list[Row]:
    """The rows not seen before, also not twice within this page."""
    fresh: list[Row] = []
    for row in page:
        if key(row) not in seen:
            seen.add(key(row))
            fresh.append(row)
    return fresh


def continuation(
    first: Callable[[], Page], follow: Callable[[str], Page], most: int = MAX_PAGES
) -> Iterator[Page]:
    """Pages until one has no link. An empty page with a link goes on; a repeated link is an error."""
    page = first()
    seen: set[str] = set()
    for _ in range(most):
        yield page
        if page.next_uri is None:
            return
        if page.next_uri in seen:
            raise IncompletePages("paging.repeated", "the service gave the same continuation twice")
        seen.add(page.next_uri)
        page = follow(page.next_uri)
    raise IncompletePages("paging.endless", f"more than {most} pages")
