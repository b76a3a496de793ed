"""Who in the target stands for whom in the source. Pure: an exact key beats a domain rule; nobody is guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from shared.powerbi.groups import AccessRight, PrincipalType
from shared.principal_rules import counterpart, rules_of

_RANK: dict[str, int] = {"Viewer": 0, "Contributor": 1, "Member": 2, "Admin": 3}


@dataclass(frozen=True, slots=True)
class Grant:
    identifier: str  # UPN of a user, object id of a group or app
    kind: PrincipalType
    right: AccessRight


def mapped(
    users: Iterable[Mapping[str, Any]], principals: Mapping[str, str | None], own: Iterable[str]
) -> tuple[list[Grant], list[Mapping[str, Any]]]:
    """Grants in a stable order, and the users nothing in `principals` says anything about.

    `own` are the source identities of this app: they were let in for the move and are not moved. Two source
    principals that become one target principal give it the higher of their rights.
    """
    rules = rules_of(principals)
    ours = {identity.lower() for identity in own}
    found: dict[str, Grant] = {}
    unmapped: list[Mapping[str, Any]] = []
    for user in users:
        names = names_of(user)
        right = str(user.get("groupUserAccessRight") or "None")
        if right not in _RANK or ours & set(names):
            continue
        known, target = counterpart(names, rules, is_person=user.get("principalType") in (None, "User"))
        if not known:
            unmapped.append(user)
        elif target is not None:
            kind = cast(PrincipalType, str(user.get("principalType") or "User"))
            _keep_higher(found, Grant(target, kind, cast(AccessRight, right)))
    return sorted(found.values(), key=lambda grant: grant.identifier.lower()), unmapped


def names_of(user: Mapping[str, Any]) -> list[str]:
    """What this principal may be called, most exact first, in lower case."""
    fields = (user.get("identifier"), user.get("emailAddress"), user.get("graphId"))
    return [str(value).lower() for value in fields if value]


def _keep_higher(found: dict[str, Grant], grant: Grant) -> None:
    known = found.get(grant.identifier.lower())
    if known is None or _RANK[grant.right] > _RANK[known.right]:
        found[grant.identifier.lower()] = grant
