"""A scripted service on a real socket: each test says how it answers, and reads what it was asked.

It also plays Entra (plain HTTP on loopback), so that the real `msal` fetches real tokens from it.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from shared.config import Settings, load
from shared.powerbi.calls import CallRecord
from shared.powerbi.connect import PowerBI, Tenants

TENANT = "11111111-1111-1111-1111-111111111111"
OBJECT_ID = "99999999-9999-9999-9999-999999999999"


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    target: str  # path and query exactly as on the wire
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def authorization(self) -> str | None:
        return self.headers.get("authorization")

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What to answer. `cut_after` sends so many bytes of the body and hangs up; `hang_up` sends nothing."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    hang_up: bool = False
    without_length: bool = False


def reply_json(document: Any, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(document).encode(), {"Content-Type": "application/json", **named})


def error(status: int, code: str, message: str = "", **headers: str) -> Reply:
    return reply_json({"error": {"code": code, "message": message}}, status, **headers)


Script = Callable[[Received], Reply]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # tests connect with 64 threads at once

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


class Service:
    """The server. `script` answers API requests; `entra` answers token requests unless a test replaces it."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.token_requests: list[dict[str, str]] = []
        self.script: Script = lambda _: reply_json({"value": []})
        self.entra: Callable[[int], Reply] = self.issue
        self.token_life_s = 3600
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

        self._origin = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def origin(self) -> str:
        return self._origin

    def use_tls(self, context: ssl.SSLContext) -> None:
        """Before `start`: serve https as localhost. The handshake happens per connection, in its own thread."""
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._origin = f"https://localhost:{self._server.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def issue(self, number: int) -> Reply:
        """The nth token; its claims name it, so that tests can tell tokens apart."""
        token = jwt({"oid": OBJECT_ID, "tid": TENANT, "n": number})
        return reply_json({"access_token": token, "token_type": "Bearer", "expires_in": self.token_life_s})

    def answer(self, request: Received) -> Reply:
        if request.path.endswith("/.well-known/openid-configuration"):
            return reply_json(_openid(self.origin))
        if request.path.endswith("/oauth2/v2.0/token"):
            with self._lock:
                form = {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
                self.token_requests.append(form)
                number = len(self.token_requests)
            return self.entra(number)
        with self._lock:
            self.received.append(request)
        return self.script(request)

    def in_turn(self, *replies: Reply) -> None:
        """Answer API requests with these, one after the other; the last one stays."""
        waiting = list(replies)

        def script(_: Received) -> Reply:
            with self._lock:
                return waiting.pop(0) if len(waiting) > 1 else waiting[0]

        self.script = script


def jwt(claims: dict[str, Any]) -> str:
    def part(document: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.c2lnbmF0dXJl"


def _openid(origin: str) -> dict[str, str]:
    base = f"{origin}/{TENANT}"
    return {
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
    }


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:
                self.close_connection = True

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            headers = {key.lower(): value for key, value in self.headers.items()}
            self._reply(service.answer(Received(self.command, self.path, headers, body)))

        def _reply(self, reply: Reply) -> None:
            if reply.hang_up:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.without_length:
                self.send_header("Connection", "close")
                self.close_connection = True
            else:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: reply.cut_after])
            if reply.cut_after is not None:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    return Handler


class ManualClock:
    """Time that passes only when someone sleeps or a test says so."""

    def __init__(self) -> None:
        self.start = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
        self.passed = 0.0
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.passed += seconds


@dataclass
class Rig:
    """A service, a client of it, and everything the client left behind."""

    service: Service
    clock: ManualClock
    tenant: PowerBI
    calls: list[CallRecord]


def variables(origin: str, **fields: str) -> dict[str, str]:
    """App settings of a connection `contoso` to this service."""
    own = {
        "TENANT_ID": TENANT,
        "CLIENT_ID": "app",
        "CLIENT_SECRET": "s3cret-of-main",
        "AUTHORITY_URL": f"{origin}/{TENANT}",
        "API_URL": f"{origin}/v1.0/myorg",
        "FABRIC_URL": f"{origin}/v1",
        **fields,
    }
    return {f"PBI_CONNECTIONS__CONTOSO__{name}": value for name, value in own.items() if value}


def settings_for(origin: str, **fields: str) -> Settings:
    return load(variables(origin, **fields))


def rig_on(service: Service, **fields: str) -> Rig:
    clock, calls = ManualClock(), []
    tenants = Tenants(settings_for(service.origin, **fields), clock, calls.append)
    return Rig(service, clock, tenants.open("Contoso"), calls)


@contextmanager
def serving() -> Iterator[Service]:
    service = Service()
    service.start()
    try:
        yield service
    finally:
        service.stop()
