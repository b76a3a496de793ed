"""Push models, and what is changed of models: their format and their parameters."""

from typing import Any

import pytest
from service_client import Client, code, pbix

from sandbox.server import Sandbox

GONE = "11111111-2222-4333-8444-555555555555"
COLUMNS = [{"name": "At", "dataType": "DateTime"}]
TABLES = [{"name": "Readings", "columns": COLUMNS}]


def test_a_push_model_is_made_with_its_tables(sandbox: Sandbox, source: Client) -> None:
    group = source.workspace()
    made = source.post(f"groups/{group}/datasets", {"name": "Sensors", "tables": TABLES})
    assert made.status_code == 201 and made.json()["addRowsAPIEnabled"] is True
    again = source.post(f"groups/{group}/datasets", {"name": "Sensors", "tables": TABLES})
    assert again.status_code == 201, "two of one name may stand side by side"
    held = sandbox.control.state("contoso")["workspaces"][0]["datasets"][0]
    assert held["tables"] == [TABLES[0] | {"measures": [], "rows": 0}]
    refresh = source.post(f"groups/{group}/datasets/{made.json()['id']}/refreshes", {})
    assert code(refresh) == "InvalidRequest"


@pytest.mark.parametrize(
    "body",
    [
        {"name": "No tables", "tables": []},
        {"name": "", "tables": TABLES},
        {"name": "Twice", "tables": TABLES * 2},
        {"name": "No columns", "tables": [{"name": "Readings", "columns": []}]},
        {"name": "Type", "tables": [{"name": "T", "columns": [{"name": "c", "dataType": "Variant"}]}]},
        {"name": "Mode", "tables": TABLES, "defaultMode": "AsAzure"},
        {"name": "Name", "tables": [{"name": "a!b", "columns": COLUMNS}]},
        {"name": "Bracket", "tables": [{"name": "a[b]", "columns": COLUMNS}]},
        {"name": "Ends", "tables": TABLES, "relationships": [{"name": "r", "fromTable": "Readings"}]},
    ],
)
def test_a_push_model_that_is_none(source: Client, body: dict[str, Any]) -> None:
    assert source.post(f"groups/{source.workspace()}/datasets", body).status_code == 400


def test_rows_go_into_push_models_alone(sandbox: Sandbox, source: Client) -> None:
    group = source.workspace()
    source.import_file(group, "Plain.pbix", pbix(size=1), "Ignore")
    sandbox.control.advance()
    plain = source.get(f"groups/{group}/datasets").json()["value"][0]["id"]
    assert source.get(f"groups/{group}/datasets/{plain}/tables").status_code == 400
    made = source.post(f"groups/{group}/datasets", {"name": "Sensors", "tables": TABLES}).json()["id"]
    rows = f"groups/{group}/datasets/{made}/tables/Readings/rows"
    assert source.post(rows, {"rows": [{}] * 10_001}).status_code == 400
    assert source.post(rows.replace("Readings", "Other"), {"rows": []}).status_code == 404
    assert source.post(rows, {"rows": [{}, {}]}).status_code == 200


def test_a_model_is_changed_by_its_owner_and_large_on_a_capacity(
    sandbox: Sandbox, source: Client, master: Client
) -> None:
    group = source.workspace()
    source.import_file(group, "Plain.pbix", pbix(size=1))
    sandbox.control.advance()
    model = source.get(f"groups/{group}/datasets").json()["value"][0]["id"]
    path = f"groups/{group}/datasets/{model}"
    given = {
        "identifier": master.settings["USERNAME"],
        "principalType": "User",
        "groupUserAccessRight": "Admin",
    }
    source.post(f"groups/{group}/users", given)
    large = {"targetStorageMode": "PremiumFiles"}
    assert master.call("PATCH", path, json=large).status_code == 401
    assert source.call("PATCH", path, json=large).status_code == 400
    source.post(f"groups/{group}/AssignToCapacity", {"capacityId": source.capacity()})
    sandbox.control.advance()
    assert source.call("PATCH", path, json=large).status_code == 200
    assert source.get(path).json()["targetStorageMode"] == "PremiumFiles"


def _asking(sandbox: Sandbox, client: Client, **facts: Any) -> str:
    """The path of a model with two parameters, which the caller owns."""
    group = client.workspace()
    kinds = {"Server": "Text", "Rows": "Number", "Raw": "Binary"}
    told = [
        {"name": name, "type": kind, "isRequired": True, "currentValue": "1"} for name, kind in kinds.items()
    ]
    meta = 'meta [IsParameterQuery=true, Type="Text"]'
    state = sandbox.control.state("contoso")
    app = state["actors"]["migration"]
    model = {"id": GONE, "name": "Asking", "configuredBy": app, "parameters": told}
    model["expressions"] = [{"name": "Server", "expression": f'"1" {meta}'}]
    state["workspaces"][0]["datasets"] = [model | facts]
    sandbox.control.put_state("contoso", state)
    return f"groups/{group}/datasets/{GONE}/Default.UpdateParameters"


def test_a_parameter_is_set_where_m_says_it(sandbox: Sandbox, source: Client) -> None:
    path = _asking(sandbox, source)
    change = {"updateDetails": [{"name": "Server", "newValue": 'the "new" one'}]}
    assert source.post(path, change).status_code == 200
    held = sandbox.control.state("contoso")["workspaces"][0]["datasets"][0]
    assert held["parameters"][0]["currentValue"] == 'the "new" one'
    assert held["expressions"][0]["expression"].startswith('"the ""new"" one" meta [')


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ([], 400),
        ([("Server", "a"), ("server", "b")], 404),
        ([("Server", "a"), ("Server", "b")], 400),
        ([("Server", "a"), ("Rows", "many")], 400),
        ([("Raw", "a")], 400),
        ([(f"p{number}", "a") for number in range(101)], 400),
    ],
)
def test_parameters_are_set_all_or_none(
    sandbox: Sandbox, source: Client, changes: list[tuple[str, str]], status: int
) -> None:
    path = _asking(sandbox, source)
    rows = [{"name": name, "newValue": value} for name, value in changes]
    assert source.post(path, {"updateDetails": rows}).status_code == status
    held = sandbox.control.state("contoso")["workspaces"][0]["datasets"][0]
    assert {item["currentValue"] for item in held["parameters"]} == {"1"}


@pytest.mark.parametrize(
    ("facts", "status"),
    [({"configuredBy": "alice@contoso.com"}, 401), ({"extra": {"changedByXmla": True}}, 400)],
)
def test_parameters_of_such_a_model_cannot_be_set(
    sandbox: Sandbox, source: Client, facts: dict[str, Any], status: int
) -> None:
    path = _asking(sandbox, source, **facts)
    answer = source.post(path, {"updateDetails": [{"name": "Server", "newValue": "a"}]})
    assert answer.status_code == status
