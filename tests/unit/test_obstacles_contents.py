"""Obstacles that a workspace's own document shows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstacle_support import codes, workspace

from shared.assessment.model import Facts, Obstacle
from shared.assessment.obstacles import of_workspace


def seen(document: dict[str, Any], facts: Facts | None = None, **extract: Any) -> list[Obstacle]:
    whole = {"id": "w1", "complete": True, **document}
    return of_workspace(
        whole, [], workspace(**{"capacity": "c", **extract}), facts or Facts(selected=frozenset({"w1", "w2"}))
    )


def test_a_workspace_with_nothing_in_its_way() -> None:
    assert seen({"datasets": [{"id": "d", "targetStorageMode": "Abf"}]}, upstream=["w2"]) == []


def test_what_it_uses_elsewhere_is_named_once_however_much_it_is() -> None:
    (only,) = seen({}, upstream=["w2", "x1", "x2", "x3", "x4"])
    assert (only.code, only.workspace_id, only.kind) == ("lineage.outside", "w1", "workspace")
    assert "x1, x2, x3 and 1 more" in only.message


NEEDING: list[dict[str, Any]] = [
    {"datasets": [{"id": "d", "name": "Big", "targetStorageMode": "PremiumFiles"}]},
    {"dataflows": [{"objectId": "f", "name": "Linked", "upstreamDataflows": [{"targetDataflowId": "g"}]}]},
    {"datamarts": [{"id": "m", "name": "Mart"}]},
    {"fabricItems": [{"id": "l", "displayName": "Lake", "type": "Lakehouse"}]},
]


@pytest.mark.parametrize("document", NEEDING)
@pytest.mark.parametrize(("on_capacity", "number"), [(False, 1), (True, 0), (None, 0)])
def test_what_needs_a_capacity_is_an_obstacle_where_it_gets_none(
    document: dict[str, Any], on_capacity: bool | None, number: int
) -> None:
    obstacles = seen(document, Facts(selected=frozenset({"w1"}), on_capacity=on_capacity))
    assert codes(obstacles) == ["capacity.needed"] * number


def test_a_workspace_that_needs_a_capacity_several_times_is_named_once() -> None:
    document = {key: value for part in NEEDING for key, value in part.items()}
    (only,) = seen(document, Facts(on_capacity=False))
    assert "Big (large model), Linked (linked dataflow), Mart (datamart) and 1 more" in only.message


def test_what_runs_without_a_capacity_in_the_source_needs_none_in_the_target() -> None:
    assert seen(NEEDING[3], Facts(on_capacity=False), capacity="") == []


def test_a_scorecard_needs_none() -> None:
    assert seen({"fabricItems": [{"id": "s", "type": "Scorecard"}]}, Facts(on_capacity=False)) == []


def test_models_that_the_scan_finds_ill() -> None:
    obstacles = seen(
        {
            "datasets": [
                {"id": "a", "name": "A", "misconfiguredDatasourceUsages": [{"datasourceInstanceId": "i"}]},
                {"id": "b", "name": "B", "schemaRetrievalError": "Live connections are not supported"},
                {"id": "c", "name": "C"},
            ]
        }
    )
    assert [(each.code, each.id, each.workspace_id) for each in obstacles] == [
        ("model.misconfiguredSource", "a", "w1"),
        ("model.unreadable", "b", "w1"),
    ]


@pytest.mark.parametrize("change", [{"complete": False}, {"kind": "personal"}, {"kind": "deleted"}])
def test_of_what_does_not_move_or_was_not_read_nothing_is_said(change: dict[str, Any]) -> None:
    kind = {"kind": change["kind"]} if "kind" in change else {}
    document = {**NEEDING[0], "complete": change.get("complete", True)}
    assert seen(document, Facts(on_capacity=False), upstream=["x"], **kind) == []


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_parts = st.sampled_from(["datasets", "dataflows", "datamarts", "fabricItems"])


@given(st.dictionaries(_parts, _json | st.lists(st.dictionaries(st.text(max_size=4), _json, max_size=3))))
def test_no_document_is_too_odd(document: dict[str, Any]) -> None:
    for each in seen(document, Facts(on_capacity=False)):
        assert each.workspace_id == "w1"
