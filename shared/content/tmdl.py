"""Reading TMDL, the text form of a semantic model, line by line: no more of its grammar than we need.

Objects are declared by a keyword and a name and own the lines indented deeper. An expression is indented deeper still,
or fenced by three backticks; nothing in a fence is a declaration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_DECLARED = re.compile(r"([A-Za-z]+)\s+('(?:[^']|'')*'|[^\s=:'][^\s=:]*)\s*(?:=.*)?$", re.DOTALL)
_LINE = re.compile(r"[^\n]*\n|[^\n]+")  # other line ends of Unicode are letters of an expression
_FENCE = "```"
OBJECTS = frozenset(
    {
        "table",
        "partition",
        "expression",
        "dataSource",
        "measure",
        "column",
        "role",
        "member",
        "model",
        "database",
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it stands, with its end; `keyword` and `name` where it declares an object."""

    text: str
    indent: int
    keyword: str = ""
    name: str = ""

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()


def read(text: str) -> Iterator[Line]:
    fenced = False
    for raw in _LINE.findall(text):
        stripped = raw.strip().lstrip("\ufeff")
        declared = None if fenced else _DECLARED.match(stripped)
        if fenced or declared is None or declared.group(1) not in OBJECTS:
            yield Line(raw, _indent(raw))
        else:
            yield Line(raw, _indent(raw), declared.group(1), _name(declared.group(2)))
        fenced = fenced != (stripped.count(_FENCE) % 2 == 1)


def owned(lines: Sequence[Line], start: int) -> int:
    """The index after the last line that the object declared at `start` owns, blank lines after it left out."""
    end = start + 1
    for index in range(start + 1, len(lines)):
        if lines[index].is_blank:
            continue
        if lines[index].indent <= lines[start].indent:
            break
        end = index + 1
    return end


def _indent(raw: str) -> int:
    return len(raw) - len(raw.lstrip(" \t"))


def _name(written: str) -> str:
    return written[1:-1].replace("''", "'") if written.startswith("'") else written
