"""The client's content operations against the simulated tenants: definitions, dataflows, shells, pipelines, folders."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.server import Sandbox
from shared.clock import SystemClock
from shared.config import load
from shared.errors import AlreadyExists, EntityNotFound, NotAuthorized, TerminalError
from shared.powerbi.connect import PowerBI, Tenants
from shared.powerbi.definitions import has_parts
from shared.powerbi.fabric_operations import DefinitionKind
from shared.powerbi.longrunning import Begun, failure_of

ENDED = {"Succeeded", "Failed"}


class Body:
    """Bytes as a sized body."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[bytes]:
        yield self._data


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), workspaces=2, extras=True) as running:
        yield running


@pytest.fixture(scope="module")
def tenants(sandbox: Sandbox) -> Tenants:
    return Tenants(load(sandbox.env))


@pytest.fixture
def source(tenants: Tenants) -> PowerBI:
    return tenants.open("contoso")


@pytest.fixture
def target(tenants: Tenants) -> PowerBI:
    return tenants.open("fabrikam")


@pytest.fixture
def workspace(target: PowerBI, request: pytest.FixtureRequest) -> str:
    """A new one in the target, on a capacity, for each test."""
    made = target.groups.create(request.node.name)["id"]
    usable = (row["id"] for row in target.capacities.list() if row["capacityUserAccessRight"] != "None")
    capacity = next(usable)
    target.capacities.assign(made, capacity)
    until(lambda: assigned(target.capacities.assignment_status(made), capacity))
    return made


def assigned(status: dict[str, Any], capacity: str) -> bool | None:
    """The status may still be that of before."""
    ours = str(status.get("capacityId")).lower() == capacity.lower()
    return (ours and status["status"] == "CompletedSuccessfully") or None


def until[T](probe: Callable[[], T | None]) -> T:
    """Ask until the simulated service is done; what it is asked for always ends."""
    clock = SystemClock()
    while (found := probe()) is None:
        clock.sleep(0.05)
    return found


def done(tenant: PowerBI, started: Begun) -> dict[str, Any] | None:
    """What the call gave, at once or after its operation."""
    if started.is_done:
        return started.body
    look = tenant.operations.status
    state = until(lambda: row if (row := look(started.operation))["status"] in ENDED else None)
    if state["status"] == "Failed":
        raise failure_of(state)
    return tenant.operations.result(started.operation)


def defined(tenant: PowerBI, kind: DefinitionKind) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Some item of that kind that gives out its definition: workspace, item, definition."""
    for group in tenant.groups.list_groups():
        for item in tenant.definitions.list(group["id"], kind):
            try:
                body = done(tenant, tenant.definitions.get(group["id"], kind, item["id"]))
            except TerminalError:
                continue
            assert body is not None
            assert has_parts(body)
            return group["id"], item, body["definition"]
    raise AssertionError(f"the estate has none of {kind}")


def paths(definition: dict[str, Any]) -> set[str]:
    return {part["path"] for part in definition["parts"]}


def test_a_model_and_its_report_are_created_by_definition(
    source: PowerBI, target: PowerBI, sandbox: Sandbox, workspace: str
) -> None:
    definitions = target.definitions
    _, _, model = defined(source, "semanticModels")
    made = done(target, definitions.create(workspace, "semanticModels", "Model", model, "what it is"))
    assert made is not None
    (listed,) = definitions.list(workspace, "semanticModels")
    assert (listed["id"], listed["displayName"], listed["description"]) == (made["id"], "Model", "what it is")
    back = done(target, definitions.get(workspace, "semanticModels", made["id"]))
    assert back is not None
    assert paths(back["definition"]) >= paths(model) - {".platform"}
    _, _, report = defined(source, "reports")
    bound = done(target, definitions.create(workspace, "reports", "Report", rebound(report, made["id"])))
    assert bound is not None
    assert [row["datasetId"] for row in target.reports.list(workspace)] == [made["id"]]
    with pytest.raises(AlreadyExists):
        done(target, definitions.create(workspace, "semanticModels", "Model", model))
    done(target, definitions.update(workspace, "semanticModels", made["id"], model))
    definitions.rename(workspace, "reports", bound["id"], "Renamed", "d")
    assert [row["displayName"] for row in definitions.list(workspace, "reports")] == ["Renamed"]
    definitions.delete(workspace, "reports", bound["id"])
    assert list(definitions.list(workspace, "reports")) == []
    assert sandbox.control.violations() == []


def rebound(report: dict[str, Any], model_id: str) -> dict[str, Any]:
    """The report's definition with another model."""
    text = f"semanticmodelid={model_id}"
    pbir = {"version": "4.0", "datasetReference": {"byConnection": {"connectionString": text}}}
    payload = base64.b64encode(json.dumps(pbir).encode()).decode()
    parts = [
        {**part, "payload": payload} if part["path"] == "definition.pbir" else part
        for part in report["parts"]
    ]
    return {**report, "parts": parts}


