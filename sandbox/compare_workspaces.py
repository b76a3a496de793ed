"""Workspaces themselves: name and capacity, who is in them, and that no import is left hanging in them."""

from collections import Counter

from sandbox.scene import Couple, Scene
from sandbox.state import Access, Right, Tenant, Workspace


class Workspaces:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def pair(self) -> None:
        """They are the couples; whoever made those has told it."""

    def judge(self) -> None:
        for couple in self._scene.couples:
            self._workspace(couple)
            self._users(couple)
            self._imports(couple)

    def _workspace(self, couple: Couple) -> None:
        old, new, expectation = couple.old, couple.new, self._scene.expectation
        if new is None:
            self._scene.differs("missing", couple, "workspace", old.name, old.id)
            return
        facts = {
            "name": (expectation.name_of(old), new.name),
            "capacity": (expectation.capacity_of(old), new.capacity_id),
        }
        self._scene.judge(couple, "workspace", old.name, facts)

    def _users(self, couple: Couple) -> None:
        expected = self._scene.expectation.rights_in(couple.old)
        given = [access for access in (couple.new.users if couple.new else []) if access.right != "None"]
        seen = Counter(access.principal_id for access in given)
        held: dict[str, Right] = {access.principal_id: access.right for access in given}
        for principal, right in expected.items():
            self._user(couple, principal, (right, held.get(principal)), seen[principal])
        for access in given:
            if couple.new and access.principal_id not in expected:
                self._extra_user(couple, couple.new, access)

    def _user(self, couple: Couple, principal: str, rights: tuple[Right, Right | None], times: int) -> None:
        name, (right, held) = _name(self._scene.expectation.target, principal), rights
        if held is None:
            self._scene.differs("missing", couple, "user", name, right)
        elif times > 1:
            self._scene.differs("twice", couple, "user", name, right, held)
        elif held != right:
            self._scene.differs("different", couple, "user", name, right, held, "right")
        else:
            self._scene.result.equal("user")

    def _extra_user(self, couple: Couple, space: Workspace, access: Access) -> None:
        """The app that made the workspace is in it by nature."""
        target = self._scene.expectation.target
        ours = access.principal_id == target.actors.get("migration")
        if not ours and f"{space.id}/{access.principal_id}" not in self._scene.known:
            name = _name(target, access.principal_id)
            self._scene.differs("orphan", couple, "user", name, None, access.right)

    def _imports(self, couple: Couple) -> None:
        """Those that are not done, and what failed ones left."""
        if couple.new is None:
            return
        for item in couple.new.imports:
            if item.state == "Publishing" and not item.gone:
                self._scene.surplus("orphan", couple, "import", item.name, item.id)
        for kind, items in (("report", couple.new.reports), ("dataset", couple.new.datasets)):
            for item in items:
                if item.id in couple.remains:
                    self._scene.surplus("orphan", couple, kind, item.name, item.id)


def _name(tenant: Tenant, principal: str) -> str:
    who = tenant.principals.get(principal)
    return (who.upn or who.display_name) if who else principal
