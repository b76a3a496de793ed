"""Blocks that the service's storage fetches by itself from ours: signed for it alone, or honestly refused."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import trustme
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient
from powerbi_support import Reply, Rig, Service, rig_on
from requests import Response

from shared.blob_signing import read_url
from shared.blobs import Blobs, Container, Staged
from shared.config import Settings, load
from shared.errors import ContentError, ServiceError, TerminalError, Unavailable
from shared.powerbi.imports import UploadLocation, block_id_of

SOURCE = "https://ours.blob.core.windows.net/exports/a?sv=1&sig=a%2Bb"
XML = {"Content-Type": "application/xml"}
CONTENT = bytes(range(256)) * 4


@pytest.fixture
def container(storage: Settings) -> Container:
    return Blobs(storage)["block-copies"]


@pytest.fixture
def staged(container: Container) -> Staged:
    return container.stage("m-1/w-1/r 1.pbix", [CONTENT])


def copied(rig: Rig, *replies: Reply, etag: str = "") -> str:
    rig.service.in_turn(*replies)
    location = UploadLocation(f"{rig.service.origin}/c/f?sv=2021&sig=x%2By", None)
    return rig.tenant.imports.put_block_from_url(location, 3, SOURCE, 100, 50, etag)


def refused(code: str, status: int) -> Reply:
    body = f"<Error><Code>{code}</Code><Message>why</Message></Error>".encode()
    return Reply(status, body, {**XML, "x-ms-error-code": code})


def test_one_block_is_fetched_by_the_storage_itself(rig: Rig) -> None:
    assert copied(rig, Reply(503), Reply(201), etag='"0x1"') == block_id_of(3)
    first, put = rig.service.received
    assert first.target == put.target
    assert (put.query["comp"], put.query["blockid"]) == ("block", block_id_of(3))
    assert put.headers["x-ms-copy-source"] == SOURCE
    assert put.headers["x-ms-source-range"] == "bytes=100-149"
    assert put.headers["x-ms-source-if-match"] == '"0x1"'
    assert (put.body, put.headers["content-length"], put.authorization) == (b"", "0", None)


def test_without_an_etag_any_version_will_do(rig: Rig) -> None:
    copied(rig, Reply(201))
    assert "x-ms-source-if-match" not in rig.service.received[0].headers


@pytest.mark.parametrize(
    "refusal",
    [
        refused("APINotImplemented", 501),
        refused("CannotVerifyCopySource", 403),
        refused("CannotVerifyCopySource", 404),
        refused("CannotVerifyCopySource", 500),
        refused("AuthorizationFailure", 403),
        refused("SourceConditionNotMet", 412),
        refused("UnsupportedHeader", 400),
    ],
)
def test_what_can_not_be_copied_is_refused_for_good(rig: Rig, refusal: Reply) -> None:
    with pytest.raises(TerminalError) as caught:
        copied(rig, refusal)
    assert "sig=" not in str(caught.value)


def test_a_busy_storage_account_is_no_refusal(rig: Rig) -> None:
    with pytest.raises(Unavailable):
        copied(rig, refused("ServerBusy", 503))


def test_a_storage_account_that_can_not_copy_says_so(
    service: Service, storage: Settings, container: Container, staged: Staged
) -> None:
    """The emulator has no Put Block From URL, which is just what must be noticed."""
    url = container.signed_url(staged.blob, 1)
    assert url is not None
    rig = rig_on(service, ALLOWED_HOSTS=urlsplit(url).netloc)
    with pytest.raises(ServiceError) as caught:
        rig.tenant.imports.put_block_from_url(UploadLocation(url, None), 0, url, 0, 10)
    assert isinstance(caught.value, TerminalError)
    assert len(rig.calls) == 1


def test_a_signed_address_reads_this_blob_and_no_more(container: Container, staged: Staged) -> None:
    container.stage("m-1/w-1/other", [b"other"])
    url = container.signed_url(staged.blob, 2)
    assert url is not None
    assert got(url).content == CONTENT
    assert got(url.partition("?")[0]).status_code == 403
    assert got(url.replace("r%201.pbix", "other")).status_code == 403
    assert requests.delete(url, timeout=10).status_code == 403
    signed = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
    assert (signed["sp"], signed["sr"]) == ("r", "b")


def test_without_anything_to_sign_with_there_is_no_address(storage: Settings, staged: Staged) -> None:
    """A connection string with a signature of its own has neither key nor identity."""
    assert storage.storage_connection is not None
    fields = dict(part.split("=", 1) for part in storage.storage_connection.reveal().split(";") if part)
    text = f"BlobEndpoint={fields['BlobEndpoint']};SharedAccessSignature=sv=2021-12-02&sig=abc"
    service = Blobs(load({"AzureWebJobsStorage": text}))._client  # pyright: ignore[reportPrivateUsage]
    assert read_url(service, service.get_blob_client("c", staged.blob), 1) is None


class Identity:
    """The app's own identity, as far as storage is concerned."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        assert scopes
        return AccessToken("a-token", 2**40)


@pytest.fixture
def account() -> Iterator[tuple[Service, BlobServiceClient]]:
    """A storage account that knows the app by its identity, which it may only over TLS."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    service = Service()
    service.use_tls(context)
    service.start()
    with authority.cert_pem.tempfile() as bundle:
        yield (
            service,
            BlobServiceClient(service.origin, credential=Identity(), connection_verify=bundle, retry_total=0),
        )
    service.stop()


def test_with_an_identity_the_account_lends_a_key(account: tuple[Service, BlobServiceClient]) -> None:
    service, client = account
    parts = {
        "SignedOid": "o",
        "SignedTid": "t",
        "SignedStart": "2026-11-21T12:00:00Z",
        "SignedExpiry": "2026-11-28T12:00:00Z",
        "SignedService": "b",
        "SignedVersion": "2021-12-02",
        "Value": "a2V5",
    }
    key = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items())
    service.in_turn(Reply(200, f"<UserDelegationKey>{key}</UserDelegationKey>".encode(), XML))
    url = read_url(client, client.get_blob_client("c", "b"), 1000)
    assert url is not None
    signed = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert (signed["skoid"], signed["sp"], signed["sr"], signed["spr"]) == ("o", "r", "b", "https")
    asked = service.received[0]
    assert asked.query == {"restype": "service", "comp": "userdelegationkey"}
    start, end = (re.search(rf"<{name}>(.*?)</", asked.body.decode()) for name in ("Start", "Expiry"))
    assert start
    assert end
    lent = datetime.fromisoformat(end[1]) - datetime.fromisoformat(start[1])
    assert lent <= timedelta(days=7)


def test_an_identity_without_the_right_signs_nothing(account: tuple[Service, BlobServiceClient]) -> None:
    service, client = account
    service.in_turn(refused("AuthorizationPermissionMismatch", 403))
    assert read_url(client, client.get_blob_client("c", "b"), 1) is None
    service.in_turn(refused("ServerBusy", 503))
    with pytest.raises(HttpResponseError):
        read_url(client, client.get_blob_client("c", "b"), 1)


def test_a_staged_file_is_pinned_only_as_it_was_exported(container: Container, staged: Staged) -> None:
    first = container.pinned(staged)
    assert container.pinned(staged) == first
    container.stage(staged.blob, [CONTENT[::-1]])
    with pytest.raises(ContentError) as changed:
        container.pinned(staged)
    assert changed.value.code == "content.changed"
    container.delete(staged.blob)
    with pytest.raises(ContentError) as gone:
        container.pinned(staged)
    assert gone.value.code == "content.gone"


def got(url: str) -> Response:
    return requests.get(url, timeout=10)
