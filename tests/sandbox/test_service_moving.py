"""What the service refuses, and what it lets through, when dataflows, push models and the other kinds are made."""

import json
from typing import Any

import pytest
import requests
from service_client import Client, code, pbix

from sandbox.server import Sandbox

GONE = "11111111-2222-4333-8444-555555555555"
NAVIGATION = (
    "section Section1;\r\nshared Rows = let Source = PowerPlatform.Dataflows(null), "
    'Space = Source{{[workspaceId = "{0}"]}}[Data], Flow = Space{{[dataflowId = "{1}"]}}[Data] in Flow;\r\n'
)
COLUMNS = [{"name": "At", "dataType": "DateTime"}]
TABLES = [{"name": "Readings", "columns": COLUMNS}]


def model_json(name: str = "Rows", document: str = "section Section1;", **more: Any) -> bytes:
    sent = {"name": name, "description": "d", "version": "1.0", "entities": []}
    return json.dumps(sent | {"pbi:mashup": {"document": document}} | more).encode()


def send(
    client: Client, group: str, content: bytes, conflict: str = "Abort", **query: Any
) -> requests.Response:
    return client.import_file(group, "model.json", content, conflict, **query)


def fabric(client: Client, method: str, path: str, body: Any = None) -> requests.Response:
    return client.session.request(method, f"{client.settings['FABRIC_URL']}/{path}", json=body, timeout=60)


def fabric_code(answer: requests.Response) -> tuple[int, str]:
    assert answer.headers["x-ms-public-api-error-code"] == answer.json()["errorCode"]
    return answer.status_code, answer.json()["errorCode"]


def flows(client: Client, group: str) -> list[dict[str, Any]]:
    return client.get(f"groups/{group}/dataflows").json()["value"]


@pytest.fixture
def group(master: Client) -> str:
    return master.workspace()


def test_a_dataflow_is_imported_by_a_user_alone(sandbox: Sandbox, source: Client, master: Client) -> None:
    group = source.workspace("The app's")
    assert send(source, group, model_json()).status_code == 401
    given = {
        "identifier": master.settings["USERNAME"],
        "principalType": "User",
        "groupUserAccessRight": "Admin",
    }
    assert source.post(f"groups/{group}/users", given).status_code == 200
    assert send(master, group, model_json()).status_code == 202
    sandbox.control.advance()
    assert [flow["name"] for flow in flows(source, group)] == ["Rows"]


def test_a_dataflow_is_what_was_sent(sandbox: Sandbox, master: Client, group: str) -> None:
    """Its name stands in the file; partitions and strange ids are taken over as they are."""
    entity = {
        "$type": "LocalEntity",
        "name": "Rows",
        "partitions": [{"name": "p", "location": "https://there"}],
    }
    sent = model_json("Größe", NAVIGATION.format(GONE, GONE), entities=[entity])
    done = send(master, group, sent)
    sandbox.control.advance()
    told = master.get(f"groups/{group}/imports/{done.json()['id']}").json()
    assert told["importState"] == "Succeeded" and [flow["name"] for flow in told["dataflows"]] == ["Größe"]
    flow = told["dataflows"][0]["objectId"]
    kept = master.get(f"groups/{group}/dataflows/{flow}").json()
    assert kept["entities"] == [entity] and kept["pbi:mashup"] == json.loads(sent)["pbi:mashup"]
    upstream = master.get(f"groups/{group}/dataflows/{flow}/upstreamDataflows").json()["value"]
    assert upstream == [{"targetDataflowId": GONE, "groupId": GONE}]


def test_names_of_dataflows_are_given_once(sandbox: Sandbox, master: Client, group: str) -> None:
    for content, conflict in ((model_json(), "Abort"), (model_json(), "GenerateUniqueName")):
        assert send(master, group, content, conflict).status_code == 202
        sandbox.control.advance()
    assert code(send(master, group, model_json("rows"))) == "PbixAlreadyImported"
    assert sorted(flow["name"] for flow in flows(master, group)) == ["Rows", "Rows (1)"]


