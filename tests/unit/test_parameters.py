"""Parameters are read from M as the scan gives it; what is no parameter is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.assessment.parameters import of_dataset

META = "meta [IsParameterQuery=true"


def read(expression: Any) -> list[dict[str, Any]]:
    return of_dataset({"expressions": [{"name": "p", "expression": expression}]})


@pytest.mark.parametrize(
    ("expression", "kind", "current", "required"),
    [
        (f'"contoso" {META}, Type="Text", IsParameterQueryRequired=true]', "Text", "contoso", True),
        (f'"contoso" {META}, Type="Text", IsParameterQueryRequired=false]', "Text", "contoso", False),
        (f'"say ""hi"" meta [x]" {META}, Type="Text"]', "Text", 'say "hi" meta [x]', False),
        (f'"a" {META}, List={{"a", "b,]"}}, DefaultValue="a", Type="Text"]', "Text", "a", False),
        (f'#date(2024, 1, 31) {META}, Type="Date"]', "Date", "#date(2024, 1, 31)", False),
        (f'42 {META}, Type="Number", IsParameterQueryRequired=true]', "Number", "42", True),
        (f'"https://metadata/x" {META}, Type="Text"] // the host', "Text", "https://metadata/x", False),
        (f"null {META}]", "Any", "null", False),
        ('"x" meta [ IsParameterQuery = TRUE , Type = "Text" ]', "Text", "x", False),
    ],
)
def test_a_parameter(expression: str, kind: str, current: str, required: bool) -> None:
    assert read(expression) == [{"name": "p", "type": kind, "current": current, "required": required}]


@pytest.mark.parametrize(
    "expression",
    [
        'let Source = Sql.Database("a", "b") in Source',
        '"just a text"',
        f"// 1 {META}]\nlet a = 1 in a",
        f"let inner = 1 {META}] in inner",
        f"[field = 1 {META}]]",
        '"x" meta [IsParameterQuery=false, Type="Text"]',
        '"x" meta [Other=true]',
        "",
        None,
        7,
    ],
)
def test_no_parameter(expression: Any) -> None:
    assert read(expression) == []


def test_a_dataset_without_expressions_has_none_and_the_order_is_that_of_the_scan() -> None:
    assert of_dataset({}) == []
    rows = [{"name": name, "expression": f"1 {META}]"} for name in ("b", "a")]
    assert [found["name"] for found in of_dataset({"expressions": rows})] == ["b", "a"]


@given(st.text(alphabet='[](){},=" \nmetaIsParameterQuery/*#0', max_size=60))
def test_no_text_is_an_error(text: str) -> None:
    read(text)
    read(f"{text} {META}, Type={text}]")


@given(st.text(max_size=30))
def test_every_text_comes_back(value: str) -> None:
    quoted = value.replace('"', '""')
    assert read(f'"{quoted}" {META}, Type="Text"]')[0]["current"] == value
