"""Tokens: the real msal gets one; wrong secrets, old tokens and foreign tokens are refused as the service does."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msal
import msal.authority
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from service_client import SCOPE, Client

from sandbox.server import Sandbox


def test_msal_gets_an_app_token(source: Client) -> None:
    app = msal.ConfidentialClientApplication(
        source.settings["CLIENT_ID"],
        client_credential=source.settings["CLIENT_SECRET"],
        authority=source.settings["AUTHORITY_URL"],
        instance_discovery=False,
        http_client=source.session,
    )
    result = app.acquire_token_for_client([SCOPE])
    claims = json.loads(base64.urlsafe_b64decode(result["access_token"].split(".")[1] + "=="))
    assert claims["tid"] == source.settings["TENANT_ID"]
    assert claims["appid"] == source.settings["CLIENT_ID"]
    assert 3600 <= result["expires_in"] <= 5400
    assert "refresh_token" not in result


def test_msal_gets_a_user_token_and_renews_it(source: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    # msal asks for the user's realm at the authority's host without its port; this is how it is told not to ask.
    monkeypatch.setattr(msal.authority.Authority, "_domains_without_user_realm_discovery", {"localhost"})
    app = msal.PublicClientApplication(
        source.settings["CLIENT_ID"],
        authority=source.settings["AUTHORITY_URL"],
        instance_discovery=False,
        http_client=source.session,
    )
    result = app.acquire_token_by_username_password(
        source.settings["USERNAME"], source.settings["PASSWORD"], [SCOPE]
    )
    again = app.acquire_token_by_refresh_token(result["refresh_token"], [SCOPE])
    assert again["access_token"] != result["access_token"]


def test_a_wrong_secret_is_refused_in_entras_own_shape(source: Client) -> None:
    answer = source.token(source.app_grant() | {"client_secret": "wrong"})
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer.json()["error_codes"] == [7000215]


def test_a_bad_token_is_403_with_an_empty_body(source: Client) -> None:
    source.session.headers["Authorization"] = "Bearer nonsense"
    answer = source.get("groups")
    assert (answer.status_code, answer.content) == (403, b"")
    assert answer.headers["x-powerbi-error-info"] == "InvalidToken"
    assert answer.headers["RequestId"]


def test_an_expired_token_is_403_by_header(sandbox: Sandbox, source: Client) -> None:
    sandbox.control.expire_tokens()
    answer = source.get("groups")
    assert (answer.status_code, answer.headers["x-powerbi-error-info"]) == (403, "TokenExpired")


def test_a_token_of_the_other_tenant_is_refused_and_recorded(sandbox: Sandbox, source: Client) -> None:
    other = Client(sandbox, "FABRIKAM")
    other.session.headers["Authorization"] = source.session.headers["Authorization"]
    assert other.get("groups").status_code == 403
    (violation,) = sandbox.control.violations()
    assert (violation["kind"], violation["tenant"]) == ("foreign-token", "fabrikam")
    assert violation["operation"] == "Groups_GetGroups"


def test_no_secret_reaches_the_ledger(sandbox: Sandbox, source: Client) -> None:
    sandbox.control.settings(record=True)
    source.token(source.app_grant())
    source.get("groups")
    written = json.dumps(sandbox.control.ledger())
    assert source.settings["CLIENT_SECRET"] not in written
    assert str(source.session.headers["Authorization"]).split()[1] not in written


def test_msal_proves_an_app_by_certificate(sandbox: Sandbox, source: Client) -> None:
    key, certificate, thumbprint = self_signed()
    state = sandbox.control.state("contoso")
    app = next(item for item in state["principals"] if item["id"] == state["actors"]["migration"])
    app["certificatePem"] = certificate
    sandbox.control.put_state("contoso", state)
    assert "access_token" in by_certificate(source, key, thumbprint)
    stranger, _, _ = self_signed()
    assert by_certificate(source, stranger, thumbprint)["error_codes"] == [700027]


def by_certificate(source: Client, key: str, thumbprint: str) -> dict[str, Any]:
    app = msal.ConfidentialClientApplication(
        source.settings["CLIENT_ID"],
        client_credential={"private_key": key, "thumbprint": thumbprint},
        authority=source.settings["AUTHORITY_URL"],
        instance_discovery=False,
        http_client=source.session,
    )
    return app.acquire_token_for_client([SCOPE])


def self_signed() -> tuple[str, str, str]:
    """Private key, certificate and SHA-1 thumbprint, as PEM and hex."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "migration")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    signed = (
        builder.not_valid_before(start)
        .not_valid_after(start + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()
    certificate = signed.public_bytes(serialization.Encoding.PEM).decode()
    return text, certificate, signed.fingerprint(hashes.SHA1()).hex()
