"""Definitions: their parts come and go unchanged, ids are rewritten in text alone, and hostile ones are refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from content_support import BOARD, IDS, MODEL, TO_MODEL, TO_WORKSPACE, WORKSPACE, part, some_ids, some_texts
from hypothesis import given
from hypothesis import strategies as st

from shared.content import parts as parts_module
from shared.content.ids import IdMap
from shared.content.parts import definition_of, guids_of, parts_of, rewrite_parts, with_name
from shared.errors import ContentError

PLATFORM = {
    "$schema": "platformProperties/2.0.0",
    "metadata": {"type": "Report", "displayName": "Sales", "description": f"see {MODEL}"},
    "config": {"version": "2.0", "logicalId": MODEL},
}


def _raw(path: Any = "a.json", payload: Any = "e30=", kind: Any = "InlineBase64") -> dict[str, Any]:
    return {"path": path, "payload": payload, "payloadType": kind}


def test_parts_keep_their_order_and_bytes() -> None:
    definition = {"parts": [_raw("z.json", base64.b64encode(bytes(range(256))).decode()), _raw("a.tmdl", "")]}
    parts = parts_of({"definition": {"format": "TMDL", **definition}})
    assert [(one.path, len(one.payload)) for one in parts] == [("z.json", 256), ("a.tmdl", 0)]
    assert parts_of(definition) == parts
    assert definition_of(parts) == definition


@pytest.mark.parametrize(
    "definition",
    [{}, {"parts": None}, {"definition": []}, {"parts": ["x"]}, {"parts": [_raw(payload="*")]},
     {"parts": [_raw(payload=7)]}, {"parts": [_raw(path="")]}, {"parts": [_raw(path="a\nb")]},
     {"parts": [_raw(path=3)]}, {"parts": [_raw(kind="VsoGit")]}, {"parts": [_raw(), _raw()]},
     {"parts": [_raw(path="a" * 2000)]}],
)  # fmt: skip
def test_a_malformed_definition_is_refused(definition: dict[str, Any]) -> None:
    with pytest.raises(ContentError) as refused:
        parts_of(definition)
    assert refused.value.code == "content.definition"


def test_too_large_a_definition_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "MAX_BYTES", 10)
    with pytest.raises(ContentError, match="at most 10"):
        parts_of({"parts": [_raw(payload="e30=" * 10)]})


def test_only_text_is_rewritten() -> None:
    given_parts = [
        part("definition/tables/Sales.tmdl", f"\tsource = {MODEL}\r\n"),
        part("definition.pbism", "{}"),
        part("StaticResources/RegisteredResources/theme.json", MODEL),
        part("StaticResources/RegisteredResources/logo.png", MODEL),
        part("CustomVisuals/x/package.json", MODEL),
        part("definition/pages/one/page.json", f'{{"a": "{WORKSPACE}", "b": "{BOARD}"}}'),
        part("report.rdl", f"<a>{MODEL}</a>".encode("utf-16")),
        part("mashup.pq", b"\xff" + MODEL.encode()),
    ]
    done = rewrite_parts(given_parts, IDS)
    changed = {new.path for old, new in zip(given_parts, done.content, strict=True) if new != old}
    assert changed == {
        "definition/tables/Sales.tmdl",
        "definition/pages/one/page.json",
        "report.rdl",
        "mashup.pq",
    }
    assert done.content[0].payload == f"\tsource = {TO_MODEL}\r\n".encode()
    assert done.content[6].payload == f"<a>{TO_MODEL}</a>".encode("utf-16")
    assert done.content[7].payload == b"\xff" + TO_MODEL.encode()
    assert (done.replaced, done.left) == ({MODEL, WORKSPACE}, {BOARD})
    assert guids_of(given_parts) == {MODEL, WORKSPACE, BOARD}
    assert guids_of(done.content) == {TO_MODEL, TO_WORKSPACE, BOARD}


def test_the_logical_id_stays_and_the_name_may_change() -> None:
    done = rewrite_parts([part(".platform", PLATFORM)], IDS)
    named = with_name(done.content, 'Sälés "2"')
    platform = json.loads(named[0].payload)
    assert platform["config"]["logicalId"] == MODEL
    assert platform["metadata"] == {
        "type": "Report", "displayName": "Sälés \"2\"", "description": f"see {TO_MODEL}",
    }  # fmt: skip
    assert with_name(named, 'Sälés "2"') == named
    assert with_name([part("a.json", "{}")], "x") == [part("a.json", "{}")]


@given(st.data())
def test_laws_of_rewriting_parts(data: st.DataObject) -> None:
    pairs = data.draw(some_ids)
    path = st.sampled_from(["a.tmdl", "b/c.json", "StaticResources/x.json", "logo.png", "definition.pbir"])
    text = some_texts([*pairs]).map(lambda one: one.encode("utf-8", "surrogatepass"))
    payload = st.one_of(text, st.binary(max_size=40).map(lambda raw: b"<>" + raw))
    before = data.draw(
        st.lists(st.builds(parts_module.Part, path, payload), max_size=4, unique_by=lambda p: p.path)
    )
    there = rewrite_parts(before, IdMap(pairs))
    assert rewrite_parts(there.content, IdMap(pairs)).content == there.content
    assert rewrite_parts(there.content, IdMap({new: old for old, new in pairs.items()})).content == before
    assert parts_of(definition_of(before)) == before
