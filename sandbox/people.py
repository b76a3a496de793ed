"""The people, groups and apps of both tenants: the same under two domains, with a real directory's traps."""

import random
import uuid
from dataclasses import dataclass

from sandbox.state import Principal, Tenant

USERS = ("Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi")
AWKWARD_USERS = {
    "o'brien": "Sinéad O'Brien",
    "anna+reports": "Anna Müller",
    "MiXeD.Case": "Mixed Case",
    "guest_example.org#EXT#": "Guest of Example",
}
GROUPS = ("Analysts", "Führung", "Board / Vorstand")
LEAVER = "leaver"
"""Left the company: has no account in the target, and is dropped knowingly."""
RENAMED = ("bob", "robert")
"""Another local part in the target: needs an entry of his own in the principal map."""

PrincipalMap = dict[str, str | None]


def new_id(draw: random.Random) -> str:
    return str(uuid.UUID(int=draw.getrandbits(128), version=4))


@dataclass(frozen=True, slots=True)
class Directory:
    """One tenant's principals by their plain name, which is the same in both tenants."""

    tenant: Tenant
    by_name: dict[str, Principal]

    def holders(self) -> list[Principal]:
        """Whoever may be given rights in a workspace, in a fixed order; not the apps we run as."""
        actors = set(self.tenant.actors.values())
        return [who for who in self.by_name.values() if who.id not in actors]


def source_directory(draw: random.Random, name: str, domain: str) -> Directory:
    return _directory(draw, name, domain, {})


def target_directory(draw: random.Random, name: str, domain: str) -> Directory:
    directory = _directory(draw, name, domain, {RENAMED[0]: RENAMED[1]})
    leaver = directory.by_name.pop(LEAVER)
    del directory.tenant.principals[leaver.id]
    return directory


def principal_map(source: Directory, target: Directory) -> PrincipalMap:
    """The domain for most; an entry for everyone it does not fit."""
    old, new = source.tenant.domain, target.tenant.domain
    by_id = [name for name, who in source.by_name.items() if who.kind != "User" and name in target.by_name]
    mapping: PrincipalMap = {
        f"@{old}": f"@{new}",
        f"{RENAMED[0]}@{old}": f"{RENAMED[1]}@{new}",
        f"{LEAVER}@{old}": None,
    }
    mapping |= {source.by_name[name].id: target.by_name[name].id for name in by_id}
    return mapping | {source.tenant.actors["migration"]: None}


def _directory(draw: random.Random, name: str, domain: str, renamed: dict[str, str]) -> Directory:
    people = (
        {who.lower(): who for who in USERS}
        | AWKWARD_USERS
        | {LEAVER: "Left Long Ago", "master": "Master User"}
    )
    found = {
        who: Principal(new_id(draw), "User", display, upn=f"{renamed.get(who, who)}@{domain}")
        for who, display in people.items()
    }
    found["master"].password, found["master"].is_fabric_admin = f"{name}-master-password", True
    found |= {group: _group(draw, group, found) for group in GROUPS}
    found |= {role: _app(draw, name, role) for role in ("migration", "adminReader", "etl")}
    found["adminReader"].reads_admin_apis = True
    actors = {"migration": "migration", "adminReader": "adminReader", "masterUser": "master"}
    tenant = Tenant(new_id(draw), name, domain, actors={role: found[who].id for role, who in actors.items()})
    tenant.principals = {who.id: who for who in found.values()}
    return Directory(tenant, found)


def _group(draw: random.Random, name: str, people: dict[str, Principal]) -> Principal:
    members = [people[who].id for who in ("carol", "dave", "erin")]
    return Principal(new_id(draw), "Group", name, members=members)


def _app(draw: random.Random, tenant: str, role: str) -> Principal:
    app_id, secret = new_id(draw), f"{tenant}-{role}-secret"
    return Principal(new_id(draw), "App", f"{tenant} {role}", app_id=app_id, secret=secret)
