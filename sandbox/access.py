"""Who may do what: workspace rights (own and through groups), capacity rights, admin APIs."""

from dataclasses import dataclass
from typing import Literal

from sandbox.replies import not_for_applications, not_found, refused, unauthorized
from sandbox.state import RIGHTS, Access, Capacity, Principal, Right, Tenant, Workspace
from sandbox.timing import now
from sandbox.world import Service

CapacityRight = Literal["None", "Assign", "Admin"]


@dataclass(frozen=True, slots=True)
class Caller:
    principal: Principal

    @property
    def id(self) -> str:
        return self.principal.id

    @property
    def is_app(self) -> bool:
        return self.principal.kind == "App"

    @property
    def name(self) -> str:
        """As the service names an owner or actor: a user by UPN, an app by object id."""
        return self.principal.upn or self.principal.id


def find_workspace(tenant: Tenant, workspace_id: str) -> Workspace:
    """An active workspace, else 404."""
    found = tenant.workspaces.get(workspace_id.lower())
    if found is None or found.state != "Active":
        raise not_found()
    return found


def right_of(tenant: Tenant, workspace: Workspace, principal_id: str) -> Right:
    """The strongest right that has reached the API."""
    moment = now()
    held = [
        RIGHTS.index(access.right)
        for access in workspace.users
        if access.effective_at <= moment and _is_or_holds(tenant, access, principal_id)
    ]
    return RIGHTS[max(held, default=0)]


def _is_coming(tenant: Tenant, workspace: Workspace, principal_id: str) -> bool:
    return any(_is_or_holds(tenant, access, principal_id) for access in workspace.users)


def _is_or_holds(tenant: Tenant, access: Access, principal_id: str) -> bool:
    if access.principal_id == principal_id:
        return True
    holder = tenant.principals.get(access.principal_id)
    return holder is not None and principal_id in holder.members


def require_right(service: Service, caller: Caller, workspace_id: str, right: Right) -> Workspace:
    """The workspace, or the refusal that fits: gone 404, not in it 401, too weak a right 401."""
    workspace = find_workspace(service.state, workspace_id)
    held = right_of(service.state, workspace, caller.id)
    if held == "None" and _is_coming(service.state, workspace, caller.id):
        raise refused(401, "GroupNotAccessible") if service.world.unseen_status == 401 else not_found()
    if held == "None" or (caller.is_app and workspace.type != "Workspace"):
        raise refused(401, "GroupNotAccessible")
    if RIGHTS.index(held) < RIGHTS.index(right):
        raise unauthorized()
    return workspace


def require_admin(caller: Caller, *, user_only: bool) -> None:
    """Admin operations: a Fabric administrator, or (if the operation allows) an app in the tenant setting."""
    if caller.is_app and not user_only and not caller.principal.reads_admin_apis:
        raise not_for_applications()
    if caller.is_app and user_only:
        raise unauthorized()
    if not caller.is_app and not caller.principal.is_fabric_admin:
        raise unauthorized()


def capacity_right(capacity: Capacity, caller: Caller) -> CapacityRight:
    if caller.id in capacity.admins or caller.name in capacity.admins:
        return "Admin"
    return "Assign" if caller.id in capacity.assigners else "None"
