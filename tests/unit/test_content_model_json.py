"""Dataflows: model.json for the target, what it reads, and M."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from content_support import BOARD, FLOW, IDS, MODEL, TO_FLOW, TO_WORKSPACE, WORKSPACE, some_ids
from hypothesis import given
from hypothesis import strategies as st

from shared.content.ids import IdMap
from shared.content.m import source_ids
from shared.content.model_json import rewrite_model_json, upstream
from shared.errors import ContentError

OTHER_FLOW = "eeeeeeee-0000-4000-8000-00000000000e"


def _m(workspace: str, flow: str, call: str = "PowerPlatform.Dataflows(null)") -> str:
    return (
        f'let\r\n  Source = {call},\r\n  #"{workspace}" = Source{{[workspaceId = "{workspace}"]}}[Data],\r\n'
        f'  Flow = #"{workspace}"{{[dataflowId="{flow}"]}}[Data],\r\n  Rows = Flow{{[entity="Rows"]}}[Data]\r\nin Rows'
    )


def _document(workspace: str = WORKSPACE, flow: str = FLOW) -> dict[str, Any]:
    policy = {"$type": "IncrementalRefreshPolicy", "location": "Rows.csv", "incrementalPeriods": 10}
    return {
        "name": "Orders",
        "version": "1.0",
        "pbi:mashup": {
            "document": f"section Section1;\r\nshared Rows = {_m(workspace, flow)};\r\n",
            "queriesMetadata": {"Rows": {"queryId": OTHER_FLOW, "queryName": "Rows"}},
        },
        "entities": [
            {
                "$type": "LocalEntity",
                "name": "Rows",
                "pbi:refreshPolicy": policy,
                "partitions": [{"location": "x"}],
            },
            {
                "$type": "ReferenceEntity",
                "name": "Linked",
                "source": "Rows",
                "modelId": f"{workspace}/{flow}",
            },
        ],
        "referenceModels": [
            {
                "id": f"{workspace}/{flow}",
                "location": f"https://storage/powerbi/{workspace}/{flow}/model.json",
            }
        ],
    }


def test_a_document_for_the_target() -> None:
    before = _document()
    kept = copy.deepcopy(before)
    done = rewrite_model_json(before, IDS)
    expected = _document(TO_WORKSPACE, TO_FLOW)
    del expected["entities"][0]["partitions"]
    assert done.content == expected
    assert done.replaced == {WORKSPACE, FLOW}
    assert before == kept
    assert rewrite_model_json(done.content, IDS).content == done.content


def test_what_stays_is_told() -> None:
    document = {
        **_document(),
        "description": f"https://app.powerbi.com/groups/{WORKSPACE}/dashboards/{BOARD}",
    }
    assert rewrite_model_json(document, IDS).left == {BOARD}


def test_upstream_dataflows_of_every_kind() -> None:
    document = _document()
    assert upstream(document) == {(WORKSPACE, FLOW)}
    document["entities"].append({"$type": "ReferenceEntity", "modelId": f"{WORKSPACE}/{OTHER_FLOW}".upper()})
    assert upstream(document) == {(WORKSPACE, FLOW), (WORKSPACE, OTHER_FLOW)}
    assert upstream({"entities": [], "referenceModels": [{"id": "lake/model"}, {"id": 7}, "x"]}) == set()
    assert upstream({"name": "empty"}) == set()


@pytest.mark.parametrize("document", [[], {"entities": {}}, {"entities": "x"}, None])
def test_a_malformed_document_is_refused(document: Any) -> None:
    for read in (upstream, lambda given: rewrite_model_json(given, IDS)):
        with pytest.raises(ContentError, match="entities"):
            read(document)


def test_too_deep_a_document_is_refused() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    with pytest.raises(ContentError, match="in each other"):
        rewrite_model_json({"entities": [], "annotations": deep}, IDS)


@given(some_ids)
def test_laws_of_rewriting_dataflows(pairs: dict[str, str]) -> None:
    workspace, *rest = [*pairs, FLOW]
    before = rewrite_model_json(_document(workspace, rest[0]), IdMap({})).content
    there = rewrite_model_json(before, IdMap(pairs))
    assert rewrite_model_json(there.content, IdMap(pairs)).content == there.content
    back = rewrite_model_json(there.content, IdMap({new: old for old, new in pairs.items()}))
    assert back.content == before


@pytest.mark.parametrize("call", ["PowerPlatform.Dataflows(null)", "PowerBI.Dataflows(null)", "Spaces"])
def test_dataflows_in_m(call: str) -> None:
    sources = source_ids(_m(WORKSPACE.upper(), FLOW, call))
    assert sources.pairs == {(WORKSPACE, FLOW)}
    assert (sources.workspaces, sources.dataflows) == ({WORKSPACE}, {FLOW})


def test_comments_name_nothing_and_text_is_no_comment() -> None:
    hidden = f'/* [workspaceId="{MODEL}"] */ // [dataflowId="{MODEL}"]\n'
    assert source_ids(hidden).workspaces == frozenset()
    address = f'Web.Contents("https://x"), [workspaceId="{WORKSPACE}", #"dataflowId" = "{FLOW}"]'
    assert source_ids(address).pairs == {(WORKSPACE, FLOW)}
    assert source_ids(f'[dataflowId="{FLOW}"]').pairs == {("", FLOW)}
    assert source_ids('[dataflowId=Parameter], [workspaceId="x"]').pairs == frozenset()


@given(st.text('/*"\\ \n[]workspaceId=#'))
def test_any_text_can_be_read_as_m(text: str) -> None:
    assert source_ids(text).pairs == frozenset()


def test_hostile_m_ends() -> None:
    for text in ('"' * 1_000_001, "/*" * 1_000_000, 'workspaceId = "' * 200_000, "workspaceId " * 200_000):
        assert source_ids(text).pairs == frozenset()
