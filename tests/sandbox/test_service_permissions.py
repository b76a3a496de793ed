"""Who may do what, and the status and code with which the rest are turned away."""

import time

import pytest
from service_client import Client, code, pbix

from sandbox import bare
from sandbox.server import Sandbox

BOB = "bob@contoso.com"


def grant(client: Client, workspace: str, right: str) -> None:
    """Make another app of the tenant hold `right`, as seen by the admin reader's token."""
    principal = "App"
    state = {"identifier": admin_object_id(client), "principalType": principal, "groupUserAccessRight": right}
    assert client.post(f"groups/{workspace}/users", state).status_code == 200


def admin_object_id(client: Client) -> str:
    tenant = next(item for item in bare.two_tenants() if item.id == client.settings["TENANT_ID"])
    return tenant.actors["adminReader"]


def test_a_workspace_one_is_not_in_is_401(source: Client, admin: Client) -> None:
    workspace = source.workspace()
    answer = admin.get(f"groups/{workspace}/reports")
    assert (answer.status_code, code(answer)) == (401, "GroupNotAccessible")
    assert admin.get("groups").json()["value"] == []


def test_an_unknown_workspace_is_404(source: Client) -> None:
    answer = source.get("groups/00000000-0000-0000-0000-000000000001/reports")
    assert (answer.status_code, code(answer)) == (404, "PowerBIEntityNotFound")


@pytest.mark.parametrize(
    ("right", "can_import", "can_add"),
    [("Viewer", False, False), ("Contributor", True, False), ("Member", True, True), ("Admin", True, True)],
)
def test_rights(source: Client, admin: Client, right: str, can_import: bool, can_add: bool) -> None:
    workspace = source.workspace()
    grant(source, workspace, right)
    assert admin.get(f"groups/{workspace}/reports").status_code == 200
    imported = admin.import_file(workspace, "A.pbix", pbix())
    assert imported.status_code == (202 if can_import else 401)
    body = {"identifier": BOB, "principalType": "User", "groupUserAccessRight": "Viewer"}
    assert admin.post(f"groups/{workspace}/users", body).status_code == (200 if can_add else 401)


def test_a_member_cannot_make_admins(source: Client, admin: Client) -> None:
    workspace = source.workspace()
    grant(source, workspace, "Member")
    body = {"identifier": BOB, "principalType": "User", "groupUserAccessRight": "Admin"}
    assert admin.post(f"groups/{workspace}/users", body).status_code == 401


def test_a_group_gives_its_members_the_right(sandbox: Sandbox, source: Client, admin: Client) -> None:
    state = sandbox.control.state("contoso")
    group = next(item for item in state["principals"] if item["kind"] == "Group")
    group["members"].append(admin_object_id(source))
    sandbox.control.put_state("contoso", state)
    workspace = source.workspace()
    body = {"identifier": group["id"], "principalType": "Group", "groupUserAccessRight": "Contributor"}
    source.post(f"groups/{workspace}/users", body)
    assert admin.get(f"groups/{workspace}/reports").status_code == 200


def test_admin_operations_are_for_the_admin_reader(source: Client, admin: Client, master: Client) -> None:
    refused = source.get("admin/capacities")
    assert (refused.status_code, refused.json()) == (
        401,
        {"Message": "API is not accessible for application"},
    )
    assert admin.get("admin/capacities").status_code == 200
    assert master.get("admin/capacities").status_code == 200


def test_adding_a_user_as_admin_takes_a_fabric_administrator(
    source: Client, admin: Client, master: Client
) -> None:
    path = f"admin/groups/{source.workspace()}/users"
    body = {"emailAddress": BOB, "principalType": "User", "groupUserAccessRight": "Admin"}
    assert admin.post(path, body).status_code == 401
    assert master.post(path, body).status_code == 200


def test_assigning_a_capacity_takes_a_right_on_it(sandbox: Sandbox, source: Client) -> None:
    workspace, capacity = source.workspace(), source.capacity()
    state = sandbox.control.state("contoso")
    state["capacities"][0]["assigners"] = []
    sandbox.control.put_state("contoso", state)
    answer = source.post(f"groups/{workspace}/AssignToCapacity", {"capacityId": capacity})
    assert (answer.status_code, code(answer)) == (401, "PowerBINotAuthorizedException")


def test_creating_workspaces_takes_the_tenant_setting(sandbox: Sandbox, source: Client) -> None:
    state = sandbox.control.state("contoso")
    sandbox.control.put_state("contoso", state | {"servicePrincipalsCreateWorkspaces": False})
    assert source.post("groups", {"name": "Sales"}).status_code == 401


def test_late_rights_come_with_refresh_user_permissions(
    sandbox: Sandbox, source: Client, admin: Client
) -> None:
    workspace = source.workspace()
    sandbox.control.permission_lag(given=3600, refresh=0)
    grant(source, workspace, "Viewer")
    assert admin.get(f"groups/{workspace}").status_code == 401
    assert admin.post("RefreshUserPermissions").status_code == 200
    assert admin.get(f"groups/{workspace}").status_code == 200
    assert admin.post("RefreshUserPermissions").status_code == 429


def test_refreshed_rights_take_their_time_too(sandbox: Sandbox, source: Client, admin: Client) -> None:
    workspace = source.workspace()
    sandbox.control.permission_lag(given=3600, refresh=120)
    grant(source, workspace, "Viewer")
    admin.post("RefreshUserPermissions")
    assert admin.get(f"groups/{workspace}").status_code == 401
    state = sandbox.control.state("contoso")
    (given,) = [item for item in state["workspaces"][0]["users"] if item["right"] == "Viewer"]
    assert 0 < given["effectiveAt"] - time.time() <= 120
    sandbox.control.advance()
    assert admin.get(f"groups/{workspace}").status_code == 200


@pytest.mark.parametrize(("status", "error"), [(401, "GroupNotAccessible"), (404, "PowerBIEntityNotFound")])
def test_a_new_workspace_may_be_unseen_by_its_creator(
    sandbox: Sandbox, source: Client, admin: Client, status: int, error: str
) -> None:
    """Every call into it: lists and imports alike. Who has no right at all gets 401 either way."""
    sandbox.control.permission_lag(creator=3600, status=status)
    workspace = source.workspace()
    answers = [
        source.get(f"groups/{workspace}/{kind}") for kind in ("reports", "users", "imports", "datasets")
    ]
    answers.append(source.import_file(workspace, "A.pbix", pbix()))
    assert {(answer.status_code, code(answer)) for answer in answers} == {(status, error)}
    assert source.get("groups").json()["value"] == []
    assert code(admin.get(f"groups/{workspace}/reports")) == "GroupNotAccessible"
    assert source.post("groups", {"name": "Sales"}).status_code == 400  # the name is taken all the same
    sandbox.control.advance()
    assert source.get(f"groups/{workspace}/reports").status_code == 200
