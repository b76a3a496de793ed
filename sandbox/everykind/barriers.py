"""What stands in the way of whole workspaces: rights, capacities, names, and what they depend on."""

from sandbox.everykind.content import FEEDING, FLOWS, named
from sandbox.everykind.founding import Founding
from sandbox.state import Access, Capacity, Tenant, Workspace

CLOSED, HELPED, LOOKING = (
    "Every closed door",
    "Every door the master user opens",
    "Every window to look through",
)
TAKEN = "Every name that is taken"
NEEDY = "Every need of a capacity"


def add_barriers(founding: Founding) -> None:
    _rights(founding)
    _capacities(founding)
    _name(founding)
    _upstream(founding)


def _rights(founding: Founding) -> None:
    """Not in it; not in it while the master user is; in it, but only to look."""
    alice = Access(founding.person("alice"), "Admin")
    ours, master = (founding.source.actors[who] for who in ("migration", "masterUser"))
    doors: dict[str, tuple[list[Access], bool]] = {
        CLOSED: ([alice], False),
        HELPED: ([alice, Access(master, "Admin")], True),
        LOOKING: ([alice, Access(ours, "Viewer")], False),
    }
    for name, (rights, helped) in doors.items():
        space = founding.space(name, rights=rights)
        founding.published(space, "Out of reach")
        held = [access.right for access in rights if access.principal_id == ours]
        more = {"masterUserIsAdmin": helped, "right": held[0] if held else "None"}
        founding.plant("noExportRight", "workspace", space.id, space.name, space, **more)


def _capacities(founding: Founding) -> None:
    """The first two keep their region, so that it differs only where that is planted."""
    old, new = founding.source, founding.target.tenant
    for before, after in zip(list(old.capacities.values()), list(new.capacities.values()), strict=True):
        after.region = before.region
    pairs = (
        ("capacityPaused", _capacity(founding, old, "Contoso Archive", "F8"), ("Fabrikam Asleep", "F64")),
        ("capacitySmaller", _capacity(founding, old, "Contoso Big", "F256"), ("Fabrikam Small", "F32")),
        ("regionDifferent", _capacity(founding, old, "Contoso Abroad", "F64"), ("Fabrikam Overseas", "F64")),
    )
    for obstacle, before, (name, sku) in pairs:
        after = _capacity(founding, new, name, sku)
        founding.capacities[before.display_name] = after.id
        space = _on(founding, before, f"Every workspace of {before.display_name}")
        after.state = "Suspended" if obstacle == "capacityPaused" else "Active"
        after.region = "East US" if obstacle == "regionDifferent" else before.region
        founding.plant(
            obstacle,
            "capacity",
            after.id,
            name,
            source=before.id,
            used=[space.id],
            sourceName=before.display_name,
        )
    forgotten = _capacity(founding, old, "Contoso Forgotten", "F64")
    space = _on(founding, forgotten, NEEDY)
    space.datasets[0].target_storage_mode = "PremiumFiles"
    founding.plant("capacityNotMapped", "workspace", space.id, space.name, space, capacityId=forgotten.id)


def _capacity(founding: Founding, tenant: Tenant, name: str, sku: str) -> Capacity:
    made = Capacity(founding.id(), name, sku, "West Europe", assigners=[tenant.actors["migration"]])
    made.admins = [f"alice@{tenant.domain}"]
    tenant.capacities[made.id] = made
    return made


def _on(founding: Founding, capacity: Capacity, name: str) -> Workspace:
    space = founding.space(name)
    space.capacity_id = capacity.id
    founding.published(space, "Placed")
    return space


def _name(founding: Founding) -> None:
    """In the target someone else has a workspace of that name, and something in it."""
    space = founding.space(TAKEN)
    founding.published(space, "Ours")
    theirs = Workspace(
        founding.id(), TAKEN.upper(), users=[Access(founding.target.by_name["alice"].id, "Admin")]
    )
    founding.target.tenant.workspaces[theirs.id] = theirs
    founding.plant("nameTaken", "workspace", space.id, space.name, space, takenBy=theirs.id)


def _upstream(founding: Founding) -> None:
    """Where a part is asked for: `subset` is all that can be but the workspace this one depends on."""
    above = named(founding, FEEDING)
    active = [w for w in founding.source.workspaces.values() if w.state == "Active" and w.type == "Workspace"]
    subset = [w.id for w in active if w is not above]
    space = named(founding, FLOWS)
    founding.plant(
        "upstreamOutside", "workspace", space.id, space.name, space, upstream=[above.id], subset=subset
    )
