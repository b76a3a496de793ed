"""Every operation the client knows is one of the official contracts, and what it sends is as they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.powerbi import fabric_operations, operations
from shared.powerbi.connect import PowerBI
from shared.powerbi.fabric_operations import DEFINITIONS, DefinitionKind
from shared.powerbi.imports import UploadLocation
from shared.powerbi.operations import Operation
from tests.contract.contract import CONTRACT, Contract, Exchange
from tests.contract.fabric import FABRIC, UNWRITTEN, fabric_contract
from tests.unit.powerbi.powerbi_support import Received, Reply, Rig, reply_json, rig_on, serving

pytestmark = pytest.mark.skipif(
    not (CONTRACT.exists() and FABRIC.exists()), reason="the contracts are not in ../shared"
)

GROUP, ITEM, OTHER = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123")
DEFINITION = {"parts": [{"path": "a.tmdl", "payload": "YQ==", "payloadType": "InlineBase64"}]}
BASES = {"powerbi": "/v1.0/myorg", "fabric": "/v1"}
OTHER_NAMES = {
    "SemanticModels_UpdateSemanticModel": "Items_UpdateSemanticModel",
    "Reports_UpdateReport": "Items_UpdateReport",
}
"""Operations we name by their area, which in the contract share a name with those of other areas."""


class Body:
    """A small file as a request body."""

    def __len__(self) -> int:
        return 2

    def __iter__(self) -> Iterator[bytes]:
        yield b"{}"


@pytest.fixture(scope="module")
def contracts() -> dict[str, Contract]:
    return {"powerbi": Contract.load(), "fabric": fabric_contract()}


@pytest.fixture
def rig() -> Iterator[Rig]:
    with serving() as service:
        service.script = answer
        yield rig_on(service, USERNAME="user@contoso.com", PASSWORD="p4ssword-of-user")


def answer(request: Received) -> Reply:
    """Something every caller can go on with; what the service really says is not judged here."""
    if request.method == "GET" and request.path.endswith(f"/dataflows/{ITEM}"):
        return reply_json({"name": "Sales"})
    if request.method == "PUT":
        return Reply(201)
    body = {"id": ITEM, "status": "Running", "definition": DEFINITION, "value": []}
    return reply_json(body, 201 if request.method == "POST" else 200)


def known() -> list[Operation]:
    """Every operation with an address in one of the contracts."""
    plain = [each for table in (operations, fabric_operations) for each in vars(table).values()]
    of_kinds = [getattr(row, name) for row in DEFINITIONS.values() for name in row.__slots__]
    found = [each for each in [*plain, *of_kinds] if isinstance(each, Operation) and each.template]
    return [each for each in found if each.api in BASES and not path_of(each).startswith(UNWRITTEN)]


def path_of(operation: Operation) -> str:
    return BASES[operation.api] + operation.template


def test_every_operation_is_in_the_contract_under_its_name(contracts: dict[str, Contract]) -> None:
    wrong: dict[str, str] = {}
    for operation in known():
        filled = path_of(operation).replace("{", "").replace("}", "")
        found = contracts[operation.api].find(operation.method, filled)
        name = found.id if found else "nothing"
        if name != OTHER_NAMES.get(operation.id, operation.id):
            wrong[operation.id] = name
    assert wrong == {}


def test_every_operation_counts_in_a_quota_of_its_api() -> None:
    quotas = {(operation.api, operation.quota) for operation in known()}
    assert {quota for api, quota in quotas if api == "fabric"} == {"fabric.platform", "fabric.lro"}
    assert not {quota for api, quota in quotas if api == "powerbi" and quota.startswith("fabric.")}


def test_names_are_nobody_elses() -> None:
    """Calls are counted by these names."""
    addresses: dict[str, set[tuple[str, str, str]]] = {}
    for each in known():
        addresses.setdefault(each.id, set()).add((each.api, each.method, each.template))
    assert {name: places for name, places in addresses.items() if len(places) > 1} == {}


KINDS: tuple[DefinitionKind, ...] = ("semanticModels", "reports", "paginatedReports", "dataflows")

CALLS: dict[str, Callable[[PowerBI], Any]] = {
    "LongRunningOperations_GetOperationState": lambda t: t.operations.status(ITEM),
    "LongRunningOperations_GetOperationResult": lambda t: t.operations.result(ITEM),
    "Workspaces_GetWorkspace": lambda t: t.fabric.workspace(GROUP),
    "Workspaces_UpdateWorkspace": lambda t: t.fabric.update_workspace(GROUP, "what it is for"),
    "Folders_ListFolders": lambda t: list(t.fabric.folders(GROUP)),
    "Folders_CreateFolder": lambda t: t.fabric.create_folder(GROUP, "Sales", OTHER),
    "Items_MoveItem": lambda t: t.fabric.move_item(GROUP, ITEM, OTHER),
    "Dashboards_AddDashboardInGroup": lambda t: t.dashboards.create(GROUP, "Sales"),
    "Dashboards_GetTilesInGroup": lambda t: t.dashboards.tiles(GROUP, ITEM),
    "Dashboards_DeleteDashboardInGroup": lambda t: t.dashboards.delete(GROUP, ITEM),
    "Dataflows_GetDataflow": lambda t: t.dataflows.export(GROUP, ITEM),
    "Dataflows_GetUpstreamDataflowsInGroup": lambda t: t.dataflows.upstream(GROUP, ITEM),
    "Dataflows_RefreshDataflow": lambda t: t.dataflows.refresh(GROUP, ITEM),
    "Dataflows_GetDataflowTransactions": lambda t: t.dataflows.transactions(GROUP, ITEM),
    "Dataflows_UpdateDataflow": lambda t: t.dataflows.update(GROUP, ITEM, description="d"),
    "Dataflows_DeleteDataflow": lambda t: t.dataflows.delete(GROUP, ITEM),
    "Datasets_PostDatasetInGroup": lambda t: t.datasets.create_push(
        GROUP,
        {
            "name": "Push",
            "defaultMode": "Push",
            "tables": [{"name": "T", "columns": [{"name": "C", "dataType": "string"}]}],
        },
    ),
    "Datasets_UpdateDatasetInGroup": lambda t: t.datasets.update(GROUP, ITEM, targetStorageMode="Abf"),
    "Datasets_UpdateParametersInGroup": lambda t: t.datasets.update_parameters(GROUP, ITEM, {"a": "b"}),
    "Reports_RebindReportInGroup": lambda t: t.reports.rebind(GROUP, ITEM, OTHER),
    "Pipelines_GetPipelines": lambda t: t.pipelines.list(),
    "Pipelines_CreatePipeline": lambda t: t.pipelines.create("Sales", "from test to production"),
    "Pipelines_GetPipelineStages": lambda t: t.pipelines.stages(ITEM),
    "Pipelines_AssignWorkspace": lambda t: t.pipelines.assign(ITEM, 2, GROUP),
    "Pipelines_GetPipelineUsers": lambda t: t.pipelines.users(ITEM),
    "Pipelines_UpdatePipelineUser": lambda t: t.pipelines.add_user(ITEM, OTHER, "Group"),
    "Pipelines_DeletePipeline": lambda t: t.pipelines.delete(ITEM),
    "Groups_UpdateGroup": lambda t: t.groups.update(GROUP, name="N", defaultDatasetStorageFormat="Large"),
    "Groups_AssignToDataflowStorage": lambda t: t.groups.assign_dataflow_storage(GROUP, ITEM),
    "DataflowStorageAccounts_GetDataflowStorageAccounts": lambda t: t.groups.dataflow_storages(),
    "Imports_PostImportInGroup": lambda t: (
        t.imports.post_file(GROUP, "a.rdl", "Abort", Body(), folder_id=OTHER),
        t.imports.post_file(GROUP, "model.json", "GenerateUniqueName", Body(), as_user=True),
        t.imports.post_file_url(GROUP, "a.pbix", "Ignore", "https://x/y?sig=z", folder_id=OTHER),
    ),
    "Imports_GetImportInGroup": lambda t: t.imports.get(GROUP, ITEM, as_user=True),
    "Imports_GetImportsInGroup": lambda t: t.imports.list(GROUP, as_user=True),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_request_is_as_the_contract_says(rig: Rig, contracts: dict[str, Contract], name: str) -> None:
    CALLS[name](rig.tenant)
    assert [fault for request in rig.service.received for fault in faults(request, contracts)] == []
    assert {call.operation for call in rig.calls} == {name}


@pytest.mark.parametrize("kind", KINDS)
def test_definitions_of_each_kind_are_as_the_contract_says(
    rig: Rig, contracts: dict[str, Contract], kind: DefinitionKind
) -> None:
    definitions = rig.tenant.definitions
    definitions.get(GROUP, kind, ITEM)
    definitions.create(GROUP, kind, "Sales", DEFINITION, "what it is for", OTHER)
    definitions.update(GROUP, kind, ITEM, DEFINITION)
    definitions.rename(GROUP, kind, ITEM, "Sales", "")
    definitions.delete(GROUP, kind, ITEM)
    list(definitions.list(GROUP, kind))
    assert [fault for request in rig.service.received for fault in faults(request, contracts)] == []
    row = DEFINITIONS[kind]
    assert {call.operation for call in rig.calls} == {getattr(row, part).id for part in row.__slots__}


def test_a_format_is_asked_for_where_the_contract_has_one(rig: Rig, contracts: dict[str, Contract]) -> None:
    rig.tenant.definitions.get(GROUP, "semanticModels", ITEM, "TMSL")
    (request,) = rig.service.received
    assert request.query == {"format": "TMSL"}
    assert faults(request, contracts) == []


def test_a_block_that_the_storage_fetches_itself_is_in_no_contract(rig: Rig) -> None:
    location = UploadLocation(f"{rig.service.origin}/c/f?sig=x", None)
    rig.tenant.imports.put_block_from_url(location, 0, "https://ours/blob?sig=y", 0, 4)
    assert rig.calls[0].template == ""


@pytest.mark.parametrize(
    ("path", "query", "body"),
    [
        (f"/v1/workspaces/{GROUP}/reports", "", {"displayName": "n"}),
        (f"/v1/workspaces/{GROUP}/reports", "", {"name": "n", "definition": DEFINITION}),
        (f"/v1/workspaces/{GROUP}/reports", "", {"displayName": "n", "definition": {"parts": {}}}),
        (f"/v1/workspaces/{GROUP}/paginatedReports", "", {"displayName": "n", "folderId": OTHER}),
        ("/v1/workspaces/mine/folders", "", {"displayName": "n"}),
        (f"/v1/workspaces/{GROUP}/folders", "format=x", {"displayName": "n"}),
        (f"/v1/workspaces/{GROUP}/folders", "", {"displayName": "n", "parentFolderId": "top"}),
        (f"/v1/workspaces/{GROUP}/dashboards", "", {"displayName": "n"}),
    ],
)
def test_what_the_fabric_contract_does_not_know_is_found(
    contracts: dict[str, Contract], path: str, query: str, body: Any
) -> None:
    assert contracts["fabric"].check(Exchange("POST", path, query, body)) != []


def faults(request: Received, contracts: dict[str, Contract]) -> list[str]:
    api = "powerbi" if request.path.startswith(BASES["powerbi"]) else "fabric"
    is_json = "json" in request.headers.get("content-type", "")
    _, _, query = request.target.partition("?")
    body = request.json() if is_json else None
    return contracts[api].check(Exchange(request.method, request.path, query, body))
