"""People, groups and applications: nobody is guessed. Who is mapped to nobody gets nothing, and is named once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.assessment.model import Extract, Json, Obstacle
from shared.assessment.obstacles_parts import Parts, Surroundings, Tally, rows_of, unread_of
from shared.assessment.obstacles_unknown import not_checkable
from shared.assessment.reading import lower, text
from shared.models import MigrationRequest
from shared.principal_rules import counterpart, rules_of

_NO_GRAPH = (
    "GRAPH_URL is not set for the target connection, so nobody can say beforehand whom its directory knows."
)


@dataclass(slots=True)
class Seen:
    """One principal of the source, over all workspaces."""

    kind: str
    name: str
    names: list[str]  # what it may be called in `principals`, most exact first
    best: str = ""
    where: Tally = field(default_factory=Tally)


def unmapped(identifier: str, kind: str, name: str, message: str) -> Obstacle:
    """Said once per principal, by the plan or by the first workspace that meets it."""
    return Obstacle("principal.unmapped", f"principal.{kind}", identifier, name, message)


def shown(identifier: str, who: Mapping[str, Any]) -> str:
    """What people know a principal by: users by their sign-in name, others by their display name."""
    return (text(who, "upn") if text(who, "kind") == "User" else "") or text(who, "name") or identifier


def seen_in(extracts: Iterable[Extract], own: frozenset[str]) -> dict[str, Seen]:
    """Every principal of the workspaces that move, but this app's own: those were let in for the move."""
    found: dict[str, Seen] = {}
    for extract in extracts:
        look(found, extract, own)
    return found


def look(found: dict[str, Seen], extract: Extract, own: frozenset[str]) -> None:
    if not extract.moves:
        return
    for identifier, who in extract.principals.items():
        names = [name for name in (identifier, lower(who, "upn"), lower(who, "id")) if name]
        if own & set(names):
            continue
        known = found.setdefault(
            identifier, Seen(text(who, "kind") or "User", shown(identifier, who), list(dict.fromkeys(names)))
        )
        known.best = known.best or text(who, "best")
        known.where.add(extract.name)


def target_of(seen: Seen, rules: Mapping[str, str | None]) -> tuple[bool, str | None]:
    return counterpart(seen.names, rules, is_person=seen.kind == "User")


class Principals:
    """One obstacle per principal of the source without a mapping, and per principal of the target nobody knows."""

    def __init__(self, parts: Parts, request: MigrationRequest, surroundings: Surroundings):
        self._request = request
        self._surroundings = surroundings
        self._directory = {lower(row, "identifier"): row for row in rows_of(parts, "target-graph")}
        self._unread = unread_of(parts, "target-graph")
        self._seen: dict[str, Seen] = {}

    def see(self, extract: Extract) -> Iterator[Obstacle]:
        if self._request.target:
            look(self._seen, extract, self._surroundings.own)
        return iter(())

    def conclude(self) -> Iterator[Obstacle]:
        rules = rules_of(self._request.principals)
        heirs: dict[str, list[Seen]] = {}
        for identifier, seen in sorted(self._seen.items()):
            known, target = target_of(seen, rules)
            if not known:
                message = (
                    f"{seen.name} has rights ({seen.best}) in {seen.where} and no mapping; nobody gets them."
                )
                yield unmapped(identifier, seen.kind, seen.name, message)
            elif target is not None:
                heirs.setdefault(target.lower(), []).append(seen)
        if heirs:
            yield from self._judge(heirs)

    def _judge(self, heirs: dict[str, list[Seen]]) -> Iterator[Obstacle]:
        reason = self._unread or ("" if self._surroundings.target_graph else _NO_GRAPH)
        if reason:
            yield not_checkable("targetPrincipals", reason)
        for target, seen in heirs.items():
            row: Json = self._directory.get(target, {})
            if row.get("known") is False:
                names = ", ".join(each.name for each in seen[:3])
                message = (
                    f"The target's directory does not know {target}, who is to get the rights of {names}."
                )
                yield Obstacle("principal.unknown", f"principal.{seen[0].kind}", target, target, message)
