"""Holds in Table Storage: a process that was killed while told to wait goes on waiting after its restart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.tables import Tables, hashed

_TABLE = "PbiHolds"


class StoredHolds:
    """One row per connection and quota, overwritten: there are no more than a few dozen."""

    def __init__(self, tables: Tables):
        self._tables = tables

    def load(self, connection: str) -> Mapping[str, datetime]:
        rows = self._tables[_TABLE].partition(hashed(connection))
        return {str(row["quota"]): datetime.fromisoformat(str(row["until"])) for row in rows}

    def save(self, connection: str, quota: str, until: datetime) -> None:
        self._tables[_TABLE].put(hashed(connection), quota, {"quota": quota, "until": until.isoformat()})
