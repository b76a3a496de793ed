"""Rights in a workspace that stays: what this migration gave is taken back, what was there before is restored.

Only a right that is still as we gave it is ours: one that somebody has changed since is theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from activities.access import access_intent
from activities.context import Context, open_context
from activities.frame import Call, during
from activities.principals import names_of
from activities.undoing import REFUSED, UNDOING
from shared.errors import EntityNotFound, TerminalError
from shared.models import WorkspaceRow
from shared.outcomes import Done, Outcome, Wait
from shared.powerbi.groups import AccessRight, PrincipalType
from shared.services import Services

_PER_CALL = 25

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """A right we gave, and the one that was there before (None: none)."""

    identifier: str
    kind: PrincipalType
    right: AccessRight
    had: AccessRight | None


@during(UNDOING)
def take_back_rights(services: Services, call: Call) -> Outcome:
    """Groups_DeleteUserInGroup, or Groups_UpdateGroupUser where there was another right before ours."""
    context = open_context(services, call)
    row, asked = context.workspace(), _asked(context)
    users = list(context.target.groups.users(row.target_id))
    ours = still_given(all_given(asked), users, services.own_principals(context.request.target))
    begun = int(call.state.get("position", 0))  # those that stay come again, before all others
    page = ours[begun : begun + _PER_CALL]
    stay = [each for each in page if not _take_back(context, row.target_id, each, users)]
    kept = {each.identifier.lower() for each in (*stay, *ours[:begun], *ours[begun + _PER_CALL :])}
    for each in asked:
        if each["identifier"].lower() not in kept:  # a retry gives it anew
            services.gate.drop(access_intent(context, each["identifier"], each["right"], ""))
    more = len(ours) > begun + _PER_CALL
    return Wait(services.clock.now(), {"position": begun + len(stay)}) if more else Done()


def rights_left(context: Context, row: WorkspaceRow) -> list[Given]:
    """The rights that are still as we gave them."""
    given = all_given(_asked(context))
    if not given:
        return []
    users = list(context.target.groups.users(row.target_id))
    return still_given(given, users, context.services.own_principals(context.request.target))


def all_given(surveys: Iterable[Mapping[str, Any]]) -> list[Given]:
    """Per principal the right we gave last and the one before we came. `surveys` in the order of their writes."""
    found: dict[str, Given] = {}
    for each in surveys:
        earlier = found.get(each["identifier"].lower())
        had = each["had"] if earlier is None else earlier.had
        found[each["identifier"].lower()] = Given(each["identifier"], each["kind"], each["right"], had)
    return sorted(found.values(), key=lambda given: given.identifier.lower())


def still_given(
    given: Iterable[Given], users: Iterable[Mapping[str, Any]], own: Iterable[str]
) -> list[Given]:
    """Those whose right is as we gave it, and not what it was before. Never our own."""
    present = {name: user.get("groupUserAccessRight") for user in users for name in names_of(user)}
    ours = set(own)
    return [
        each
        for each in given
        if present.get(each.identifier.lower()) == each.right != each.had
        and each.identifier.lower() not in ours
    ]


def _asked(context: Context) -> list[Json]:
    """What was noted before each right was given, in that order.

    Nothing in a workspace that this migration made: it goes with all its rights, or it stays since people have
    built something in it, whom nothing must lock out of that.
    """
    call = context.call
    if context.workspace().origin == "created":
        return []
    surveys = context.services.gate.surveys(call.migration, call.workspace, "access")
    return sorted((each for each in surveys if "identifier" in each), key=lambda each: each["asked"])


def _take_back(context: Context, workspace: str, given: Given, users: list[Json]) -> bool:
    """False where it stays: the service refused, or it is the last admin's. A finding says so."""
    admins = {
        name for user in users if user.get("groupUserAccessRight") == "Admin" for name in names_of(user)[:1]
    }
    if given.right == "Admin" and admins <= {given.identifier.lower()}:
        return _stays(context, given, "it is the last admin's")
    operation = "Groups_DeleteUserInGroup" if given.had is None else "Groups_UpdateGroupUser"
    intent = context.intent("takeBack", given.identifier, operation, given.identifier)
    try:
        context.services.gate.write(
            intent,
            look=lambda before: None,
            act=lambda: _restore(context, workspace, given),
            repeatable=True,
        )
    except TerminalError as refused:
        return _stays(context, given, f"{refused.code}: {refused.message}")
    context.services.gate.drop(intent)  # it may be given and taken back once more
    return True


def _stays(context: Context, given: Given, why: str) -> bool:
    context.finding(
        REFUSED,
        kind=f"principal.{given.kind}",
        id=given.identifier,
        name=given.identifier,
        message=f"The right {given.right} of {given.identifier} could not be taken back: {why}",
    )
    return False


def _restore(context: Context, workspace: str, given: Given) -> Json:
    groups = context.target.groups
    try:
        if given.had is None:
            groups.remove_user(workspace, given.identifier)
        else:
            groups.update_user(workspace, given.identifier, given.kind, given.had)
    except EntityNotFound:
        return {"right": None}
    return {"right": given.had}
