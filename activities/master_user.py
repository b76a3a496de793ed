"""The target's master user, let into a workspace for what a service principal may not do, and out again.

The right is the lowest that suffices, and goes through the same writes as everybody's: a rollback knows of it.
"""

from __future__ import annotations

from activities.access import access_intent
from activities.context import Context
from activities.inventory import source_users
from activities.principals import mapped, names_of
from shared.errors import AlreadyExists, EntityNotFound, TerminalError
from shared.models import Kind

_RIGHT = "Contributor"
_CHECKED = "masterUser"


def let_in(context: Context) -> None:
    """Groups_AddGroupUser, unless the user is in the workspace already."""
    user, workspace = context.target.user_name(), context.workspace().target_id
    present = {name for each in context.target.groups.users(workspace) for name in names_of(each)}
    if user.lower() in present:
        return
    context.services.gate.write(  # first: whoever dies after the next write must know that it was ours
        context.intent(_CHECKED, user, "Groups_AddGroupUser", user), look=lambda before: None, act=dict
    )
    context.services.gate.write(
        access_intent(context, user, _RIGHT, "Groups_AddGroupUser"),
        survey=lambda: _nobody(context, user),
        look=lambda before: None,
        act=lambda: _add(context, workspace, user),
        repeatable=True,
    )


def let_out(context: Context) -> None:
    """Groups_DeleteUserInGroup where we let the user in for a while, and nobody gave it a right meanwhile."""
    call, gate = context.call, context.services.gate
    if not gate.results(call.migration, call.workspace, _CHECKED):
        return
    try:
        _let_out(context)
    except TerminalError as refused:
        _still_in(context, refused)


def _let_out(context: Context) -> None:
    call, gate = context.call, context.services.gate
    user, workspace = context.target.user_name(), context.workspace().target_id
    now = [each for each in context.target.groups.users(workspace) if user.lower() in names_of(each)]
    granted = gate.surveys(call.migration, call.workspace, "access")
    others = [
        each for each in granted if each["identifier"].lower() == user.lower() and not each.get("temporary")
    ]
    if now and now[0].get("groupUserAccessRight") == _RIGHT and not others and not _is_meant(context, user):
        _remove(context, workspace, user)
    gate.forget(call.migration, call.workspace, _CHECKED)
    gate.drop(access_intent(context, user, _RIGHT, ""))


def _is_meant(context: Context, user: str) -> bool:
    """Somebody of the source is mapped to this very user, who then found the right there already."""
    own = context.services.own_principals(context.request.source)
    grants, _ = mapped(source_users(context), context.request.principals, own)
    return any(grant.identifier.lower() == user.lower() for grant in grants)


def _still_in(context: Context, refused: TerminalError) -> None:
    context.finding(
        "principal.refused",
        kind=Kind.WORKSPACE,
        id="master user",
        name="master user",
        message=f"The master user was let in to import dataflows and could not be taken out again: {refused.code}.",
    )


def _remove(context: Context, workspace: str, user: str) -> None:
    context.services.gate.write(
        context.intent("letOut", user, "Groups_DeleteUserInGroup", user),
        look=lambda before: None,
        act=lambda: _delete(context, workspace, user),
        repeatable=True,
    )
    context.services.gate.forget(context.call.migration, context.call.workspace, "letOut")


def _nobody(context: Context, user: str) -> dict[str, object]:
    asked = context.services.clock.now().isoformat()
    return {
        "identifier": user,
        "kind": "User",
        "right": _RIGHT,
        "had": None,
        "asked": asked,
        "temporary": True,
    }


def _add(context: Context, workspace: str, user: str) -> dict[str, str]:
    try:
        context.target.groups.add_user(workspace, user, "User", _RIGHT)
    except AlreadyExists:  # let in since we looked, for another dataflow
        return {"right": _RIGHT}
    return {"right": _RIGHT}


def _delete(context: Context, workspace: str, user: str) -> dict[str, str]:
    try:
        context.target.groups.remove_user(workspace, user)
    except EntityNotFound:
        return {}
    return {"removed": user}
