"""Workspaces, their users and their capacity: names, filters, paging, and the codes of the refusals."""

import pytest
from service_client import Client, code

from sandbox.server import Sandbox

BOB = {"identifier": "bob@contoso.com", "principalType": "User", "groupUserAccessRight": "Viewer"}


def test_a_taken_name_is_400_whatever_its_case(source: Client) -> None:
    source.workspace("Sales")
    answer = source.post("groups", {"name": " SALES "})
    assert (answer.status_code, code(answer)) == (400, "PowerBIEntityAlreadyExists")


@pytest.mark.parametrize(
    "name", ["O'Neil's", "a/b\\c 100% #1", "=SUM(A1)", "🚀 naïve שלום", 'say "hi"', "x" * 200]
)
def test_awkward_names_are_found_by_filter(source: Client, name: str) -> None:
    workspace = source.workspace(name)
    source.workspace("another")
    quoted = name.replace("'", "''")
    found = source.get("groups", **{"$filter": f"name eq '{quoted}'"}).json()["value"]
    assert [(item["id"], item["name"]) for item in found] == [(workspace, name)]


def test_filters_combine(admin: Client, source: Client) -> None:
    ids = {name: source.workspace(name) for name in ("a", "b", "c")}
    source.call("DELETE", f"groups/{ids['c']}")
    text = "(name eq 'a' or name eq 'c') and state ne 'Deleted'"
    rows = admin.get("admin/groups", **{"$top": 10, "$filter": text}).json()["value"]
    assert [row["name"] for row in rows] == ["a"]
    assert admin.get("admin/groups", **{"$top": 10, "$filter": "name eq 'a"}).status_code == 400


def test_the_admin_list_demands_top_and_pages(admin: Client, source: Client) -> None:
    names = [source.workspace(f"w{number}") and f"w{number}" for number in range(5)]
    assert admin.get("admin/groups").status_code == 400
    assert admin.get("admin/groups", **{"$top": 5001}).status_code == 400
    pages = [admin.get("admin/groups", **{"$top": 2, "$skip": skip}).json()["value"] for skip in (0, 2, 4)]
    assert [row["name"] for page in pages for row in page] == names


def test_users_follow_the_rules_of_post_put_and_delete(source: Client) -> None:
    path = f"groups/{source.workspace()}/users"
    assert source.call("PUT", path, json=BOB).status_code == 404
    assert source.post(path, BOB).status_code == 200
    again = source.post(path, BOB)
    assert (again.status_code, code(again)) == (400, "AddingAlreadyExistsGroupUserNotSupportedError")
    assert source.call("PUT", path, json=BOB | {"groupUserAccessRight": "Member"}).status_code == 200
    rows = source.get(path).json()["value"]
    assert [row["groupUserAccessRight"] for row in rows if row["identifier"] == BOB["identifier"]] == [
        "Member"
    ]
    assert source.call("DELETE", f"{path}/bob%40contoso.com").status_code == 200
    assert source.call("DELETE", f"{path}/bob%40contoso.com").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        BOB | {"identifier": "nobody@contoso.com"},
        BOB | {"principalType": "ServicePrincipal"},
        BOB | {"groupUserAccessRight": "Owner"},
        BOB | {"principalType": "Group"},
    ],
)
def test_wrong_users_are_400(source: Client, body: dict[str, str]) -> None:
    assert source.post(f"groups/{source.workspace()}/users", body).status_code == 400


def test_an_app_is_added_by_object_id_and_not_by_client_id(sandbox: Sandbox, source: Client) -> None:
    path = f"groups/{source.workspace()}/users"
    app = next(item for item in sandbox.control.state("contoso")["principals"] if item["readsAdminApis"])
    body = {"principalType": "App", "groupUserAccessRight": "Member"}
    assert source.post(path, body | {"identifier": app["appId"]}).status_code == 400
    assert source.post(path, body | {"identifier": app["id"]}).status_code == 200


def test_the_last_admin_stays(sandbox: Sandbox, source: Client) -> None:
    path = f"groups/{source.workspace()}/users"
    me = sandbox.control.state("contoso")["actors"]["migration"]
    assert source.call("DELETE", f"{path}/{me}").status_code == 400


def test_a_capacity_is_assigned_in_steps(sandbox: Sandbox, source: Client) -> None:
    workspace, capacity = source.workspace(), source.capacity()
    sandbox.control.settings(durations={"capacity.start": 0, "capacity.visible": 0})
    assert source.post(f"groups/{workspace}/AssignToCapacity", {"capacityId": capacity}).status_code == 200
    status = source.get(f"groups/{workspace}/CapacityAssignmentStatus").json()
    assert (status["status"], status["capacityId"]) == ("InProgress", capacity)
    assert not source.get(f"groups/{workspace}").json()["isOnDedicatedCapacity"]
    sandbox.control.advance()
    assert (
        source.get(f"groups/{workspace}/CapacityAssignmentStatus").json()["status"] == "CompletedSuccessfully"
    )
    assert source.get(f"groups/{workspace}").json()["capacityId"] == capacity


def test_the_status_may_show_an_older_assignment(sandbox: Sandbox, source: Client) -> None:
    workspace, capacity = source.workspace(), source.capacity()
    sandbox.control.settings(durations={"capacity.visible": 3600})
    source.post(f"groups/{workspace}/AssignToCapacity", {"capacityId": capacity})
    status = source.get(f"groups/{workspace}/CapacityAssignmentStatus").json()
    assert status["status"] == "CompletedSuccessfully"
    assert status["capacityId"] != capacity


def test_an_inactive_capacity_fails_the_assignment(sandbox: Sandbox, source: Client) -> None:
    workspace, capacity = source.workspace(), source.capacity()
    source.post(f"groups/{workspace}/AssignToCapacity", {"capacityId": capacity})
    sandbox.control.act("contoso", "pauseCapacity", capacity=capacity)
    sandbox.control.advance()
    assert source.get(f"groups/{workspace}/CapacityAssignmentStatus").json()["status"] == "AssignmentFailed"
