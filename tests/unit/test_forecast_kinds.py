"""What comes with no PBIX is in the forecast: its calls line by line, and the paths through other workspaces."""

from __future__ import annotations

from dataclasses import replace

import pytest
from core_support import START
from forecast_support import (
    AT_ONCE,
    EVERY_ROUTE,
    PACE,
    PIPELINE,
    SOURCE,
    TARGET,
    UNMOVED,
    counted,
    every_kind,
    told,
    workspace,
)
from hypothesis import given
from hypothesis import strategies as st

from shared.assessment.estate import estate_of
from shared.assessment.forecast import estimate

ROUTES = st.sampled_from([(kind, route) for kind, routes in EVERY_ROUTE.items() for route in routes])


def test_items_that_come_with_no_pbix_call_by_call() -> None:
    one = every_kind(
        1, pbixReports=1, refreshable=3, described=1, largeFormat=1, largeModels=1, dataflowStorage=1
    )
    estate = estate_of([one], AT_ONCE, pipelines=[PIPELINE, UNMOVED])
    assert counted(estate, {"dataflows"}) == {
        "Dataflows_GetDataflow": 2,
        "Groups_GetGroupUsers": 2,
        "Groups_AddGroupUser": 1,  # the master user
        "Dataflows_GetDataflows": 2,
        "Imports_PostImportInGroup": 2,
        "Imports_GetImportInGroup": 2,
        "Items_GetDataflowDefinition": 1,
        "Items_ListDataflows": 1,
        "Items_CreateDataflow": 1,
    }
    assert counted(estate, {"definitions", "reports", "dashboards"}) == {
        "Items_GetSemanticModelDefinition": 2,
        "Items_ListSemanticModels": 2,
        "Items_CreateSemanticModel": 2,
        "Datasets_UpdateDatasetInGroup": 1,
        "Datasets_GetDatasetsInGroup": 1,
        "Datasets_PostDatasetInGroup": 1,
        "Items_GetReportDefinition": 3,
        "Items_ListReports": 3,
        "Items_CreateReport": 3,
        "LongRunningOperations_GetOperationState": 12,  # of six items, in both tenants
        "LongRunningOperations_GetOperationResult": 12,
        "Reports_ExportReportInGroup": 2,
        "Reports_GetReportsInGroup": 2,
        "Imports_GetImportsInGroup": 2,
        "Imports_PostImportInGroup": 2,
        "Imports_GetImportInGroup": 2,
        "Dashboards_GetDashboardsInGroup": 2,
        "Dashboards_AddDashboardInGroup": 2,
    }
    assert counted(estate, {"pipelines"}) == {
        "Pipelines_GetPipelines": 1,
        "Pipelines_CreatePipeline": 1,
        "Pipelines_GetPipelineStages": 1,
        "Pipelines_AssignWorkspace": 2,
        "Pipelines_GetPipelineUsers": 1,
        "Pipelines_UpdatePipelineUser": 3,
    }
    whole = counted(estate)
    assert whole["Workspaces_UpdateWorkspace"] == whole["Groups_UpdateGroup"] == 1
    assert whole["Datasets_RefreshDatasetInGroup"] == 3  # models by definition come without data
    assert whole["Groups_DeleteUserInGroup"] == whole["Groups_AssignToDataflowStorage"] == 1


def test_definition_operations_count_on_quotas_of_their_own() -> None:
    estate = estate_of([every_kind(1)], AT_ONCE)
    forecast = estimate(estate, SOURCE, TARGET, now=START, pace=AT_ONCE)
    assert forecast["calls"]["fabric.lro"] == 24
    assert forecast["calls"]["fabric.platform"] == 6 * 3 + 1 + 1  # folders; the list that validation reads
    assert any("long-running" in text for text in forecast["assumptions"])
    half = estimate(estate, SOURCE, TARGET, now=START, pace=replace(AT_ONCE, accepted=0.5))
    assert half["calls"]["fabric.lro"] == 12


