"""Tokens: the real msal gets one; wrong secrets, old tokens and foreign tokens are refused as the service does."""

import base64
import json

import msal
import msal.authority
import pytest
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
