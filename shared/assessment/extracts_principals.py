"""Who has a right on anything of a workspace: its users, those of its items and apps, the members of its roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.assessment.model import Json
from shared.assessment.reading import access_right, lower, name_of, rows, text
from shared.assessment.verdicts_contents import contents
from shared.models import Kind

_ROLE = "RoleMember"  # sees rows, but has no right by that
_RANKS = ("Admin", "Member", "Contributor", "Owner", "Viewer")  # rights on the workspace beat those on items


def principals_of(document: Mapping[str, Any]) -> dict[str, Json]:
    """`{identifier: {"kind", "name", "upn", "id", "guest", "best", "count"}}`, identifier in lower case.

    A user is known by UPN, a group or app by its object id, wherever it comes up: the list of a role calls by name
    whom the list of a workspace calls by id. `id` is the object id where it was told, `count` the number of grants.
    """
    grants = list(_grants(document))
    ids = _upns([user for user, _ in grants])
    found: dict[str, Json] = {}
    for user, right in grants:
        own = _identifier(user)
        if identifier := ids.get(own, own):
            found[identifier] = _joined(found.get(identifier), _principal(user, right))
    return found


def _upns(users: list[Json]) -> dict[str, str]:
    """By object id, of those users whose UPN is told somewhere."""
    told = ((lower(user, "graphId", "memberId"), _identifier(user)) for user in users)
    return {own_id: upn for own_id, upn in told if own_id and _is_upn(upn)}


def _grants(document: Mapping[str, Any]) -> Iterator[tuple[Json, str]]:
    """Who, with which right; principals whose right is None have none."""
    items = contents(document)
    for user in rows(document, "users"):
        yield from _granted(user)
    for kind in Kind:
        for item in items[kind]:
            for user in rows(item.raw, "users"):
                yield from _granted(user)
    for model in items[Kind.DATASET]:
        for role in rows(model.raw, "roles"):
            yield from ((member, _ROLE) for member in rows(role, "members"))


def _granted(user: Json) -> Iterator[tuple[Json, str]]:
    if right := access_right(user):
        yield user, right


def _identifier(user: Json) -> str:
    names = (lower(user, "identifier", "memberName"), lower(user, "emailAddress"))
    own_id = lower(user, "graphId", "memberId")
    if _kind(user) == "User":
        return next((name for name in names if _is_upn(name)), "") or names[0] or own_id
    return own_id or names[0] or names[1]


def _is_upn(name: str) -> bool:
    return "@" in name


def _kind(user: Json) -> str:
    told = text(user, "principalType", "memberType").lower()
    return {"group": "Group", "app": "App", "serviceprincipal": "App"}.get(told, "User")


def _principal(user: Json, right: str) -> Json:
    upn = next(
        (name for part in ("identifier", "memberName", "emailAddress") if _is_upn(name := text(user, part))),
        "",
    )
    return {
        "kind": _kind(user),
        "name": text(user, "displayName") or text(user, "memberName") or name_of(user),
        "upn": upn,
        "id": lower(user, "graphId", "memberId"),
        "guest": text(user, "userType").lower() == "guest" or "#ext#" in upn.lower(),
        "best": right,
        "count": 1,
    }


def _joined(known: Json | None, more: Json) -> Json:
    if known is None:
        return more
    filled = {name: known[name] or more[name] for name in ("kind", "name", "upn", "id", "guest")}
    best = min(known["best"], more["best"], key=_rank)
    return {**filled, "best": best, "count": known["count"] + more["count"]}


def _rank(right: str) -> tuple[int, int, str]:
    """The highest first; of rights on items the one whose name lists most."""
    if right in _RANKS:
        return _RANKS.index(right), 0, right
    return (len(_RANKS) + 1, 0, right) if right == _ROLE else (len(_RANKS), -len(right), right)
