"""What a migration request promises, read independently of the app: which workspaces, which names, who, on what."""

from dataclasses import dataclass
from typing import Any, Literal

from sandbox.state import RIGHTS, Principal, Right, Tenant, Workspace

Mapped = str | None | Literal[False]
"""Where a principal goes: a target name; None = dropped knowingly; False = the request says nothing."""


@dataclass(frozen=True, slots=True)
class Expectation:
    source: Tenant
    target: Tenant
    request: dict[str, Any]

    def workspaces(self) -> list[Workspace]:
        """The active, ordinary ones that are asked for."""
        wanted = {str(name).casefold() for name in self.request.get("workspaces", ["*"])}
        return [
            space
            for space in self.source.workspaces.values()
            if is_ordinary(space) and wanted & {"*", space.id.casefold(), space.name.casefold()}
        ]

    def name_of(self, space: Workspace) -> str:
        return self.request.get("naming", "{name}").replace("{name}", space.name)

    def capacity_of(self, space: Workspace) -> str | None:
        """The id of the capacity the target workspace belongs on; None: on none."""
        if space.capacity_id is None:
            return None
        old = self.source.capacities.get(space.capacity_id)
        mapping = _folded(self.request.get("capacities", {}))
        keys = (space.capacity_id, old.display_name if old else "", "*")
        wanted = next((mapping[key.casefold()] for key in keys if key.casefold() in mapping), None)
        return self._capacity_id(wanted) if wanted else None

    def rights_in(self, space: Workspace) -> dict[str, Right]:
        """Right by target principal id (the strongest, where two become one); unmapped ones under their own name."""
        expected: dict[str, Right] = {}
        for access in space.users:
            who = self.source.principals.get(access.principal_id)
            goal = self.goal_of(who) if who else None
            if goal is not None and access.right != "None":
                held: tuple[Right, ...] = (access.right, expected.get(goal, "None"))
                expected[goal] = max(held, key=RIGHTS.index)
        return expected

    def goal_of(self, who: Principal) -> str | None:
        """The target principal id; a text where no such account is there, None where nobody should get it."""
        mapped = self._mapped(who)
        if mapped is None or (mapped is False and who.id in self.source.actors.values()):
            return None
        found = self.target.principal_named(mapped) if mapped else None
        return found.id if found else f"no account for {who.upn or who.id}"

    def _mapped(self, who: Principal) -> Mapped:
        mapping = _folded(self.request.get("principals", {}))
        upn = (who.upn or "").casefold()
        for key in (who.id.casefold(), upn):
            if key in mapping:
                return mapping[key]
        local, _, domain = upn.partition("@")
        suffix = mapping.get(f"@{domain}", False) if who.kind == "User" else False
        return f"{local}{suffix}" if suffix else suffix

    def _capacity_id(self, wanted: str) -> str:
        folded = wanted.casefold()
        found = (
            c.id
            for c in self.target.capacities.values()
            if folded in (c.id.casefold(), c.display_name.casefold())
        )
        return next(found, f"no capacity {wanted}")


def is_ordinary(space: Workspace) -> bool:
    return space.state == "Active" and space.type == "Workspace"


def _folded(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key.casefold(): value for key, value in mapping.items()}
