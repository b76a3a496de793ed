"""Entra ID as far as a client of Power BI meets it: discovery, and four grants of the v2 token endpoint."""

import hmac
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate

from sandbox.calls import Call
from sandbox.replies import ApiError, Reply, entra_error, json_reply
from sandbox.routing import operation
from sandbox.state import Principal
from sandbox.timing import iso, now

PROVE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@operation(
    "Entra_OpenIdConfiguration",
    "GET",
    "{tenantId}/v2.0/.well-known/openid-configuration",
    guard="open",
    family="entra",
)
async def openid_configuration(call: Call) -> Reply:
    base = f"{call.service.base_url}/{_tenant(call)}"
    return json_reply(
        {
            "issuer": f"{base}/v2.0",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
        }
    )


@operation("Entra_InstanceDiscovery", "GET", "common/discovery/instance", guard="open", family="entra")
async def instance_discovery(call: Call) -> Reply:
    host = f"localhost:{call.service.port}"
    endpoint = f"{call.service.base_url}/{call.service.state.id}/v2.0/.well-known/openid-configuration"
    aliases = [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}]
    return json_reply({"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": aliases})


@operation("Entra_UserRealm", "GET", "common/userrealm/{username}", guard="open", family="entra")
async def user_realm(call: Call) -> Reply:
    name = call.params["username"]
    return json_reply({"ver": "1.0", "account_type": "Managed", "domain_name": name.partition("@")[2]})


@operation("Entra_Token", "POST", "{tenantId}/oauth2/v2.0/token", guard="open", family="entra")
async def token(call: Call) -> Reply:
    form = {key: values[0] for key, values in parse_qs((await call.request.body()).decode()).items()}
    _tenant(call)
    grants = {"client_credentials": _app, "password": _user, "refresh_token": _returning}
    grant = grants.get(form.get("grant_type", ""))
    if grant is None:
        raise _refuse(call, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
    principal = grant(call, form)
    call.notes["identity"] = principal.upn or principal.id
    return json_reply(_answer(call, form, principal))


def _tenant(call: Call) -> str:
    """The tenant of the path, which may be named by id or domain."""
    state = call.service.state
    if call.params["tenantId"].lower() not in (state.id, state.domain):
        raise _refuse(call, "invalid_request", 90002, f"Tenant '{call.params['tenantId']}' not found.")
    return state.id


def _answer(call: Call, form: dict[str, str], principal: Principal) -> dict[str, Any]:
    service, scope = call.service, form.get("scope", "")
    audience = scope.split("/.default")[0].split(" ")[0] or "https://analysis.windows.net/powerbi/api"
    life = max(1, round(service.timing.draw("token.life")))
    answer: dict[str, Any] = {
        "token_type": "Bearer",
        "expires_in": life,
        "ext_expires_in": life,
        "access_token": service.world.tokens.issue(service.state.id, principal, audience, life),
    }
    if principal.kind == "User":
        answer |= {
            "scope": scope,
            "refresh_token": service.world.tokens.issue_refresh(service.state.id, principal),
        }
    return answer


def _app(call: Call, form: dict[str, str]) -> Principal:
    """client_credentials, by secret or signed assertion. No refresh token comes with it."""
    client = form.get("client_id", "").lower()
    apps = [p for p in call.service.state.principals.values() if p.kind == "App" and p.app_id == client]
    if not apps:
        raise _refuse(
            call, "unauthorized_client", 700016, f"Application with identifier '{client}' was not found.", 400
        )
    if form.get("client_assertion_type") == PROVE:
        return _proven(call, apps[0], form.get("client_assertion", ""))
    sent = form.get("client_secret", "")
    if not apps[0].secret or not hmac.compare_digest(sent.encode(), apps[0].secret.encode()):
        number = apps[0].retired_secrets.get(sent, 7000215)
        raise _refuse(call, "invalid_client", number, _no_secret(number, client), 401)
    return apps[0]


def _no_secret(number: int, client: str) -> str:
    if number == 7000222:
        return f"The provided client secret keys for app '{client}' are expired."
    return f"Invalid client secret provided for app '{client}'."


def _proven(call: Call, app: Principal, assertion: str) -> Principal:
    try:
        key = load_pem_x509_certificate((app.certificate_pem or "").encode()).public_key()
        if not isinstance(key, RSAPublicKey):
            raise ValueError("only RSA keys sign assertions")
        jwt.decode(assertion, key, ["RS256", "PS256"], options={"verify_aud": False}, issuer=app.app_id)
    except (ValueError, jwt.PyJWTError):
        raise _refuse(call, "invalid_client", 700027, "The client assertion is not valid.", 401) from None
    return app


def _user(call: Call, form: dict[str, str]) -> Principal:
    """password (ROPC) of a master user."""
    named = call.service.state.principal_named(form.get("username", ""))
    if named is None or named.kind != "User" or not named.password or named.password != form.get("password"):
        raise _refuse(
            call, "invalid_grant", 50126, "Error validating credentials due to invalid username or password."
        )
    return named


def _returning(call: Call, form: dict[str, str]) -> Principal:
    known = call.service.world.tokens.refresh.get(form.get("refresh_token", ""))
    if known is not None and known.tenant_id != call.service.state.id:
        call.service.world.ledger.violate(
            "foreign-refresh-token",
            time=iso(now()),
            tenant=call.service.state.name,
            requestId=call.request_id,
        )
    if known is None or known.tenant_id != call.service.state.id:
        raise _refuse(call, "invalid_grant", 70008, "The provided refresh token is expired or invalid.")
    return call.service.state.principals[known.principal_id]


def _refuse(call: Call, error: str, number: int, text: str, status: int = 400) -> ApiError:
    return entra_error(status, error, number, text, call.request_id)
