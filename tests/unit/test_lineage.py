"""Nothing moves before what it uses, unless both use each other; and a wave is worked off models first."""

from __future__ import annotations

from typing import Any

from estate_support import AWAY, FACTS, HOME, document, documents
from hypothesis import given
from hypothesis import strategies as st

from shared.assessment.lineage import order, upstream, uses, waves
from shared.assessment.verdicts import judge

THIRD = "33333333-0000-0000-0000-000000000003"
nodes = st.integers(0, 9).map(str)
graphs = st.dictionaries(nodes, st.lists(nodes, max_size=4), max_size=10)


def reached(edges: dict[str, list[str]], node: str) -> set[str]:
    """Everything a node uses, directly or not; itself only if it is in a circle."""
    seen: set[str] = set()
    left = [used for used in edges[node] if used in edges]
    while left:
        one = left.pop()
        if one not in seen:
            seen.add(one)
            left += [used for used in edges[one] if used in edges]
    return seen


@given(graphs)
def test_nobody_comes_before_what_it_uses_and_circles_come_together(edges: dict[str, list[str]]) -> None:
    wave = waves(edges)
    assert set(wave) == set(edges)
    for node in edges:
        for used in reached(edges, node):
            together = node in reached(edges, used)
            assert wave[used] == wave[node] if together else wave[used] < wave[node]


@given(graphs)
def test_no_wave_is_later_than_it_must_be(edges: dict[str, list[str]]) -> None:
    wave = waves(edges)
    for node, number in wave.items():
        circle = {other for other in reached(edges, node) if node in reached(edges, other)} | {node}
        used = {each for member in circle for each in edges[member] if each in edges} - circle
        assert number == 1 + max((wave[each] for each in used), default=0)


@given(graphs, st.randoms(use_true_random=False))
def test_the_waves_do_not_depend_on_the_order_of_the_edges(edges: dict[str, list[str]], luck: Any) -> None:
    shuffled = list(edges.items())
    luck.shuffle(shuffled)
    assert waves({node: used[::-1] for node, used in shuffled}) == waves(edges)


def test_a_chain_of_ten_thousand_and_a_circle_of_as_many() -> None:
    chain = {str(n): [str(n + 1)] for n in range(10_000)}
    wave = waves(chain)
    assert (wave["9999"], wave["0"]) == (1, 10_000)
    assert set(waves(chain | {"10000": ["0"]}).values()) == {1}


def test_who_was_not_chosen_holds_nobody_up() -> None:
    assert waves({"a": ["gone", "b"], "b": ["gone"], "alone": ["alone"]}) == {"b": 1, "alone": 1, "a": 2}


def test_upstream_is_every_other_workspace_something_is_used_of() -> None:
    estate = document(
        reports=[
            {"id": "r", "datasetId": "x", "datasetWorkspaceId": AWAY.upper()},
            {"id": "of an app", "appId": "a", "datasetWorkspaceId": "elsewhere"},
        ],
        datasets=[
            {
                "id": "m",
                "upstreamDatasets": [{"targetDatasetId": "y", "groupId": HOME.upper()}],
                "upstreamDataflows": [{"targetDataflowId": "f", "groupId": THIRD}],
            }
        ],
        dataflows=[{"objectId": "g", "upstreamDataflows": [{"groupId": "Fourth"}]}],
        datamarts=[{"id": "d", "UpstreamDataflows": [{"groupId": "fifth"}]}],
    )
    assert upstream(estate) == {AWAY, THIRD, "fourth", "fifth"}


def test_a_wave_is_worked_off_dataflows_models_reports_dashboards() -> None:
    home = document(
        apps=[{"id": "app"}],
        dashboards=[{"id": "board", "tiles": [{"id": "t", "reportId": "thin"}]}],
        reports=[
            {"id": "1-thin", "datasetId": "a", "name": "Thin"},
            {"id": "9-leader", "datasetId": "A", "name": "Base"},
            {"id": "0-leader", "datasetId": "b", "name": "Composite"},
        ],
        datasets=[
            {
                "id": "a",
                "name": "Base",
                "upstreamDataflows": [{"targetDataflowId": "z-flow", "groupId": HOME}],
            },
            {"id": "b", "name": "Composite", "upstreamDatasets": [{"targetDatasetId": "A", "groupId": HOME}]},
        ],
        dataflows=[
            {"objectId": "a-flow", "upstreamDataflows": [{"targetDataflowId": "Z-FLOW", "groupId": HOME}]},
            {"objectId": "z-flow"},
        ],
        fabricItems=[{"id": "lake", "type": "Lakehouse"}],
    )
    assert [v.source_id for v in order(judge(home, FACTS), uses(home))] == [
        *("lake", "z-flow", "a-flow"),
        *("a", "b", "9-leader", "0-leader"),
        *("1-thin", "board", "app"),
    ]


@given(documents)
def test_no_shape_of_a_document_is_an_error(estate: dict[str, Any]) -> None:
    upstream(estate)
    found = judge(estate, FACTS)
    assert sorted(v.source_id for v in order(found, uses(estate))) == sorted(v.source_id for v in found)
