"""Deployment pipelines, folders, dashboards and descriptions of workspaces: what is refused, and to whom."""

from typing import Any

import requests
from service_client import Client, pbix

from sandbox.server import Sandbox

GONE = "11111111-2222-4333-8444-555555555555"


def fabric(client: Client, method: str, path: str, body: Any = None) -> requests.Response:
    return client.session.request(method, f"{client.settings['FABRIC_URL']}/{path}", json=body, timeout=60)


def fabric_code(answer: requests.Response) -> tuple[int, str]:
    assert answer.headers["x-ms-public-api-error-code"] == answer.json()["errorCode"]
    return answer.status_code, answer.json()["errorCode"]


def test_faults_meet_the_new_operations(sandbox: Sandbox, master: Client) -> None:
    """As they meet any other: the change is made, the client does not hear of it."""
    group = master.workspace()
    match, effect = {"operation": "Dashboards_AddDashboardInGroup"}, {"when": "after", "status": 500}
    sandbox.control.fault(match, effect)
    assert master.post(f"groups/{group}/dashboards", {"name": "Overview"}).status_code == 500
    assert len(master.get(f"groups/{group}/dashboards").json()["value"]) == 1
    (entry,) = [row for row in sandbox.control.ledger() if row["operation"] == match["operation"]]
    assert entry["fault"] is True and entry["status"] == 500


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


def test_a_stage_names_its_workspace_to_those_who_are_in_it(source: Client, master: Client) -> None:
    line, group = source.post("pipelines", {"displayName": "Line"}).json()["id"], source.workspace("A")
    source.post(f"pipelines/{line}/stages/1/assignWorkspace", {"workspaceId": group})
    person = {"identifier": master.settings["USERNAME"], "principalType": "User", "accessRight": "Admin"}
    source.post(f"pipelines/{line}/users", person)
    own, others = (who.get(f"pipelines/{line}/stages").json()["value"][1] for who in (source, master))
    assert own == others | {"workspaceName": "A"} and others == {"order": 1, "workspaceId": group}
    assert source.call("DELETE", f"groups/{group}").status_code == 200
    assert source.get(f"pipelines/{line}/stages").json()["value"][1] == {"order": 1}


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
