"""Imports and exports: life of an import, the nameConflict table, broken and truncated bodies, uploads, refusals."""

import base64
import hashlib
import http.client
import io
import socket
import ssl
import time
import zipfile
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from service_client import Client, code, pbix, plain_session

from sandbox.server import Sandbox


def imported(
    sandbox: Sandbox, client: Client, workspace: str, name: str, content: bytes, conflict: str
) -> str:
    answer = client.import_file(workspace, name, content, conflict)
    assert answer.status_code == 202
    sandbox.control.advance()
    return answer.json()["id"]


def test_an_import_publishes_and_then_names_its_items(sandbox: Sandbox, source: Client) -> None:
    workspace = source.workspace()
    accepted = source.import_file(workspace, "Nord.Süd & Co.pbix", pbix(), "Abort")
    path = f"groups/{workspace}/imports/{accepted.json()['id']}"
    before = source.get(path).json()
    assert (before["importState"], before["datasets"], before["reports"]) == ("Publishing", [], [])
    sandbox.control.advance()
    after = source.get(path).json()
    assert after["importState"] == "Succeeded"
    assert [item["name"] for item in after["datasets"] + after["reports"]] == ["Nord.Süd & Co"] * 2
    report = source.get(f"groups/{workspace}/reports").json()["value"][0]
    assert report["datasetId"] == after["datasets"][0]["id"]


CASES = [
    # name conflict, how many are there, status, code, models afterwards
    ("Ignore", 0, 202, "", 1),
    ("Ignore", 1, 202, "", 2),
    ("Abort", 0, 202, "", 1),
    ("Abort", 1, 400, "PbixAlreadyImported", 1),
    ("Overwrite", 0, 404, "DuplicatePackageNotFoundError", 0),
    ("Overwrite", 1, 202, "", 1),
    ("Overwrite", 2, 409, "MoreThanOneDuplicatePackageFoundError", 2),
    ("CreateOrOverwrite", 0, 202, "", 1),
    ("CreateOrOverwrite", 1, 202, "", 1),
    ("CreateOrOverwrite", 2, 409, "MoreThanOneDuplicatePackageFoundError", 2),
]


@pytest.mark.parametrize(("conflict", "there", "status", "error", "models"), CASES)
def test_name_conflict(
    sandbox: Sandbox, source: Client, conflict: str, there: int, status: int, error: str, models: int
) -> None:
    workspace = source.workspace()
    for _ in range(there):
        imported(sandbox, source, workspace, "Sales.pbix", pbix("old"), "Ignore")
    answer = source.import_file(workspace, "Sales.pbix", pbix("new"), conflict)
    assert answer.status_code == status
    assert not error or code(answer) == error
    sandbox.control.advance()
    assert source.names(workspace, "datasets") == ["Sales"] * models


def test_overwriting_keeps_the_ids(sandbox: Sandbox, source: Client) -> None:
    workspace = source.workspace()
    imported(sandbox, source, workspace, "Sales.pbix", pbix("old"), "Abort")
    before = source.get(f"groups/{workspace}/reports").json()["value"][0]
    imported(sandbox, source, workspace, "Sales.pbix", pbix("new"), "CreateOrOverwrite")
    (after,) = source.get(f"groups/{workspace}/reports").json()["value"]
    assert (after["id"], after["datasetId"]) == (before["id"], before["datasetId"])
    assert source.get(f"groups/{workspace}/reports/{after['id']}/Export").content == pbix("new")


