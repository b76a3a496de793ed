"""Quotas and faults: 429 as observed, answers replaced, connections cut before and after, bodies spoilt."""

from typing import Any

import pytest
import requests
from service_client import Client, pbix

from sandbox.server import Sandbox

CREATE = {"operation": "Groups_CreateGroup"}
EXPORT = {"operation": "Reports_ExportReportInGroup"}


def exported(sandbox: Sandbox, client: Client, content: bytes) -> str:
    """Path of an export of a report with that content."""
    workspace = client.workspace()
    client.import_file(workspace, "Sales.pbix", content, "Abort")
    sandbox.control.advance()
    return f"groups/{workspace}/reports/{client.get(f'groups/{workspace}/reports').json()['value'][0]['id']}/Export"


def test_a_spent_quota_is_429_in_its_own_shape(admin: Client) -> None:
    answers = [admin.get("admin/groups", **{"$top": 1}) for _ in range(16)]
    assert [answer.status_code for answer in answers] == [200] * 15 + [429]
    wait = int(answers[-1].headers["Retry-After"])
    assert 1 <= wait <= 60
    assert answers[-1].json() == {
        "message": "You have exceeded the amount of requests allowed in the current time frame "
        f"and further requests will fail. Retry in {wait} seconds."
    }


def test_quotas_can_be_set(sandbox: Sandbox, source: Client) -> None:
    sandbox.control.settings(quotas={"default": [[2, 60]]})
    assert [source.get("groups").status_code for _ in range(3)] == [200, 200, 429]


def test_a_model_on_shared_capacity_refreshes_eight_times_a_day(sandbox: Sandbox, source: Client) -> None:
    workspace = source.workspace()
    source.import_file(workspace, "Sales.pbix", pbix(), "Abort")
    sandbox.control.advance()
    model = source.get(f"groups/{workspace}/datasets").json()["value"][0]["id"]
    path, body = f"groups/{workspace}/datasets/{model}/refreshes", {"notifyOption": "NoNotification"}
    started = source.post(path, body)
    busy = source.post(path, body)
    assert (started.status_code, busy.status_code) == (202, 400)
    assert "already executing" in busy.text
    row = source.get(path).json()["value"][0]
    assert row["requestId"].lower() == started.headers["RequestId"].lower()
    assert row["status"] == "Unknown" and "endTime" not in row
    statuses = list[int]()
    for _ in range(8):
        sandbox.control.advance()
        statuses.append(source.post(path, body).status_code)
    assert statuses == [202] * 7 + [429]
    assert {row["status"] for row in source.get(path).json()["value"]} == {"Completed"}


def test_a_failing_refresh_says_why_in_json_text(sandbox: Sandbox, source: Client) -> None:
    workspace = source.workspace()
    source.import_file(workspace, "Sales.pbix", pbix(), "Abort")
    sandbox.control.advance()
    state = sandbox.control.state("contoso")
    state["workspaces"][0]["datasets"][0]["refreshFailure"] = "DMTS_DatasourceHasNoCredentialError"
    sandbox.control.put_state("contoso", state)
    path = f"groups/{workspace}/datasets/{state['workspaces'][0]['datasets'][0]['id']}/refreshes"
    source.post(path, {"notifyOption": "NoNotification"})
    sandbox.control.advance()
    row = source.get(path).json()["value"][0]
    assert row["status"] == "Failed"
    assert row["serviceExceptionJson"] == '{"errorCode": "DMTS_DatasourceHasNoCredentialError"}'