@pytest.mark.parametrize(
    ("name", "conflict", "content"),
    [
        ("model.json", None, model_json()),
        ("model.json", "CreateOrOverwrite", model_json()),
        ("Rows.json", "Abort", model_json()),
        ("model.json", "Abort", b'{"name": "no entities"}'),
        ("model.json", "Abort", b"{not json"),
        ("Rows.pbix", "Ignore", model_json()),
        ("Rows.pbix", "GenerateUniqueName", model_json()),
    ],
)
def test_a_dataflow_that_is_none(
    master: Client, group: str, name: str, conflict: str | None, content: bytes
) -> None:
    assert master.import_file(group, name, content, conflict).status_code == 400


def test_a_refresh_ends_badly_where_what_it_needs_is_not_here(
    sandbox: Sandbox, master: Client, group: str
) -> None:
    send(master, group, model_json("Whole"))
    send(master, group, model_json("Torn", NAVIGATION.format(group, GONE)))
    sandbox.control.advance()
    for flow in flows(master, group):
        one = f"groups/{group}/dataflows/{flow['objectId']}"
        refreshed = master.post(f"{one}/refreshes", {"notifyOption": "NoNotification"})
        assert refreshed.status_code == 200 and refreshed.content == b""
        assert code(master.post(f"{one}/refreshes", {"notifyOption": "NoNotification"})) == "InvalidRequest"
    sandbox.control.advance()
    rows = {
        flow["name"]: master.get(f"groups/{group}/dataflows/{flow['objectId']}/transactions").json()["value"]
        for flow in flows(master, group)
    }
    assert {name: [row["status"] for row in held] for name, held in rows.items()} == {
        "Whole": ["Success"],
        "Torn": ["Failed"],
    }


def test_an_import_ends_as_planned(sandbox: Sandbox, master: Client, group: str) -> None:
    sandbox.control.plan_import("fail", name="Doomed", code="DataflowImportError")
    doomed = send(master, group, model_json("Doomed")).json()["id"]
    sandbox.control.advance()
    told = master.get(f"groups/{group}/imports/{doomed}").json()
    assert told["importState"] == "Failed" and told["error"]["code"] == "DataflowImportError"
    assert flows(master, group) == []


def test_faults_meet_the_new_operations(sandbox: Sandbox, master: Client, group: str) -> None:
    """As they meet any other: the change is made, the client does not hear of it."""
    match, effect = {"operation": "Dashboards_AddDashboardInGroup"}, {"when": "after", "status": 500}
    sandbox.control.fault(match, effect)
    assert master.post(f"groups/{group}/dashboards", {"name": "Overview"}).status_code == 500
    assert len(master.get(f"groups/{group}/dashboards").json()["value"]) == 1
    (entry,) = [row for row in sandbox.control.ledger() if row["operation"] == match["operation"]]
    assert entry["fault"] is True and entry["status"] == 500


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


def test_a_stage_takes_one_workspace_and_a_workspace_one_stage(source: Client, master: Client) -> None:
    first, second, theirs = source.workspace("A"), source.workspace("B"), master.workspace("C")
    line = source.post("pipelines", {"displayName": "Line"}).json()["id"]
    assert [stage["order"] for stage in source.get(f"pipelines/{line}/stages").json()["value"]] == [0, 1, 2]

    def assign(stage: object, workspace: str) -> int:
        path = f"pipelines/{line}/stages/{stage}/assignWorkspace"
        return source.post(path, {"workspaceId": workspace}).status_code

    assert assign(0, first) == 200
    assert assign(0, second) == 400 and assign(1, first) == 400
    assert assign(1, theirs) == 401, "not an admin of it"
    assert assign(3, second) == 404 and assign("x", second) == 404
    assert master.get(f"pipelines/{line}").status_code == 404, "nobody else sees it"
    assert master.get("pipelines").json()["value"] == []


def test_a_pipeline_keeps_an_admin(source: Client, master: Client) -> None:
    line = source.post("pipelines", {"displayName": "Line"}).json()["id"]
    users = f"pipelines/{line}/users"
    person = {"identifier": master.settings["USERNAME"], "principalType": "User", "accessRight": "Admin"}
    assert source.post(users, person | {"principalType": "Group"}).status_code == 400
    assert source.post(users, person | {"accessRight": "Viewer"}).status_code == 400
    assert source.post(users, person).status_code == source.post(users, person).status_code == 200
    assert len(master.get(users).json()["value"]) == 2
    mine = next(
        row["identifier"] for row in source.get(users).json()["value"] if row["principalType"] == "App"
    )
    assert master.call("DELETE", f"{users}/{mine}").status_code == 200
    assert source.get(users).status_code == 404
    assert master.call("DELETE", f"{users}/{person['identifier']}").status_code == 400


