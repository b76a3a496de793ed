"""Who is in a workspace: Admins may do all, Members may grant what they hold themselves or less."""

from typing import Any

from sandbox import views
from sandbox.access import right_of
from sandbox.calls import Call
from sandbox.replies import Reply, bad_request, listing, not_found, refused, unauthorized
from sandbox.routing import operation
from sandbox.state import RIGHTS, Access, Principal, Right, Tenant, Workspace
from sandbox.timing import now

MOST_PRINCIPALS = 1000


@operation("Groups_GetGroupUsers", "GET", "groups/{groupId}/users")
async def get_users(call: Call) -> Reply:
    workspace = call.workspace()
    rows = [views.group_user(call.service.state, access) for access in workspace.users]
    return listing(call.page(rows), "users")


@operation("Groups_AddGroupUser", "POST", "groups/{groupId}/users")
async def add_user(call: Call) -> Reply:
    body = await call.body()
    workspace = call.workspace("Member")
    add_access(call, workspace, body)
    return Reply()


@operation("Groups_UpdateGroupUser", "PUT", "groups/{groupId}/users")
async def update_user(call: Call) -> Reply:
    body = await call.body()
    workspace = call.workspace("Member")
    right, principal = _right(body), _principal(call.service.state, body)
    held = next((a for a in workspace.users if a.principal_id == principal.id), None)
    if held is None:
        raise not_found()
    for touched in (right, held.right):
        _may_grant(call, workspace, touched)
    if right == "None":
        _remove(call, workspace, held)
    else:
        _keep_an_admin(workspace, held, right)
        held.right = right
        _audit(call, "UpdateWorkspaceAccess", workspace, principal, right)
    return Reply()


@operation("Groups_DeleteUserInGroup", "DELETE", "groups/{groupId}/users/{user}")
async def delete_user(call: Call) -> Reply:
    workspace = call.workspace("Admin")
    principal = call.service.state.principal_named(call.params["user"])
    held = next((a for a in workspace.users if principal and a.principal_id == principal.id), None)
    if held is None:
        raise not_found()
    _remove(call, workspace, held)
    return Reply()


@operation(
    "Users_RefreshUserPermissions", "POST", "RefreshUserPermissions", bucket="users.refreshPermissions"
)
async def refresh_permissions(call: Call) -> Reply:
    """Not at once: documented is a wait of about two minutes."""
    seen_from = now() + call.service.timing.draw("permission.refresh")
    for workspace in call.service.state.workspaces.values():
        for access in workspace.users:
            if access.principal_id == call.caller.id:
                access.effective_at = min(access.effective_at, seen_from)
    return Reply()


def add_access(call: Call, workspace: Workspace, body: dict[str, Any], *, as_admin: bool = False) -> None:
    """Add one principal, by the rules of POST users."""
    right, principal = _right(body), _principal(call.service.state, body)
    if right == "None":
        raise bad_request("groupUserAccessRight None cannot be added")
    if any(access.principal_id == principal.id for access in workspace.users):
        raise refused(400, "AddingAlreadyExistsGroupUserNotSupportedError")
    if len(workspace.users) >= MOST_PRINCIPALS:
        raise bad_request(f"A workspace takes at most {MOST_PRINCIPALS} users and groups")
    if not as_admin:
        _may_grant(call, workspace, right)
    effective = now() + call.service.timing.draw("permission.lag")
    workspace.users.append(Access(principal.id, right, effective))
    _audit(call, "AddGroupMembers", workspace, principal, right)


def _may_grant(call: Call, workspace: Workspace, right: Right) -> None:
    held = right_of(call.service.state, workspace, call.caller.id)
    if RIGHTS.index(right) > RIGHTS.index(held):
        raise unauthorized()


def _remove(call: Call, workspace: Workspace, held: Access) -> None:
    _keep_an_admin(workspace, held, "None")
    workspace.users.remove(held)
    gone = call.service.state.principals.get(held.principal_id)
    _audit(call, "DeleteGroupMembers", workspace, gone or Principal(held.principal_id, "User", ""), "None")


def _keep_an_admin(workspace: Workspace, held: Access, right: Right) -> None:
    others = any(access.right == "Admin" for access in workspace.users if access is not held)
    if held.right == "Admin" and right != "Admin" and not others:
        raise bad_request("A workspace must keep at least one admin")


def _right(body: dict[str, Any]) -> Right:
    right = body.get("groupUserAccessRight")
    if right not in RIGHTS:
        raise bad_request(f"groupUserAccessRight must be one of {', '.join(RIGHTS)}")
    return right


def _principal(tenant: Tenant, body: dict[str, Any]) -> Principal:
    """By identifier (users: UPN; groups and apps: object id) or emailAddress; the kind must be true."""
    kind, name = body.get("principalType"), body.get("identifier") or body.get("emailAddress")
    if kind not in ("User", "Group", "App"):
        raise bad_request("principalType must be User, Group or App")
    if not isinstance(name, str) or not name:
        raise bad_request("identifier is missing")
    found = tenant.principal_named(name)
    if found is None or found.kind != kind:
        raise bad_request(f"No {kind} with this identifier is in the tenant")
    return found


def _audit(call: Call, event: str, workspace: Workspace, principal: Principal, right: Right) -> None:
    access = {"RolePermissions": right, "UserObjectId": principal.id}
    call.audit(
        event, workspace, MembershipInformation=[{"MemberEmail": principal.upn or principal.id} | access]
    )
