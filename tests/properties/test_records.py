"""Every record of the app survives being written and read, also by an older or a newer version of itself."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields
from datetime import UTC, timedelta, timezone
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import activities
import shared
from shared import outcomes
from shared.models import Record
from shared.outcomes import Done, Failed, Stopped, Wait

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
scalars = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | texts
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
moments = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]))
st.register_type_strategy(str, texts)


def records() -> list[type[Record]]:
    """Every record there is, wherever it is defined: one that is added later is tested too.

    (A dataclass with slots is a second class; the first one lives on for a while.)
    """
    for package in (shared, activities):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found = (kind for kind in _below(Record) if getattr(sys.modules[kind.__module__], kind.__name__) is kind)
    return sorted(found, key=lambda kind: kind.__qualname__)


def _below(kind: type[Record]) -> Iterator[type[Record]]:
    for derived in kind.__subclasses__():
        yield derived
        yield from _below(derived)


def examples(kind: type[Record]) -> st.SearchStrategy[Record]:
    """By the types of the fields; where a type says nothing (`Any`), any JSON document."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{each.name: _values(hints[each.name]) for each in fields(kind)})  # pyright: ignore[reportArgumentType]


def _values(hint: Any) -> st.SearchStrategy[Any]:
    if hint is Any:
        return documents
    if "Any" in str(hint) or "Json" in str(hint):
        return st.dictionaries(texts, documents, max_size=3) if "dict" in str(hint) else st.lists(documents)
    return st.from_type(hint)


def test_the_records_are_found() -> None:
    assert {"Migration", "WorkspaceRow", "ItemRow", "Finding", "MigrationRequest"} <= {
        kind.__name__ for kind in records()
    }


@pytest.mark.parametrize("kind", records(), ids=lambda kind: kind.__name__)
@settings(max_examples=40)
@given(data=st.data())
def test_a_record_is_what_was_written(kind: type[Record], data: st.DataObject) -> None:
    record = data.draw(examples(kind))
    text = json.dumps(record.to_dict())
    assert kind.from_dict(json.loads(text)) == record
    assert json.dumps(kind.from_dict(json.loads(text)).to_dict()) == text


@pytest.mark.parametrize("kind", records(), ids=lambda kind: kind.__name__)
@settings(max_examples=40)
@given(data=st.data())
def test_a_newer_field_is_passed_over_and_a_missing_one_has_its_default(
    kind: type[Record], data: st.DataObject
) -> None:
    record = data.draw(examples(kind))
    written = record.to_dict()
    assert kind.from_dict({**written, "a field of a newer version": 1}) == record
    optional = [
        each.name
        for each in fields(kind)  # pyright: ignore[reportArgumentType]
        if each.default is not MISSING or each.default_factory is not MISSING
    ]
    gone = data.draw(st.sets(st.sampled_from(optional))) if optional else set[str]()
    older = kind.from_dict({name: value for name, value in written.items() if name not in gone})
    assert {name for name, value in older.to_dict().items() if value != written[name]} <= gone


@given(
    st.builds(Done, st.dictionaries(texts, documents, max_size=3))
    | st.builds(Failed, texts, texts)
    | st.builds(Wait, moments, st.dictionaries(texts, documents, max_size=3))
    | st.builds(Stopped)
)
def test_an_outcome_is_what_was_written(outcome: outcomes.Outcome) -> None:
    text = json.dumps(outcomes.to_dict(outcome))
    assert outcomes.from_dict(json.loads(text)) == outcome
