"""The least estate that can be served: two tenants with their people, apps and capacities, and no workspace.

For tests of the service itself, which make what they need; the generator makes whole estates.
"""

import uuid

from sandbox.state import Capacity, Principal, Tenant


def two_tenants() -> list[Tenant]:
    return [_tenant("contoso", "contoso.com"), _tenant("fabrikam", "fabrikam.com")]


def _id(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("sandbox", *parts))))


def _tenant(name: str, domain: str) -> Tenant:
    people = [_person(name, domain, who) for who in ("alice", "bob", "carol", "dave")]
    migration, reader = _app(name, "migration"), _app(name, "adminReader")
    reader.reads_admin_apis = True
    master = _person(name, domain, "master")
    master.password, master.is_fabric_admin = f"{name}-master-password", True
    analysts = Principal(_id(name, "analysts"), "Group", "Analysts", members=[people[2].id])
    capacity = Capacity(
        _id(name, "capacity"),
        f"{name} F64",
        admins=[f"alice@{domain}", master.upn or ""],
        assigners=[migration.id],
    )
    everybody = [*people, master, analysts, migration, reader]
    return Tenant(
        _id(name, "tenant"),
        name,
        domain,
        actors={"migration": migration.id, "adminReader": reader.id, "masterUser": master.id},
        principals={principal.id: principal for principal in everybody},
        capacities={capacity.id: capacity},
    )


def _person(name: str, domain: str, who: str) -> Principal:
    return Principal(_id(name, who), "User", who.capitalize(), upn=f"{who}@{domain}")


def _app(name: str, role: str) -> Principal:
    app_id = _id(name, role, "app")
    return Principal(_id(name, role), "App", f"{name} {role}", app_id=app_id, secret=f"{name}-{role}-secret")
