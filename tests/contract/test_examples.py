"""The checker against the contract's own examples: what they break is known by name, so nothing else is refused."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.contract.contract import CONTRACT, Contract, Exchange

pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason="the contract is not in ../shared")

BROKEN_ANSWERS = {
    "Capacities_GetWorkload": "wraps one object in `value`",
    "Dataflows_CancelDataflowTransaction": "an enum value in another case",
    "Dataflows_UpdateDataflow": "shows a body that is not promised",
    "Datasets_GetDatasetsInGroupAsAdmin": "encryption with an id",
    "Datasets_GetGatewayDatasources": "leaves out a required property",
    "Datasets_GetGatewayDatasourcesInGroup": "leaves out a required property",
    "Datasets_GetRefreshExecutionDetails": "shows a property that is not declared",
    "Datasets_GetRefreshExecutionDetailsInGroup": "shows a property that is not declared",
    "Datasets_PostDataset": "shows a property that is not declared",
    "Datasets_PostDatasetInGroup": "shows a property that is not declared",
    "Datasets_PutTable": "leaves out a required property",
    "Datasets_PutTableInGroup": "leaves out a required property",
    "Datasets_RefreshDataset": "status 200 where 202 is promised; headers written as a body",
    "Datasets_RefreshDatasetInGroup": "status 200 where 202 is promised; headers written as a body",
    "Gateways_CreateDatasource": "status 200 where 201 is promised",
    "Groups_CreateGroup": "wraps the group in a list `value`",
    "Groups_GetGroupAsAdmin": "old users without identifier",
    "Groups_GetGroupsAsAdmin": "old users without identifier; encryption with an id",
    "Pipelines_DeployAll": "status 200 where 202 is promised",
    "Pipelines_GetPipelineOperation": "a property in another case",
    "Pipelines_GetPipelineStageArtifacts": "shows a property that is not declared",
    "Pipelines_SelectiveDeploy": "status 200 where 202 is promised",
    "Reports_CloneReport": "no body where one is promised",
    "Reports_CloneReportInGroup": "no body where one is promised",
    "Reports_UpdateReportContent": "no body where one is promised",
    "Reports_UpdateReportContentInGroup": "no body where one is promised",
    "WorkspaceInfo_GetScanResult": "report users with an app's right",
}
"""Whole families of previews and of operations no migration calls are left out below."""

UNUSED = ("Preview", "Refreshable", "SubscriptionsAsAdmin", "AvailableFeatures")


def _examples() -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    swagger = CONTRACT.with_name("swagger.json")
    if not swagger.exists():
        return
    for template, methods in json.loads(swagger.read_text(encoding="utf-8"))["paths"].items():
        for method, operation in methods.items():
            for example in operation.get("x-ms-examples", {}).values():
                if not any(word in operation["operationId"] for word in UNUSED):
                    yield method.upper(), template, operation, example


EXAMPLES = list(_examples())


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.load()


def test_every_answer_shown_is_accepted_but_for_the_known_broken_ones(contract: Contract) -> None:
    refused: dict[str, list[str]] = {}
    for method, template, operation, example in EXAMPLES:
        for status, answer in example.get("responses", {}).items():
            faults = _answer_faults(contract, method, template, int(status), answer)
            refused.setdefault(operation["operationId"], []).extend(faults)
    assert {name: faults for name, faults in refused.items() if faults and name not in BROKEN_ANSWERS} == {}
    assert sorted(name for name, faults in refused.items() if faults) == sorted(BROKEN_ANSWERS)


def _answer_faults(contract: Contract, method: str, template: str, status: int, answer: Any) -> list[str]:
    body = answer.get("body", answer) if isinstance(answer, dict) else answer
    exchange = Exchange(method, _filled(template), "", None, status, body or None)
    faults = (fault.partition(": ")[2] for fault in contract.check(exchange))
    return [fault for fault in faults if not fault.startswith(("path", "query", "request", "a request"))]


def _filled(template: str) -> str:
    """Any path of that template: what is asked here is the answer."""
    return template.replace("{", "").replace("}", "")


def test_the_literal_path_wins_over_the_template(contract: Contract) -> None:
    found = contract.find("GET", "/v1.0/myorg/admin/workspaces/modified")
    assert found is not None
    assert found.id == "WorkspaceInfo_GetModifiedWorkspaces"


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("Groups_GetGroupsAsAdmin", {"$top": 100}),
        ("Admin_GetActivityEvents", {"startDateTime": "'2019-08-13T07:55:00.000Z'"}),
    ],
)
def test_queries_as_the_service_takes_them(contract: Contract, name: str, parameters: dict[str, Any]) -> None:
    operation = next(o for o in contract.operations if o.id == name)
    exchange = Exchange("GET", operation.template, urlencode(parameters, quote_via=quote))
    assert contract.check(exchange) == []
