"""A generated estate served: its files can be exported, queried and compared, and its content is the same anywhere."""

from collections.abc import Iterator
from typing import Any

import pytest
from service_client import Client

from sandbox.__main__ import main
from sandbox.server import Sandbox

Json = dict[str, Any]


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("estate"), workspaces=3, time_scale=0.001) as sandbox:
        yield sandbox


def test_a_model_counts_alike_in_both_tenants(estate: Sandbox) -> None:
    source, target = Client(estate, "CONTOSO"), Client(estate, "FABRIKAM")
    old = estate.control.state("contoso")["workspaces"][0]
    name = old["datasets"][0]["tables"][0]["name"]
    content = source.get(f"groups/{old['id']}/reports/{old['reports'][0]['id']}/Export").content
    workspace = target.workspace("Counting")
    target.import_file(workspace, "Model.pbix", content, "Abort")
    estate.control.advance()
    model = target.get(f"groups/{workspace}/datasets").json()["value"][0]["id"]
    body = {"queries": [{"query": f"EVALUATE ROW(\"n\", COUNTROWS('{name}'))"}]}
    left = source.post(f"groups/{old['id']}/datasets/{old['datasets'][0]['id']}/executeQueries", body).json()
    right = target.post(f"groups/{workspace}/datasets/{model}/executeQueries", body).json()
    assert left == right
    assert left["results"][0]["tables"][0]["rows"][0]["[n]"] > 0
    target.call("DELETE", f"groups/{workspace}")


def test_the_comparison_of_an_empty_target_misses_everything(
    estate: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verdict = estate.control.compare()
    assert not verdict["clean"]
    assert verdict["counts"]["workspace"]["missing"] == 3
    monkeypatch.setattr("sys.argv", ["sandbox", "compare", f"--data-dir={estate.data_dir}"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "NOT equal" in capsys.readouterr().out


def test_a_state_survives_being_put_back(estate: Sandbox) -> None:
    for tenant in ("contoso", "fabrikam"):
        state = estate.control.state(tenant)
        estate.control.put_state(tenant, state)
        assert estate.control.state(tenant) == state


def test_a_migration_by_hand_compares_clean(estate: Sandbox) -> None:
    source, target = Client(estate, "CONTOSO"), Client(estate, "FABRIKAM")
    request, new = estate.control.suggested_request(), estate.control.state("fabrikam")
    for old in estate.control.state("contoso")["workspaces"]:
        move(source, target, old, request, {item["displayName"]: item["id"] for item in new["capacities"]})
    estate.control.advance()
    verdict = estate.control.compare()
    assert verdict["differences"] == []
    assert verdict["counts"]["report"]["equal"] > 0
    estate.control.put_state("fabrikam", new)


def move(source: Client, target: Client, old: Json, request: Json, capacities: dict[str, str]) -> None:
    workspace = target.workspace(old["name"])
    listed = source.get("capacities").json()["value"]
    (mine,) = [item for item in listed if item["id"].lower() == old["capacityId"]] or [None]
    if mine is not None:
        wanted = request["capacities"].get(mine["displayName"]) or request["capacities"][old["capacityId"]]
        body = {"capacityId": capacities.get(wanted, wanted)}
        assert target.post(f"groups/{workspace}/AssignToCapacity", body).status_code == 200
    for report in old["reports"]:
        content = source.get(f"groups/{old['id']}/reports/{report['id']}/Export").content
        assert target.import_file(workspace, f"{report['name']}.pbix", content, "Ignore").status_code == 202
    for user in source.get(f"groups/{old['id']}/users").json()["value"]:
        if name := mapped(user["identifier"], request["principals"]):
            target.post(f"groups/{workspace}/users", {**user, "identifier": name, "emailAddress": None})


def mapped(identifier: str, principals: dict[str, str | None]) -> str | None:
    if identifier in principals:
        return principals[identifier]
    name, at, domain = identifier.partition("@")
    return name + principals[at + domain] if at + domain in principals else None
