"""What a record writes it reads again, through JSON as through a table; other versions' fields do no harm."""

from __future__ import annotations

import json
from typing import Any

import pytest
from core_support import findings, items, migrations, next_id, requests, workspaces
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.models import Finding, ItemRow, Migration, MigrationRequest, Record, WorkspaceRow
from shared.tables import Tables

any_record = items | workspaces | findings | migrations | requests


@given(any_record)
def test_a_record_survives_its_json_form(record: Record) -> None:
    raw = json.loads(json.dumps(record.to_dict()))
    assert type(record).from_dict(raw) == record


@given(any_record, st.dictionaries(st.text(min_size=1), st.integers()))
def test_fields_of_a_newer_version_are_ignored(record: Record, newer: dict[str, Any]) -> None:
    assert type(record).from_dict({**newer, **record.to_dict()}) == record


@given(any_record)
def test_the_json_form_is_not_the_record_itself(record: Record) -> None:
    before = json.dumps(record.to_dict(), sort_keys=True)
    for value in record.to_dict().values():
        if isinstance(value, dict | list):
            value.clear()
    assert json.dumps(record.to_dict(), sort_keys=True) == before


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (WorkspaceRow, {"source_id": "s", "source_name": "n"}),
        (ItemRow, {"workspace_id": "w", "kind": "report", "source_id": "s", "source_name": "n"}),
        (MigrationRequest, {"source": "a", "target": "b", "workspaces": ["*"]}),
    ],
)
def test_fields_of_a_newer_version_have_defaults_for_rows_of_an_older_one(
    kind: type[Record], raw: dict[str, Any]
) -> None:
    assert {**kind.from_dict(raw).to_dict(), **raw} == kind.from_dict(raw).to_dict()


@settings(max_examples=25)
@given(record=items | workspaces | findings | migrations)
def test_a_record_survives_a_table(
    tables: Tables, record: ItemRow | WorkspaceRow | Finding | Migration
) -> None:
    table, row = tables["UnitRecords"], next_id("r")
    assert table.insert("records", row, record.to_dict())
    found = table.get("records", row)
    assert found is not None
    assert type(record).from_dict(found[0]) == record
