"""What a push or streaming dataset is made of: tables and relationships of the request, by the service's rules."""

import re
from typing import Any, cast

from sandbox.replies import bad_request

Json = dict[str, Any]

PROVIDERS = {
    "Push": "RealTimeInPushMode",
    "Streaming": "RealTimeInStreamingMode",
    "PushStreaming": "RealTimeInPushStreamingMode",
}
"""contentProviderType by the mode of the request."""

TYPES = frozenset({"int64", "double", "bool", "boolean", "datetime", "string", "decimal"})
MOST_TABLES = MOST_COLUMNS = MOST_RELATIONSHIPS = 75
MOST_ROWS = 10_000
"""Of one request."""

NAME = re.compile(r"[\t\n\r #\-0-9@A-Z^_a-z~-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]{1,100}")
ENDS = ("fromTable", "fromColumn", "toTable", "toColumn")


def checked_tables(sent: object) -> list[Json]:
    """As they are kept: without rows, which are counted."""
    tables = _objects(sent, "tables")
    if not 1 <= len(tables) <= MOST_TABLES:
        raise bad_request(f"A dataset has 1 to {MOST_TABLES} tables")
    made = [checked_table(table) for table in tables]
    if len({table["name"].casefold() for table in made}) < len(made):
        raise bad_request("Two tables have the same name")
    return made


def checked_table(sent: Json) -> Json:
    name, columns = sent.get("name"), _objects(sent.get("columns"), "columns")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise bad_request("A table needs a valid name")
    if not 1 <= len(columns) <= MOST_COLUMNS:
        raise bad_request(f"A table has 1 to {MOST_COLUMNS} columns")
    for column in columns:
        _check_column(column)
    measures = _objects(sent.get("measures", []), "measures")
    if any(not isinstance(row.get("name"), str) or not row.get("expression") for row in measures):
        raise bad_request("A measure needs a name and an expression")
    kept = {key: sent[key] for key in ("isHidden", "description") if key in sent}
    return {"name": name, "columns": columns, "measures": measures, "rows": 0, **kept}


def checked_relationships(sent: object, tables: list[Json]) -> list[Json]:
    """Both ends of each are columns of tables that are there."""
    rows = _objects(sent if sent is not None else [], "relationships")
    if len(rows) > MOST_RELATIONSHIPS:
        raise bad_request(f"A dataset has at most {MOST_RELATIONSHIPS} relationships")
    ends = {(table["name"], column["name"]) for table in tables for column in table["columns"]}
    for row in rows:
        if not row.get("name") or any(not isinstance(row.get(end), str) for end in ENDS):
            raise bad_request("A relationship needs a name, fromTable, fromColumn, toTable and toColumn")
        if not {(row["fromTable"], row["fromColumn"]), (row["toTable"], row["toColumn"])} <= ends:
            raise bad_request(f"Relationship {row['name']} names a column that is not there")
    return rows


def count_rows(sent: object) -> int:
    rows = _objects(sent, "rows")
    if len(rows) > MOST_ROWS:
        raise bad_request(f"One request takes at most {MOST_ROWS} rows")
    return len(rows)


def _check_column(column: Json) -> None:
    name, kind = column.get("name"), column.get("dataType")
    if not isinstance(name, str) or not name:
        raise bad_request("A column needs a name")
    if not isinstance(kind, str) or kind.casefold() not in TYPES:
        raise bad_request(f"Column {name} has no dataType of a push dataset")


def _objects(sent: object, what: str) -> list[Json]:
    if not isinstance(sent, list) or not all(isinstance(item, dict) for item in cast(list[Any], sent)):
        raise bad_request(f"{what} must be a list of objects")
    return cast(list[Json], sent)
