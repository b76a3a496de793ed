"""Dataflows: imported by a user alone, kept as they were sent, refreshed without an id."""

import json
from typing import Any

import pytest
import requests
from service_client import Client, code

from sandbox.server import Sandbox

GONE = "11111111-2222-4333-8444-555555555555"
NAVIGATION = (
    "section Section1;\r\nshared Rows = let Source = PowerPlatform.Dataflows(null), "
    'Space = Source{{[workspaceId = "{0}"]}}[Data], Flow = Space{{[dataflowId = "{1}"]}}[Data] in Flow;\r\n'
)


def model_json(name: str = "Rows", document: str = "section Section1;", **more: Any) -> bytes:
    sent = {"name": name, "description": "d", "version": "1.0", "entities": []}
    return json.dumps(sent | {"pbi:mashup": {"document": document}} | more).encode()


def send(
    client: Client, group: str, content: bytes, conflict: str = "Abort", **query: Any
) -> requests.Response:
    return client.import_file(group, "model.json", content, conflict, **query)


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
