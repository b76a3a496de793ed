"""What a semantic model's definition (TMDL or TMSL) says of itself: where it names ids, how it stores its data.

Ids in a model stand in M: parameters, shared expressions, and the partitions of its tables. They are rewritten like
any other text (`parts.rewrite_parts`); this module says where those that stay are, in words for a person.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from shared.content import jsontext, m, tmdl
from shared.content.encoding import decode
from shared.content.ids import guids
from shared.content.jsontext import Json
from shared.content.parts import Part, is_text
from shared.content.roles import strip_members

__all__ = [
    "Mention",
    "default_mode",
    "expressions_with",
    "has_refresh_policy",
    "sources_of",
    "storage_mode",
    "strip_members",
]

_LABELLED = frozenset({"table", "partition", "expression", "dataSource", "measure", "column", "role"})
_TMSL = {
    "tables": "table", "partitions": "partition", "expressions": "expression", "dataSources": "dataSource",
    "measures": "measure", "columns": "column", "roles": "role",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mention:
    """Ids at one place. `where` names the objects from the outside in: `table 'Sales', partition 'Sales'`."""

    path: str
    where: str
    ids: frozenset[str]


def expressions_with(parts: Sequence[Part], wanted: Collection[str]) -> list[Mention]:
    """Every place of the model that names one of these ids; one mention per place."""
    lowered = {one.lower() for one in wanted}
    found: dict[tuple[str, str], set[str]] = {}
    for part in parts:
        for where, text in _places(part):
            ids = guids(text) & lowered
            if ids:
                found.setdefault((part.path, where), set()).update(ids)
    return [Mention(path, where, frozenset(ids)) for (path, where), ids in found.items()]


def sources_of(parts: Sequence[Part]) -> set[tuple[str, str]]:
    """(workspace, dataflow) of the dataflows the model's M reads."""
    texts = (text for part in parts for text in _whole(part))
    return {pair for text in texts for pair in m.source_ids(text).pairs}


def default_mode(parts: Sequence[Part]) -> str:
    """The model's `defaultMode` as it is spelt (import, directQuery, directLake); "" where it says none."""
    return _setting(parts, "defaultMode")


def storage_mode(parts: Sequence[Part]) -> str:
    """`targetStorageMode` (Abf, PremiumFiles) where the definition carries it; mostly only the dataset does."""
    return _setting(parts, "targetStorageMode")


def has_refresh_policy(parts: Sequence[Part]) -> bool:
    """Is a table of it refreshed by increments?"""
    tmdl_policy = re.compile(r"^[ \t]+refreshPolicy\b", re.MULTILINE)
    for part in parts:
        if part.path.lower().endswith(".tmdl") and tmdl_policy.search(decode(part.payload, part.path)[0]):
            return True
        if _is_tmsl(part) and any("refreshPolicy" in one for one in jsontext.objects(_document(part))):
            return True
    return False


def _setting(parts: Sequence[Part], name: str) -> str:
    line = re.compile(rf"^[ \t]*{name}[ \t]*:[ \t]*(\w{{1,40}})[ \t]*\r?$", re.MULTILINE)
    for part in parts:
        if part.path.lower().endswith(".tmdl"):
            told = line.search(decode(part.payload, part.path)[0])
            if told is not None:
                return told.group(1)
        elif _is_tmsl(part) or part.path.lower().endswith(".pbism"):
            for one in jsontext.objects(_document(part)):
                if jsontext.text(one, name):
                    return jsontext.text(one, name)
    return ""


def _places(part: Part) -> Iterator[tuple[str, str]]:
    """Each piece of text of the part with the objects it stands in."""
    if _is_tmsl(part):
        yield from _tmsl_places(_document(part), "")
    elif part.path.lower().endswith(".tmdl"):
        yield from _tmdl_places(decode(part.payload, part.path)[0])
    elif is_text(part):
        yield "", decode(part.payload, part.path)[0]


def _tmdl_places(text: str) -> Iterator[tuple[str, str]]:
    around: list[tuple[int, str]] = []
    for line in tmdl.read(text):
        if not line.is_blank and line.keyword in _LABELLED:
            around = [(indent, label) for indent, label in around if indent < line.indent]
            around.append((line.indent, _label(line.keyword, line.name)))
        yield ", ".join(label for _, label in around), line.text


def _tmsl_places(value: Json, around: str) -> Iterator[tuple[str, str]]:
    """Recursion is bounded: `_document` refused what is too deep."""
    for name, inner in value.items():
        kind = _TMSL.get(name)
        for row in jsontext.rows(value, name) if isinstance(inner, list) else ():
            label = _label(kind, jsontext.text(row, "name")) if kind else ""
            yield from _tmsl_places(row, ", ".join(filter(None, (around, label))))
        if isinstance(inner, dict):
            yield from _tmsl_places(cast(Json, inner), around)
        elif jsontext.text(value, name):
            yield around, jsontext.text(value, name)


def _whole(part: Part) -> list[str]:
    """The part's M with quotes as M has them; in TMSL they stand inside JSON strings."""
    if _is_tmsl(part):
        return [text for _, text in _places(part)]
    return [decode(part.payload, part.path)[0]] if is_text(part) else []


def _document(part: Part) -> Json:
    document = jsontext.load_object(part.payload, part.path)
    for _ in jsontext.objects(document):  # refuses what is too deep to be walked
        pass
    return document


def _is_tmsl(part: Part) -> bool:
    return part.path.lower().endswith((".bim", ".tmsl"))


def _label(kind: str, name: str) -> str:
    return f"{kind} '{name}'"
