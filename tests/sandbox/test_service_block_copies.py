"""Put Block From URL: the upload host fetches a block by itself, of the named range and version, from this machine."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest
import requests
from service_client import Client, pbix, plain_session

from sandbox.server import Sandbox

CONTENT = pbix(size=50_000)
ETAG = '"0x1"'
NAME = base64.b64encode(b"00000").decode()


class Elsewhere(BaseHTTPRequestHandler):
    """Another storage account that holds one blob."""

    def do_GET(self) -> None:
        if self.path != "/blob":
            return self._answer(403, b"")
        if self.headers.get("If-Match", ETAG) != ETAG:
            return self._answer(412, b"")
        first, last = self.headers["Range"].removeprefix("bytes=").split("-")
        return self._answer(206, CONTENT[int(first) : int(last) + 1])

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing of it is wanted on the screen."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def location(sandbox: Sandbox, source: Client) -> tuple[str, str]:
    """A workspace on a capacity, and an upload location of it."""
    workspace = source.workspace()
    source.post(f"groups/{workspace}/AssignToCapacity", {"capacityId": source.capacity()})
    sandbox.control.advance()
    return workspace, source.post(f"groups/{workspace}/imports/createTemporaryUploadLocation").json()["Url"]


def put(client: Client, url: str, source: str, told: str = "bytes=0-9", **more: str) -> requests.Response:
    headers = {"x-ms-copy-source": source, "x-ms-source-range": told, **more}
    address = f"{url}&comp=block&blockid={quote(NAME, safe='')}"
    return plain_session(client).put(address, headers=headers, timeout=60)


def test_a_file_of_one_fetched_block_is_imported(
    sandbox: Sandbox, source: Client, location: tuple[str, str], elsewhere: str
) -> None:
    workspace, url = location
    answer = put(
        source, url, f"{elsewhere}/blob", f"bytes=0-{len(CONTENT) - 1}", **{"x-ms-source-if-match": ETAG}
    )
    assert answer.status_code == 201
    listed = f"<BlockList><Latest>{NAME}</Latest></BlockList>"
    assert plain_session(source).put(f"{url}&comp=blocklist", data=listed, timeout=60).status_code == 201
    query = {"datasetDisplayName": "Fetched.pbix", "nameConflict": "Abort"}
    source.call("POST", f"groups/{workspace}/imports", params=query, json={"fileUrl": url})
    sandbox.control.advance()
    report = next(
        row for row in source.get(f"groups/{workspace}/reports").json()["value"] if row["name"] == "Fetched"
    )
    assert source.get(f"groups/{workspace}/reports/{report['id']}/Export").content == CONTENT
    fetched = [each for each in sandbox.control.ledger() if each["operation"] == "Blob_PutBlockFromUrl"]
    assert [(each["fetched"], each["bytesIn"]) for each in fetched] == [(len(CONTENT), 0)]


REFUSALS = [
    ("/other", "bytes=0-9", {}, 403, "CannotVerifyCopySource"),
    ("/blob", "bytes=0-9", {"x-ms-source-if-match": '"0x2"'}, 412, "SourceConditionNotMet"),
    ("/blob", "bytes=9-0", {}, 416, "InvalidRange"),
    ("/blob", f"bytes=0-{len(CONTENT)}", {}, 416, "InvalidRange"),
    ("/blob", f"bytes=0-{4000 * 1024**2}", {}, 416, "InvalidRange"),
]


@pytest.mark.parametrize(("path", "told", "more", "status", "error"), REFUSALS)
def test_what_can_not_be_had_is_refused_as_storage_does(
    source: Client,
    location: tuple[str, str],
    elsewhere: str,
    path: str,
    told: str,
    more: dict[str, str],
    status: int,
    error: str,
) -> None:
    answer = put(source, location[1], f"{elsewhere}{path}", told, **more)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (status, error)


def test_nothing_beyond_this_machine_is_called(source: Client, location: tuple[str, str]) -> None:
    answer = put(source, location[1], "https://storage.example/blob")
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (404, "CannotVerifyCopySource")


def test_a_source_that_does_not_answer_is_the_fetcher_s_own_failure(
    source: Client, location: tuple[str, str]
) -> None:
    answer = put(source, location[1], "http://127.0.0.1:9/blob")
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (500, "CannotVerifyCopySource")


def test_a_fault_can_refuse_it_alone(
    sandbox: Sandbox, source: Client, location: tuple[str, str], elsewhere: str
) -> None:
    sandbox.control.fault({"operation": "Blob_PutBlockFromUrl"}, {"status": 501})
    assert put(source, location[1], f"{elsewhere}/blob").status_code == 501
    sent = plain_session(source).put(
        f"{location[1]}&comp=block&blockid={quote(NAME, safe='')}", data=b"x", timeout=60
    )
    assert sent.status_code == 201
