"""Reports without a model of their own, and files that are refused: exported, imported, bound anew."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from service_client import Client, code, pbix

from sandbox.areas.reports import LARGE, MODELESS
from sandbox.everykind import moving
from sandbox.server import Sandbox
from sandbox.state import Tenant

Json = dict[str, Any]


@pytest.fixture
def target(sandbox: Sandbox) -> Client:
    return Client(sandbox, "FABRIKAM")


@pytest.fixture
def thin(sandbox: Sandbox, source: Client) -> bytes:
    """The file of a report that is connected to a model of contoso."""
    workspace, report = _imported(sandbox, source, "Orders", pbix())
    answer = source.get(f"groups/{workspace}/reports/{report['id']}/Export", downloadType="LiveConnect")
    return answer.content


def _imported(sandbox: Sandbox, client: Client, name: str, content: bytes) -> tuple[str, Json]:
    workspace = client.workspace(f"Of {name}")
    client.import_file(workspace, f"{name}.pbix", content, "Abort")
    sandbox.control.advance()
    (report,) = client.get(f"groups/{workspace}/reports").json()["value"]
    return workspace, report


def _names(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.namelist()


def test_a_thin_file_of_another_tenant_fails_unless_it_is_taken_as_it_is(
    sandbox: Sandbox, target: Client, thin: bytes
) -> None:
    refused = target.workspace("Refused")
    target.import_file(refused, "View.pbix", thin, "Abort")
    sandbox.control.advance()
    (done,) = target.get(f"groups/{refused}/imports").json()["value"]
    assert (done["importState"], done["reports"]) == ("Failed", [])
    sandbox.control.live_connect("accept")
    workspace, view = _imported(sandbox, target, "View", thin)
    assert target.get(f"groups/{workspace}/datasets").json()["value"] == []
    home, _ = _imported(sandbox, target, "Orders", pbix())
    (model,) = target.get(f"groups/{home}/datasets").json()["value"]
    assert view["datasetId"] != model["id"]
    path = f"groups/{workspace}/reports/{view['id']}"
    assert target.post(f"{path}/Rebind", {"datasetId": model["id"]}).status_code == 200
    assert target.get(path).json()["datasetId"] == model["id"]
    assert code(target.get(f"{path}/Export")) == MODELESS


def test_a_rebind_needs_a_model_that_is_there_and_no_paginated_report(
    sandbox: Sandbox, source: Client
) -> None:
    workspace, report = _imported(sandbox, source, "Orders", pbix())
    path = f"groups/{workspace}/reports/{report['id']}/Rebind"
    gone = {"datasetId": "00000000-0000-4000-8000-000000000001"}
    assert code(source.post(path, gone)) == "PowerBIEntityNotFound"
    state = sandbox.control.state("contoso")
    (held,) = [space for space in state["workspaces"] if space["id"] == workspace]
    held["reports"][0]["reportType"] = "PaginatedReport"
    sandbox.control.put_state("contoso", state)
    assert source.post(path, {"datasetId": report["datasetId"]}).status_code == 400


def test_what_lies_in_the_data_of_a_model_refuses_only_the_file_with_it(
    sandbox: Sandbox, source: Client
) -> None:
    workspace, report = _imported(sandbox, source, "Orders", pbix())
    path = f"groups/{workspace}/reports/{report['id']}/Export"
    for refusal, large, thin_status in (
        ("ModelWithIncrementalRefreshIsNotDownloadable", "Abf", 200),
        (None, "PremiumFiles", 200),
        ("ModelExportActionDenied", "Abf", 400),
    ):
        state = sandbox.control.state("contoso")
        (held,) = [space for space in state["workspaces"] if space["id"] == workspace]
        held["datasets"][0] |= {"exportRefusal": refusal, "targetStorageMode": large}
        sandbox.control.put_state("contoso", state)
        assert code(source.get(path)) == (refusal or LARGE)
        assert source.get(path, downloadType="LiveConnect").status_code == thin_status


@pytest.mark.parametrize("query", [{"skipReport": "true"}, {"nameConflict": "CreateOrOverwrite"}, {}])
def test_paginated_reports_have_rules_of_their_own(source: Client, query: Json) -> None:
    workspace = source.workspace()
    rdl = b'<?xml version="1.0"?><Report xmlns="x"/>'
    conflict = query.get("nameConflict", "Abort")
    more = {key: value for key, value in query.items() if key != "nameConflict"}
    answer = source.import_file(workspace, "Invoice.rdl", rdl, conflict, **more)
    assert answer.status_code == (400 if query else 202)
    marked = source.import_file(workspace, "Marked.rdl", b"\xef\xbb\xbf" + rdl, "Abort")
    unnamed = source.import_file(workspace, "Invoice", rdl, "Abort")
    assert [code(marked), code(unnamed)] == ["RequestedFileIsEncryptedOrCorrupted"] * 2


@pytest.fixture(scope="module")
def everything(estate: Sandbox) -> Iterator[tuple[Client, Tenant]]:
    estate.control.forget_calls()
    yield Client(estate, "CONTOSO"), Tenant.from_dict(estate.control.state("contoso"))


def _report(tenant: Tenant, space: str, name: str) -> str:
    (held,) = [item for item in tenant.workspaces.values() if item.name == space]
    (report,) = [item for item in held.reports if item.name == name]
    return f"groups/{held.id}/reports/{report.id}"


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("Ordinary to look at", "ModelWithIncrementalRefreshIsNotDownloadable"),
        ("Made by an API", MODELESS),
        ("Refused twice", "ModelExportActionDenied"),
    ],
)
def test_some_refusals_show_only_at_the_door(
    everything: tuple[Client, Tenant], name: str, refusal: str
) -> None:
    client, tenant = everything
    path = _report(tenant, moving.REFUSED, name)
    assert code(client.get(f"{path}/Export")) == refusal


def test_links_are_in_the_file_and_a_view_from_afar_never_brings_the_model(
    everything: tuple[Client, Tenant],
) -> None:
    client, tenant = everything
    path = _report(tenant, moving.LINKED, "Drill through from a file")
    content = client.get(f"{path}/Export", downloadType="IncludeModel").content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        layout = archive.read("Report/Layout").decode("utf-16-le")
    assert "https://app.powerbi.com/groups/" in layout
    afar = client.get(f"{_report(tenant, 'Extra thin reports', 'View from afar')}/Export").content
    assert "DataModel" not in _names(afar) and "Connections" in _names(afar)
    marked = client.get(f"{_report(tenant, moving.PAGED, 'With a byte order mark')}/Export").content
    assert marked.startswith(b"\xef\xbb\xbf<?xml")
