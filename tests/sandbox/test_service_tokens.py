"""Tokens that end, secrets that are replaced, an Entra that is down, and refusals as the service words them."""

import pytest
import requests
from service_client import Client, code

from sandbox.server import Sandbox


@pytest.mark.parametrize(("expired", "number"), [(False, 7000215), (True, 7000222)])
def test_a_replaced_secret_is_refused(
    sandbox: Sandbox, source: Client, admin: Client, expired: bool, number: int
) -> None:
    new = sandbox.control.rotate_secret("contoso", expired=expired)
    refused = source.token(source.app_grant())
    assert refused.status_code == 401
    assert (refused.json()["error"], refused.json()["error_codes"]) == ("invalid_client", [number])
    assert f"AADSTS{number}" in refused.json()["error_description"]
    assert source.token(source.app_grant() | {"client_secret": new}).status_code == 200
    assert admin.token(admin.app_grant("ADMIN_")).status_code == 200
    assert source.get("groups").status_code == 200  # a token lives on


def test_tokens_of_one_tenant_end(sandbox: Sandbox, source: Client) -> None:
    other = Client(sandbox, "FABRIKAM")
    sandbox.control.expire_tokens("contoso")
    refused = source.get("groups")
    assert (refused.status_code, refused.headers["x-powerbi-error-info"], refused.content) == (
        403,
        "TokenExpired",
        b"",
    )
    assert other.get("groups").status_code == 200


def test_entra_is_down_for_a_while(sandbox: Sandbox, source: Client) -> None:
    sandbox.control.entra_down(600)
    assert source.token(source.app_grant()).status_code == 503
    assert source.get("groups").status_code == 200
    sandbox.control.clear_faults()
    sandbox.control.entra_down(600, "cut", tenant="contoso")
    with pytest.raises(requests.ConnectionError):
        source.token(source.app_grant())
    sandbox.control.clear_faults()
    sandbox.control.entra_down(0)
    assert source.token(source.app_grant()).status_code == 200


@pytest.mark.parametrize("name", ["TokenExpired", "InvalidToken"])
def test_a_bad_token_is_403_and_empty(sandbox: Sandbox, source: Client, name: str) -> None:
    sandbox.control.refuse(name, times=1)
    answer = source.get("groups")
    assert (answer.status_code, answer.content, answer.headers["x-powerbi-error-info"]) == (403, b"", name)
    assert source.get("groups").status_code == 200


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("GroupNotAccessible", 401),
        ("PowerBINotAuthorizedException", 401),
        ("PowerBIEntityNotFound", 404),
        ("PowerBIEntityAlreadyExists", 400),
    ],
)
def test_codes_in_the_envelope(sandbox: Sandbox, source: Client, name: str, status: int) -> None:
    sandbox.control.refuse(name, operation="Groups_GetGroups")
    answer = source.get("groups")
    assert (answer.status_code, code(answer), answer.headers["x-powerbi-error-info"]) == (status, name, name)


def test_refusals_of_other_shapes(sandbox: Sandbox, source: Client) -> None:
    for name in ("ApiNotAccessible", "ConditionalAccess", "TokenExpiredInBody"):
        sandbox.control.refuse(name, nth=1)
    setting, challenge, body = (source.get("groups") for _ in range(3))
    assert (setting.status_code, setting.json()) == (
        401,
        {"Message": "API is not accessible for application"},
    )
    assert challenge.status_code == 401 and "claims=" in challenge.headers["WWW-Authenticate"]
    assert (body.status_code, code(body)) == (403, "TokenExpired")


def test_what_must_not_leak_is_listed(sandbox: Sandbox, source: Client, master: Client) -> None:
    workspace = source.workspace()
    source.post(f"groups/{workspace}/AssignToCapacity", {"capacityId": source.capacity()})
    sandbox.control.advance()
    url = source.post(f"groups/{workspace}/imports/createTemporaryUploadLocation").json()["Url"]
    new = sandbox.control.rotate_secret("contoso")
    kept = sandbox.control.secrets()
    assert str(source.session.headers["Authorization"]).removeprefix("Bearer ") in kept["accessTokens"]
    assert {new, source.settings["CLIENT_SECRET"]} <= set(kept["clientSecrets"])
    assert master.settings["PASSWORD"] in kept["passwords"] and kept["refreshTokens"]
    assert requests.utils.unquote(url.partition("&sig=")[2]) in kept["signatures"]
