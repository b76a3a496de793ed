"""Faults planted in requests and answers are found, each by its name; correct ones pass."""

from typing import Any

import pytest

from tests.contract.contract import CONTRACT, Contract, Exchange, check_ledger

pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason="the contract is not in ../shared")

GROUP = "f089354e-8366-4e18-aea3-4cb4a3a50b48"
BASE = "/v1.0/myorg"
USERS = f"{BASE}/groups/{GROUP}/users"
SCAN = f"{BASE}/admin/workspaces/getInfo"
IMPORTS = f"{BASE}/groups/{GROUP}/imports"
ALICE = {"identifier": "alice@fabrikam.com", "principalType": "User", "groupUserAccessRight": "Viewer"}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.load()


@pytest.mark.parametrize(
    "exchange",
    [
        Exchange("GET", f"{BASE}/groups", "$top=5&$filter=name%20eq%20%27a%27", None, 200, {"value": []}),
        Exchange(
            "POST", f"{BASE}/groups", "workspaceV2=true", {"name": "x"}, 200, {"id": GROUP, "name": "x"}
        ),
        Exchange("POST", USERS, "", ALICE, 200),
        Exchange(
            "POST", SCAN, "lineage=true", {"workspaces": [GROUP]}, 202, {"id": GROUP, "status": "Running"}
        ),
        Exchange(
            "POST", IMPORTS, "datasetDisplayName=a%2Fb.pbix&nameConflict=Abort", None, 202, {"id": GROUP}
        ),
        Exchange("GET", f"{BASE}/groups/{GROUP}", "", None, 200, {"id": GROUP.upper(), "capacityId": None}),
        Exchange("GET", f"{BASE}/groups/{GROUP}", "", None, 403, None),
        Exchange("GET", f"{BASE}/groups/{GROUP}", "", None, 429, {"message": "Retry in 3 seconds."}),
        Exchange(
            "GET", f"{BASE}/groups/{GROUP}/reports/{GROUP}/Export", "downloadType=IncludeModel", None, 200
        ),
        Exchange("GET", f"{BASE}/groups/{GROUP}", "", None, 307),
    ],
)
def test_correct_exchanges_pass(contract: Contract, exchange: Exchange) -> None:
    assert contract.check(exchange) == []


@pytest.mark.parametrize(
    ("exchange", "fault"),
    [
        (Exchange("GET", f"{BASE}/group"), "no operation"),
        (Exchange("PATCH", f"{BASE}/capacities"), "no operation"),
        (Exchange("GET", f"{BASE}/groups/{GROUP}/assigntocapacity"), "no operation"),
        (Exchange("GET", f"{BASE}/groups/not-a-guid"), 'path groupId: body: "not-a-guid" is not a "uuid"'),
        (Exchange("GET", f"{BASE}/admin/groups"), "query $top is required"),
        (Exchange("GET", f"{BASE}/admin/groups", "$top=5001"), "5001 is greater than the maximum"),
        (
            Exchange("GET", f"{BASE}/admin/groups", "$top=many"),
            'query $top: body: "many" is not of type "integer"',
        ),
        (Exchange("GET", f"{BASE}/groups", "$expand=users"), "query $expand is unknown"),
        (Exchange("GET", f"{BASE}/groups", "$top=1&$top=2"), "query $top sent twice"),
        (Exchange("POST", SCAN, "lineage=yes", {"workspaces": [GROUP]}), "query lineage"),
        (Exchange("POST", IMPORTS, "nameConflict=Abort"), "query datasetDisplayName is required"),
        (Exchange("POST", IMPORTS, "datasetDisplayName=a.pbix&nameConflict=Replace"), "query nameConflict"),
        (Exchange("POST", SCAN, ""), "a request body is required"),
        (Exchange("POST", SCAN, "", {"workspaces": ["x"]}), 'request workspaces/0: "x" is not a "uuid"'),
        (Exchange("POST", f"{BASE}/groups", "", {}), '"name" is a required property'),
        (
            Exchange("POST", f"{BASE}/groups", "", {"name": "x", "capacityId": GROUP}),
            "'capacityId' was unexpected",
        ),
        (Exchange("POST", USERS, "", ALICE | {"principalType": "ServicePrincipal"}), "request principalType"),
        (Exchange("POST", USERS, "", ALICE | {"profile": None}), "request profile"),
        (Exchange("GET", USERS, "", {}), "a request body where none is taken"),
        (
            Exchange("POST", f"{BASE}/groups", "", {"name": "x"}, 201, {"id": GROUP}),
            "status 201 is not one of",
        ),
        (Exchange("POST", USERS, "", ALICE, 200, {"id": GROUP}), "a response body where none is promised"),
        (Exchange("GET", f"{BASE}/groups", "", None, 200), "response body: null is not of type"),
        (
            Exchange("GET", f"{BASE}/groups", "", None, 200, {"value": [{"name": "x"}]}),
            '"id" is a required property',
        ),
        (Exchange("GET", f"{BASE}/groups", "", None, 200, {"value": [{"id": None}]}), "response value/0/id"),
        (
            Exchange("GET", f"{BASE}/groups", "", None, 200, {"value": [], "count": 0}),
            "'count' was unexpected",
        ),
        (
            Exchange(
                "GET",
                f"{IMPORTS}/{GROUP}",
                "",
                None,
                200,
                {"id": GROUP, "importState": "Done"},
            ),
            "response importState",
        ),
        (
            Exchange(
                "GET",
                f"{IMPORTS}/{GROUP}",
                "",
                None,
                200,
                {"id": GROUP, "createdDateTime": "now"},
            ),
            'response createdDateTime: "now" is not a "date-time"',
        ),
        (
            Exchange("GET", f"{BASE}/groups/{GROUP}", "", None, 404, {"reason": "gone"}),
            "no known error shape",
        ),
    ],
)
def test_a_planted_fault_is_found(contract: Contract, exchange: Exchange, fault: str) -> None:
    found = contract.check(exchange)
    assert len(found) == 1
    assert fault in found[0]


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "X", "pbi.error": {"code": "X", "details": []}}},
        {"message": "Retry in 3392 seconds."},
        {"Message": "API is not accessible for application"},
        {"error": "invalid_client", "error_description": "AADSTS7000215", "error_codes": [7000215]},
        {"requestId": GROUP, "errorCode": "X", "message": "m", "isRetriable": True},
        "An error has occurred",
        None,
    ],
)
def test_every_error_shape_of_the_service_is_known(contract: Contract, body: Any) -> None:
    assert contract.check(Exchange("GET", f"{BASE}/groups", "", None, 500, body)) == []


def test_a_ledger_is_judged_call_by_call_and_planted_answers_are_not(contract: Contract) -> None:
    call: dict[str, Any] = {"method": "GET", "path": f"{BASE}/groups", "query": "top=1", "status": 200}
    ledger = [
        call | {"seq": 1, "responseBody": {"value": []}},
        call | {"seq": 2, "responseBody": "nonsense", "fault": True},
        call | {"seq": 3, "status": 0, "query": ""},
        call | {"seq": 4, "path": "/tenant/oauth2/v2.0/token"},
    ]
    found = check_ledger(ledger, contract)
    assert [line.partition(" ")[0] for line in found] == ["#1", "#2"]
    assert all(line.endswith("Groups_GetGroups: query top is unknown") for line in found)
