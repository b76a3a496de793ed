"""Holds as rows: what one process saved the next one loads, for its own connection only."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.holds import StoredHolds
from shared.tables import Tables

UNTIL = datetime(2026, 11, 21, 12, 0, 30, 500_000, tzinfo=UTC)


def test_saved_holds_are_loaded_again(tables: Tables) -> None:
    holds = StoredHolds(tables)
    holds.save("fabrikam", "main.default", UNTIL.replace(second=1))
    holds.save("fabrikam", "main.default", UNTIL)
    holds.save("fabrikam", "admin.admin.getInfo", UNTIL)
    assert StoredHolds(tables).load("fabrikam") == {"main.default": UNTIL, "admin.admin.getInfo": UNTIL}
    assert holds.load("contoso") == {}