def test_models_of_files_that_name_what_moves_are_changed_in_the_target() -> None:
    plain = counted(estate_of([workspace(1, pbixReports=3)], AT_ONCE))
    found = counted(estate_of([workspace(1, pbixReports=3, parametersSet=1, modelsRewritten=2)], AT_ONCE))
    assert {name: number for name, number in found.items() if number != plain.get(name)} == {
        "Datasets_UpdateParametersInGroup": 1,
        "Items_GetSemanticModelDefinition": 2,
        "Items_UpdateSemanticModelDefinition": 2,
        "LongRunningOperations_GetOperationState": 4,
        "LongRunningOperations_GetOperationResult": 4,
    }


def test_what_a_person_moves_costs_no_calls() -> None:
    by_hand = {"report": {"byHand": 4}, "dataflow": {"byHand": 2}, "dashboard": {"staysBehind": 1}}
    assert told(replace(workspace(1), kinds=by_hand))["calls"] == told(workspace(1))["calls"]


def test_the_longest_path_leads_through_the_workspace_whose_models_are_needed() -> None:
    models = replace(workspace(1, refreshable=1), kinds={"dataset": {"definition": 200}})
    thin = replace(workspace(2, users=200), kinds={"report": {"definition": 1}}, upstream=["w1", "unknown"])
    alone = [sum(leg.seconds for leg in estate_of([each], PACE).longest) for each in (models, thin)]
    for extracts in ([models, thin], [thin, models]):
        path = estate_of(extracts, PACE).longest
        assert "of 'Workspace 1' arrive" in path[0].what
        assert "'Workspace 2'" not in path[1].what  # made meanwhile
        assert max(alone) < sum(leg.seconds for leg in path) < sum(alone)


@pytest.mark.parametrize("number", [2, 5, 300])
def test_a_long_chain_is_told_in_a_few_legs_that_add_up(number: int) -> None:
    one = {"dataset": {"definition": 1}}
    chain = [replace(workspace(n), kinds=one, upstream=[f"w{n - 1}"]) for n in range(number)]
    legs = estate_of(chain, PACE).longest
    alone = estate_of(chain[:1], PACE).longest
    assert len(legs) < 20
    by_itself = sum(leg.seconds for leg in alone)
    model = next(leg.seconds for leg in alone if "by definition" in leg.what)
    assert sum(leg.seconds for leg in legs) == pytest.approx(by_itself + (number - 1) * model)


@pytest.mark.parametrize(
    ("of_large", "kinds"),
    [
        ([], {}),  # a file brings along what it needs
        (["w2"], {"report": {"definition": 1}}),  # they use each other
    ],
)
def test_who_holds_nobody_up(of_large: list[str], kinds: dict[str, dict[str, int]]) -> None:
    large = replace(workspace(1, users=9), kinds={"dataset": {"definition": 200}}, upstream=of_large)
    small = replace(workspace(2, pbixReports=1), kinds=kinds, upstream=["w1"])
    alone, both = (estate_of(extracts, PACE).longest for extracts in ([large], [small, large]))
    assert both == alone


def test_pipelines_come_after_everything() -> None:
    forecast = estimate(
        estate_of([workspace(1)], PACE, pipelines=[PIPELINE]), SOURCE, TARGET, now=START, pace=PACE
    )
    assert "1 deployment pipelines" in forecast["longestPath"][-1]["what"]
    assert forecast["seconds"] > told(workspace(1))["seconds"]


@given(st.lists(ROUTES, max_size=5), ROUTES, st.integers(1, 100), st.booleans())
def test_more_of_any_kind_never_costs_less(
    there: list[tuple[str, str]], added: tuple[str, str], number: int, used: bool
) -> None:
    kinds: dict[str, dict[str, int]] = {}
    for kind, route in there:
        kinds.setdefault(kind, {})[route] = 3
    one = replace(workspace(1, refreshable=1), kinds=kinds, upstream=["w2"] if used else [])
    other = replace(every_kind(2, pbixReports=1), upstream=[] if used else ["w1"])
    kind, route = added
    more = {**kinds, kind: {**kinds.get(kind, {}), route: kinds.get(kind, {}).get(route, 0) + number}}
    before, after = told(one, other), told(replace(one, kinds=more), other)
    assert all(after["calls"].get(key, 0) >= number for key, number in before["calls"].items())
    assert after["seconds"] >= before["seconds"]
