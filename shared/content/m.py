"""Dataflows named in M (Power Query) expressions.

`PowerPlatform.Dataflows(null)` and `PowerBI.Dataflows(null)` are navigated by records of ids:
`Source{[workspaceId="…"]}[Data]`, then `{[dataflowId="…"]}[Data]`. Whatever calls stand around them, the records are
what names a dataflow, so they are what is read; comments are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.content.ids import guids

_TOKEN = re.compile(r'"[^"]*(?:"|\Z)|//[^\r\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_RECORD = re.compile(r'\b(workspaceId|dataflowId)"?\s*=\s*"([^"]{36,38})"')


@dataclass(frozen=True, slots=True)
class Sources:
    """What one expression reads: ids lower case, and (workspace, dataflow) as they were navigated."""

    workspaces: frozenset[str] = frozenset()
    dataflows: frozenset[str] = frozenset()
    pairs: frozenset[tuple[str, str]] = frozenset()


def source_ids(expression: str) -> Sources:
    """The workspaces and dataflows an expression, or a whole section of them, navigates to."""
    workspaces, dataflows, pairs, workspace = set[str](), set[str](), set[tuple[str, str]](), ""
    for match in _RECORD.finditer(_without_comments(expression)):
        for found in guids(match.group(2)):
            if match.group(1) == "workspaceId":
                workspace = found
                workspaces.add(found)
            else:
                dataflows.add(found)
                pairs.add((workspace, found))
    return Sources(frozenset(workspaces), frozenset(dataflows), frozenset(pairs))


def _without_comments(expression: str) -> str:
    return _TOKEN.sub(lambda token: token.group() if token.group().startswith('"') else " ", expression)
