"""The allow-list: what may be called, for what, and where a token may go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from powerbi_support import settings_for

from shared.connections import Connection
from shared.errors import ForbiddenHost
from shared.powerbi.hosts import AllowList, Purpose


def connection(**fields: str) -> Connection:
    return settings_for("https://localhost:8443", **fields).connections["contoso"]


def allowed(url: str, purpose: Purpose = Purpose.API, **fields: str) -> bool:
    try:
        AllowList(connection(**fields)).check(url, purpose)
    except ForbiddenHost:
        return False
    return True


CLOUD_ONLY = {"API_URL": "", "FABRIC_URL": "", "AUTHORITY_URL": ""}
HOSTILE = [
    "http://169.254.169.254/metadata",
    "https://169.254.169.254/",
    "https://localhost/v1.0",
    "https://localhost:8444/v1.0/myorg",
    "http://localhost:8443/v1.0/myorg",
    "https://[::1]:8443/",
    "https://127.0.0.1:8443/",
    "https://2130706433:8443/",
    "https://0x7f000001:8443/",
    "https://user@localhost:8443/",
    "https://localhost:8443@evil.tld/",
    "https://evil.tld\\@localhost:8443/",
    "https://localhost:8443\\.evil.tld/",
    "https://api.powerbi.com.evil.tld/v1.0/myorg",
    "https://api.powerbi.com:8080/v1.0/myorg",
    "https://evil-api.powerbi.com/",
    "https://analysis.windows.net.evil.tld/",
    "https://evilanalysis.windows.net/",
    "https://analysis.windows.net/",
    "https://x.analysis.windows.net:444/",
    "http://x.analysis.windows.net/",
    "https://x.blob.core.windows.net/c",
    "https://api.powerbi.com./",
    "https://api.powerbi.com%2eevil.tld/",
    "https://localhost:8443#@evil.tld/",
    "https://localhost:8443 .evil.tld/",
    "https://\tlocalhost:8443/",
    "https://localhost:8443/\r\nHost: evil.tld",
    "file:///etc/passwd",
    "ftp://localhost:8443/",
    "//localhost:8443/",
    "https:///x",
    "https://localhost:99999/",
    "",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_addresses_are_refused(url: str) -> None:
    assert not allowed(url)


@pytest.mark.parametrize("url", [url for url in HOSTILE if "x.blob.core.windows.net/c" not in url])
def test_hostile_upload_addresses_are_refused(url: str) -> None:
    assert not allowed(url, Purpose.UPLOAD)


@pytest.mark.parametrize(
    ("url", "purpose"),
    [
        ("https://localhost:8443/v1.0/myorg/groups", Purpose.API),
        ("https://LOCALHOST:8443/v1.0/myorg/groups", Purpose.API),
        ("https://api.powerbi.com/v1.0/myorg/groups", Purpose.API),
        ("https://wabi-north-europe-redirect.analysis.windows.net/v1.0/x", Purpose.API),
        ("https://api.fabric.microsoft.com/v1/workspaces", Purpose.API),
        ("https://account.blob.core.windows.net/c/b?sig=x", Purpose.UPLOAD),
        ("https://localhost:8443/upload/x?sig=y", Purpose.UPLOAD),
        ("https://login.microsoftonline.com/t/oauth2", Purpose.AUTHORITY),
        ("https://localhost:8443/t/oauth2", Purpose.AUTHORITY),
    ],
)
def test_own_addresses_are_allowed(url: str, purpose: Purpose) -> None:
    assert allowed(url, purpose)


def test_each_purpose_has_its_own_hosts() -> None:
    assert not allowed("https://account.blob.core.windows.net/c", Purpose.API)
    assert not allowed("https://wabi-x.analysis.windows.net/", Purpose.UPLOAD)
    assert not allowed("https://api.powerbi.com/", Purpose.AUTHORITY)
    assert not allowed("https://login.microsoftonline.com/", Purpose.API)


def test_another_clouds_hosts_are_foreign() -> None:
    assert not allowed("https://api.powerbi.com/", **CLOUD_ONLY, CLOUD="usgov")
    assert allowed("https://api.powerbigov.us/", **CLOUD_ONLY, CLOUD="usgov")
    assert not allowed("https://x.analysis.windows.net/", **CLOUD_ONLY, CLOUD="china")


def test_allowed_hosts_with_and_without_port() -> None:
    fields = {"ALLOWED_HOSTS": "files.example, two.example:9000, [::1]:7000"}
    assert allowed("https://files.example:1234/x", **fields)
    assert allowed("https://two.example:9000/x", Purpose.UPLOAD, **fields)
    assert not allowed("https://two.example:9001/x", **fields)
    assert not allowed("http://files.example/x", **fields)
    assert allowed("http://[::1]:7000/x", **fields)
    assert not allowed("https://sub.files.example/x", **fields)


def test_a_token_goes_to_api_addresses_only_and_never_to_signed_ones() -> None:
    hosts = AllowList(connection())
    assert hosts.carries_token("https://localhost:8443/v1.0/myorg/groups", Purpose.API)
    assert not hosts.carries_token("https://localhost:8443/v1.0/myorg/groups", Purpose.UPLOAD)
    assert not hosts.carries_token("https://localhost:8443/upload?sv=1&SIG=x", Purpose.API)
    assert not hosts.carries_token("https://a.blob.core.windows.net/c", Purpose.API)
    assert not hosts.carries_token("https://localhost:8443/t/oauth2", Purpose.AUTHORITY)


@given(st.text(max_size=60))
def test_arbitrary_text_is_refused_without_a_crash(text: str) -> None:
    assert not allowed(f"https://{text}.evil.tld/") or text.split("/", maxsplit=1)[0].lower() in (
        "localhost:8443",
        "api.powerbi.com",
    )
    assert isinstance(allowed(text), bool)
