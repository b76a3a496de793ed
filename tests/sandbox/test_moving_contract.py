"""Every operation that makes or changes dataflows, push models, dashboards, pipelines, folders and settings, once.

Power BI's are held against the official contract as they are called.
"""

import json
from typing import Any

import pytest
from service_client import Client

from sandbox import routing
from sandbox.server import Sandbox
from tests.contract.contract import CONTRACT, check_ledger
from tests.contract.fabric import check_fabric_ledger

pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason="the contract is not in ../shared")

AREAS = (
    "dashboards",
    "dataflow_changes",
    "folders",
    "model_parameters",
    "pipelines",
    "push",
    "workspace_settings",
)
ACCOUNT = {"id": "5fd1b2f6-6d8d-4c0e-9f57-5a2c3d9f0b11", "name": "Lake", "isEnabled": True}
COLUMNS = [{"name": "At", "dataType": "DateTime"}, {"name": "Degrees", "dataType": "Double"}]
KNOWN = ('"default" is not a "uuid"', "path transactionId")
"""Where the contract contradicts itself: words of an enumeration, and ids in its own examples, of format uuid."""

NONE = "00000000-0000-0000-0000-000000000000"


def fabric(client: Client, method: str, path: str, body: Any = None) -> Any:
    address = f"{client.settings['FABRIC_URL']}/{path}"
    answer = client.session.request(method, address, json=body, timeout=60)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


