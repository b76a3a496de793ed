"""Files: downloads that end as they should or say so, uploads whose every attempt sends the whole body."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from powerbi_support import Received, Reply, Rig, Service, error, reply_json, rig_on, serving

from shared.errors import AmbiguousWrite, ContentError, ForbiddenHost, NotAuthorized, is_transient
from shared.powerbi.imports import UploadLocation
from shared.powerbi.multipart import MultipartFile
from shared.powerbi.reports import export_refusal
from shared.powerbi.transport import HttpTransport, Request

GROUP, REPORT = "g-1", "r-1"
FILE = b"PK\x03\x04" + bytes(range(256)) * 5000
ZIP = {"Content-Type": "application/zip"}


class Chunks:
    """A body in chunks that counts how often it was opened, and may lie about its length."""

    def __init__(self, data: bytes, size: int = 70_000, announced: int | None = None) -> None:
        self._data, self._size = data, size
        self._announced = len(data) if announced is None else announced
        self.opened = 0

    def __len__(self) -> int:
        return self._announced

    def __iter__(self) -> Iterator[bytes]:
        self.opened += 1
        for start in range(0, len(self._data), self._size):
            yield self._data[start : start + self._size]


def exported(rig: Rig) -> bytes:
    with rig.tenant.reports.export(GROUP, REPORT) as response:
        return b"".join(response.iter_bytes())


def file_in(request: Received) -> bytes:
    """The file of a multipart body, taken apart by hand."""
    boundary = re.search(r"boundary=(\w+)", request.headers["content-type"])
    assert boundary
    mark = boundary[1].encode()
    head, _, rest = request.body.partition(b"\r\n\r\n")
    assert head.startswith(b"--" + mark)
    content, end, tail = rest.rpartition(b"\r\n--" + mark + b"--\r\n")
    assert end
    assert tail == b""
    return content


def test_export_streams_the_bytes_as_they_are(rig: Rig) -> None:
    rig.service.in_turn(Reply(200, FILE, ZIP))
    assert exported(rig) == FILE
    request = rig.service.received[0]
    assert request.target == f"/v1.0/myorg/groups/{GROUP}/reports/{REPORT}/Export"
    assert request.headers["accept"] == "*/*"


def test_an_export_cut_off_by_length_is_noticed(rig: Rig) -> None:
    rig.service.in_turn(Reply(200, FILE, ZIP, cut_after=100_000))
    with pytest.raises(ContentError) as caught:
        exported(rig)
    assert caught.value.code == "content.truncated"
    assert is_transient(caught.value)


def test_an_encoded_file_is_refused(rig: Rig) -> None:
    rig.service.in_turn(Reply(200, FILE, {**ZIP, "Content-Encoding": "gzip"}))
    with pytest.raises(ContentError):
        exported(rig)


def test_a_refused_export_names_its_reason(rig: Rig) -> None:
    code = "ServerError_PremiumFilesErrors_ExportOperationIsNotSupportedForPremiumFilesModel"
    rig.service.in_turn(error(400, code))
    with pytest.raises(Exception) as caught:
        exported(rig)
    assert export_refusal(caught.value) == "largeFormat"  # type: ignore[arg-type]


def test_a_large_export_is_fetched_from_the_blob_without_our_token(service: Service) -> None:
    with serving() as storage:
        rig = rig_on(service, ALLOWED_HOSTS=storage.origin.removeprefix("http://"))
        link = f"{storage.origin}/c/file.pbix?sv=2021&sig=a%2Bb%3D"
        service.in_turn(reply_json({"@odata.context": f"{service.origin}/ctx", "url": link}))
        storage.in_turn(Reply(200, FILE, ZIP))
        assert exported(rig) == FILE
        assert storage.received[0].authorization is None
        assert storage.received[0].target == "/c/file.pbix?sv=2021&sig=a%2Bb%3D"


def test_a_redirected_export_loses_the_token_at_the_blob(service: Service) -> None:
    with serving() as storage:
        rig = rig_on(service, ALLOWED_HOSTS=storage.origin.removeprefix("http://"))
        service.in_turn(Reply(302, headers={"Location": f"{storage.origin}/c/f?sig=abc"}))
        storage.in_turn(Reply(200, FILE, ZIP))
        assert exported(rig) == FILE
        assert storage.received[0].authorization is None


def test_a_link_to_a_foreign_host_is_refused(rig: Rig) -> None:
    rig.service.in_turn(reply_json({"url": "https://blob.core.windows.net.evil.tld/f?sig=x"}))
    with pytest.raises(ForbiddenHost):
        exported(rig)


def test_json_without_a_link_is_not_a_file(rig: Rig) -> None:
    rig.service.in_turn(reply_json({"status": "ok"}))
    with pytest.raises(ContentError):
        exported(rig)


def test_an_import_is_one_exactly_sized_multipart_request(rig: Rig) -> None:
    rig.service.in_turn(reply_json({"id": "i-1"}, 202))
    assert rig.tenant.imports.post_file(GROUP, "Büro & 'x'.pbix", "Abort", Chunks(FILE)) == "i-1"
    request = rig.service.received[0]
    assert request.query == {"datasetDisplayName": "Büro & 'x'.pbix", "nameConflict": "Abort"}
    assert "transfer-encoding" not in request.headers
    assert int(request.headers["content-length"]) == len(request.body)
    assert file_in(request) == FILE


@pytest.mark.parametrize(
    "first",
    [error(429, "x", Retry_After="1"), Reply(403, headers={"x-powerbi-error-info": "TokenExpired"})],
    ids=["throttled", "token expired"],
)
def test_a_retried_upload_sends_the_whole_body_again(rig: Rig, first: Reply) -> None:
    """Transport-level retries once sent a drained generator: 0 bytes, and a 200 for it."""
    rig.service.in_turn(first, reply_json({"id": "i-1"}, 202))
    body = Chunks(FILE)
    rig.tenant.imports.post_file(GROUP, "a.pbix", "Abort", body)
    assert [file_in(request) for request in rig.service.received] == [FILE, FILE]
    assert body.opened == 2


def test_a_redirected_upload_sends_the_whole_body_again(service: Service) -> None:
    with serving() as cluster:
        rig = rig_on(service, ALLOWED_HOSTS=cluster.origin.removeprefix("http://"))
        service.in_turn(Reply(307, headers={"Location": f"{cluster.origin}/imports"}))
        cluster.in_turn(reply_json({"id": "i-1"}, 202))
        assert rig.tenant.imports.post_file(GROUP, "a.pbix", "Abort", Chunks(FILE)) == "i-1"
        assert file_in(cluster.received[0]) == FILE


def test_an_import_whose_answer_was_lost_is_not_sent_again(rig: Rig) -> None:
    rig.service.in_turn(Reply(hang_up=True))
    with pytest.raises(AmbiguousWrite):
        rig.tenant.imports.post_file(GROUP, "a.pbix", "Abort", Chunks(FILE))
    assert len(rig.service.received) == 1


@pytest.mark.parametrize("announced", [len(FILE) - 1, len(FILE) + 1])
def test_a_body_of_another_length_is_never_a_success(rig: Rig, announced: int) -> None:
    rig.service.in_turn(reply_json({"id": "i-1"}, 202))
    with pytest.raises(ContentError):
        rig.tenant.imports.post_file(GROUP, "a.pbix", "Abort", Chunks(FILE, announced=announced))
    assert rig.calls[-1].code == "content.length"


def test_an_error_of_the_body_itself_comes_through(rig: Rig) -> None:
    class Damaged(Chunks):
        def __iter__(self) -> Iterator[bytes]:
            yield FILE[:1000]
            raise ContentError("content.changed", "other bytes than were exported")

    with pytest.raises(ContentError, match="other bytes"):
        rig.tenant.imports.post_file(GROUP, "a.pbix", "Abort", Damaged(FILE))


@given(name=st.text(max_size=300), data=st.binary(max_size=500), size=st.integers(1, 100))
def test_multipart_length_is_exact_for_any_name_and_content(name: str, data: bytes, size: int) -> None:
    form = MultipartFile(name, Chunks(data, size))
    whole = b"".join(form)
    assert len(whole) == len(form)
    assert b"".join(form) == whole
    assert file_in(Received("POST", "/", {"content-type": form.content_type}, whole)) == data


@pytest.mark.parametrize("keys", [("Url", "ExpirationTime"), ("url", "expirationTime")])
def test_an_upload_location_is_read_in_either_spelling(rig: Rig, keys: tuple[str, str]) -> None:
    rig.service.in_turn(reply_json({keys[0]: "https://x/y?sig=z", keys[1]: "2026-11-21T13:00:00Z"}))
    location = rig.tenant.imports.create_upload_location(GROUP)
    assert location.url == "https://x/y?sig=z"
    assert location.expires_at is not None
    assert "sig" not in repr(location)


def test_blocks_are_uploaded_and_committed_without_our_token(rig: Rig) -> None:
    rig.service.in_turn(Reply(503), Reply(201))
    location = UploadLocation(f"{rig.service.origin}/c/f?sv=2021&sig=a%2Bb", None)
    ids = [rig.tenant.imports.upload_block(location, number, FILE[:10]) for number in range(2)]
    rig.tenant.imports.commit_blocks(location, ids)
    puts = rig.service.received
    assert [put.query["comp"] for put in puts] == ["block", "block", "block", "blocklist"]
    assert [put.query["blockid"] for put in puts[:3]] == [ids[0], ids[0], ids[1]]
    assert len({len(each) for each in ids}) == 1
    assert all(put.authorization is None and put.headers["x-ms-version"] for put in puts)
    assert all(f"<Latest>{each}</Latest>" in puts[3].body.decode() for each in ids)
    assert "sig=a%2Bb" in puts[0].target


def test_blocks_never_go_to_a_foreign_host(rig: Rig) -> None:
    for url in ("https://evil.tld/c?sig=x", "http://169.254.169.254/?sig=x"):
        with pytest.raises(ForbiddenHost):
            rig.tenant.imports.upload_block(UploadLocation(url, None), 0, b"x")


def test_an_expired_signature_is_an_error_of_its_own(rig: Rig) -> None:
    rig.service.in_turn(Reply(403, b"<Error><Code>AuthenticationFailed</Code></Error>"))
    with pytest.raises(NotAuthorized) as caught:
        rig.tenant.imports.upload_block(UploadLocation(f"{rig.service.origin}/c?sig=x", None), 0, b"x")
    assert caught.value.code == "AuthenticationFailed"
    assert rig.service.token_requests == []


def test_import_by_address(rig: Rig) -> None:
    rig.service.in_turn(reply_json({"id": "i-2"}, 202))
    assert rig.tenant.imports.post_file_url(GROUP, "a.pbix", "Ignore", "https://x/y?sig=z") == "i-2"
    assert rig.service.received[0].json() == {"fileUrl": "https://x/y?sig=z"}


def test_the_address_is_sent_as_it_was_given(service: Service) -> None:
    """Continuation links and signatures are encoded already; whatever was encoded stays so, and only that."""
    target = "/x?continuationToken='%2BRID%3A1%23RT'&$filter=Activity eq 'View'&a=%7e"
    with HttpTransport().send(Request("GET", service.origin + target)) as response:
        response.read()
    assert service.received[0].target.lower() == target.replace(" ", "%20").lower()
    assert unquote(service.received[0].target) == unquote(target)
