"""One token from Entra by `msal`, over our own transport.

`msal` gets an HTTP client that obeys the connection's allow-list and answers only what can be final: overload
and broken connections leave as our own errors, so that one retry policy holds everywhere. A fresh `msal`
application per token: tokens are rare, and its own caches would replay an old failure for a minute.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from shared.connections import Connection
from shared.errors import (
    AppError,
    BadRequest,
    IdentityRefused,
    NotAuthorized,
    ServiceError,
    TerminalError,
    WireError,
)
from shared.powerbi.hosts import AllowList, Purpose
from shared.powerbi.operations import Identity
from shared.powerbi.service_errors import ServiceFault, parse
from shared.powerbi.transport import Request, Transport
from shared.redaction import protect, redact

_ANSWER_LIMIT = 1024 * 1024
_CREDENTIALS = frozenset(
    {"invalid_client", "invalid_grant"}
)  # a secret, certificate, password or refresh token


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """What Entra gave: the token, its life in seconds, and the next refresh token where there is one."""

    value: str
    expires_in_s: float
    refresh_token: str | None = None


class EntraBusy(AppError):
    """Entra answered 429 or 5xx; caught by the token cache, which asks the retry policy."""

    def __init__(self, status: int, headers: Mapping[str, str], fault: ServiceFault) -> None:
        super().__init__(f"Entra answered HTTP {status}", "entra.busy")
        self.status, self.headers, self.fault = status, headers, fault


def request_token(
    connection: Connection,
    identity: Identity,
    refresh_token: str | None,
    transport: Transport,
    hosts: AllowList,
) -> IssuedToken:
    """A new token. Raises TerminalError where Entra refuses (IdentityRefused where it is the credentials that
    it does not take), EntraBusy or WireError where it is away."""
    http = _EntraHttp(connection, transport, hosts)
    try:
        answer = _ask(connection, identity, refresh_token, http)
    except (
        ValueError,
        KeyError,
    ) as error:  # msal's way to say: no usable openid configuration or certificate
        raise TerminalError("entra.unusable", redact(str(error))[:500], connection=connection.name) from None
    if "access_token" not in answer:
        raise _refused(answer, connection)
    protect(answer["access_token"], answer.get("refresh_token") or "")
    return IssuedToken(
        answer["access_token"], float(answer.get("expires_in", 0)), answer.get("refresh_token")
    )


def _ask(
    connection: Connection, identity: Identity, refresh_token: str | None, http: _EntraHttp
) -> Mapping[str, Any]:
    scopes = [connection.cloud.graph_scope if identity == "graph" else connection.cloud.scope]
    if identity != "user":
        return _application(connection, identity, http).acquire_token_for_client(scopes=scopes) or {}
    application = _application(connection, identity, http)
    if refresh_token:
        return application.acquire_token_by_refresh_token(refresh_token, scopes=scopes) or {}
    if not (connection.username and connection.password):
        raise NotAuthorized("connection.noUser", "no master user is configured", connection=connection.name)
    return application.acquire_token_by_username_password(
        connection.username, connection.password.reveal(), scopes=scopes
    )


def _application(connection: Connection, identity: Identity, http: _EntraHttp) -> Any:
    import msal

    options: dict[str, Any] = {
        "authority": http.authority,
        "instance_discovery": False,  # the authority comes from our table or from the operator
        "http_client": http,
    }
    if identity == "user" and connection.user_client_id not in (None, connection.client_id):
        return msal.PublicClientApplication(connection.user_client_id, **options)
    if identity == "admin" and connection.admin_client_id and connection.admin_client_secret:
        secret = connection.admin_client_secret.reveal()
        return msal.ConfidentialClientApplication(
            connection.admin_client_id, client_credential=secret, **options
        )
    credential = _main_credential(connection)
    return msal.ConfidentialClientApplication(connection.client_id, client_credential=credential, **options)


def _main_credential(connection: Connection) -> str | dict[str, str]:
    if connection.client_secret:
        return connection.client_secret.reveal()
    path = Path(connection.client_certificate_path or "")
    if path.suffix.lower() in (".pfx", ".p12"):
        return {"private_key_pfx_path": str(path)}
    pem = path.read_text(encoding="ascii")
    return {"private_key": pem, "thumbprint": _thumbprint(pem)}


def _thumbprint(pem: str) -> str:
    """SHA-1 of the certificate, which Entra uses to find the registered key; it is no signature."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    certificate = x509.load_pem_x509_certificate(pem.encode())
    return certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303


def _refused(answer: Mapping[str, Any], connection: Connection) -> ServiceError:
    code = str(answer.get("error") or "entra.noToken")
    message = redact(str(answer.get("error_description") or "Entra gave no token"))[:1000]
    return _kind(code)(
        code,
        message,
        status=400,
        request_id=str(answer.get("trace_id") or ""),
        operation="Entra_Token",
        connection=connection.name,
    )


def _kind(code: str) -> type[ServiceError]:
    if code in _CREDENTIALS:
        return IdentityRefused
    return BadRequest if code == "invalid_request" else NotAuthorized


class _EntraAnswer:
    """What msal wants an answer to look like."""

    def __init__(self, status: int, headers: Mapping[str, str], text: str) -> None:
        self.status_code, self.headers, self.text = status, headers, text

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise ValueError(f"HTTP {self.status_code}")


class _EntraHttp:
    """The HTTP client given to msal."""

    def __init__(self, connection: Connection, transport: Transport, hosts: AllowList) -> None:
        self._transport = transport
        self._hosts = hosts
        parts = urlsplit(connection.authority_url)
        self._private = connection.private_authority
        self._plain = parts.netloc if parts.scheme == "http" else ""  # loopback only, checked in the settings
        self.authority = urlunsplit(parts._replace(scheme="https"))  # msal accepts nothing else

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> _EntraAnswer:
        if self._private and "/common/userrealm/" in url:
            return _EntraAnswer(404, {}, "")  # msal asks a wrong port here; 404 tells it to go on without
        separator = "&" if "?" in url else "?"
        return self._send("GET", url + (separator + urlencode(params) if params else ""), headers, None)

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | str | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> _EntraAnswer:
        body = data if isinstance(data, str) else urlencode(data or {})
        return self._send("POST", url + (f"?{urlencode(params)}" if params else ""), headers, body.encode())

    def close(self) -> None:
        """The transport outlives msal."""

    def _send(
        self, method: str, url: str, headers: Mapping[str, str] | None, body: bytes | None
    ) -> _EntraAnswer:
        url = self._as_configured(url)
        self._hosts.check(url, Purpose.AUTHORITY)
        sent = {name: value for name, value in (headers or {}).items() if value}
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        with self._transport.send(Request(method, url, sent, body)) as response:
            content = response.read(_ANSWER_LIMIT)
            self._raise_if_busy(response.status, response.headers, content)
            return _EntraAnswer(response.status, response.headers, self._as_msal_wants(content))

    def _raise_if_busy(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        if status == 429 or status >= 500:
            raise EntraBusy(status, headers, parse(status, headers, content))
        if status == 200 and not _is_object(content):
            raise WireError("Entra's answer is not JSON", sent=True)

    def _as_configured(self, url: str) -> str:
        return url.replace(f"https://{self._plain}/", f"http://{self._plain}/", 1) if self._plain else url

    def _as_msal_wants(self, content: bytes) -> str:
        text = content.decode("utf-8", "replace")
        return text.replace(f"http://{self._plain}/", f"https://{self._plain}/") if self._plain else text


def _is_object(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content), dict)
    except ValueError:
        return False
