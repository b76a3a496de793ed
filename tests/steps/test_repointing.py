"""Models that came as files read the target's dataflows: parameters set, queries rewritten, or said where not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from free_quotas import services_without_limits
from source_changes import changed_source
from step_support import Move, MovedClock

from activities import exports, imports
from sandbox.mashups import literal, navigated
from sandbox.remote import Control
from shared.config import Settings
from shared.content.ids import guids
from shared.models import ItemRow, ItemState, Kind, WorkspaceStatus
from shared.run_documents import inventory_path, order_path
from shared.services import Services

FLOW, NEW_FLOW = "0a11f10e-0000-4000-8000-000000000001", "0a11f10e-0000-4000-8000-0000000000ff"
META = 'meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]'
SET, CHANGE = "Datasets_UpdateParametersInGroup", "Fabric_UpdateSemanticModelDefinition"
READ = "Fabric_GetSemanticModelDefinition"

type Json = dict[str, Any]


@pytest.fixture
def services(settings: Settings, clock: MovedClock) -> Services:
    return services_without_limits(settings, clock)


@pytest.fixture
def reading(moving: Callable[..., Move]) -> Iterator[Callable[..., Move]]:
    """A model that reads a dataflow of its workspace, which has arrived: by parameters, or by ids in its query."""

    def make(*, by_parameters: bool, flow: ItemState = ItemState.DONE, told: bool = True) -> Move:
        move = moving()
        space, model = move.workspace, move.item(kind=Kind.DATASET)
        parameters = {"Space": space, "Flow": FLOW.upper()} if by_parameters else {}
        steps = navigated("Space", "Flow") if by_parameters else navigated(literal(space), literal(FLOW))
        written = [{"name": name, "expression": f'"{value}" {META}'} for name, value in parameters.items()]
        written.append({"name": "Rows", "expression": steps})
        _give(move, model.source_id, parameters, written)
        _plan(move, model, written if told else [], flow)
        control.append(move.sandbox.control)
        return move

    control: list[Control] = []
    yield make
    for each in control:
        each.clear_operation_plans()
        each.long_running("mix")


def _give(move: Move, model: str, parameters: dict[str, str], written: list[Json]) -> None:
    """To the source's model; whatever is published from its file has them too."""
    state = move.sandbox.control.state("contoso")
    models = {each["id"]: each for space in state["workspaces"] for each in space["datasets"]}
    models[model]["expressions"] = written
    models[model]["parameters"] = [
        {"name": name, "type": "Text", "isRequired": True, "currentValue": value}
        for name, value in parameters.items()
    ]
    move.sandbox.control.put_state("contoso", state)


def _plan(move: Move, model: ItemRow, written: list[Json], flow: ItemState) -> None:
    """What the plan of a migration leaves, and a dataflow that came before the models."""
    raw: Json = {"id": model.source_id, "name": model.source_name}
    document = {"id": move.workspace, "datasets": [raw | ({"expressions": written} if written else {})]}
    services = move.services
    services.documents.write_json(inventory_path(move.migration, move.workspace), document)
    services.documents.write_json(order_path(move.migration), [move.workspace])
    target = NEW_FLOW if flow == ItemState.DONE else ""
    row = ItemRow(move.workspace, Kind.DATAFLOW, FLOW, "Landing", target_id=target, state=flow)
    services.manifest.plan_items(move.migration, move.workspace, [row])
    needs = [f"{move.workspace}/{Kind.DATAFLOW}/{FLOW}"]
    services.manifest.update_item(move.migration, move.workspace, Kind.DATASET, model.source_id, needs=needs)


def expressions(move: Move) -> str:
    (model,) = move.space()["datasets"]
    assert move.item(kind=Kind.DATASET).target_id == model["id"]
    return "\n".join(each["expression"] for each in model["expressions"])


def assert_reads_target(move: Move) -> None:
    written = expressions(move).lower()
    assert NEW_FLOW in written
    assert move.target in written
    assert FLOW not in written
    assert move.workspace not in written
    assert (move.item().state, move.held()) == (ItemState.DONE, (1, 1))