def test_folders_are_a_tree_of_names(source: Client) -> None:
    group = source.workspace()
    path = f"workspaces/{group}/folders"

    def make(name: str, parent: str | None = None) -> requests.Response:
        return fabric(source, "POST", path, {"displayName": name, "parentFolderId": parent})

    outer = make("Outer").json()["id"]
    assert fabric_code(make("OUTER")) == (409, "FolderDisplayNameAlreadyInUse")
    inner = make("Outer", outer)
    assert inner.status_code == 201 and inner.json()["parentFolderId"] == outer
    assert fabric_code(make("a/b")) == (400, "InvalidFolderDisplayName")
    assert fabric_code(make("Lost", GONE)) == (404, "FolderNotFound")
    assert fabric_code(fabric(source, "DELETE", f"{path}/{outer}")) == (400, "FolderNotEmpty")
    loop = fabric(source, "POST", f"{path}/{outer}/move", {"targetFolderId": inner.json()["id"]})
    assert fabric_code(loop) == (400, "InfiniteFolderHierarchyLoop")
    rows = fabric(source, "GET", f"{path}?recursive=false").json()["value"]
    assert [row["id"] for row in rows] == [outer]
    deep = outer
    for level in range(9):
        deep = make(f"Level {level}", deep).json()["id"]
    assert fabric_code(make("Too deep", deep)) == (400, "FolderDepthOutOfRange")


def test_an_import_goes_into_its_folder(sandbox: Sandbox, source: Client) -> None:
    group = source.workspace()
    content = pbix(size=1)
    lost = source.import_file(group, "Lost.pbix", content, subfolderObjectId=GONE)
    assert lost.status_code == 404
    folder = fabric(source, "POST", f"workspaces/{group}/folders", {"displayName": "Sales"}).json()["id"]
    assert source.import_file(group, "Kept.pbix", content, subfolderObjectId=folder).status_code == 202
    assert source.import_file(group, "Loose.pbix", content).status_code == 202
    sandbox.control.advance()
    rows = fabric(source, "GET", f"workspaces/{group}/items").json()["value"]
    lying = {(row["displayName"], row["type"]): row.get("folderId") for row in rows}
    assert lying == {
        ("Kept", "Report"): folder,
        ("Kept", "SemanticModel"): folder,
        ("Loose", "Report"): None,
        ("Loose", "SemanticModel"): None,
    }


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


def test_dataflow_storage_is_for_workspaces_without_dataflows(
    sandbox: Sandbox, master: Client, group: str
) -> None:
    accounts = [
        {"id": GONE, "name": "Lake", "isEnabled": True},
        {"id": GONE[::-1], "name": "Off", "isEnabled": False},
    ]
    state = sandbox.control.state("contoso")
    sandbox.control.put_state("contoso", state | {"storageAccounts": accounts})
    master = Client(sandbox, "CONTOSO", user=True)
    path = f"groups/{group}/AssignToDataflowStorage"
    assert master.post(path, {"dataflowStorageId": GONE[::-1]}).status_code == 400
    assert master.post(path, {"dataflowStorageId": GONE.replace("1", "2")}).status_code == 404
    assert master.post(path, {"dataflowStorageId": GONE}).status_code == 200
    send(master, group, model_json())
    sandbox.control.advance()
    assert master.post(path, {"dataflowStorageId": GONE}).status_code == 200
    assert (
        master.post(path, {"dataflowStorageId": "0" * 8 + "-0000-0000-0000-" + "0" * 12}).status_code == 400
    )


def test_a_description_is_an_admins_to_write(source: Client, master: Client, sandbox: Sandbox) -> None:
    group = source.workspace()
    assert fabric(master, "PATCH", f"workspaces/{group}", {"description": "x"}).status_code == 401
    long = fabric(source, "PATCH", f"workspaces/{group}", {"description": "x" * 4001})
    assert fabric_code(long) == (400, "InvalidInput")
    answer = fabric(source, "PATCH", f"workspaces/{group}", {"description": "Förderung"})
    assert answer.json() == {
        "id": group,
        "displayName": "Sales",
        "description": "Förderung",
        "type": "Workspace",
    }


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
