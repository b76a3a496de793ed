"""A push or streaming model made anew: the body of Datasets_PostDatasetInGroup from what the scan told of it.

Its rows are not moved: whoever pushes them pushes into the new model. What such a body can't say (calculated columns)
is refused rather than lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.content import jsontext
from shared.content.jsontext import Json
from shared.errors import ContentError

_TABLE = ("name", "isHidden", "description")
_COLUMN = ("name", "dataType", "formatString", "sortByColumn", "dataCategory", "isHidden", "summarizeBy")
_MEASURE = ("name", "expression", "formatString", "description", "isHidden")
_RELATION = ("name", "fromTable", "fromColumn", "toTable", "toColumn")
_DIRECTIONS = frozenset({"OneDirection", "BothDirections", "Automatic"})
_TYPES = {kind.lower(): kind for kind in ("Int64", "Double", "Boolean", "DateTime", "String", "Decimal")} | {
    "bool": "Boolean"
}


def push_body(dataset: Json) -> Json:
    """The body of the create call; ContentError where the scan tells too little of the model to make it again."""
    name, told = jsontext.text(dataset, "name"), jsontext.rows(dataset, "tables")
    if not name or not told:
        error = jsontext.text(dataset, "schemaRetrievalError")
        raise _refused(name, f"its tables are not told{f': {error[:200]}' if error else ''}")
    body: Json = {
        "name": name,
        "defaultMode": _mode(dataset),
        "tables": [_table(name, table) for table in told],
    }
    relations = [_relation(name, row) for row in jsontext.rows(dataset, "relationships")]
    return {**body, "relationships": relations} if relations else body


def _mode(dataset: Json) -> str:
    """What its provider says it takes: rows that are kept, rows that pass by, or both."""
    provider = next(
        (str(value) for key, value in dataset.items() if key.lower() == "contentprovidertype"), ""
    )
    streams = "streaming" in provider.lower()
    keeps = "push" in provider.lower()
    return "PushStreaming" if streams and keeps else "Streaming" if streams else "Push"


def _table(model: str, table: Json) -> Json:
    name = jsontext.text(table, "name")
    columns = [
        _column(f"{model}/{name}", column)
        for column in jsontext.rows(table, "columns")
        if jsontext.text(column, "columnType").lower() != "rownumber"  # the engine's own
    ]
    if not name or not columns:
        raise _refused(model, f"the columns of its table {name!r} are not told")
    body = _kept(table, _TABLE) | {"columns": columns}
    measures = [_required(model, row, _MEASURE, 2) for row in jsontext.rows(table, "measures")]
    return {**body, "measures": measures} if measures else body


def _column(where: str, column: Json) -> Json:
    kind = jsontext.text(column, "dataType")
    if jsontext.text(column, "columnType").lower().startswith("calculated"):
        raise _refused(where, f"its column {jsontext.text(column, 'name')!r} is calculated")
    if kind.lower() not in _TYPES:
        raise _refused(where, f"its column {jsontext.text(column, 'name')!r} has the type {kind!r}")
    return _required(where, {**column, "dataType": _TYPES[kind.lower()]}, _COLUMN, 2)


def _relation(model: str, row: Json) -> Json:
    direction = jsontext.text(row, "crossFilteringBehavior")
    told = {"crossFilteringBehavior": direction} if direction in _DIRECTIONS else {}
    return _required(model, row, _RELATION, len(_RELATION)) | told


def _required(where: str, row: Json, names: tuple[str, ...], required: int) -> Json:
    """The kept fields of a row; the first `required` of them must be told."""
    missing = [name for name in names[:required] if not jsontext.text(row, name)]
    if missing:
        raise _refused(where, f"{', '.join(missing)} of one of its parts is not told")
    return _kept(row, names)


def _kept(row: Mapping[str, Any], names: Iterable[str]) -> Json:
    return {name: row[name] for name in names if row.get(name) not in (None, "")}


def _refused(where: str, why: str) -> ContentError:
    return ContentError("content.push", f"the push model {where!r} can't be made again: {why}")