@pytest.mark.parametrize(("when", "happened"), [("before", False), ("after", True)])
@pytest.mark.parametrize("answered", [True, False])
def test_an_effect_may_have_happened_or_not(
    sandbox: Sandbox, source: Client, when: str, happened: bool, answered: bool
) -> None:
    effect: dict[str, Any] = {"when": when} | ({"status": 503, "retryAfter": 7} if answered else {})
    sandbox.control.fault(CREATE | {"times": 1}, effect)
    if answered:
        answer = source.post("groups", {"name": "Sales"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    else:
        with pytest.raises(requests.ConnectionError):
            source.post("groups", {"name": "Sales"})
    names = [item["name"] for item in source.get("groups").json()["value"]]
    assert names == (["Sales"] if happened else [])
    source.workspace("Next")


def test_faults_are_chosen_by_count_method_path_and_workspace(sandbox: Sandbox, source: Client) -> None:
    first, second = source.workspace("a"), source.workspace("b")
    sandbox.control.fault(
        {"workspace": first, "path": "/reports$", "method": "GET", "nth": 2}, {"status": 500}
    )
    sandbox.control.fault({"operation": "Groups_GetGroups", "every": 2, "times": 1}, {"status": 500})
    assert [source.get(f"groups/{first}/reports").status_code for _ in range(3)] == [200, 500, 200]
    assert [source.get(f"groups/{second}/reports").status_code for _ in range(2)] == [200, 200]
    assert [source.get("groups").status_code for _ in range(4)] == [200, 500, 200, 200]
    assert [fault["fired"] for fault in sandbox.control.faults()] == [1, 1]
    sandbox.control.clear_faults()
    assert sandbox.control.faults() == []


def test_a_chunked_body_that_is_cut_is_an_error(sandbox: Sandbox, source: Client) -> None:
    path = exported(sandbox, source, pbix(size=500_000))
    sandbox.control.fault(EXPORT, {"truncate": 100_000})
    with pytest.raises(requests.RequestException):
        source.get(path)


def test_a_body_without_length_that_is_cut_looks_complete(sandbox: Sandbox, source: Client) -> None:
    content = pbix(size=500_000)
    path = exported(sandbox, source, content)
    sandbox.control.fault(EXPORT | {"nth": 1}, {"truncate": 100_000, "closeWithoutLength": True})
    sandbox.control.fault(EXPORT | {"nth": 1}, {"closeWithoutLength": True})
    assert source.get(path).content == content[:100_000]
    whole = source.get(path)
    assert whole.content == content
    assert not {"content-length", "transfer-encoding"} & {key.lower() for key in whole.headers}


def test_a_body_with_length(sandbox: Sandbox, source: Client) -> None:
    content = pbix(size=500_000)
    path = exported(sandbox, source, content)
    sandbox.control.fault(EXPORT, {"withLength": True})
    assert source.get(path).headers["content-length"] == str(len(content))


def test_a_spoilt_body_differs_by_one_byte(sandbox: Sandbox, source: Client) -> None:
    content = pbix(size=5_000)
    path = exported(sandbox, source, content)
    sandbox.control.fault(EXPORT, {"corrupt": True})
    got = source.get(path).content
    assert len(got) == len(content)
    assert sum(a != b for a, b in zip(got, content, strict=True)) == 1


def test_the_ledger_tells_every_call(sandbox: Sandbox, source: Client) -> None:
    sandbox.control.settings(record=True)
    workspace = source.workspace()
    last = sandbox.control.ledger()[-1]
    assert (last["operation"], last["method"], last["status"]) == ("Groups_CreateGroup", "POST", 200)
    assert last["requestBody"] == {"name": "Sales"}
    assert last["responseBody"]["id"] == workspace
    source.get("groups")
    newer = sandbox.control.ledger(since=last["seq"])
    assert [entry["operation"] for entry in newer] == ["Groups_GetGroups"]
    assert newer[0]["bytesOut"] > 0


def test_a_refusal_reaches_a_client_that_is_still_sending(sandbox: Sandbox, source: Client) -> None:
    workspace = source.workspace()
    sandbox.control.fault({"operation": "Imports_PostImportInGroup"}, {"when": "before", "status": 503})
    assert source.import_file(workspace, "Sales.pbix", pbix(size=20_000_000), "Abort").status_code == 503
    assert source.get(f"groups/{workspace}/imports").json()["value"] == []
