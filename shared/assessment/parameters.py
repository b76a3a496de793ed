"""The parameters of a model, read from the M expressions that its scan gives: no call is spent on them.

A parameter is an expression such as
`"contoso.example" meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]`. M is only read as far as
this needs: texts in quotes, brackets, and a comma between fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.assessment.model import Json
from shared.assessment.reading import rows, text

_TOKEN = re.compile(
    r'"(?:[^"]|"")*"?|//[^\n]*|/\*.*?(?:\*/|\Z)|\bmeta\b|[\[\](){},=]|[^"\[\](){},=/m]+|.', re.DOTALL
)
_META = "meta"
_OPEN, _CLOSE = frozenset("[({"), frozenset("])}")


def of_dataset(dataset: Mapping[str, Any]) -> list[Json]:
    """`{"name", "type", "current", "required"}` of each, in the order of the scan.

    `current` is as Datasets_GetParametersInGroup would tell it: a text without its quotes, anything else as M writes
    it. An expression that is no parameter is skipped.
    """
    found = ((text(row, "name"), text(row, "expression")) for row in rows(dataset, "expressions"))
    return [
        made
        for name, expression in found
        if name and _META in expression and (made := _parameter(name, expression))
    ]


def _parameter(name: str, expression: str) -> Json | None:
    words = [word for word in _TOKEN.findall(expression) if not word.startswith(("//", "/*"))]
    cut = _meta_at(words)
    if cut is None or not "".join(words).rstrip().endswith("]"):  # the record is the end of a parameter
        return None
    fields = _fields(words[cut + 1 :])
    if fields.get("isparameterquery", "").lower() != "true":
        return None
    return {
        "name": name,
        "type": _literal(fields.get("type", "")) or "Any",
        "current": _literal("".join(words[:cut])),
        "required": fields.get("isparameterqueryrequired", "").lower() == "true",
    }


def _meta_at(words: list[str]) -> int | None:
    """The last `meta` outside of brackets: the value before it may hold records with their own."""
    depth, found = 0, None
    for place, word in enumerate(words):
        depth += (word in _OPEN) - (word in _CLOSE)
        if word == _META and depth == 0:
            found = place
    return found


def _fields(words: list[str]) -> dict[str, str]:
    """The record after `meta` as texts; names in lower case."""
    fields: dict[str, str] = {}
    for part in _parts(words):
        name, equals, value = part.partition("=")
        if equals:
            fields[name.strip().lower()] = value.strip()
    return fields


def _parts(words: list[str]) -> Iterator[str]:
    """What stands between the commas of the record, whose own brackets are at depth 1."""
    depth, part = 0, ""
    for word in words:
        depth += (word in _OPEN) - (word in _CLOSE)
        if (depth == 1 and word in "[,") or depth < 1:
            yield part
            part = ""
        else:
            part += word


def _literal(value: str) -> str:
    """A text without its quotes (`""` in it is one quote); everything else stays M."""
    bare = value.strip()
    if len(bare) > 1 and bare.startswith('"') and bare.endswith('"'):
        return bare[1:-1].replace('""', '"')
    return bare
