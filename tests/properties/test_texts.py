"""Whatever text comes from outside: one log line per event, one cell per value, an answer that can be read."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared import csv_text, web
from shared.logs import JsonFormatter, RedactionFilter
from shared.redaction import redact

anything = st.text() | st.text(alphabet="\r\n\t\x00\x1b\x7f\x85\u2028\u2029\u202e\ufeff\"'=+-@,;\\ ")
halves = st.text(st.characters(categories=["Cs", "Lu", "Cc"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | anything,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything, inner, max_size=3),
    max_leaves=6,
)


def line(message: str, **extra: Any) -> str:
    record = logging.LogRecord("x", logging.INFO, "file", 1, message, None, None)
    vars(record).update(extra)
    RedactionFilter().filter(record)
    return JsonFormatter().format(record)


def _read(text: str) -> str:
    """What JSON makes of a text: two halves that happen to fit are one character."""
    return json.loads(json.dumps(text))


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


@given(message=anything | halves, name=anything | halves, extra=values)
@example(message="x", name="y", extra=float("nan"))
def test_an_event_is_one_line_of_strict_json(message: str, name: str, extra: Any) -> None:
    text = line(message, workspace=name, extra=extra)
    assert len(text.splitlines()) == 1
    assert text.isascii() and text.isprintable()
    entry = json.loads(text, parse_constant=_no_constant)
    assert (entry["level"], entry["message"]) == ("INFO", _read(redact(message)))
    assert entry["workspace"] == _read(redact(name))


@given(st.lists(anything, min_size=8, max_size=8))
@example(["=1", " =1", "\ufeff=1", "\u200b+1", "\x0b-1", "＝1", "\x00@x", "\t=1"])
def test_a_cell_is_one_cell_and_no_formula(cells: list[str]) -> None:
    names = ("kind", "workspaceId", "sourceId", "sourceName", "targetId", "targetName", "state", "note")
    text = csv_text.line(names, dict(zip(names, cells, strict=True)))
    (read,) = list(csv.reader(io.StringIO(text, newline="")))
    assert [cell.removeprefix("'") for cell in read] == [
        cell.replace("\x00", "").removeprefix("'") for cell in cells
    ]
    for cell in read:
        shown = re.sub(r"^[\s\ufeff\u200b\x00-\x1f]+", "", cell)
        assert not shown.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@given(anything | halves)
def test_an_answer_can_be_read_whatever_it_names(name: str) -> None:
    body = json.loads(web.answer({"name": name}).get_body())
    assert body["name"] == name.encode(errors="replace").decode()
    assert web.text_csv([name]).get_body().decode("utf-8-sig") == body["name"]


@pytest.mark.parametrize(
    "unit",
    [
        "eyJ",
        "eyJa.",
        "?",
        "?sig",
        "sig=",
        "secret ",
        "secret: ",
        '"',
        '\\"',
        "Bearer ",
        "%3d",
        "credentialData: [",
    ],
)
def test_redaction_goes_through_hostile_text_once(unit: str) -> None:
    """A megabyte of what the patterns look for: were they to begin anew at each of them, it would take an hour."""
    redact(unit * (1_000_000 // len(unit)))
