"""Step 9 as far as workspaces go: each mapped principal gets exactly the right it had in the source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activities.context import Context, open_context
from activities.frame import Call
from activities.inventory import source_users
from activities.principals import Grant, mapped, names_of
from activities.rights import is_of_lag
from shared.assessment.extracts_principals import principals_of
from shared.assessment.model import Obstacle
from shared.assessment.obstacles_principals import shown, unmapped
from shared.errors import AlreadyExists, BadRequest, EntityNotFound, NotAuthorized
from shared.outcomes import Done, Outcome, Wait
from shared.services import Services
from shared.writes import Intent

_PER_CALL = 25  # principals per activity: well under a minute even where the service is slow


def grant_access(services: Services, call: Call) -> Outcome:
    """Groups_GetGroupUsers, then Groups_AddGroupUser or Groups_UpdateGroupUser for what differs.

    An unmapped principal is never guessed: it becomes a finding. In a workspace that is not ours nobody's
    existing right is changed.
    """
    context = open_context(services, call)
    row = context.update_workspace(step="access")
    own = services.own_principals(context.request.source)
    grants, left = mapped(source_users(context), context.request.principals, own)
    position = int(call.state.get("position", 0))
    if position == 0:
        _name_unmapped(context, left)
    present = {name: user for user in context.target.groups.users(row.target_id) for name in names_of(user)}
    for grant in grants[position : position + _PER_CALL]:
        _bring_about(context, row.target_id, row.origin, grant, present)
    position += _PER_CALL
    if position < len(grants):
        return Wait(services.clock.now(), {"position": position})
    return Done()


def _bring_about(
    context: Context, workspace: str, origin: str, grant: Grant, present: Mapping[str, Mapping[str, Any]]
) -> None:
    now = present.get(grant.identifier.lower())
    if now is not None and now.get("groupUserAccessRight") == grant.right:
        return
    if now is not None and (
        origin == "merged"
        or grant.identifier.lower() in context.services.own_principals(context.request.target)
    ):
        _report(context, "principal.kept", grant, f"has {now.get('groupUserAccessRight')} here already")
        return
    operation = "Groups_AddGroupUser" if now is None else "Groups_UpdateGroupUser"
    try:
        context.services.gate.write(
            access_intent(context, grant.identifier, grant.right, operation),
            survey=lambda: _before(context, grant, now),
            look=lambda before: None,
            act=lambda: _grant(context, workspace, grant, exists=now is not None),
            repeatable=True,
        )
    except (BadRequest, EntityNotFound, NotAuthorized) as refused:
        if isinstance(refused, NotAuthorized) and is_of_lag(context.services, context.call, refused):
            raise
        _report(context, "principal.refused", grant, f"was refused: {refused.code} {refused.message}")


def access_intent(context: Context, identifier: str, right: str, operation: str) -> Intent:
    return context.intent("access", f"{identifier}={right}", operation, identifier)


def _before(context: Context, grant: Grant, now: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a rollback needs to know: who gets which right, and which one was there."""
    had = None if now is None else now.get("groupUserAccessRight")
    asked = context.services.clock.now().isoformat()
    return {
        "identifier": grant.identifier,
        "kind": grant.kind,
        "right": grant.right,
        "had": None if had == "None" else had,
        "asked": asked,
    }


def _grant(context: Context, workspace: str, grant: Grant, *, exists: bool) -> dict[str, Any]:
    """POST, or PUT where the principal is in already (also where it came in since we looked)."""
    groups = context.target.groups
    given = {"right": grant.right}
    if exists:
        groups.update_user(workspace, grant.identifier, grant.kind, grant.right)
        return given
    try:
        groups.add_user(workspace, grant.identifier, grant.kind, grant.right)
    except AlreadyExists:
        groups.update_user(workspace, grant.identifier, grant.kind, grant.right)
    return given


def _name_unmapped(context: Context, users: list[Mapping[str, Any]]) -> None:
    """Once per principal, however many workspaces it is in: mostly the plan has said it already."""
    where, found = context.workspace().source_name, list[Obstacle]()
    for identifier, who in principals_of({"users": users}).items():
        name = shown(identifier, who)
        message = f"{name} has rights ({who['best']}) in {where} and no mapping; nobody gets them."
        found.append(unmapped(identifier, who["kind"], name, message))
    context.services.findings.add_all(context.call.migration, found)


def _report(context: Context, code: str, grant: Grant, what: str) -> None:
    context.finding(
        code,
        kind=f"principal.{grant.kind}",
        id=grant.identifier,
        name=grant.identifier,
        message=f"{grant.identifier}, to be {grant.right}, {what}.",
    )
