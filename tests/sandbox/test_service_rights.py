"""The operations that make and change content: by whose right, under which quota, and that they can be held."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from service_client import Client

from sandbox.server import Sandbox

ITEM = "11111111-2222-4333-8444-555555555555"
WRITES: tuple[tuple[str, str, Any], ...] = (
    ("POST", "groups/{g}/dashboards", {"name": "Overview"}),
    ("DELETE", "groups/{g}/dashboards/{i}", None),
    ("POST", "groups/{g}/datasets", {"name": "Sensors", "tables": []}),
    ("PATCH", "groups/{g}/datasets/{i}", {"targetStorageMode": "Abf"}),
    ("POST", "groups/{g}/datasets/{i}/tables/Readings/rows", {"rows": []}),
    ("POST", "groups/{g}/datasets/{i}/Default.UpdateParameters", {"updateDetails": []}),
    ("PATCH", "groups/{g}/dataflows/{i}", {"name": "Another"}),
    ("DELETE", "groups/{g}/dataflows/{i}", None),
    ("POST", "groups/{g}/dataflows/{i}/refreshes", {"notifyOption": "NoNotification"}),
    ("PATCH", "groups/{g}/dataflows/{i}/refreshSchedule", {"value": {"enabled": False}}),
    ("POST", "groups/{g}/dataflows/transactions/{i}/cancel", None),
    ("POST", "groups/{g}/AssignToDataflowStorage", {"dataflowStorageId": ITEM}),
)
FABRIC_WRITES: tuple[tuple[str, str, Any], ...] = (
    ("PATCH", "workspaces/{g}", {"description": "d"}),
    ("POST", "workspaces/{g}/folders", {"displayName": "Sales"}),
    ("PATCH", "workspaces/{g}/folders/{i}", {"displayName": "Sales"}),
    ("DELETE", "workspaces/{g}/folders/{i}", None),
    ("POST", "workspaces/{g}/folders/{i}/move", {}),
    ("POST", "workspaces/{g}/items/{i}/move", {}),
    ("POST", "workspaces/{g}/items/bulkMove", {"items": [ITEM]}),
)


def status(client: Client, method: str, address: str, body: Any) -> int:
    return client.session.request(method, address, json=body, timeout=60).status_code


@pytest.mark.parametrize("right", ["Viewer", None])
def test_who_may_only_look_changes_nothing(
    sandbox: Sandbox, source: Client, master: Client, right: str | None
) -> None:
    group = master.workspace()
    state = sandbox.control.state("contoso")
    if right:
        state["workspaces"][0]["users"].append(
            {"principalId": state["actors"]["migration"], "right": right, "effectiveAt": 0}
        )
    sandbox.control.put_state("contoso", state)
    before = sandbox.control.fingerprint("contoso")
    for base, writes in (("API_URL", WRITES), ("FABRIC_URL", FABRIC_WRITES)):
        for method, path, body in writes:
            address = f"{source.settings[base]}/{path.format(g=group, i=ITEM)}"
            assert status(source, method, address, body) == 401, path
    assert sandbox.control.fingerprint("contoso") == before


def test_folders_take_the_quota_of_the_fabric_platform(sandbox: Sandbox, source: Client) -> None:
    group = source.workspace()
    sandbox.control.quotas(wall={"fabric.platform": [[2, 86_400]]})
    address = f"{source.settings['FABRIC_URL']}/workspaces/{group}/folders"
    answers = [status(source, "POST", address, {"displayName": str(number)}) for number in range(3)]
    assert answers == [201, 201, 429]
    assert source.get(f"groups/{group}").status_code == 200


@pytest.mark.parametrize(("when", "meanwhile"), [("before", 0), ("after", 1)])
def test_a_creation_can_be_held(sandbox: Sandbox, source: Client, when: str, meanwhile: int) -> None:
    sandbox.control.fault({"operation": "Pipelines_CreatePipeline"}, {"hold": when})
    with ThreadPoolExecutor() as aside:
        going = aside.submit(source.post, "pipelines", {"displayName": "Line"})
        held = sandbox.control.await_hold()
        assert held is not None and held["operation"] == "Pipelines_CreatePipeline"
        assert len(source.get("pipelines").json()["value"]) == meanwhile
        sandbox.control.release(held["id"])
        assert going.result(60).status_code == 201
    assert [row["operation"] for row in sandbox.control.writes("contoso")] == ["Pipelines_CreatePipeline"]
