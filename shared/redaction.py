"""Takes secrets out of text before it is logged, stored or shown.

Two nets, since either alone has holes: patterns know what secrets look like (tokens, SAS, keys, credentials),
and `protect` remembers the literal values the app itself holds, which catches them whatever they look like.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from threading import Lock
from urllib.parse import quote, quote_plus, urlsplit

MASK = "[redacted]"

_NAMES = (
    "client_secret|client_assertion|assertion|password|passwd|pwd|refresh_token|access_token|id_token|"
    "accesstoken|accountkey|account_key|sharedaccesskey|sharedaccesssignature|authorization|credentials|"
    "connectionstring|x-functions-key|secret"
)
# From an opening quote to the same quote: inside another string both carry backslashes, and a quote with one
# backslash more belongs to the value. A value that was cut off goes to the end of the text.
_VALUE = r"(?P<q>\\*[\"'])(?:(?!(?<!\\)(?P=q)).)*(?P=q)?"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # JWT. The word it begins in is taken at once, or a text full of beginnings would be read again from each.
    (re.compile(r"(?<![\w-])(?=[\w-]*?eyJ[\w-]{4})[\w-]++\.[\w-]+(?:\.[\w-]*)?"), MASK),
    (re.compile(r"(?i)\b(bearer|basic|sharedaccesssignature)(\s+|%20|\+)[\w.~+/=%-]{4,}"), rf"\1 {MASK}"),
    # credential data of a gateway: all of it, since every name may hold a secret
    (re.compile(r"(?is)(credentialData\\*[\"']\s*:\s*)\[.*?(?:\]|\Z)"), rf"\1{MASK}"),
    (re.compile(rf"(?is)(?P<key>\b(?:{_NAMES})\\*[\"']?\s*[:=]\s*){_VALUE}"), rf"\g<key>{MASK}"),
    (re.compile(rf"(?i)\b({_NAMES})(\s*=\s*|%3d)(?![\[\"'\\])[^\s&;,\"'<>]+"), rf"\1\2{MASK}"),
    # SAS: the whole query, signed fields tell where and until when
    (re.compile(r"(?i)\?[^\s\"'<>?]*\bsig(?:=|%3d)[^\s\"'<>]*"), f"?{MASK}"),
    (re.compile(r"(?i)\b(sig)(=|%3d)(?!\[)[^\s&;\"'<>]+"), rf"\1\2{MASK}"),
)
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_REMEMBERED = 512  # literals kept: settings and the latest tokens, oldest dropped
_SHORTEST = 6  # shorter values would blank out ordinary words
_literals: OrderedDict[str, None] = OrderedDict()
_lock = Lock()


def protect(*values: str) -> None:
    """Remember secret values; from now on they never appear in redacted text, plain or URL-encoded."""
    with _lock:
        for value in values:
            for form in {value, quote(value, safe=""), quote_plus(value)}:
                if len(value) >= _SHORTEST:
                    _literals[form] = None
                    _literals.move_to_end(form)
        while len(_literals) > _REMEMBERED:
            _literals.popitem(last=False)


def redact(text: str) -> str:
    """The text without anything secret in it. Applying it twice changes nothing more."""
    with _lock:
        known = [literal for literal in _literals if literal in text]
    for literal in sorted(known, key=len, reverse=True):  # a longer secret may contain a shorter one
        text = text.replace(literal, MASK)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def scrub_url(url: str) -> str:
    """A URL fit for a log line: host and path with ids as `{id}`, no user, query or fragment."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(not a URL)"
    path = _GUID.sub("{id}", parts.path)
    return redact(f"{parts.scheme}://{host}{port}{path}" + (f"?{MASK}" if parts.query else ""))
