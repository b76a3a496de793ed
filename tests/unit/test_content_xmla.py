"""Addresses that name workspaces: renamed in M, connection strings and definitions, left where nobody moved."""

from __future__ import annotations

import pytest
from content_support import part
from hypothesis import given
from hypothesis import strategies as st

from shared.content.xmla import rename_workspaces, renamed, renamed_in_xml

NAMES = {"Sales": "Sales 2", "Bob's R&D": "Bob's R&D; new", "Old name": "New/name"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'AnalysisServices.Database("powerbi://h/v1.0/myorg/SALES", "M")',
            'AnalysisServices.Database("powerbi://h/v1.0/myorg/Sales 2", "M")',
        ),
        ("Data Source=powerbi://h/v1.0/contoso.com/Sales ;x=y", "Data Source=powerbi://h/v1.0/myorg/Sales 2 ;x=y"),
        ("'powerbi://h/v1.0/myorg/Sales'", "'powerbi://h/v1.0/myorg/Sales 2'"),
        ('"powerbi://h/v1.0/myorg/Bob\'s R&D"', '"powerbi://h/v1.0/myorg/Bob\'s R&D%3B new"'),
        ("powerbi://h/v1.0/myorg/Old%20name", "powerbi://h/v1.0/myorg/New%2Fname"),
        ("powerbi://h/v1.0/myorg/Sales2;", "powerbi://h/v1.0/myorg/Sales2;"),
        ("powerbi://h/v1.0/contoso.com/Other", "powerbi://h/v1.0/contoso.com/Other"),
        ('{"a": "powerbi://h/v1.0/myorg/Sales\\", x"}', '{"a": "powerbi://h/v1.0/myorg/Sales 2\\", x"}'),
    ],
)  # fmt: skip
def test_a_workspace_is_renamed_in_its_address(before: str, after: str) -> None:
    assert renamed(before, NAMES) == after
    assert renamed(after, NAMES) == after
    assert renamed(before, {}) == before


def test_in_xml_names_keep_their_escapes() -> None:
    before = "powerbi://h/v1.0/myorg/Bob&#39;s R&amp;D&quot;; powerbi://h/v1.0/myorg/Bob's R&amp;D;"
    after = "powerbi://h/v1.0/myorg/Bob's R&amp;D%3B new&quot;; powerbi://h/v1.0/myorg/Bob's R&amp;D%3B new;"
    assert renamed_in_xml(before, NAMES) == after


def test_text_parts_of_a_definition_are_renamed() -> None:
    address = "powerbi://h/v1.0/myorg/Sales"
    before = [
        part("a.tmdl", address),
        part("logo.png", address),
        part("x.rdl", address),
        part("b.tmdl", b"\xff"),
    ]
    after = rename_workspaces(before, NAMES)
    assert [one.payload for one in after] == [
        b"powerbi://h/v1.0/myorg/Sales 2",
        *(one.payload for one in before[1:]),
    ]


@given(st.text())
def test_a_text_without_addresses_stays_itself(text: str) -> None:
    assert renamed(text, NAMES) == text
    assert renamed_in_xml(text, NAMES) == text


def test_hostile_texts_end() -> None:
    for text in (
        "powerbi://" * 100_000,
        "powerbi://h/v1.0/x/" * 50_000,
        "powerbi://h/v1.0/x/" + "&amp;" * 200_000,
    ):
        assert renamed(text, NAMES) == text
        assert renamed_in_xml(text, NAMES) == text
