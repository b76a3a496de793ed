"""Content changed by a person differs from what was moved before, until it is moved again."""

import pytest
from fabric_client import RDL, Fabric, model, parts, report, texts
from service_client import Client, pbix

from sandbox.server import Sandbox


@pytest.fixture
def fabric(sandbox: Sandbox, source: Client) -> Fabric:
    sandbox.control.long_running("never")
    return Fabric(sandbox, source, source.workspace())


def _export(fabric: Fabric, item: str) -> bytes:
    answer = fabric.client.get(f"groups/{fabric.workspace}/reports/{item}/Export")
    assert answer.status_code == 200, answer.text
    return answer.content


def test_a_report_published_again_has_another_file_with_the_same_model(
    sandbox: Sandbox, fabric: Fabric
) -> None:
    fabric.client.import_file(fabric.workspace, "Orders.pbix", pbix(), "Abort")
    sandbox.control.advance()
    (row,) = fabric.at("GET", "reports").json()["value"]
    before = _export(fabric, row["id"])
    sandbox.control.act("contoso", "changeReport", workspace=fabric.workspace, report="Orders")
    assert _export(fabric, row["id"]) != before
    (space,) = [s for s in sandbox.control.state("contoso")["workspaces"] if s["id"] == fabric.workspace]
    assert space["reports"][0]["fileId"] == space["datasets"][0]["fileId"]


def test_a_paginated_report_is_changed_in_its_text(sandbox: Sandbox, fabric: Fabric) -> None:
    made = fabric.made("paginatedReports", "Invoice", parts({"Invoice.rdl": RDL}))["id"]
    sandbox.control.act("contoso", "changeReport", workspace=fabric.workspace, report=made)
    changed = _export(fabric, made).decode()
    assert changed != RDL and changed.startswith(RDL.removesuffix("</Report>"))
    assert texts(fabric.definition("paginatedReports", made))["Invoice.rdl"] == changed


def test_a_model_has_a_measure_more(sandbox: Sandbox, fabric: Fabric) -> None:
    state = sandbox.control.state("contoso")
    (space,) = [space for space in state["workspaces"] if space["id"] == fabric.workspace]
    table = {"name": "Orders", "columns": [], "measures": [], "source": [{"expression": "1"}], "rows": 3}
    space["datasets"] = [{"id": "00000000-0000-4000-8000-000000000007", "name": "Orders", "tables": [table]}]
    sandbox.control.put_state("contoso", state)
    item = space["datasets"][0]["id"]
    before = texts(fabric.definition("semanticModels", item))
    sandbox.control.act("contoso", "changeModel", workspace=fabric.workspace, dataset=item)
    after = texts(fabric.definition("semanticModels", item))
    changed = [path for path in after if after[path] != before.get(path)]
    assert changed == ["definition/tables/Orders.tmdl"] and "measure" in after[changed[0]]
    view = fabric.made("reports", "View", report(item))["id"]
    assert texts(fabric.definition("reports", view))["definition.pbir"]
    assert fabric.create("semanticModels", "Another", model()).ok
