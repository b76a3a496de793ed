"""Which target workspaces are ours: created by a manifest of this app, whichever migration it was; and into
which other ones we brought items.

Kept apart from the migrations themselves, because "ours" outlives them: a later migration of the same source
workspace into the same tenant goes on with what the earlier one made instead of calling its name taken.
While one works on a source workspace it holds its lease, so that two never do so at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.manifest import safe_id
from shared.tables import Entity, Tables, key

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

    def claim(self, target_tenant: str, target_workspace: str, owned: Owned) -> bool:
        """Record that we created a workspace; done again it changes nothing. False where another one was first:
        of two migrations that may each have made it, one has."""
        row = safe_id(target_workspace)
        if self._tables[_TABLE].insert(safe_id(target_tenant), row, _values(owned)):
            return True
        return self._get(target_tenant, row) == owned

    def succeed(self, target_tenant: str, target_workspace: str, owned: Owned, before: Owned) -> bool:
        """Take over from `before`; False where it is not the owner any more: of two successors one comes first."""
        pk, row = safe_id(target_tenant), safe_id(target_workspace)
        found = self._tables[_TABLE].get(pk, row)
        if found is None or _owned(found[0]) != before:
            return False
        return self._tables[_TABLE].replace(pk, row, _values(owned), found[1])

    def lease(self, target_tenant: str, wanted: Owned, is_over: Callable[[Owned], bool]) -> Owned | None:
        """Take the lease of a source workspace on its way into a tenant: None, or who holds it.

        It is held until the next one asks and `is_over` says that its holder has finished: a lease that has no
        clock can't run out under somebody who is slow.
        """
        pk = safe_id(target_tenant)
        row = key("lease", safe_id(wanted.source_tenant), safe_id(wanted.source_workspace))
        table = self._tables[_TABLE]
        while not table.insert(pk, row, _values(wanted)):
            found = table.get(pk, row)
            if found is None:
                continue
            holder = _owned(found[0])
            if holder.migration_id != wanted.migration_id and not is_over(holder):
                return holder
            # Written also where it is ours: whoever found us finished a moment ago has to look again.
            if table.replace(pk, row, _values(wanted), found[1]):
                return None
        return None

    def release(self, target_tenant: str, target_workspace: str, owned: Owned, heir: Owned | None) -> None:
        """Give up what `owned` has in a target workspace: to `heir`, or to nobody. Another's claim stays."""
        pk = safe_id(target_tenant)
        for row in (safe_id(target_workspace), _shared(target_workspace)):
            if self._get(target_tenant, row) != owned:
                continue
            if heir is not None:
                self._put(target_tenant, row, heir)
            else:
                self._tables[_TABLE].delete(pk, row)

    def share(self, target_tenant: str, target_workspace: str, owned: Owned) -> None:
        """Record that we brought items into somebody else's workspace; it stays theirs."""
        self._put(target_tenant, _shared(target_workspace), owned)

    def owner(self, target_tenant: str, target_workspace: str) -> Owned | None:
        """Which migration created the workspace, or None where none of this app did."""
        return self._get(target_tenant, safe_id(target_workspace))

    def sources(self, target_tenant: str, target_workspace: str) -> list[str]:
        """Ids of the source workspaces that were brought into this one, created by us or not."""
        rows = (safe_id(target_workspace), _shared(target_workspace))
        found = (self._get(target_tenant, row) for row in rows)
        return [owned.source_workspace for owned in found if owned is not None]

    def _put(self, target_tenant: str, row: str, owned: Owned) -> None:
        self._tables[_TABLE].put(safe_id(target_tenant), row, _values(owned))

    def _get(self, target_tenant: str, row: str) -> Owned | None:
        found = self._tables[_TABLE].get(safe_id(target_tenant), row)
        return None if found is None else _owned(found[0])


def _values(owned: Owned) -> Entity:
    return {
        "migration_id": owned.migration_id,
        "source_tenant": owned.source_tenant,
        "source_workspace": owned.source_workspace,
    }


def _owned(values: Entity) -> Owned:
    return Owned(values["migration_id"], values["source_tenant"], values["source_workspace"])


def _shared(target_workspace: str) -> str:
    return key(safe_id(target_workspace), "shared")