def test_a_dataflow_travels_by_the_user(
    source: PowerBI, target: PowerBI, sandbox: Sandbox, workspace: str
) -> None:
    group, flow = next(
        (group["id"], flow)
        for group in source.groups.list_groups()
        for flow in source.dataflows.list(group["id"])
    )
    exported = source.dataflows.export(group, flow["objectId"])
    assert json.loads(exported)["name"] == flow["name"]
    source.dataflows.upstream(group, flow["objectId"])
    user = target.user_name()
    target.groups.add_user(workspace, user, "User", "Admin")
    with pytest.raises(TerminalError):
        target.imports.post_file(workspace, "model.json", "Abort", Body(exported))
    identity = target.imports.post_file(workspace, "model.json", "Abort", Body(exported), as_user=True)
    ended = until(lambda: finished(target.imports.get(workspace, identity, as_user=True)))
    assert ended["importState"] == "Succeeded"
    assert identity in {row["id"] for row in target.imports.list(workspace, as_user=True)}
    (made,) = target.dataflows.list(workspace)
    target.dataflows.update(workspace, made["objectId"], description="moved")
    target.dataflows.refresh(workspace, made["objectId"])
    assert len(target.dataflows.transactions(workspace, made["objectId"])) == 1
    target.dataflows.delete(workspace, made["objectId"])
    assert target.dataflows.list(workspace) == []
    assert sandbox.control.violations() == []


def finished(row: dict[str, Any]) -> dict[str, Any] | None:
    return None if row["importState"] == "Publishing" else row


def test_a_push_model_a_dashboard_and_their_folder(target: PowerBI, sandbox: Sandbox, workspace: str) -> None:
    columns = [{"name": "Id", "dataType": "Int64"}, {"name": "Name", "dataType": "string"}]
    body = {"name": "Push", "defaultMode": "Push", "tables": [{"name": "T", "columns": columns}]}
    made = target.datasets.create_push(workspace, body)
    assert [row["id"] for row in target.datasets.list(workspace)] == [made["id"]]
    dashboard = target.dashboards.create(workspace, "Shell")
    assert [row["id"] for row in target.dashboards.list(workspace)] == [dashboard["id"]]
    assert target.dashboards.tiles(workspace, dashboard["id"]) == []
    outer = target.fabric.create_folder(workspace, "Outer")
    inner = target.fabric.create_folder(workspace, "Inner", outer["id"])
    with pytest.raises(AlreadyExists):
        target.fabric.create_folder(workspace, "Inner", outer["id"])
    parents = {row["displayName"]: row.get("parentFolderId") for row in target.fabric.folders(workspace)}
    assert parents == {"Outer": None, "Inner": outer["id"]}
    target.fabric.move_item(workspace, made["id"], inner["id"])
    placed = {row["displayName"]: row.get("folderId") for row in target.fabric.items(workspace)}
    assert placed == {"Push": inner["id"], "Shell": None}
    target.dashboards.delete(workspace, dashboard["id"])
    assert target.dashboards.list(workspace) == []
    assert sandbox.control.violations() == []


def test_a_pipeline_and_the_settings_of_a_workspace(
    target: PowerBI, sandbox: Sandbox, workspace: str
) -> None:
    target.fabric.update_workspace(workspace, "what it is for")
    assert target.fabric.workspace(workspace)["description"] == "what it is for"
    target.groups.update(workspace, defaultDatasetStorageFormat="Large")
    assert target.groups.get(workspace)["defaultDatasetStorageFormat"] == "Large"
    pipeline = target.pipelines.create("Line", "from test to production")["id"]
    assert pipeline in {row["id"] for row in target.pipelines.list()}
    target.pipelines.assign(pipeline, 1, workspace)
    with pytest.raises(TerminalError):
        target.pipelines.assign(pipeline, 1, workspace)
    assert [row.get("workspaceId") for row in target.pipelines.stages(pipeline)] == [None, workspace, None]
    people = (each for each in sandbox.control.state("fabrikam")["principals"] if each["kind"] == "User")
    upn = next(people)["upn"]
    target.pipelines.add_user(pipeline, upn, "User")
    assert upn in {row["identifier"] for row in target.pipelines.users(pipeline)}
    target.pipelines.delete(pipeline)
    with pytest.raises((EntityNotFound, NotAuthorized)):
        target.pipelines.stages(pipeline)
    for storage in target.groups.dataflow_storages():
        target.groups.assign_dataflow_storage(workspace, storage["id"])
        assert target.groups.get(workspace)["dataflowStorageId"] == storage["id"]
    assert sandbox.control.violations() == []
