"""Paging: every row once for any page sizes, and a service that lies is an error, never a shorter list."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import IncompletePages
from shared.powerbi.paging import Page, continuation, skip_paging


def rows(numbers: range | list[int]) -> list[dict[str, Any]]:
    return [{"id": number} for number in numbers]


def ids(found: Any) -> list[int]:
    return [row["id"] for row in found]


@given(total=st.integers(0, 60), top=st.integers(1, 20), cap=st.integers(1, 25))
def test_every_row_once_even_where_the_service_caps_its_pages(total: int, top: int, cap: int) -> None:
    def fetch(wanted: int, skip: int) -> list[dict[str, Any]]:
        return rows(range(total))[skip : skip + min(wanted, cap)]

    assert ids(skip_paging(fetch, top, lambda row: row["id"], until_empty=True)) == list(range(total))
    if cap >= top:
        assert ids(skip_paging(fetch, top, lambda row: row["id"])) == list(range(total))


@given(total=st.integers(1, 40), top=st.integers(2, 10), shift=st.integers(1, 3))
def test_rows_that_move_between_pages_come_once(total: int, top: int, shift: int) -> None:
    """While we read, others create: rows slide to later pages and are seen again."""

    def fetch(wanted: int, skip: int) -> list[dict[str, Any]]:
        moved = 0 if skip == 0 else min(shift, top - 1)
        return rows(range(total))[max(0, skip - moved) :][:wanted]

    assert ids(skip_paging(fetch, top, lambda row: row["id"])) == list(range(total))


def test_a_repeated_full_page_is_an_error() -> None:
    with pytest.raises(IncompletePages):
        list(skip_paging(lambda top, skip: rows(range(top)), 5, lambda row: row["id"]))


def test_a_repeated_page_of_a_capped_list_is_an_error() -> None:
    def fetch(top: int, skip: int) -> list[dict[str, Any]]:
        return rows(range(100))[min(skip, 20) :][:10]

    with pytest.raises(IncompletePages):
        list(skip_paging(fetch, 50, lambda row: row["id"], until_empty=True))


def test_a_service_that_ignores_skip_and_gave_all_is_believed() -> None:
    found = skip_paging(lambda top, skip: rows(range(3)), 5, lambda row: row["id"], until_empty=True)
    assert ids(found) == [0, 1, 2]


@pytest.mark.parametrize("limit", [50, 100, 200, 500, 1000])
def test_a_service_that_ignores_skip_and_may_have_cut_the_list_is_not(limit: int) -> None:
    with pytest.raises(IncompletePages):
        list(skip_paging(lambda top, skip: rows(range(limit)), 5000, lambda row: row["id"], until_empty=True))


@given(
    total=st.integers(11, 80),
    top=st.integers(2, 10),
    lies=st.lists(st.sampled_from(["none", "first", "last"]), min_size=1, max_size=3),
)
def test_a_list_whose_pages_lie_is_never_a_shorter_list(total: int, top: int, lies: list[str]) -> None:
    """Pages that came before come again: everything, or an error. (An empty page *is* the end where rows are
    counted, so that lie can be told only in lists with links.)"""
    asked: list[int] = []

    def fetch(wanted: int, skip: int) -> list[dict[str, Any]]:
        asked.append(skip)
        lie = lies[len(asked) % len(lies)]
        place = {"none": skip, "first": 0, "last": max(0, skip - wanted)}[lie] if len(asked) > 1 else skip
        return rows(range(total))[place:][:wanted]

    try:
        found = ids(skip_paging(fetch, top, lambda row: row["id"]))
    except IncompletePages:
        return
    assert found == list(range(total))


@given(st.lists(st.lists(st.integers(0, 30), max_size=4), min_size=1, max_size=8), st.integers(0, 7))
def test_links_that_go_in_a_circle_are_an_error_and_no_endless_reading(
    pages: list[list[int]], back: int
) -> None:
    read: list[int] = []

    def page(number: int) -> Page:
        read.append(number)
        return Page(rows(pages[number]), str(number + 1 if number + 1 < len(pages) else back % len(pages)))

    with pytest.raises(IncompletePages):
        list(continuation(lambda: page(0), lambda uri: page(int(uri))))
    assert len(read) <= 2 * len(pages) + 1


def test_a_list_without_an_end_is_an_error() -> None:
    with pytest.raises(IncompletePages):
        for _ in skip_paging(lambda top, skip: rows([skip]), 1, lambda row: row["id"]):
            pass


@given(st.lists(st.lists(st.integers(), max_size=5), min_size=1, max_size=12))
def test_continuation_gives_every_page_also_empty_ones(pages: list[list[int]]) -> None:
    def page(number: int) -> Page:
        return Page(rows(pages[number]), str(number + 1) if number + 1 < len(pages) else None)

    assert [ids(each.rows) for each in continuation(lambda: page(0), lambda uri: page(int(uri)))] == pages


def test_a_repeated_link_is_an_error() -> None:
    with pytest.raises(IncompletePages):
        list(continuation(lambda: Page([], "a"), lambda uri: Page([], "b" if uri == "a" else "a")))


def test_endless_fresh_links_are_an_error() -> None:
    with pytest.raises(IncompletePages):
        for _ in continuation(lambda: Page([], "0"), lambda uri: Page([], str(int(uri) + 1))):
            pass