def ok(client: Client, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = client.call(method, path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def model_json(name: str = "Rows") -> bytes:
    return json.dumps({"name": name, "entities": [], "pbi:mashup": {"document": "section S;"}}).encode()


def _dataflows(sandbox: Sandbox, master: Client, group: str) -> None:
    answer = master.import_file(group, "model.json", model_json(), "Abort").json()
    sandbox.control.advance()
    (flow,) = ok(master, "GET", f"groups/{group}/imports/{answer['id']}")["dataflows"]
    one = f"groups/{group}/dataflows/{flow['objectId']}"
    ok(master, "PATCH", one, {"name": "Renamed", "description": "d", "computeEngineBehavior": "computeOn"})
    days = {"days": ["Monday"], "times": ["05:30"], "enabled": True, "localTimeZoneId": "UTC"}
    ok(master, "PATCH", f"{one}/refreshSchedule", {"value": days | {"NotifyOption": "NoNotification"}})
    ok(master, "POST", f"{one}/refreshes?processType=default", {"notifyOption": "MailOnFailure"})
    (row,) = ok(master, "GET", f"{one}/transactions")["value"]
    told = ok(master, "POST", f"groups/{group}/dataflows/transactions/{row['id']}/cancel")
    assert told["status"] == "successfullyMarked"
    ok(master, "DELETE", one)


def _push(client: Client, group: str) -> None:
    body = {"name": "Sensors", "defaultMode": "Push", "tables": [{"name": "Readings", "columns": COLUMNS}]}
    made = ok(client, "POST", f"groups/{group}/datasets?defaultRetentionPolicy=basicFIFO", body, 201)
    tables = f"groups/{group}/datasets/{made['id']}/tables"
    assert [row["name"] for row in ok(client, "GET", tables)["value"]] == ["Readings"]
    ok(client, "PUT", f"{tables}/Readings", {"name": "Readings", "columns": COLUMNS[:1]})
    ok(client, "POST", f"{tables}/Readings/rows", {"rows": [{"At": "2026-01-01T00:00:00Z"}]})
    ok(client, "DELETE", f"{tables}/Readings/rows")
    ok(client, "POST", f"groups/{group}/datasets", body | {"defaultMode": "Streaming"}, 202)
    ok(client, "PATCH", f"groups/{group}/datasets/{made['id']}", {"targetStorageMode": "Abf"})


def _parameters(sandbox: Sandbox, client: Client, group: str) -> None:
    state = sandbox.control.state("contoso")
    owner = {"id": ACCOUNT["id"], "name": "Asking", "configuredBy": client.settings["USERNAME"]}
    told = {"name": "Server", "type": "Text", "isRequired": True, "currentValue": "old"}
    state["workspaces"][0]["datasets"].append(owner | {"parameters": [told]})
    sandbox.control.put_state("contoso", state)
    one, change = f"groups/{group}/datasets/{ACCOUNT['id']}", {"name": "Server", "newValue": "new"}
    ok(client, "POST", f"{one}/Default.UpdateParameters", {"updateDetails": [change]})
    assert ok(client, "GET", f"{one}/parameters")["value"] == [told | {"currentValue": "new"}]


def _dashboards(sandbox: Sandbox, client: Client, group: str) -> None:
    made = ok(client, "POST", f"groups/{group}/dashboards", {"name": "Overview"})
    one = f"groups/{group}/dashboards/{made['id']}"
    assert ok(client, "GET", one)["displayName"] == "Overview"
    assert ok(client, "GET", f"{one}/tiles")["value"] == []
    state = sandbox.control.state("contoso")
    (space,) = state["workspaces"]
    space["dashboards"][0]["tiles"] = [{"id": ACCOUNT["id"], "title": "Total"}]
    sandbox.control.put_state("contoso", state)
    assert ok(client, "GET", f"{one}/tiles/{ACCOUNT['id']}")["title"] == "Total"
    ok(client, "DELETE", one)


def _pipelines(client: Client, group: str) -> None:
    made = ok(client, "POST", "pipelines", {"displayName": "Ours", "description": "d"}, 201)
    one = f"pipelines/{made['id']}"
    assert [row["id"] for row in ok(client, "GET", "pipelines")["value"]] == [made["id"]]
    ok(client, "PATCH", one, {"displayName": "Ours again"})
    ok(client, "POST", f"{one}/stages/1/assignWorkspace", {"workspaceId": group})
    assert ok(client, "GET", f"{one}?$expand=stages")["stages"] == ok(client, "GET", f"{one}/stages")["value"]
    person = {"identifier": "alice@contoso.com", "principalType": "User", "accessRight": "Admin"}
    ok(client, "POST", f"{one}/users", person)
    assert person in ok(client, "GET", f"{one}/users")["value"]
    ok(client, "DELETE", f"{one}/users/alice@contoso.com")
    ok(client, "POST", f"{one}/stages/1/unassignWorkspace")
    ok(client, "DELETE", one)


def _settings(client: Client, group: str) -> None:
    assert ok(client, "GET", "dataflowStorageAccounts")["value"] == [ACCOUNT]
    assign = f"groups/{group}/AssignToDataflowStorage"
    ok(client, "POST", assign, {"dataflowStorageId": ACCOUNT["id"]})
    assert ok(client, "GET", f"groups/{group}")["dataflowStorageId"] == ACCOUNT["id"]
    ok(client, "POST", assign, {"dataflowStorageId": NONE})
    assert "dataflowStorageId" not in ok(client, "GET", f"groups/{group}")
    fabric(client, "PATCH", f"workspaces/{group}", {"description": "What it is for"})
    assert fabric(client, "GET", f"workspaces/{group}")["description"] == "What it is for"


def _folders(client: Client, group: str) -> None:
    folders = f"workspaces/{group}/folders"
    outer, other = (
        fabric(client, "POST", folders, {"displayName": name})["id"] for name in ("Outer", "Other")
    )
    inner = fabric(client, "POST", folders, {"displayName": "Inner", "parentFolderId": outer})["id"]
    assert len(fabric(client, "GET", folders)["value"]) == 3
    fabric(client, "PATCH", f"{folders}/{inner}", {"displayName": "Innermost"})
    fabric(client, "POST", f"{folders}/{inner}/move", {"targetFolderId": other})
    assert fabric(client, "GET", f"{folders}/{inner}")["parentFolderId"] == other
    item = fabric(client, "GET", f"workspaces/{group}/items")["value"][0]["id"]
    (moved,) = fabric(client, "POST", f"workspaces/{group}/items/{item}/move", {"targetFolderId": inner})[
        "value"
    ]
    assert moved["folderId"] == inner
    fabric(client, "POST", f"workspaces/{group}/items/bulkMove", {"items": [item]})
    assert "folderId" not in fabric(client, "GET", f"workspaces/{group}/items")["value"][0]
    fabric(client, "DELETE", f"{folders}/{inner}")


def test_every_operation_is_answered_as_the_contract_says(sandbox: Sandbox) -> None:
    sandbox.control.settings(record=True)
    state = sandbox.control.state("contoso")
    sandbox.control.put_state("contoso", state | {"storageAccounts": [ACCOUNT]})
    master = Client(sandbox, "CONTOSO", user=True)
    group = master.workspace()
    _settings(master, group)
    _dataflows(sandbox, master, group)
    _push(master, group)
    _parameters(sandbox, master, group)
    _dashboards(sandbox, master, group)
    _pipelines(master, group)
    _folders(master, group)
    ledger = sandbox.control.ledger()
    assert [fault for fault in check_ledger(ledger) if not any(known in fault for known in KNOWN)] == []
    assert check_fabric_ledger(ledger) == []
    routing.load_areas()
    offered = {o.id for o in routing.OPERATIONS if o.handler.__module__.rpartition(".")[2] in AREAS}
    assert offered - {entry["operation"] for entry in ledger if 200 <= entry["status"] < 300} == set()
