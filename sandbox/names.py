"""Names of Fabric items: one of each kind in a workspace by that name, and a while after one was deleted still none."""

from dataclasses import dataclass, field

from sandbox.definition_kind import Kind
from sandbox.replies import refused
from sandbox.state import Workspace
from sandbox.timing import now
from sandbox.world import Service


@dataclass(slots=True)
class Reserved:
    """Until when (epoch seconds), by workspace, type and name."""

    names: dict[tuple[str, str, str], float] = field(default_factory=dict[tuple[str, str, str], float])


def check_free(service: Service, workspace: Workspace, kind: Kind, name: str) -> None:
    """Of what is made by definition; an import or a rename may repeat a name."""
    if any(item.name.casefold() == name.casefold() for item in kind.items(workspace)):
        text = f"Requested '{name}' is already in use"
        raise refused(409, "ItemDisplayNameAlreadyInUse", message=text)
    until = service.recall(Reserved).names.get((workspace.id, kind.type, name.casefold()), 0)
    if until > now():
        text = f"Requested '{name}' is not available yet"
        raise refused(409, "ItemDisplayNameNotAvailableYet", message=text)


def reserve(service: Service, workspace: Workspace, kind: Kind, name: str) -> None:
    """After a deletion, for as long as `name.reserved` draws."""
    until = now() + service.timing.draw("name.reserved")
    service.recall(Reserved).names[workspace.id, kind.type, name.casefold()] = until
