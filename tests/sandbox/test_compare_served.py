"""The comparison on what the service itself recorded: a migration done by hand over HTTP is clean, a flaw is seen."""

from pathlib import Path
from typing import Any

import pytest
from service_client import Client

from sandbox.server import Sandbox


@pytest.fixture
def estate(tmp_path: Path) -> Any:
    with Sandbox(tmp_path, workspaces=3, time_scale=0.0001) as sandbox:
        yield sandbox


def _migrate(sandbox: Sandbox) -> None:
    source, target = Client(sandbox, "CONTOSO"), Client(sandbox, "FABRIKAM")
    request = sandbox.control.suggested_request()
    for old in source.get("groups").json()["value"]:
        new = target.workspace(old["name"])
        _assign(request, source, target, old, new)
        for user in source.get(f"groups/{old['id']}/users").json()["value"]:
            _grant(request, target, new, user)
        for report in source.get(f"groups/{old['id']}/reports").json()["value"]:
            content = source.get(f"groups/{old['id']}/reports/{report['id']}/Export").content
            assert target.import_file(new, f"{report['name']}.pbix", content, "Ignore").status_code == 202
    sandbox.control.advance()


def _assign(request: dict[str, Any], source: Client, target: Client, old: dict[str, Any], new: str) -> None:
    if "capacityId" in old:
        names = {c["id"]: c["displayName"] for c in source.get("capacities").json()["value"]}
        ids = {c["displayName"]: c["id"] for c in target.get("capacities").json()["value"]}
        wanted = request["capacities"]
        goal = wanted.get(old["capacityId"].lower()) or ids[wanted[names[old["capacityId"]]]]
        assert target.post(f"groups/{new}/AssignToCapacity", {"capacityId": goal}).status_code == 200


def _grant(request: dict[str, Any], target: Client, new: str, user: dict[str, Any]) -> None:
    people, who = request["principals"], user["identifier"]
    goal = people[who] if who in people else who.replace("@contoso.com", "@fabrikam.com")
    if goal is not None:
        body = {"identifier": goal, "principalType": user["principalType"]}
        body["groupUserAccessRight"] = user["groupUserAccessRight"]
        assert target.post(f"groups/{new}/users", body).status_code == 200


def test_a_migration_by_hand_is_clean_until_someone_deletes_a_report(estate: Sandbox) -> None:
    assert estate.control.compare()["counts"]["workspace"]["missing"] == 3
    _migrate(estate)
    verdict = estate.control.compare()
    assert verdict["differences"] == []
    assert verdict["counts"]["report"]["equal"] == verdict["counts"]["dataset"]["equal"] == 6
    space = next(s for s in estate.control.state("fabrikam")["workspaces"] if s["reports"])
    estate.control.act("fabrikam", "deleteReport", workspace=space["id"], report=space["reports"][0]["id"])
    assert [d["what"] for d in estate.control.compare()["differences"]] == ["missing"]
