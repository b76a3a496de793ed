"""Requests nobody should make: ids, paths, windows, tokens, verbs, methods and headers, drawn from a random source."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from hostile_bodies import AWKWARD

VERBS = ("pause", "resume", "cancel", "retry", "cutover", "rollback")
LISTS = ("", "/workspaces", "/findings", "/mapping")
IDS = (
    "valid-1",
    "valid-3",
    "unknown",
    "",
)  # of the first two there are migrations, as all bodies give few ids
_PATH_SAFE = "/%.~'()*!$&+,;=:@"


@dataclass(frozen=True, slots=True)
class Request:
    kind: str
    method: str
    path: str  # as it goes over the wire, with its query
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])


def request(rng: random.Random) -> Request:
    make: Callable[[random.Random], Request] = rng.choices(
        (identity, window, token, verb, route, header), (15, 15, 20, 30, 15, 5)
    )[0]
    return make(rng)


def identity(rng: random.Random) -> Request:
    """An id that is none, in every place an id has."""
    text = rng.choice(
        [*AWKWARD, *AWKWARD, "x" * 5000, "A", "a" * 41, "valid-1.cutover", "..;", "%", "%zz", "%ff"]
    )
    raw = text if rng.random() < 0.2 and text.isascii() and text.isprintable() else quote(text, safe="")
    shown = quote(raw, safe=_PATH_SAFE)
    return Request("id", "GET", f"/api/migrations/{shown}{rng.choice(LISTS)}")


def window(rng: random.Random) -> Request:
    """Page sizes and formats, alone or twice."""
    sizes = [
        "0",
        "-1",
        "1",
        "3",
        "1000",
        "1001",
        "1e3",
        "0x10",
        " 5",
        "5 ",
        "٣",
        "NaN",
        "9" * 400,
        "",
        "1,1",
        "\x00",
    ]
    pairs = [("top", rng.choice(sizes)) for _ in range(rng.randint(1, 2))]
    if rng.random() < 0.3:
        pairs.append(
            (rng.choice(["format", "Top", "$top", "skip", "a" * 300]), rng.choice(["csv", "xml", *AWKWARD]))
        )
    return Request("window", "GET", f"{_list(rng)}?{_query(pairs)}")


def token(rng: random.Random) -> Request:
    """Continuation tokens: no base64, no JSON, another list's, with positions nobody gave."""
    text = rng.choice([_forged, _torn])(rng)
    return Request("token", "GET", f"{_list(rng)}?{_query([('top', '2'), ('continuationToken', text)])}")


def _forged(rng: random.Random) -> str:
    keys: list[Any] = [None, "", "a", "x" * 3000, "ä", "\r\nX: y", 7, [], "1!8!bWlncmF0aW9u", "a b", "%00"]
    position = {
        name: rng.choice(keys) for name in ("PartitionKey", "RowKey")[: rng.choice([0, 1, 2, 2, 2, 2])]
    }
    whole: Any = rng.choice(
        [
            position,
            [LISTING, position],
            [LISTING, position],
            [LISTING, position],
            [None, position],
            [LISTING, None],
            {"a": 1},
            [[[]]],
            10**300,
        ]
    )
    return rng.choice(["", "i:", "w:", "x:"]) + base64.urlsafe_b64encode(json.dumps(whole).encode()).decode()


def _torn(rng: random.Random) -> str:
    raw = base64.b64encode(rng.randbytes(rng.randrange(60))).decode()
    return rng.choice(
        ["i", "w", ":", "::", "i:i:", "null", "=", "A" * 3000, raw, raw[:-1], f"w:{raw}", *AWKWARD]
    )


def verb(rng: random.Random) -> Request:
    """Verbs with bodies that are theirs, another verb's, or nobody's. A rollback is never confirmed."""
    bodies: tuple[Any, ...] = (
        *({}, None, [], "x", 1, {"x": 1}, {"force": 1}, {"force": "true"}, {"reason": "x" * 2000}),
        *(
            {"reason": None},
            {"confirm": "other", "to": "nothing"},
            {"confirm": 1, "to": "nothing"},
            {"to": "ready"},
        ),
        *({"confirm": "\x00" * 100, "to": "READY"}, {"confirm": "", "to": "nothing", "id": "valid-1"}),
    )
    raw = rng.choice(
        [json.dumps(rng.choice(bodies)).encode(), b"{", b"\xff", b"[" * 9999, b'{"a":1,"a":1}', b" "]
    )
    name = rng.choice(
        [*VERBS, *VERBS, "validate", "sync", "PAUSE", "start", quote(rng.choice(AWKWARD), safe="")]
    )
    return Request("verb", "POST", f"/api/migrations/{rng.choice(IDS)}/{name}", raw)


def route(rng: random.Random) -> Request:
    """Paths and methods that do not exist."""
    parts = ["migrations", "plans", "valid-1", "mapping", "..", ".", "", "%2e%2e", "admin", *AWKWARD]
    path = "/".join(quote(rng.choice(parts), safe="%") for _ in range(rng.randint(0, 5)))
    method = rng.choice(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW", "get"])
    return Request("route", method, f"/api/{path}", rng.choice([b"", b"{}"]))


def header(rng: random.Random) -> Request:
    """Headers that claim what is not so."""
    name, value = rng.choice(
        [
            ("Content-Type", "application/xml; charset=utf-99"),
            ("Content-Encoding", "gzip"),
            ("Accept", "text/html;q=\x01"),
            ("Authorization", "Bearer " + "x" * 4000),
            ("X-MS-CLIENT-PRINCIPAL", "bm90IGpzb24"),
            ("X-HTTP-Method-Override", "DELETE"),
            ("X-Forwarded-Host", "evil.example"),
            ("Cookie", "a=" + "b" * 4000),
            ("Range", "bytes=5-2"),
            ("If-Match", '"\xff"'),
            ("traceparent", "00-zz-zz-01"),
            ("X-Ms-Request-Id", "\x1b[31m"),
        ]
    )
    method, path = rng.choice(
        [("GET", "migrations"), ("POST", "migrations"), ("GET", "migrations/valid-1/mapping")]
    )
    return Request("header", method, f"/api/{path}", b"{}" if method == "POST" else b"", {name: value})


# What a token of the list of all migrations begins with: the rest of a forged one is then believed to be ours.
LISTING = hashlib.sha256(b"migration migration").hexdigest()[:32]


def _list(rng: random.Random) -> str:
    return rng.choice(["/api/migrations", *(f"/api/migrations/valid-1{part}" for part in LISTS[1:])])


def _query(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
