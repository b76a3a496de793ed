"""Which addresses a connection may call, decided before a socket opens, and which of them may see its token.

Addresses that come from outside (redirects, continuation links, upload locations) pass here like our
own: a foreign host is refused, and a token never travels to an upload host, whatever a service answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from urllib.parse import SplitResult, parse_qsl, urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from shared.connections import Connection
from shared.errors import ForbiddenHost
from shared.redaction import scrub_url

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"https": 443, "http": 80}


class Purpose(Enum):
    """What an address is wanted for; only API addresses ever get a token."""

    API = "api"
    UPLOAD = "upload"
    AUTHORITY = "authority"


class AllowList:
    """The addresses of one connection."""

    def __init__(self, connection: Connection) -> None:
        cloud = connection.cloud
        overrides = {_origin(url) for url in connection.override_urls}
        self._connection = connection
        self._api_suffixes = cloud.cluster_suffixes
        self._upload_suffixes = cloud.upload_suffixes
        self._extra = frozenset(connection.allowed_hosts)
        self._origins = {
            Purpose.API: _origins(
                connection.api_url, connection.fabric_url, connection.graph_url, cloud.api, cloud.fabric
            ),
            Purpose.UPLOAD: overrides,
            Purpose.AUTHORITY: _origins(connection.authority_url, cloud.authority),
        }

    def check(self, url: str, purpose: Purpose) -> None:
        """Return if the connection may call this address. Raises ForbiddenHost otherwise; nothing is sent."""
        parts = _split(url)
        if parts is None or not self._allows(parts, purpose):
            raise ForbiddenHost(
                "host.forbidden",
                f"{scrub_url(url)} is not an address this connection may use as {purpose.value}",
                connection=self._connection.name,
            )

    def carries_token(self, url: str, purpose: Purpose) -> bool:
        """Whether the connection's token goes along: API only, and never on a signed (SAS) address."""
        parts = urlsplit(url)
        signed = any(key.lower() == "sig" for key, _ in parse_qsl(parts.query))
        return (
            purpose is Purpose.API and not signed and not _has_suffix(parts.hostname, self._upload_suffixes)
        )

    def _allows(self, parts: SplitResult, purpose: Purpose) -> bool:
        host, port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
        if (parts.scheme, host, port) in self._origins[purpose]:
            return True
        if parts.scheme == "http" and host not in _LOOPBACK:
            return False
        if self._extra & _spellings(host, port):
            return True
        suffixes = {Purpose.API: self._api_suffixes, Purpose.UPLOAD: self._upload_suffixes}.get(purpose, ())
        return (parts.scheme, port) == ("https", 443) and _has_suffix(host, suffixes)


def _split(url: str) -> SplitResult | None:
    """The parts of an address nobody can read in two ways, or None."""
    if _CONTROL.search(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
        other = parse_url(url)
    except (ValueError, LocationParseError):
        return None
    host = parts.hostname or ""
    plain = parts.scheme in _PORTS and "@" not in parts.netloc and _HOST.fullmatch(host) is not None
    agreed = (other.host or "").strip("[]").lower() == host and other.port == parts.port
    return parts if plain and agreed and not parts.fragment else None


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def _origins(*urls: str | None) -> set[tuple[str, str, int]]:
    return {_origin(url) for url in urls if url}


def _spellings(host: str, port: int) -> set[str]:
    bare = f"[{host}]" if ":" in host else host
    return {bare, f"{bare}:{port}"}


def _has_suffix(host: str | None, suffixes: Iterable[str]) -> bool:
    return host is not None and any(host.endswith(suffix) and host != suffix[1:] for suffix in suffixes)
