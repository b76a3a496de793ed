"""Who may call: programs of this machine, by its own name.

The port is open on 127.0.0.1 only, yet a web page in the user's browser reaches it too: by a name of its own
that resolves to 127.0.0.1 (DNS rebinding), or by a cross-site request. Both give themselves away in headers.
Locally every caller has all roles, so this holds for every route.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Original-Host", "X-Forwarded-Proto")


def refusal(headers: Mapping[str, str], remote_address: str, *, strict: bool) -> str | None:
    """Why a request is refused, or None. Strict: it must not have come through a proxy either."""
    if not _is_loopback(remote_address):
        return "only callers on this machine are served"
    if not _is_own_name(_host_name(f"//{headers.get('Host', '')}")):
        return "the Host header names another machine"
    origin = headers.get("Origin")
    if origin is not None and not _is_own_name(_host_name(origin)):
        return "requests of other sites are not served"
    if strict and any(headers.get(name) for name in _FORWARDED):
        return "forwarded requests are not served"
    return None


def _host_name(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


def _is_own_name(name: str) -> bool:
    return name == "localhost" or _is_loopback(name)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
