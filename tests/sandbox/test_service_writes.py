"""Which calls change a tenant: told by method and operation, for both tenants, however they were answered."""

from kinds import FLAGS, Reader, walk
from service_client import Client

from sandbox.server import Sandbox


def test_reading_everything_writes_nothing(estate: Sandbox) -> None:
    before = {tenant: estate.control.fingerprint(tenant)["hash"] for tenant in ("contoso", "fabrikam")}
    for tenant in ("CONTOSO", "FABRIKAM"):
        reader = Reader(estate, tenant)
        walk(reader)
        reader.scan(*FLAGS)
        reader.app.post("RefreshUserPermissions")
    assert estate.control.writes() == []
    assert before == {tenant: estate.control.fingerprint(tenant)["hash"] for tenant in before}


def test_each_kind_of_change_is_a_write_of_its_tenant(sandbox: Sandbox, source: Client) -> None:
    workspace = source.workspace()
    source.call("PATCH", f"groups/{workspace}", json={"name": "Other"})
    source.post(f"groups/{workspace}/users", {})
    source.call("DELETE", f"groups/{workspace}")
    source.get("groups")
    writes = sandbox.control.writes("source")
    assert [entry["operation"] for entry in writes] == [
        "Groups_CreateGroup",
        "Groups_UpdateGroup",
        "Groups_AddGroupUser",
        "Groups_DeleteGroup",
    ]
    assert [entry["status"] >= 400 for entry in writes] == [False, False, True, False]
    assert sandbox.control.writes("fabrikam") == []
    assert len(sandbox.control.writes()) == 4


def test_a_route_that_does_not_exist_counts_by_its_method(sandbox: Sandbox, source: Client) -> None:
    source.post("nowhere", {})
    source.get("nowhere")
    assert [entry["method"] for entry in sandbox.control.writes()] == ["POST"]
