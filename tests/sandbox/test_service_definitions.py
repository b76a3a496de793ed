"""Items by definition: made, given out, changed; what is refused, and how operations end."""

from typing import Any

import pytest
from fabric_client import RDL, Fabric, code, model, parts, report, texts
from service_client import Client
from service_client import code as powerbi_code

from sandbox.server import Sandbox

Json = dict[str, Any]


@pytest.fixture
def fabric(sandbox: Sandbox, source: Client) -> Fabric:
    workspace = source.workspace()
    capacity = {"capacityId": source.capacity()}
    assert source.post(f"groups/{workspace}/AssignToCapacity", capacity).status_code == 200
    sandbox.control.advance()
    return Fabric(sandbox, source, workspace)


@pytest.mark.parametrize("length", ["always", "never", "mix"])
def test_a_model_is_made_empty_and_filled_by_a_refresh(sandbox: Sandbox, fabric: Fabric, length: Any) -> None:
    sandbox.control.long_running(length)
    made = fabric.made("semanticModels", "Orders", model(), description="All of them")
    listed = fabric.client.get(f"groups/{fabric.workspace}/datasets").json()["value"]
    assert [(row["id"], row["name"], row["description"]) for row in listed] == [
        (made["id"], "Orders", "All of them")
    ]
    assert [row["type"] for row in fabric.at("GET", "items").json()["value"]] == ["SemanticModel"]
    query = {"queries": [{"query": "EVALUATE ROW(\"n\", COUNTROWS('Orders'))"}]}
    path = f"groups/{fabric.workspace}/datasets/{made['id']}"
    answer = fabric.client.post(f"{path}/executeQueries", query).json()
    assert answer["results"][0]["tables"][0]["rows"] == [{"[n]": 0}]
    assert fabric.client.post(f"{path}/refreshes", {}).status_code == 202
    sandbox.control.advance()
    history = fabric.client.get(f"{path}/refreshes").json()["value"]
    assert [row["status"] for row in history] == ["Completed"]


def test_a_definition_comes_back_as_it_was_sent(fabric: Fabric) -> None:
    sent = model()
    made = fabric.made("semanticModels", "Orders", sent)
    got = texts(fabric.definition("semanticModels", made["id"]))
    assert '"displayName": "Orders"' in got.pop(".platform")
    assert got == texts({"definition": sent})
    again = texts(fabric.outcome(fabric.at("POST", f"items/{made['id']}/getDefinition")))
    assert again.keys() - got.keys() == {".platform"}


def test_a_report_is_bound_to_the_model_it_names(fabric: Fabric) -> None:
    target = fabric.made("semanticModels", "Orders", model())["id"]
    made = fabric.made("reports", "View", report(target))
    (row,) = fabric.client.get(f"groups/{fabric.workspace}/reports").json()["value"]
    assert (row["id"], row["datasetId"]) == (made["id"], target)
    export = fabric.client.get(f"groups/{fabric.workspace}/reports/{made['id']}/Export")
    assert (export.status_code, powerbi_code(export)) == (404, "ExportPBIX_ModelessWorkbookNotFound")
    assert target in texts(fabric.definition("reports", made["id"]))["definition.pbir"]


@pytest.mark.parametrize("length", ["always", "never"])
def test_a_report_on_no_model_of_this_tenant_is_not_made(
    sandbox: Sandbox, fabric: Fabric, length: Any
) -> None:
    sandbox.control.long_running(length)
    answer = fabric.create("reports", "View", report("00000000-0000-4000-8000-000000000001"))
    if length == "never":
        assert (answer.status_code, code(answer)) == (404, "ItemNotFound")
    else:
        sandbox.control.advance()
        state = fabric.call("GET", f"operations/{answer.headers['x-ms-operation-id']}").json()
        assert (state["status"], state["error"]["errorCode"]) == ("Failed", "ItemNotFound")
    assert fabric.at("GET", "reports").json()["value"] == []


