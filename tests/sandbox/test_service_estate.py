"""A generated estate served: its files can be exported, queried and compared, and its content is the same anywhere."""

from collections.abc import Iterator

import pytest
from service_client import Client

from sandbox.__main__ import main
from sandbox.server import Sandbox


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
