"""Which target workspaces are ours: created by a manifest of this app, whichever migration it was.

Kept apart from the migrations themselves, because "ours" outlives them: a later migration of the same source
workspace into the same tenant goes on with what the earlier one made instead of calling its name taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.manifest import safe_id
from shared.tables import Tables

_TABLE = "PbiOwnership"


@dataclass(frozen=True, slots=True)
class Owned:
    migration_id: str
    source_tenant: str
    source_workspace: str

    def same_source(self, other: Owned) -> bool:
        """True where both came from one workspace, whichever migration brought them."""
        mine = (self.source_tenant.lower(), self.source_workspace.lower())
        return mine == (other.source_tenant.lower(), other.source_workspace.lower())


class Ownership:
    def __init__(self, tables: Tables):
        self._tables = tables

    def claim(self, target_tenant: str, target_workspace: str, owned: Owned) -> None:
        """Record that we created a workspace; done again by the same or a later migration it replaces the row."""
        self._tables[_TABLE].put(
            safe_id(target_tenant),
            safe_id(target_workspace),
            {
                "migration_id": owned.migration_id,
                "source_tenant": owned.source_tenant,
                "source_workspace": owned.source_workspace,
            },
        )

    def owner(self, target_tenant: str, target_workspace: str) -> Owned | None:
        found = self._tables[_TABLE].get(safe_id(target_tenant), safe_id(target_workspace))
        if found is None:
            return None
        row = found[0]
        return Owned(row["migration_id"], row["source_tenant"], row["source_workspace"])