def test_parameters_get_the_target_s_ids_and_nothing_else_changes(reading: Callable[..., Move]) -> None:
    move = reading(by_parameters=True)
    assert move.move()["outcome"] == "done"
    assert_reads_target(move)
    (model,) = move.space()["datasets"]
    values = {each["name"]: each["currentValue"] for each in model["parameters"]}
    assert values == {"Space": move.target, "Flow": NEW_FLOW.upper()}
    assert len(move.requests(SET)) == 1
    assert move.requests(READ) == []
    assert move.findings() == {}


@pytest.mark.parametrize("pace", ["always", "never"])
def test_ids_in_queries_take_a_new_definition(reading: Callable[..., Move], pace: Any) -> None:
    move = reading(by_parameters=False)
    move.sandbox.control.long_running(pace)
    assert move.move()["outcome"] == "done"
    assert_reads_target(move)
    assert len(move.requests(CHANGE)) == 1
    assert move.findings() == {}


def test_what_no_scan_told_is_looked_up_in_the_target(reading: Callable[..., Move]) -> None:
    move = reading(by_parameters=False, told=False)
    assert move.move()["outcome"] == "done"
    assert_reads_target(move)


def test_parameters_that_can_not_be_set_go_by_definition(reading: Callable[..., Move]) -> None:
    move = reading(by_parameters=True)
    move.sandbox.control.refuse("InvalidRequest", operation=SET)
    assert move.move()["outcome"] == "done"
    assert_reads_target(move)
    assert move.findings() == {}


@pytest.mark.parametrize("operation", [READ, CHANGE])
def test_a_refused_definition_is_said_with_what_it_names(
    reading: Callable[..., Move], operation: str
) -> None:
    move = reading(by_parameters=False)
    move.sandbox.control.fault(
        {"operation": operation},
        {"status": 403, "body": {"errorCode": "InsufficientPrivileges", "message": "no"}},
    )
    assert move.move()["outcome"] == "done"
    told = move.findings()["content.sourceLinks"]
    assert FLOW in told
    assert NEW_FLOW in told
    assert move.item().state == ItemState.DONE


@pytest.mark.parametrize("how", ["fail", "lost"])
@pytest.mark.parametrize("times", [1, 9])
def test_a_change_that_comes_to_nothing_is_begun_anew_for_a_while(
    reading: Callable[..., Move], how: Any, times: int
) -> None:
    move = reading(by_parameters=False)
    move.sandbox.control.plan_operation(how, operation=CHANGE, times=times)
    assert move.move()["outcome"] == "done"
    if times == 1:
        assert_reads_target(move)
    assert len(move.requests(CHANGE)) == min(times + 1, 3)
    assert ("content.sourceLinks" in move.findings()) == (times > 1)


def test_a_dataflow_on_its_way_is_waited_for(reading: Callable[..., Move]) -> None:
    move = reading(by_parameters=True, flow=ItemState.PLANNED)
    given = move.call()
    move.step(exports.export_report, given)
    move.step(imports.import_report, given)
    assert move.once(imports.await_import, given)["outcome"] == "wait"
    assert move.item().state != ItemState.DONE
    move.services.manifest.update_item(
        move.migration, move.workspace, Kind.DATAFLOW, FLOW, state=ItemState.DONE, target_id=NEW_FLOW
    )
    assert move.move()["outcome"] == "done"
    assert_reads_target(move)


def test_a_dataflow_that_does_not_come_is_named(reading: Callable[..., Move]) -> None:
    move = reading(by_parameters=True, flow=ItemState.MANUAL)
    assert move.move()["outcome"] == "done"
    told = move.findings()["content.sourceLinks"]
    assert "dataflow 'Landing'" in told
    written = expressions(move).lower()
    assert move.target in written  # the workspace has a place, the dataflow has none
    assert FLOW in written


