"""The comparison of dataflows, push models, dashboards, pipelines, folders and settings: each fault, and only that."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox import bare
from sandbox.compare import compare
from sandbox.comparison import Comparison
from sandbox.holdings import Folder, Link, Origins, Pipeline, StorageAccount
from sandbox.modeljson import document
from sandbox.state import Access, Dashboard, Dataflow, Dataset, Tenant, Workspace

Change = Callable[[Tenant], None]
TABLE: dict[str, Any] = {
    "name": "Readings",
    "columns": [{"name": "At", "dataType": "DateTime"}, {"name": "Warm", "dataType": "Bool"}],
    "measures": [{"name": "Most", "expression": "MAX(Readings[At])"}],
}
REQUEST = {"principals": {"@contoso.com": "@fabrikam.com"}, "capacities": {"*": "fabrikam F64"}}


def guid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def source_tenant() -> Tenant:
    """Everything these comparers look at, once, with a dataflow that is linked across workspaces."""
    tenant = bare.two_tenants()[0]
    users = [Access(tenant.actors["migration"], "Admin")]
    above = Workspace(guid(1), "Above", users=users, capacity_id=next(iter(tenant.capacities)))
    space = Workspace(guid(2), "Below", users=users, description="What it is for")
    above.default_dataset_storage_format, space.dataflow_storage_id = "Large", guid(90)
    above.dataflows = [Dataflow(guid(3), "Raw")]
    links = Origins(dataflows=[Link(guid(3), guid(1))])
    space.dataflows = [Dataflow(guid(4), "Linked", "of another workspace", origins=links)]
    space.datasets = [Dataset(guid(5), "Sensors", add_rows_api_enabled=True, tables=[TABLE])]
    space.dashboards = [Dashboard(guid(6), "Overview", [{"id": guid(7), "title": "Total"}])]
    space.folders = [Folder(guid(8), "Outer"), Folder(guid(9), "Inner", guid(8))]
    space.placed = {guid(5): guid(9), guid(6): guid(8)}
    tenant.workspaces = {space.id: space for space in (above, space)}
    people = [who.id for who in tenant.principals.values() if who.upn == "alice@contoso.com"]
    tenant.pipelines = {guid(10): Pipeline(guid(10), "Line", "d", [guid(1), guid(2), None], people)}
    tenant.storage_accounts = {guid(90): StorageAccount(guid(90), "Lake")}
    return tenant


def faithful(source: Tenant) -> Tenant:
    """What a perfect migration leaves, by hand: every id is another, no tiles, no partitions."""
    moved = {guid(n): guid(n + 100) for n in range(1, 11)} | {guid(90): guid(190)}
    target = bare.two_tenants()[1]
    exported = copy.deepcopy(source)
    for flow in (flow for space in exported.workspaces.values() for flow in space.dataflows):
        flow.document = document(source, flow)
    text = json.dumps(exported.to_dict())
    for old, new in moved.items():
        text = text.replace(old, new)
    made = Tenant.from_dict(json.loads(text))
    target.workspaces, target.pipelines = made.workspaces, made.pipelines
    target.storage_accounts = made.storage_accounts
    alice = next(who.id for who in target.principals.values() if who.upn == "alice@fabrikam.com")
    for space in target.workspaces.values():
        space.users = [Access(target.actors["migration"], "Admin")]
        space.capacity_id = next(iter(target.capacities)) if space.capacity_id else None
        for board in space.dashboards:
            board.tiles = []
        for flow in space.dataflows:
            for entity in flow.document["entities"]:
                entity.pop("partitions", None)
    for line in target.pipelines.values():
        line.users = [alice, target.actors["migration"]]
    return target


@pytest.fixture
def source() -> Tenant:
    return source_tenant()


@pytest.fixture
def moved(source: Tenant) -> Tenant:
    return faithful(source)


def judge(source: Tenant, moved: Tenant) -> Comparison:
    return compare(source, moved, REQUEST)


def found(result: Comparison) -> set[tuple[str, str]]:
    return {(difference.kind, difference.what) for difference in result.differences}


def left(result: Comparison) -> set[tuple[str, str]]:
    return {(item.kind, item.name) for item in result.left}


def below(moved: Tenant) -> Workspace:
    return moved.workspaces[guid(102)]


def test_a_faithful_copy_is_equal_in_every_kind(source: Tenant, moved: Tenant) -> None:
    result = judge(source, moved)
    assert result.differences == [] and result.left == []
    counts = {kind: row["equal"] for kind, row in result.counts.items()}
    assert counts["dataflow"] == 2 and counts["dataset"] == counts["dashboard"] == counts["pipeline"] == 1
    assert counts["folder"] == counts["folderItem"] == 2
    assert counts["workspaceSetting"] == 3
    assert result.not_compared == {}


def test_what_did_not_come_is_left_and_no_difference(source: Tenant, moved: Tenant) -> None:
    for space in moved.workspaces.values():
        space.dataflows, space.datasets, space.dashboards, space.folders, space.placed = [], [], [], [], {}
        space.description, space.dataflow_storage_id = "", None
        space.default_dataset_storage_format = "Small"
    moved.pipelines = {}
    result = judge(source, moved)
    assert result.differences == []
    assert left(result) == {
        ("dataflow", "Raw"),
        ("dataflow", "Linked"),
        ("dataset", "Sensors"),
        ("dashboard", "Overview"),
        ("folder", "Outer"),
        ("folder", "Outer/Inner"),
        ("pipeline", "Line"),
        ("workspaceSetting", "description"),
        ("workspaceSetting", "defaultDatasetStorageFormat"),
        ("workspaceSetting", "dataflowStorage"),
    }
    (flow,) = [item for item in result.left if item.name == "Linked"]
    assert (flow.id, flow.workspace, flow.workspace_id) == (guid(4), "Below", guid(2))


def _flow_text(old: str, new: str) -> Change:
    def change(moved: Tenant) -> None:
        flow = below(moved).dataflows[0]
        flow.document = json.loads(json.dumps(flow.document).replace(old, new))

    return change


def _add_partition(moved: Tenant) -> None:
    below(moved).dataflows[0].document["entities"][0]["partitions"] = [{"name": "old", "location": "there"}]


def _second_flow(moved: Tenant) -> None:
    again = copy.deepcopy(below(moved).dataflows[0])
    again.object_id, again.name = guid(300), "Linked (1)"
    below(moved).dataflows.append(again)


def _column(moved: Tenant) -> None:
    below(moved).datasets[0].tables = [TABLE | {"columns": TABLE["columns"][:1]}]


def _second_model(moved: Tenant) -> None:
    again = copy.deepcopy(below(moved).datasets[0])
    again.id = guid(300)
    below(moved).datasets.append(again)


def _second_board(moved: Tenant) -> None:
    below(moved).dashboards.append(Dashboard(guid(300), "Overview"))


def _strange_board(moved: Tenant) -> None:
    below(moved).dashboards.append(Dashboard(guid(300), "Whose?"))


def _swap(moved: Tenant) -> None:
    moved.pipelines[guid(110)].stages = [guid(102), guid(101), None]


def _stranger(moved: Tenant) -> None:
    line = moved.pipelines[guid(110)]
    line.users.append(next(who.id for who in moved.principals.values() if who.upn == "bob@fabrikam.com"))


def _second_line(moved: Tenant) -> None:
    moved.pipelines[guid(300)] = Pipeline(guid(300), "Line", "d", [None] * 3)


def _out(moved: Tenant) -> None:
    below(moved).placed = {guid(105): guid(109)}


def _strange_folder(moved: Tenant) -> None:
    below(moved).folders.append(Folder(guid(300), "Whose?"))


def _describe(moved: Tenant) -> None:
    below(moved).description = "Something else"


FAULTS: dict[str, tuple[Change, tuple[str, str]]] = {
    "an id of the source is still in it": (_flow_text(guid(103), guid(3)), ("dataflow", "ids of the source")),
    "another query": (_flow_text("#table", "#binary"), ("dataflow", "definition")),
    "data of the source": (_add_partition, ("dataflow", "partitions")),
    "a second dataflow": (_second_flow, ("dataflow", "twice")),
    "a column is missing": (_column, ("dataset", "tables")),
    "a second push model": (_second_model, ("dataset", "twice")),
    "a second dashboard": (_second_board, ("dashboard", "twice")),
    "a strange dashboard": (_strange_board, ("dashboard", "orphan")),
    "stages are swapped": (_swap, ("pipeline", "stages")),
    "a stranger in the pipeline": (_stranger, ("pipeline", "users")),
    "a second pipeline": (_second_line, ("pipeline", "twice")),
    "an item beside its folder": (_out, ("folderItem", "folder")),
    "a strange folder": (_strange_folder, ("folder", "orphan")),
    "another description": (_describe, ("workspaceSetting", "description")),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found(source: Tenant, moved: Tenant, name: str) -> None:
    change, fault = FAULTS[name]
    change(moved)
    result = judge(source, moved)
    also = {("dataflow", "definition")} if fault[1] == "ids of the source" else set[tuple[str, str]]()
    assert found(result) == {fault} | also


def test_what_stood_there_before_is_nobodys(source: Tenant, moved: Tenant) -> None:
    _strange_board(moved)
    _strange_folder(moved)
    before = copy.deepcopy(moved)
    below(before).dashboards = below(before).dashboards[-1:]
    below(before).folders = below(before).folders[-1:]
    result = compare(source, moved, REQUEST, before)
    assert ("dashboard", "orphan") not in found(result) and ("folder", "orphan") not in found(result)


def test_an_id_of_what_did_not_come_may_stay(source: Tenant, moved: Tenant) -> None:
    """It is named in a finding; there is nothing it could be rewritten to."""
    moved.workspaces[guid(101)].dataflows = []
    _flow_text(guid(103), guid(3))(moved)
    result = judge(source, moved)
    assert result.differences == [] and left(result) == {("dataflow", "Raw")}


def test_a_pipeline_whose_workspace_did_not_come_has_an_empty_stage(source: Tenant, moved: Tenant) -> None:
    del moved.workspaces[guid(101)]
    below(moved).dataflows = []
    moved.pipelines[guid(110)].stages = [None, guid(102), None]
    assert {kind for kind, _ in found(judge(source, moved))} == {"workspace"}


@pytest.mark.parametrize(("value", "fault"), [(guid(102), False), (guid(2), True)])
def test_a_parameter_that_carries_an_id_is_pointed_anew(
    source: Tenant, moved: Tenant, value: str, fault: bool
) -> None:
    """Other values are for the request to change."""
    for space, told in ((source.workspaces[guid(2)], guid(2)), (below(moved), value)):
        space.datasets[0].parameters = [
            {"name": "Workspace", "type": "Text", "isRequired": True, "currentValue": told},
            {"name": "Server", "type": "Text", "isRequired": True, "currentValue": space.id[:4]},
        ]
    assert found(judge(source, moved)) == ({("parameter", "Workspace")} if fault else set())
