"""Ids, examples and Hypothesis strategies for the tests of shared/content."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from shared.content.ids import IdMap
from shared.content.parts import Part

WORKSPACE, MODEL = "aaaaaaaa-0000-4000-8000-00000000000a", "bbbbbbbb-0000-4000-8000-00000000000b"
FLOW, BOARD = "cccccccc-0000-4000-8000-00000000000c", "dddddddd-0000-4000-8000-00000000000d"
TO_WORKSPACE, TO_MODEL = "a1a1a1a1-1111-4111-8111-1111111111aa", "b1b1b1b1-1111-4111-8111-1111111111bb"
TO_FLOW = "c1c1c1c1-1111-4111-8111-1111111111cc"
IDS = IdMap(
    {WORKSPACE: TO_WORKSPACE, MODEL: TO_MODEL, FLOW: TO_FLOW}, {BOARD: "dashboard 'Sales' in 'Finance'"}
)

# Ids with a letter, so that upper and lower case can be told apart.
some_guid = st.uuids().map(str).filter(lambda one: one != one.upper())
some_ids = st.dictionaries(some_guid, some_guid, min_size=1, max_size=5).filter(
    lambda ids: len({*ids, *ids.values()}) == 2 * len(ids)
)


@st.composite
def some_texts(draw: st.DrawFn, ids: list[str]) -> str:
    """Anything at all with ids among it, in their spellings, sometimes glued to what makes them none."""
    piece = st.one_of(
        st.text(max_size=12),
        st.sampled_from(ids),
        st.sampled_from(ids).map(str.upper),
        st.sampled_from(ids).map(lambda one: "{" + one + "}"),
        st.sampled_from(ids).map(lambda one: f"%3D{one}"),
        st.sampled_from(ids).map(lambda one: f"\\u0022{one}\\u0022"),
        st.sampled_from(ids).map(lambda one: f"f{one}"),
        st.sampled_from(["%", "%2", "\\u00", "abcdef", "-", '"', "\ud800", "\x00"]),
    )
    return "".join(draw(st.lists(piece, max_size=12)))


def part(path: str, content: Any) -> Part:
    if isinstance(content, bytes):
        return Part(path, content)
    return Part(path, (content if isinstance(content, str) else json.dumps(content)).encode())
