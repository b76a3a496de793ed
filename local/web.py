"""HTTP: the app's routes under the route prefix, the durable management routes beside them.

Werkzeug's threaded server; each request has a thread, so a slow function delays nobody else.
"""

import io
import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterable
from typing import Any, override

from azure.functions import http as binding
from azure.functions import meta
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from local.callers import refusal
from local.client_binding import BASE_PATH
from local.errors import SettingsError
from local.functions import Function
from local.invocation import Invoker
from local.management import Management
from local.routes import RouteTable

LOG = logging.getLogger("local.web")
MAX_BODY_BYTES = 100 * 1024 * 1024  # the Functions host's own limit
_PIECE = 256 * 1024


class SmallReads(io.BufferedReader):
    """After each request Werkzeug reads what the client may still send, 10 MB at a time, and so much memory is taken
    before anything came. A status that is polled would tear a hole of that size into the heap ten times a second."""

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size if size is None else min(size, _PIECE))


class QuietHandler(WSGIRequestHandler):
    """No access log: the app logs what it did, and a URL may carry what a log must not."""

    @override
    def setup(self) -> None:
        super().setup()
        self.rfile = SmallReads(self.rfile.detach())

    @override
    def log(self, type: str, message: str, *args: Any) -> None:
        LOG.debug(message, *args)


class WebApp:
    """The WSGI application."""

    def __init__(
        self, routes: RouteTable, route_prefix: str, invoker: Invoker, management: Management
    ) -> None:
        self._routes = routes
        self._prefix = f"/{route_prefix}" if route_prefix else ""
        self._invoker = invoker
        self._management = management
        self._active = 0
        self._idle = threading.Condition()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = MAX_BODY_BYTES
        with self._idle:
            self._active += 1
        try:
            return self._respond(request, _raw_path(environ))(environ, start_response)
        finally:
            with self._idle:
                self._active -= 1
                self._idle.notify_all()

    def wait_until_idle(self, timeout_s: float) -> bool:
        with self._idle:
            return self._idle.wait_for(lambda: self._active == 0, timeout_s)

    def _respond(self, request: Request, path: str) -> Response:
        managing = path.lower().startswith(f"{BASE_PATH}/")
        refused = refusal(dict(request.headers.items()), request.remote_addr or "", strict=managing)
        if refused is not None:
            return _error(403, "forbidden", refused)
        try:
            if managing:
                return self._management.respond(request, path[len(BASE_PATH) :])
            return self._call_route(request, path)
        except HTTPException as error:
            return _error(error.code or 400, "badRequest", error.description or error.name)
        except Exception:
            correlation_id = str(uuid.uuid4())
            LOG.exception("%s failed, correlation id %s", request.method, correlation_id)
            return _error(500, "internal", f"The request failed; the log has it under {correlation_id}.")

    def _call_route(self, request: Request, path: str) -> Response:
        inside = path.lower().startswith(f"{self._prefix}/".lower())
        found = self._routes.find(request.method, path[len(self._prefix) :]) if inside else None
        if found is None:
            return Response(status=404)
        function, route_params = found
        return _encode(self._invoker.call(function, _decode(function, request, route_params)))


def _bound(port: int) -> BaseWSGIServer:
    try:
        return make_server(
            "127.0.0.1", port, Response(status=503), threaded=True, request_handler=QuietHandler
        )
    except SystemExit as taken:  # Werkzeug's way of saying that the port is in use
        raise SettingsError(f"port {port} can't be used: give another one by PORT") from taken


class WebServer:
    """The listening socket: bound when made, so that its port is known before anything else starts."""

    def __init__(self, port: int) -> None:
        self._server: BaseWSGIServer = _bound(port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="http", daemon=True
        )

    @property
    def port(self) -> int:
        return self._server.port

    def start(self, app: Callable[..., Any]) -> None:
        self._server.app = app
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _raw_path(environ: dict[str, Any]) -> str:
    """The path as sent: once decoded, an id with an encoded slash would look like two segments."""
    return environ.get("RAW_URI", environ.get("PATH_INFO", "/")).partition("?")[0]


def _decode(function: Function, request: Request, route_params: dict[str, str]) -> Any:
    def text(values: dict[str, str]) -> dict[str, meta.Datum]:
        return {name: meta.Datum(value, "string") for name, value in values.items()}

    query = {name: ",".join(values) for name, values in request.args.lists()}
    value = {
        "method": meta.Datum(request.method, "string"),
        "url": meta.Datum(request.url, "string"),
        "headers": text(dict(request.headers.items())),
        "query": text(query),
        "params": text(route_params),
        "body": meta.Datum(request.get_data(), "bytes"),
    }
    return function.converter.decode(meta.Datum(value, "http"), trigger_metadata=None)


def _encode(result: Any) -> Response:
    if result is None:
        return Response(status=204)
    datum = binding.HttpResponseConverter.encode(result, expected_type=None)
    if datum.type == "string":
        return Response(datum.value, mimetype="text/plain")
    headers = [(name, header.value) for name, header in datum.value["headers"].items()]
    for cookie in datum.value["cookies"] or ():
        headers += [("Set-Cookie", morsel.OutputString()) for morsel in cookie.values()]
    return Response(datum.value["body"].value, status=int(datum.value["status_code"].value), headers=headers)


def _error(status: int, code: str, message: str) -> Response:
    body = {"error": {"code": code, "message": message, "details": []}}
    return Response(json.dumps(body), status=status, mimetype="application/json")