def test_a_name_that_is_taken_is_refused_but_for_another_kind(fabric: Fabric) -> None:
    made = fabric.made("semanticModels", "Orders", model())["id"]
    assert code(fabric.create("semanticModels", "ORDERS", model())) == "ItemDisplayNameAlreadyInUse"
    fabric.made("reports", "Orders", report(made))


def test_a_name_stays_taken_for_a_while_after_a_deletion(sandbox: Sandbox, fabric: Fabric) -> None:
    sandbox.control.settings(durations={"name.reserved": 1000})
    made = fabric.made("semanticModels", "Orders", model())["id"]
    assert fabric.at("DELETE", f"semanticModels/{made}").status_code == 200
    assert code(fabric.create("semanticModels", "Orders", model())) == "ItemDisplayNameNotAvailableYet"
    assert fabric.at("GET", f"semanticModels/{made}").status_code == 404


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sent: sent["parts"][1].update(payload="%%%"),
        lambda sent: sent["parts"][1].update(payloadType="Text"),
        lambda sent: sent["parts"].pop(0),
        lambda sent: sent["parts"].pop(2),
        lambda sent: sent.pop("parts"),
        lambda sent: sent["parts"].append(dict(sent["parts"][0])),
    ],
)
def test_a_damaged_definition_is_refused(fabric: Fabric, spoil: Any) -> None:
    sent = model()
    spoil(sent)
    assert code(fabric.create("semanticModels", "Orders", sent)) == "CorruptedPayload"
    assert fabric.at("GET", "items").json()["value"] == []


def test_a_changed_definition_keeps_rows_of_what_is_read_as_before(sandbox: Sandbox, fabric: Fabric) -> None:
    made = fabric.made("semanticModels", "Orders", model())["id"]
    state = sandbox.control.state("contoso")
    space = next(space for space in state["workspaces"] if space["id"] == fabric.workspace)
    space["datasets"][0]["tables"][0]["rows"] = 7
    sandbox.control.put_state("contoso", state)
    fabric.outcome(fabric.at("POST", f"semanticModels/{made}/updateDefinition", {"definition": model()}))
    now = sandbox.control.state("contoso")["workspaces"]
    assert next(s for s in now if s["id"] == fabric.workspace)["datasets"][0]["tables"][0]["rows"] == 7


def test_a_paginated_report_by_definition_is_exported_as_rdl(fabric: Fabric) -> None:
    made = fabric.made("paginatedReports", "Invoice", parts({"Invoice.rdl": RDL}))["id"]
    assert fabric.client.get(f"groups/{fabric.workspace}/reports/{made}/Export").text == RDL
    assert texts(fabric.definition("paginatedReports", made))["Invoice.rdl"] == RDL
    broken = fabric.create("paginatedReports", "Other", parts({"Other.rdl": "<Report>"}))
    assert code(broken) == "CorruptedPayload"


def test_a_dataflow_of_the_second_generation_needs_a_capacity(sandbox: Sandbox, fabric: Fabric) -> None:
    files = {"mashup.pq": "section Section1;", "queryMetadata.json": "{}"}
    made = fabric.made("dataflows", "Rows", parts(files))["id"]
    assert texts(fabric.definition("dataflows", made)).items() >= files.items()
    shared = Fabric(sandbox, fabric.client, fabric.client.workspace("On no capacity"))
    sandbox.control.long_running("never")
    assert code(shared.create("dataflows", "Rows", parts(files))) == "FeatureNotAvailable"


