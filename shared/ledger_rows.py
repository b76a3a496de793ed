"""Where the quota ledger's rows lie: a table that all instances share, or this process where nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from itertools import count
from threading import Lock
from typing import Any, Protocol

from shared.tables import Table, Tables

_TABLE = "PbiLedger"


class Rows(Protocol):
    """Rows that change only if nobody else has changed them since they were read."""

    def get(self, pk: str, rk: str) -> tuple[dict[str, Any], str] | None:
        """The row and its etag, or None."""
        ...

    def swap(self, pk: str, rk: str, values: Mapping[str, Any], etag: str) -> str | None:
        """Write the row if it still has that etag (empty: if there is none). The new etag, or None."""
        ...


class StoredRows:
    """`PbiLedger`, opened when first used."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, pk: str, rk: str) -> tuple[dict[str, Any], str] | None:
        return self._table.get(pk, rk)

    def swap(self, pk: str, rk: str, values: Mapping[str, Any], etag: str) -> str | None:
        return self._table.swap(pk, rk, values, etag)

    @cached_property
    def _table(self) -> Table:
        return self._tables[_TABLE]


class RowsInMemory:
    """The same in this process alone."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], tuple[str, str]] = {}
        self._etags = count(1)
        self._lock = Lock()

    def get(self, pk: str, rk: str) -> tuple[dict[str, Any], str] | None:
        found = self._rows.get((pk, rk))
        return (json.loads(found[0]), found[1]) if found else None

    def swap(self, pk: str, rk: str, values: Mapping[str, Any], etag: str) -> str | None:
        text = json.dumps(values)
        with self._lock:
            if self._rows.get((pk, rk), ("", ""))[1] != etag:
                return None
            fresh = str(next(self._etags))
            self._rows[pk, rk] = (text, fresh)
            return fresh