def test_a_try_that_died_in_between_is_gone_on_with(
    reading: Callable[..., Move], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change was made, and the model not recorded yet: it is not made again."""
    move = reading(by_parameters=True)

    def died(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(imports, "record_arrival", died)
        with pytest.raises(ConnectionError):
            move.move()
    assert move.item().state != ItemState.DONE
    assert move.move()["outcome"] == "done"
    assert_reads_target(move)
    assert len(move.requests(SET)) == 1


def test_a_model_that_reads_no_dataflow_costs_no_call(moving: Callable[..., Move]) -> None:
    move = moving()
    assert move.move()["outcome"] == "done"
    assert move.requests(SET) + move.requests(READ) == []
    row = move.services.manifest.workspace(move.migration, move.workspace)
    assert row.status == WorkspaceStatus.RUNNING


# -- a file that goes over what it has become: the plan knows nothing of what it reads now --------------------------

OTHER, NEW_OTHER = "0a11f10e-0000-4000-8000-000000000002", "0a11f10e-0000-4000-8000-0000000000ee"


def renew(move: Move, parameters: dict[str, str], written: list[Json]) -> None:
    """Somebody publishes the report anew in the source, with a model that reads this."""
    row = ItemRow(move.workspace, Kind.DATAFLOW, OTHER, "Other", target_id=NEW_OTHER, state=ItemState.DONE)
    move.services.manifest.plan_items(move.migration, move.workspace, [row])
    _give(move, move.reports[0].dataset_id, parameters, written)
    changed_source(move)
    report = move.reports[0].source_id
    move.services.manifest.update_item(move.migration, move.workspace, Kind.REPORT, report, renew="T")
    assert move.step(exports.export_report, move.call())["value"] == {"over": True}
    assert move.item().renewed == "T"


def by_parameters(move: Move, flow: str) -> tuple[dict[str, str], list[Json]]:
    values = {"Space": move.workspace, "Flow": flow}
    written: list[Json] = [
        {"name": name, "expression": f'"{value}" {META}'} for name, value in values.items()
    ]
    return values, [*written, {"name": "Rows", "expression": navigated("Space", "Flow")}]


@pytest.mark.parametrize("pace", ["always", "never"])
def test_parameters_that_were_changed_are_not_set_as_the_plan_knew_them(
    reading: Callable[..., Move], pace: Any
) -> None:
    move = reading(by_parameters=True)
    assert move.move()["outcome"] == "done"
    move.sandbox.control.long_running(pace)
    renew(move, *by_parameters(move, OTHER))
    written = expressions(move).lower()
    assert NEW_OTHER in written
    assert move.target in written
    assert not {OTHER, NEW_FLOW, FLOW, move.workspace} & set(guids(written))
    assert move.findings() == {}


def test_a_dataflow_that_was_read_by_nobody_before_is_read_in_the_target(
    reading: Callable[..., Move],
) -> None:
    move = reading(by_parameters=True)
    raw = {
        "id": move.reports[0].dataset_id,
        "name": "x",
        "expressions": [{"name": "Rows", "expression": "1"}],
    }
    document = {"id": move.workspace, "datasets": [raw]}
    move.services.documents.write_json(inventory_path(move.migration, move.workspace), document)
    model = move.item(kind=Kind.DATASET).source_id
    move.services.manifest.update_item(move.migration, move.workspace, Kind.DATASET, model, needs=[])
    _give(move, model, {}, [{"name": "Rows", "expression": "1"}])
    assert move.move()["outcome"] == "done"
    steps = navigated(literal(move.workspace), literal(FLOW))
    renew(move, {}, [{"name": "Rows", "expression": steps}])
    assert_reads_target(move)
    assert move.findings() == {}


@pytest.mark.parametrize("operation", [READ, CHANGE])
def test_where_its_definition_is_refused_parameters_are_set_and_the_rest_is_said(
    reading: Callable[..., Move], operation: str
) -> None:
    move = reading(by_parameters=True)
    assert move.move()["outcome"] == "done"
    move.sandbox.control.fault(
        {"operation": operation},
        {"status": 403, "body": {"errorCode": "InsufficientPrivileges", "message": "no"}},
    )
    renew(move, *by_parameters(move, OTHER))
    (model,) = move.space()["datasets"]
    values = {each["name"]: each["currentValue"] for each in model["parameters"]}
    assert values == {"Space": move.target, "Flow": NEW_OTHER}
    assert "content.sourceLinks" in move.findings()