def test_definitions_are_for_contributors(sandbox: Sandbox, fabric: Fabric) -> None:
    made = fabric.made("semanticModels", "Orders", model())["id"]
    state = sandbox.control.state("contoso")
    space = next(space for space in state["workspaces"] if space["id"] == fabric.workspace)
    space["users"][0]["right"] = "Viewer"
    sandbox.control.put_state("contoso", state)
    for answer in (
        fabric.at("POST", f"semanticModels/{made}/getDefinition"),
        fabric.create("reports", "View", report(made)),
        fabric.at("PATCH", f"semanticModels/{made}", {"displayName": "Other"}),
    ):
        assert (answer.status_code, code(answer)) == (403, "InsufficientPrivileges")
    assert fabric.at("GET", f"semanticModels/{made}").json()["displayName"] == "Orders"


def test_an_operation_tells_where_it_is_and_its_result_once_it_is_done(
    sandbox: Sandbox, fabric: Fabric
) -> None:
    sandbox.control.long_running("always")
    answer = fabric.create("semanticModels", "Orders", model())
    operation = answer.headers["x-ms-operation-id"]
    assert answer.headers["location"].endswith(f"/v1/operations/{operation}")
    assert int(answer.headers["retry-after"]) >= 1
    state = fabric.call("GET", f"operations/{operation}")
    assert state.json()["status"] in ("NotStarted", "Running") and state.headers["retry-after"]
    assert code(fabric.call("GET", f"operations/{operation}/result")) == "OperationNotCompleted"
    sandbox.control.advance()
    state = fabric.call("GET", f"operations/{operation}")
    assert state.json()["percentComplete"] == 100
    assert state.headers["location"].endswith("/result")
    made = fabric.call("GET", f"operations/{operation}/result").json()
    assert made["displayName"] == "Orders" and made["type"] == "SemanticModel"
    sent = {"definition": model()}
    change = fabric.at("POST", f"semanticModels/{made['id']}/updateDefinition", sent)
    sandbox.control.advance()
    operation = change.headers["x-ms-operation-id"]
    assert "location" not in fabric.call("GET", f"operations/{operation}").headers
    assert code(fabric.call("GET", f"operations/{operation}/result")) == "OperationHasNoResult"


@pytest.mark.parametrize(
    ("outcome", "how", "status", "made"),
    [
        ("fail", {"code": "WorkspaceItemsLimitExceeded"}, "Failed", 0),
        ("fail", {"effect": True}, "Failed", 1),
        ("lost", {"effect": True}, None, 1),
        ("lost", {}, None, 0),
        ("stuck", {}, "Running", 0),
    ],
)
def test_operations_that_end_otherwise(
    sandbox: Sandbox, fabric: Fabric, outcome: Any, how: Json, status: str | None, made: int
) -> None:
    sandbox.control.plan_operation(outcome, operation="Create", name="Ord", **how)
    answer = fabric.create("semanticModels", "Orders", model())
    sandbox.control.advance()
    state = fabric.call("GET", f"operations/{answer.headers['x-ms-operation-id']}")
    if status is None:
        assert code(state) == "OperationNotFound"
    else:
        assert state.json()["status"] == status
        assert (state.json()["error"] or {}).get("errorCode") == {
            "Failed": how.get("code", "UnknownError")
        }.get(status)
    assert len(fabric.at("GET", "semanticModels").json()["value"]) == made
    sandbox.control.clear_operation_plans()


def test_push_models_have_no_definition(sandbox: Sandbox, fabric: Fabric) -> None:
    made = fabric.made("semanticModels", "Orders", model())["id"]
    state = sandbox.control.state("contoso")
    space = next(space for space in state["workspaces"] if space["id"] == fabric.workspace)
    space["datasets"][0]["addRowsApiEnabled"] = True
    sandbox.control.put_state("contoso", state)
    answer = fabric.at("POST", f"semanticModels/{made}/getDefinition")
    assert code(answer) == "OperationNotSupportedForItem"


def test_asking_for_a_definition_is_no_write(sandbox: Sandbox, fabric: Fabric) -> None:
    made = fabric.made("semanticModels", "Orders", model())["id"]
    sandbox.control.clear_ledger()
    fabric.definition("semanticModels", made)
    assert sandbox.control.writes() == []
