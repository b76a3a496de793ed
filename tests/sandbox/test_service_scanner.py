"""The scanner: steps of a scan, its limits, what its flags bring, and the list of changed workspaces."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from service_client import Client, pbix

from sandbox.server import Sandbox


def scanned(sandbox: Sandbox, admin: Client, ids: list[str], query: str = "") -> dict:
    scan = admin.post(f"admin/workspaces/getInfo?{query}", {"workspaces": ids}).json()["id"]
    sandbox.control.advance()
    return admin.get(f"admin/workspaces/scanResult/{scan}").json()


def test_a_scan_goes_through_its_steps(sandbox: Sandbox, source: Client, admin: Client) -> None:
    sandbox.control.settings(durations={"scan.start": 3600})
    started = admin.post("admin/workspaces/getInfo", {"workspaces": [source.workspace()]})
    assert (started.status_code, started.json()["status"]) == (202, "NotStarted")
    scan = started.json()["id"]
    assert started.headers["Location"].endswith(f"/scanStatus/{scan}")
    assert admin.get(f"admin/workspaces/scanResult/{scan}").status_code == 400
    sandbox.control.advance()
    done = admin.get(f"admin/workspaces/scanStatus/{scan}")
    assert done.json()["status"] == "Succeeded"
    assert len(admin.session.get(done.headers["Location"], timeout=60).json()["workspaces"]) == 1


@pytest.mark.parametrize(("count", "status"), [(0, 400), (1, 202), (100, 202), (101, 400)])
def test_a_scan_takes_one_to_a_hundred_ids(admin: Client, count: int, status: int) -> None:
    ids = [str(uuid.uuid4()) for _ in range(count)]
    assert admin.post("admin/workspaces/getInfo", {"workspaces": ids}).status_code == status


def test_sixteen_scans_are_in_flight_at_most(sandbox: Sandbox, admin: Client) -> None:
    body = {"workspaces": [str(uuid.uuid4())]}
    statuses = [admin.post("admin/workspaces/getInfo", body).status_code for _ in range(17)]
    assert statuses == [202] * 16 + [429]
    sandbox.control.advance()
    assert admin.post("admin/workspaces/getInfo", body).status_code == 202


def test_users_and_schema_come_only_when_asked_for(sandbox: Sandbox, source: Client, admin: Client) -> None:
    workspace = source.workspace()
    source.import_file(workspace, "Sales.pbix", pbix(), "Abort")
    sandbox.control.advance()
    (plain,) = scanned(sandbox, admin, [workspace])["workspaces"]
    (full,) = scanned(sandbox, admin, [workspace], "getArtifactUsers=true&datasetSchema=True")["workspaces"]
    assert "users" not in plain and "tables" not in plain["datasets"][0]
    assert full["users"][0]["principalType"] == "App"
    assert full["datasets"][0]["tables"] == []
    assert full["reports"][0]["datasetWorkspaceId"] == workspace


def test_modified_lists_changed_workspaces(source: Client, admin: Client) -> None:
    workspace = source.workspace()
    moment = datetime.now(UTC) - timedelta(minutes=31)
    since = moment.isoformat().replace("+00:00", "Z")
    assert admin.get("admin/workspaces/modified", modifiedSince=since).json() == [{"id": workspace}]
    assert admin.get("admin/workspaces/modified").json() == [{"id": workspace}]
    too_young = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    assert admin.get("admin/workspaces/modified", modifiedSince=too_young).status_code == 400


def test_a_scan_sees_the_moment_of_its_end(sandbox: Sandbox, source: Client, admin: Client) -> None:
    workspace = source.workspace("before")
    scan = admin.post("admin/workspaces/getInfo", {"workspaces": [workspace]}).json()["id"]
    source.call("PATCH", f"groups/{workspace}", json={"name": "after"})
    sandbox.control.advance()
    assert admin.get(f"admin/workspaces/scanResult/{scan}").json()["workspaces"][0]["name"] == "after"
