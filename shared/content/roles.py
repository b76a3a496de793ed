"""Roles of a semantic model's definition, without their members.

Members are identities of the source tenant. In the target they would be refused, or be somebody else; so they are
taken out, told by name, and given again by who knows what each became. The roles and their filters stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.content import jsontext, tmdl
from shared.content.encoding import decode, encode
from shared.content.jsontext import Json
from shared.content.parts import Part

type Members = dict[str, list[str]]


def strip_members(parts: Sequence[Part]) -> tuple[list[Part], Members]:
    """The parts without role members, and the names of those that were there, by role."""
    members: Members = {}
    return [_stripped(part, members) for part in parts], members


def _stripped(part: Part, members: Members) -> Part:
    path = part.path.lower()
    if path.endswith(".tmdl"):
        return _strip_tmdl(part, members)
    return _strip_tmsl(part, members) if path.endswith((".bim", ".tmsl")) else part


def _strip_tmdl(part: Part, members: Members) -> Part:
    text, codec = decode(part.payload, part.path)
    if "member" not in text:
        return part
    lines, dropped = list(tmdl.read(text)), set[int]()
    for start, line in enumerate(lines):
        if line.keyword == "role" and line.indent == 0:  # deeper, it is a word of an expression
            dropped |= _of_role(lines, start, members.setdefault(line.name, []))
    members_gone = "".join(line.text for n, line in enumerate(lines) if n not in dropped)
    _forget_empty(members)
    return replace(part, payload=encode(members_gone, codec)) if dropped else part


def _of_role(lines: Sequence[tmdl.Line], start: int, names: list[str]) -> set[int]:
    """The lines of the role's members: only its direct children, since a filter's lines stand deeper."""
    end, dropped = tmdl.owned(lines, start), set[int]()
    inside = [n for n in range(start + 1, end) if not lines[n].is_blank]
    for n in inside:
        if lines[n].keyword == "member" and lines[n].indent == lines[inside[0]].indent:
            names.append(lines[n].name)
            dropped |= set(range(n, tmdl.owned(lines, n)))
    return dropped


def _strip_tmsl(part: Part, members: Members) -> Part:
    document = jsontext.load_object(part.payload, part.path)
    found = [
        role
        for one in jsontext.objects(document)
        for role in jsontext.rows(one, "roles")
        if "members" in role
    ]
    for role in found:
        rows = jsontext.rows(role, "members")
        members.setdefault(jsontext.text(role, "name"), []).extend(_member(row) for row in rows)
        del role["members"]
    _forget_empty(members)
    return replace(part, payload=jsontext.dump(document)) if found else part


def _member(row: Json) -> str:
    return jsontext.text(row, "memberName") or jsontext.text(row, "memberId")


def _forget_empty(members: Members) -> None:
    for role in [role for role, names in members.items() if not names]:
        del members[role]
