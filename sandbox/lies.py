"""Lists that lie about their pages, by operation: what a reader has to notice, or survive."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

Lie = Literal["ignore-skip", "repeat-page", "overlap", "empty-pages", "same-continuation", "endless"]
"""ignore-skip: every page is the first. repeat-page: the first page comes twice, the others later by one. overlap: each
page begins with the last row of the one before. And of lists with a continuation: empty-pages: one before each page;
same-continuation: from the second page on the token, and the page, never change; endless: after the last page empty
ones, each with a fresh token."""

Lies = dict[str, Lie]


def checked(told: Mapping[str, Any]) -> Lies:
    for value in told.values():
        if value not in get_args(Lie):
            raise ValueError(f"{value} is none of {', '.join(get_args(Lie))}")
    return dict(told)


def skip(how: Lie | None, asked: int, top: int) -> int:
    """Where the page begins that is given out for one that should begin at `asked`."""
    if how == "ignore-skip":
        return 0
    if asked > 0 and how in ("repeat-page", "overlap"):
        return max(0, asked - (top if how == "repeat-page" else 1))
    return asked


def pages[T](how: Lie | None, honest: list[list[T]]) -> list[list[T]]:
    """The pages of a list with a continuation."""
    if how == "repeat-page":
        return [honest[0], *honest]
    if how == "overlap":
        before = [list[T](), *(page[-1:] for page in honest[:-1])]
        return [last + page for last, page in zip(before, honest, strict=True)]
    if how == "empty-pages":
        return [page for real in honest for page in ([], real)]
    return honest


def following(how: Lie | None, number: int, count: int) -> int | None:
    """The page that a continuation leads to; None where there is none."""
    if how == "same-continuation":
        return 1
    return number + 1 if how == "endless" or number + 1 < count else None