def test_two_aborts_at_once_make_one_model(sandbox: Sandbox, source: Client) -> None:
    workspace = source.workspace()
    ids = [source.import_file(workspace, "Sales.pbix", pbix(), "Abort").json()["id"] for _ in range(2)]
    sandbox.control.advance()
    states = [source.get(f"groups/{workspace}/imports/{item}").json() for item in ids]
    assert sorted(item["importState"] for item in states) == ["Failed", "Succeeded"]
    assert source.names(workspace, "datasets") == ["Sales"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", pbix()[:-30], b'{"a": 1}'])
def test_a_broken_file_is_refused(source: Client, content: bytes) -> None:
    workspace = source.workspace()
    answer = source.import_file(workspace, "Sales.pbix", content, "Abort")
    assert (answer.status_code, code(answer)) == (400, "RequestedFileIsEncryptedOrCorrupted")
    assert source.get(f"groups/{workspace}/imports").json()["value"] == []


@pytest.mark.parametrize(
    ("name", "conflict"),
    [("", "Abort"), ("A.pbix", "Sometimes"), ("A.rdl", "Ignore"), ("A.pbix", "GenerateUniqueName")],
)
def test_wrong_parameters_are_400(source: Client, name: str, conflict: str) -> None:
    assert source.import_file(source.workspace(), name, pbix(), conflict).status_code == 400


def test_a_service_principal_imports_no_dataflow(source: Client) -> None:
    assert source.import_file(source.workspace(), "model.json", b"{}", "Abort").status_code == 401


def test_a_body_that_breaks_off_is_no_import(sandbox: Sandbox, source: Client) -> None:
    workspace = source.workspace()
    send_half(sandbox, source, f"groups/{workspace}/imports?datasetDisplayName=Sales.pbix")
    entry = eventually(sandbox, "Imports_PostImportInGroup")
    assert entry["status"] == 0
    assert source.get(f"groups/{workspace}/imports").json()["value"] == []


def send_half(sandbox: Sandbox, client: Client, path: str) -> None:
    """The head and half of the body of a multipart import, then the connection is closed."""
    url = urlsplit(f"{client.settings['API_URL']}/{path}")
    body = b"--b\r\nContent-Disposition: form-data; name=file; filename=a.pbix\r\n\r\n" + pbix(size=100_000)
    head = [
        f"POST {url.path}?{url.query} HTTP/1.1",
        "Host: localhost",
        f"Authorization: {client.session.headers['Authorization']}",
        "Content-Type: multipart/form-data; boundary=b",
        f"Content-Length: {len(body) + 9}",
    ]
    context = ssl.create_default_context(cafile=str(sandbox.ca))
    with (
        socket.create_connection(("127.0.0.1", url.port or 0)) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as connection,
    ):
        connection.sendall("\r\n".join([*head, "", ""]).encode() + body[: len(body) // 2])


def eventually(sandbox: Sandbox, operation: str) -> dict[str, Any]:
    """The ledger's entry of that operation, once it is there."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for entry in sandbox.control.ledger():
            if entry["operation"] == operation:
                return entry
        time.sleep(0.01)
    raise AssertionError(f"no {operation} in the ledger")


def test_a_multipart_body_over_one_gibibyte_is_refused_at_once(sandbox: Sandbox, source: Client) -> None:
    workspace = source.workspace()
    url = urlsplit(f"{source.settings['API_URL']}/groups/{workspace}/imports?datasetDisplayName=Sales.pbix")
    connection = http.client.HTTPSConnection(
        "localhost", url.port, context=ssl.create_default_context(cafile=str(sandbox.ca)), timeout=60
    )
    headers = {
        "Authorization": str(source.session.headers["Authorization"]),
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": str(2**30 + 2**20),
    }
    connection.request("POST", f"{url.path}?{url.query}", headers=headers)
    assert connection.getresponse().status == 413
    connection.close()


def test_a_large_file_goes_through_the_upload_location(sandbox: Sandbox, source: Client) -> None:
    workspace = on_capacity(sandbox, source)
    url = source.post(f"groups/{workspace}/imports/createTemporaryUploadLocation").json()["Url"]
    assert urlsplit(url).hostname != urlsplit(source.settings["API_URL"]).hostname
    content = pbix(size=50_000)
    put_blocks(source, url, [content[:20_000], content[20_000:]])
    accepted = source.call(
        "POST",
        f"groups/{workspace}/imports",
        params={"datasetDisplayName": "Big.pbix", "nameConflict": "Abort"},
        json={"fileUrl": url},
    )
    assert accepted.status_code == 202
    sandbox.control.advance()
    assert source.names(workspace, "datasets") == ["Big"]
    report = source.get(f"groups/{workspace}/reports").json()["value"][0]["id"]
    assert source.get(f"groups/{workspace}/reports/{report}/Export").content == content


def on_capacity(sandbox: Sandbox, client: Client) -> str:
    workspace = client.workspace()
    client.post(f"groups/{workspace}/AssignToCapacity", {"capacityId": client.capacity()})
    sandbox.control.advance()
    return workspace


def put_blocks(client: Client, url: str, blocks: list[bytes]) -> None:
    names = [base64.b64encode(f"{number:05}".encode()).decode() for number in range(len(blocks))]
    session = plain_session(client)
    for name, block in zip(names, blocks, strict=True):
        put = session.put(f"{url}&comp=block&blockid={quote(name, safe='')}", data=block, timeout=60)
        assert put.status_code == 201
    listed = "".join(f"<Latest>{name}</Latest>" for name in names)
    body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'
    assert session.put(f"{url}&comp=blocklist", data=body, timeout=60).status_code == 201


def test_a_token_on_the_upload_host_is_refused_and_recorded(sandbox: Sandbox, source: Client) -> None:
    workspace = on_capacity(sandbox, source)
    url = source.post(f"groups/{workspace}/imports/createTemporaryUploadLocation").json()["Url"]
    answer = source.session.put(url, data=b"x", headers={"x-ms-blob-type": "BlockBlob"}, timeout=60)
    assert answer.status_code == 403
    assert [item["kind"] for item in sandbox.control.violations()] == ["authorization-on-upload"]


def test_an_upload_takes_its_signature(sandbox: Sandbox, source: Client) -> None:
    workspace = on_capacity(sandbox, source)
    url = source.post(f"groups/{workspace}/imports/createTemporaryUploadLocation").json()["Url"]
    forged = url.partition("&sig=")[0] + "&sig=AAAA"
    answer = plain_session(source).put(forged, data=b"x", headers={"x-ms-blob-type": "BlockBlob"}, timeout=60)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")


def test_an_upload_location_takes_a_capacity(source: Client) -> None:
    workspace = source.workspace()
    assert source.post(f"groups/{workspace}/imports/createTemporaryUploadLocation").status_code == 400


def test_a_broken_upload_fails_the_import_later(sandbox: Sandbox, source: Client) -> None:
    workspace = on_capacity(sandbox, source)
    url = source.post(f"groups/{workspace}/imports/createTemporaryUploadLocation").json()["Url"]
    put_blocks(source, url, [pbix(size=50_000)[:20_000]])
    query = {"datasetDisplayName": "Big.pbix", "nameConflict": "Abort"}
    accepted = source.call("POST", f"groups/{workspace}/imports", params=query, json={"fileUrl": url})
    sandbox.control.advance()
    state = source.get(f"groups/{workspace}/imports/{accepted.json()['id']}").json()
    assert (state["importState"], state["error"]["code"]) == ("Failed", "RequestedFileIsEncryptedOrCorrupted")


def test_an_export_streams_the_very_bytes(sandbox: Sandbox, source: Client) -> None:
    workspace, content = source.workspace(), pbix(size=3_000_000)
    imported(sandbox, source, workspace, "Sales.pbix", content, "Abort")
    report = source.get(f"groups/{workspace}/reports").json()["value"][0]["id"]
    answer = source.get(f"groups/{workspace}/reports/{report}/Export")
    assert "content-length" not in answer.headers
    assert answer.content == content
    digests = {entry.get("sha256") for entry in sandbox.control.ledger() if "sha256" in entry}
    assert digests == {hashlib.sha256(content).hexdigest()}


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"exportRefusal": "ModelWithIncrementalRefreshIsNotDownloadable"}, 400, "IncrementalRefresh"),
        ({"targetStorageMode": "PremiumFiles"}, 400, "PremiumFilesModel"),
        (
            {"exportRefusal": "ExportPBIX_ModelessWorkbookNotFound"},
            404,
            "ExportPBIX_ModelessWorkbookNotFound",
        ),
    ],
)
def test_models_that_cannot_be_exported(
    sandbox: Sandbox, source: Client, change: dict[str, str], status: int, error: str
) -> None:
    workspace = source.workspace()
    imported(sandbox, source, workspace, "Sales.pbix", pbix(), "Abort")
    state = sandbox.control.state("contoso")
    state["workspaces"][0]["datasets"][0] |= change
    sandbox.control.put_state("contoso", state)
    report = source.get(f"groups/{workspace}/reports").json()["value"][0]["id"]
    answer = source.get(f"groups/{workspace}/reports/{report}/Export")
    assert answer.status_code == status
    assert error in code(answer)


def test_reports_and_models_are_renamed_through_fabric(sandbox: Sandbox, source: Client) -> None:
    workspace = source.workspace()
    imported(sandbox, source, workspace, "temporary.pbix", pbix(), "Abort")
    for kind in ("reports", "semanticModels"):
        listed = source.get(f"groups/{workspace}/{'reports' if kind == 'reports' else 'datasets'}").json()[
            "value"
        ]
        url = f"{source.settings['FABRIC_URL']}/workspaces/{workspace}/{kind}/{listed[0]['id']}"
        assert source.session.patch(url, json={"displayName": "Sales"}, timeout=60).status_code == 200
        bad = source.session.patch(url, json={"displayName": ""}, timeout=60)
        assert (bad.status_code, bad.json()["errorCode"]) == (400, "InvalidInput")
    assert source.names(workspace, "reports") == source.names(workspace, "datasets") == ["Sales"]


def test_a_thin_export_has_no_model_and_binds_in_its_own_tenant_only(
    sandbox: Sandbox, source: Client
) -> None:
    workspace = source.workspace()
    imported(sandbox, source, workspace, "Sales.pbix", pbix(size=100_000), "Abort")
    report = source.get(f"groups/{workspace}/reports").json()["value"][0]
    thin = source.get(f"groups/{workspace}/reports/{report['id']}/Export", downloadType="LiveConnect").content
    with zipfile.ZipFile(io.BytesIO(thin)) as archive:
        assert "DataModel" not in archive.namelist()
    imported(sandbox, source, workspace, "View.pbix", thin, "Abort")
    rows = source.get(f"groups/{workspace}/reports").json()["value"]
    assert [row["datasetId"] for row in rows] == [report["datasetId"]] * 2
    target = Client(sandbox, "FABRIKAM")
    foreign = target.workspace()
    imported(sandbox, target, foreign, "View.pbix", thin, "Abort")
    assert target.get(f"groups/{foreign}/imports").json()["value"][0]["importState"] == "Failed"
