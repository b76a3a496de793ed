"""One request in, one response out: the only file that opens a socket, and the seam tests plug into.

No retry lives here: a library that retries an upload by itself sends an empty body the second time. No
redirect is followed, no environment variable read, no cookie kept, nothing decoded that is meant to be kept.
"""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Protocol, Self
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from urllib3 import HTTPResponse
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError

from shared.errors import ContentError, Unavailable, WireError
from shared.redaction import redact

CONNECT_TIMEOUT_S = 10.0
IDLE_TIMEOUT_S = 60.0  # between two reads; a body that keeps up SLOWEST may take any time
SLOWEST = 1024  # bytes a second, over one idle timeout; less is silence with an occasional byte
ANSWER_S = 300.0  # of reading one JSON answer, however steadily it comes
CHUNK = 256 * 1024
JSON_LIMIT = 256 * 1024 * 1024  # bytes; the largest scan results are far below
_POOL = 64  # connections kept per host: at least as many as activities run at once
_URL_SAFE = "%/:=&?~#+!$,;'@()*[]"  # what is legal stays as it came, also percent escapes


class SizedBody(Protocol):
    """A request body whose every iteration starts again at the first byte, and whose length is known."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out; the URL complete and already quoted."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | SizedBody | None = None
    idle_timeout_s: float = IDLE_TIMEOUT_S


class Response(Protocol):
    """What came back: status and headers at once, the body when it is read. Close it (or use `with`)."""

    status: int
    headers: Mapping[str, str]  # keys in any case

    def iter_bytes(self) -> Iterator[bytes]:
        """The body as it came, chunk by chunk. Raises ContentError (transient) where it was cut off."""
        ...

    def read(self, limit: int = JSON_LIMIT) -> bytes:
        """The whole body, decoded. Raises WireError where it was cut off, ContentError beyond the limit."""
        ...

    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


class Transport(Protocol):
    def send(self, request: Request) -> Response:
        """The answer, whatever its status. Raises WireError where none came."""
        ...


class HttpTransport:
    """The real one. All threads share a session: it keeps no state but its locked connection pool."""

    def __init__(self, ca_bundle: str | None = None, connect_timeout_s: float = CONNECT_TIMEOUT_S) -> None:
        self._verify: str | bool = ca_bundle or True
        self._connect_timeout_s = connect_timeout_s
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies = RequestsCookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=16, pool_maxsize=_POOL, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def send(self, request: Request) -> Response:
        streaming = request.body is not None and not isinstance(request.body, bytes)
        # While a body goes out urllib3 applies the connect timeout to every block of it.
        connect = (
            max(self._connect_timeout_s, request.idle_timeout_s) if streaming else self._connect_timeout_s
        )
        try:
            answer = self._session.send(
                _prepare(request),
                stream=True,
                allow_redirects=False,
                verify=self._verify,
                timeout=(connect, request.idle_timeout_s),
            )
        except requests.RequestException as error:
            raise _wire_error(error) from error
        except (HTTPError, OSError) as error:
            raise WireError(_describe(error), sent=True) from error
        return HttpResponse(answer, request.idle_timeout_s)

    def close(self) -> None:
        self._session.close()


class Pace:
    """How fast a body comes in, by the time spent waiting for it. A byte a second resets every idle timeout, and
    would hold a thread for months."""

    def __init__(self, window_s: float, longest_s: float = math.inf) -> None:
        self._window_s = window_s
        self._left_s = longest_s
        self._came, self._waited_s = 0, 0.0

    def note(self, size: int, waited_s: float) -> None:
        """So many bytes came after so long. Raises TimeoutError where that is too slow."""
        self._came += size
        self._waited_s += waited_s
        self._left_s -= waited_s
        if self._left_s < 0:
            raise TimeoutError("the read timed out: the answer took too long")
        if self._waited_s >= self._window_s:
            if self._came < SLOWEST * self._waited_s:
                raise TimeoutError(f"the read timed out: {self._came} bytes in {self._waited_s:.0f} s")
            self._came, self._waited_s = 0, 0.0


class HttpResponse:
    """A response over its socket."""

    def __init__(self, answer: requests.Response, idle_timeout_s: float = IDLE_TIMEOUT_S) -> None:
        self._answer = answer
        self._idle_timeout_s = idle_timeout_s
        self.status: int = answer.status_code
        self.headers: Mapping[str, str] = answer.headers

    @property
    def _raw(self) -> HTTPResponse:
        return self._answer.raw

    def iter_bytes(self) -> Iterator[bytes]:
        encoding = self.headers.get("Content-Encoding", "identity").lower()
        if encoding not in ("identity", ""):
            raise ContentError("content.encoded", f"the service encoded the file as {encoding}")
        try:
            yield from self._arriving(decode=False)
        except (HTTPError, OSError) as error:
            raise _cut_off(error) from error

    def _arriving(self, *, decode: bool, longest_s: float = math.inf) -> Iterator[bytes]:
        """What comes in, as it comes: waiting for full chunks would hide how slowly it does."""
        pace = Pace(self._idle_timeout_s, longest_s)
        while True:
            began = time.monotonic()
            chunk = self._raw.read1(CHUNK, decode_content=decode)
            if not chunk:
                return
            pace.note(len(chunk), time.monotonic() - began)
            yield chunk

    def read(self, limit: int = JSON_LIMIT) -> bytes:
        chunks: list[bytes] = []
        size = 0
        try:
            for chunk in self._arriving(decode=True, longest_s=ANSWER_S):
                size += len(chunk)
                if size > limit:
                    raise ContentError("content.tooLarge", f"the answer is over {limit} bytes")
                chunks.append(chunk)
        except (HTTPError, OSError) as error:
            raise WireError(_describe(error), sent=True) from error
        finally:
            self.close()
        return b"".join(chunks)

    def close(self) -> None:
        self._answer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _ExactBody:
    """Passes a body on and refuses to end early or late: a short one would hang, a long one corrupt."""

    def __init__(self, body: SizedBody) -> None:
        self._body = body

    def __len__(self) -> int:
        return len(self._body)

    def __iter__(self) -> Iterator[bytes]:
        left = len(self._body)
        for chunk in self._body:
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
        if left:
            raise ContentError(
                "content.length", f"the body differs by {-left} bytes from its announced length"
            )


def _prepare(request: Request) -> requests.PreparedRequest:
    body = (
        request.body if request.body is None or isinstance(request.body, bytes) else _ExactBody(request.body)
    )
    prepared = requests.Request(request.method, request.url, dict(request.headers), data=body).prepare()
    prepared.url = quote(request.url, safe=_URL_SAFE)  # not as `requests` would rewrite it
    return prepared


def _wire_error(error: requests.RequestException) -> WireError:
    causes = list(_causes(error))
    refused = any(isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in causes)
    untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes)
    unsendable = isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema)
    return WireError(_describe(error), sent=not (refused or untrusted or unsendable), trusted=not untrusted)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it wraps: urllib3 and requests nest in three different ways."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = [current.__cause__, current.__context__, *current.args]
        if isinstance(current, MaxRetryError):
            inner.append(current.reason)
        waiting += [each for each in inner if isinstance(each, BaseException)]


def _describe(error: BaseException) -> str:
    """The innermost reason in words. The outer texts quote the whole URL."""
    innermost = list(_causes(error))[-1]
    return redact(f"{type(innermost).__name__}: {innermost}")[:300]


def _cut_off(error: BaseException) -> ContentError | Unavailable:
    text = _describe(error)
    if "timed out" in text.lower():
        return Unavailable("wire.timeout", text)
    return ContentError("content.truncated", text, transient=True)
