"""Exports that give out something else than the file: each as a client meets it."""

import io
import zipfile
from typing import Any

import pytest
import requests
from service_client import Client, code, pbix, plain_session

from sandbox.remote import Spoilt
from sandbox.server import Sandbox

FILES = {"First": pbix("first", 50_000), "Second": pbix("second", 50_000)}


@pytest.fixture
def export(sandbox: Sandbox, source: Client) -> str:
    """Path of the export of the first report; another one is beside it."""
    workspace = source.workspace()
    for name, content in FILES.items():
        source.import_file(workspace, f"{name}.pbix", content, "Abort")
    sandbox.control.advance()
    reports: list[dict[str, Any]] = source.get(f"groups/{workspace}/reports").json()["value"]
    first = next(item for item in reports if item["name"] == "First")
    return f"groups/{workspace}/reports/{first['id']}/Export"


@pytest.mark.parametrize("how", ["cut", "cut-with-length"])
def test_a_cut_that_is_an_error(sandbox: Sandbox, source: Client, export: str, how: Spoilt) -> None:
    sandbox.control.spoil_download(how)
    with pytest.raises(requests.RequestException):
        source.get(export)


def test_a_cut_that_nobody_notices(sandbox: Sandbox, source: Client, export: str) -> None:
    sandbox.control.spoil_download("cut-unnoticed", times=1)
    assert source.get(export).content == FILES["First"][:5000]
    assert source.get(export).content == FILES["First"]


def test_more_bytes_than_the_file_has(sandbox: Sandbox, source: Client, export: str) -> None:
    sandbox.control.spoil_download("over-long")
    got = source.get(export).content
    assert got[:-5000] == FILES["First"] and got[-5000:] == b"\0" * 5000


def test_the_file_of_another_report(sandbox: Sandbox, source: Client, export: str) -> None:
    sandbox.control.spoil_download("swapped")
    answer = source.get(export)
    assert answer.content == FILES["Second"]
    assert "First.pbix" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None


@pytest.mark.parametrize(("how", "kind"), [("html", "text/html"), ("json", "application/json")])
def test_no_file_at_all_in_a_200(
    sandbox: Sandbox, source: Client, export: str, how: Spoilt, kind: str
) -> None:
    sandbox.control.spoil_download(how)
    answer = source.get(export)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind)


def test_the_address_of_a_temporary_blob(sandbox: Sandbox, source: Client, export: str) -> None:
    sandbox.control.spoil_download("url")
    url = source.get(export).json()["url"]
    blob = plain_session(source).get(url, timeout=60)
    assert blob.content == FILES["First"] and blob.headers["content-length"] == str(len(FILES["First"]))
    assert plain_session(source).get(url.replace("sig=", "sig=x"), timeout=60).status_code == 403
    assert sandbox.control.violations() == []
    assert source.session.get(url, timeout=60).status_code == 403
    assert [item["kind"] for item in sandbox.control.violations()] == ["authorization-on-download"]


def test_a_refused_export_is_left_as_it_is(sandbox: Sandbox, source: Client, export: str) -> None:
    sandbox.control.spoil_download("over-long")
    missing = export.rpartition("/reports/")[0] + "/reports/00000000-0000-0000-0000-000000000001/Export"
    assert code(source.get(missing)) == "PowerBIEntityNotFound"
