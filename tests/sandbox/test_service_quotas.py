"""The limits as a client meets them: per tenant or per identity, per operation, in flight, and hidden."""

import json

from service_client import Client, pbix

from sandbox.server import Sandbox


def statuses(client: Client, path: str, times: int, **query: object) -> list[int]:
    return [client.get(path, **query).status_code for _ in range(times)]


def test_admin_limits_are_the_tenants_and_others_the_identitys(
    sandbox: Sandbox, source: Client, admin: Client, master: Client
) -> None:
    sandbox.control.quotas(wall={"admin.groups": [[2, 600]], "default": [[2, 600]]})
    assert statuses(admin, "admin/groups", 1, **{"$top": 1}) == [200]
    assert statuses(master, "admin/groups", 2, **{"$top": 1}) == [200, 429]
    assert statuses(source, "groups", 3) == [200, 200, 429]
    assert statuses(master, "groups", 1) == [200]


def test_each_other_admin_operation_has_a_limit_of_its_own(
    sandbox: Sandbox, source: Client, admin: Client
) -> None:
    workspace = source.workspace()
    sandbox.control.quotas(wall={"admin.other": [[1, 600]], "admin.items": [[1, 600]]})
    for path in ("users", "reports", "datasets", "dashboards"):
        assert statuses(admin, f"admin/groups/{workspace}/{path}", 2) == [200, 429]
    for path in ("reports", "datasets", "dashboards"):
        assert statuses(admin, f"admin/{path}", 2) == [200, 429]


def test_the_other_tenant_may_have_other_limits(sandbox: Sandbox, source: Client) -> None:
    sandbox.control.hidden_limit(1, 600, tenant="fabrikam")
    assert statuses(source, "groups", 3) == [200, 200, 200]
    assert statuses(Client(sandbox, "FABRIKAM"), "groups", 2) == [200, 429]
    told = sandbox.control.quotas_env()
    assert "default" not in json.loads(told["PBI_CONNECTIONS__FABRIKAM__QUOTAS"])


def test_so_many_scans_may_be_in_flight(sandbox: Sandbox, source: Client, admin: Client) -> None:
    body = {"workspaces": [source.workspace()]}
    sandbox.control.quotas(scans=2)
    found = [admin.post("admin/workspaces/getInfo", body).status_code for _ in range(3)]
    assert found == [202, 202, 429]
    sandbox.control.advance()
    assert admin.post("admin/workspaces/getInfo", body).status_code == 202


def test_a_capacity_refreshes_as_often_as_it_likes(sandbox: Sandbox, source: Client) -> None:
    workspace = source.workspace()
    source.post(f"groups/{workspace}/AssignToCapacity", {"capacityId": source.capacity()})
    source.import_file(workspace, "Sales.pbix", pbix(), "Abort")
    sandbox.control.advance()
    model = source.get(f"groups/{workspace}/datasets").json()["value"][0]["id"]
    for _ in range(10):
        assert source.post(f"groups/{workspace}/datasets/{model}/refreshes", {}).status_code == 202
        sandbox.control.advance()


def test_the_fabric_family_says_it_in_its_own_shape(sandbox: Sandbox, source: Client) -> None:
    workspace = source.workspace()
    url = f"{source.settings['FABRIC_URL']}/workspaces/{workspace}/items"
    sandbox.control.quotas(wall={"fabric.platform": [[0, 600]]})
    refused = source.session.get(url, timeout=60)
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) <= 600
    assert refused.json()["isRetriable"] is True and refused.json()["errorCode"] == "RequestBlocked"


def test_the_totals_of_a_run(sandbox: Sandbox, source: Client) -> None:
    sandbox.control.hidden_limit(2, 600)
    statuses(source, "groups", 3)
    found = sandbox.control.totals()
    assert (found["calls"], found["throttled"]) == (4, 1)  # the token too
    assert found["statuses"] == {"200": 3, "429": 1}
    sandbox.control.forget_calls()
    assert statuses(source, "groups", 1) == [200]
