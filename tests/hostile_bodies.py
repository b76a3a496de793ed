"""Bodies nobody should send, each with what a correct app says of it: valid ones spoiled field by field, and bytes
that are no JSON at all.

Everything is drawn from the random source that is handed in, so a seed and a number give the same body again.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

type Json = dict[str, Any]

QUEUE_BYTES = 48 * 1024  # the largest message body: base64 of it fills a queue message
_DEEP = 50_000

AWKWARD = (
    "\x00",
    "a\x00b",
    "\r\nSet-Cookie: a=b",
    "\x1b[31mred\x1b[0m",
    "\u202eright to left",
    "\u2028\u2029\ufeff",
    "Größe 数据 🚀",
    "../../etc/passwd",
    "%2e%2e%2f%00",
    "=HYPERLINK(1)",
    "' or 1 eq 1 or '",
    '"; DROP TABLE x; --',
    "{{7*7}} ${7*7} {0.__class__}",
    "<script>alert(1)</script>",
    "\\u0000 \\ \\\\",
    " ",
    "\U000e0001\U0010ffff",
    "é" * 200,
    "CON",
    "-",
    ".",
    "~",
)
_WRONG_TYPES: tuple[Any, ...] = (None, True, 0, -1, 1.5, 10**300, [], {}, [[]], {"a": 1}, "", [None], "\x00")
# per field: values that are wrong for another reason than their type
_WRONG: dict[str, tuple[Any, ...]] = {
    "id": ("", "UPPER", "a b", "ä", "x" * 41, "../x", "a\n", "a/b", "a.b", "\u0661", "a\x00"),
    "source": ("", "nowhere", "contoso\x00", "x" * 513, "../contoso", "contoso;fabrikam", "*"),
    "target": ("", "nowhere", "fabrikam\n\x00", "x" * 513, "%66abrikam"),
    "workspaces": ([], "*", [""], ["ok", ""], ["*", 1], [["*"]], ["x" * 513], {"*": 1}, [{}]),
    "capacities": ({"*": ""}, {"*": None}, {"a": 1}, {"a": ["b"]}, [["a", "b"]], {"a": "x" * 513}),
    "gateways": ({"*": ""}, {"*": False}, {"a": {}}, {"x" * 600: "b"}),
    "principals": ({"a": 1}, {"@a.com": "b"}, {"@a.com": "@"}, {"a": ""}, {"a": []}, {"@a": "@b @c"}),
    "parameters": ({"a": None}, {"a": []}, {"a": {"b": {}}}, {"a": {"b": None}}, {"a": {"b": []}}),
    "credentials": ({"sql:a": ""}, {"sql:a": "no_such"}, {"sql:a": "a/b"}, {"sql:a": 1}, {"k": "ä"}),
    "naming": ("", "name", "{name}{name}", "{other}", "{name!r}", "{name.__class__}", "{}", "{name}\n\x00"),
    "existing": ("", "STOP", "overwrite", "stop "),
    "cutover": ("", "Auto", "never"),
    "freeze": ("true", 0, 1),
}
_OPTIONAL = tuple(name for name in _WRONG if name not in {"source", "target", "workspaces"})


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent, and the fields that must be named as faulty: none for a valid one, None where both could be
    right (a flipped byte may still be valid JSON). `""` stands for the body as a whole."""

    kind: str
    raw: bytes
    faulty: frozenset[str] | None


def start_body(rng: random.Random) -> Body:
    """One body for `POST /api/migrations` or the queue."""
    make: Callable[[random.Random], Body] = rng.choices(
        (valid, spoiled, unknown_fields, missing_fields, no_object, no_json, damaged, hidden_in_a_field),
        (6, 40, 8, 6, 6, 20, 10, 4),
    )[0]
    return make(rng)


def plain(rng: random.Random, *, named: bool = True) -> Json:
    """One of few valid bodies, so that most come again; none of their workspaces exists."""
    number = rng.randrange(8) if named else rng.randrange(0, 8, 2)
    body: Json = {"source": "contoso", "target": "fabrikam", "workspaces": [f"no such {number}"]}
    if number % 2:
        body["id"] = f"valid-{number}"
    return body


def valid(rng: random.Random) -> Body:
    """The same meaning in whatever order and spacing."""
    pairs = list(plain(rng).items())
    rng.shuffle(pairs)
    text = json.dumps(dict(pairs), indent=rng.choice([None, 1]), ensure_ascii=rng.random() < 0.5)
    padding = rng.choice(["", " ", "\n\t\r", " " * 1000])
    return Body("valid", f"{padding}{text}{padding}".encode(), frozenset())


def spoiled(rng: random.Random) -> Body:
    """Up to four fields wrong at once: each must be named."""
    body, faulty = plain(rng), set[str]()
    for name in rng.sample(sorted(_WRONG), rng.randint(1, 4)):
        body[name] = _wrong_value(name, rng)
        faulty.add(name)
    return Body("spoiled", _text(body, rng), frozenset(faulty))


def _wrong_value(name: str, rng: random.Random) -> Any:
    if rng.random() < 0.5:
        return rng.choice(_WRONG[name])
    fitting = {"workspaces": (list,), "freeze": (bool,), "existing": (), "cutover": (), "naming": ()}
    maps = {"capacities", "gateways", "principals", "parameters", "credentials"}
    kinds = fitting.get(name, (dict,) if name in maps else (str,))
    return rng.choice([value for value in _WRONG_TYPES if not isinstance(value, kinds)])


def unknown_fields(rng: random.Random) -> Body:
    names = [rng.choice([*AWKWARD, "Source", "workspace", "bodyBlobs", "__proto__"]) for _ in range(3)]
    extra = {name: rng.choice(_WRONG_TYPES) for name in names}
    return Body("unknown fields", _text({**plain(rng), **extra}, rng), frozenset(extra))


def missing_fields(rng: random.Random) -> Body:
    gone = rng.sample(["source", "target", "workspaces"], rng.randint(1, 3))
    body = {name: value for name, value in plain(rng).items() if name not in gone}
    return Body("missing fields", _text(body, rng), frozenset(gone))


def no_object(rng: random.Random) -> Body:
    value: Any = rng.choice([*_WRONG_TYPES[:6], [], [plain(rng)], "text", [{}], -0.0, "\u202e"])
    return Body("no object", _text(value, rng), frozenset({""}))


def no_json(rng: random.Random) -> Body:
    """Bytes no JSON reader may take."""
    text = json.dumps(plain(rng))
    make: tuple[Callable[[], bytes], ...] = (
        lambda: b"",
        lambda: b" \n",
        lambda: b"\x00",
        lambda: text.encode("utf-16"),
        lambda: b"\xef\xbb\xbf" + text.encode(),
        lambda: text.encode()[: rng.randrange(1, len(text))],
        lambda: text.encode() + rng.choice([b"}", b",", b"\x00", b"{}", text.encode()]),
        lambda: text.replace("{", '{"source": "contoso", ', 1).encode(),
        lambda: text.replace("{", '{"parameters": {"a": NaN}, ', 1).encode(),
        lambda: text.replace("{", '{"parameters": {"a": -Infinity}, ', 1).encode(),
        lambda: text.replace("{", '{"parameters": {"a": 1e999}, ', 1).encode(),
        lambda: text.replace("{", '{"parameters": {"a": ' + "9" * 5000 + "}, ", 1).encode(),
        lambda: text.replace("{", '{"id": "\\ud800", ', 1).encode(),
        lambda: text.replace("{", '{"\\udfff": 1, ', 1).encode(),
        lambda: text.replace("contoso", "con\ntoso").encode(),
        lambda: text.replace('"', "'").encode(),
        lambda: text.encode().replace(b"contoso", b"\xed\xa0\x80"),
        lambda: text.encode().replace(b"contoso", b"\xc0\xaf"),
        lambda: b"// why\n" + text.encode(),
        lambda: b"[" * rng.randrange(1, _DEEP),
        lambda: b'{"a":' * rng.randrange(1, _DEEP),
        lambda: gzip.compress(text.encode(), mtime=0),
        lambda: base64.b64encode(text.encode()),
        lambda: b"source=contoso&target=fabrikam&workspaces=*",
        lambda: b"<migration source='contoso'/>",
        lambda: rng.randbytes(rng.randrange(1, 300)) + b"\xff",
        lambda: b"\xff" * (64 * 1024 + 1),
    )
    return Body("no JSON", rng.choice(make)(), frozenset({""}))


def damaged(rng: random.Random) -> Body:
    """A valid body with some bytes replaced, doubled or lost: anything may be right but a crash.

    It has no id, for another body under the id of a valid one would rightly get that one refused.
    """
    raw = bytearray(_text(plain(rng, named=False), rng))
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(raw))
        change = rng.randrange(3)
        raw[place : place + (change != 1)] = [b"", bytes([raw[place]]), rng.randbytes(1)][change]
    return Body("damaged", bytes(raw), None)


def hidden_in_a_field(rng: random.Random) -> Body:
    """Small outside, monstrous inside: deep, wide or long values in one field."""
    name = rng.choice(sorted(_WRONG))
    depth, size = rng.randrange(100, 3000), rng.randrange(1000, 40_000)
    inner = rng.choice(
        [
            "[" * depth + "]" * depth,
            '{"a":' * depth + "1" + "}" * depth,
            "[" + ",".join(["7"] * size) + "]",
            json.dumps({f"k{number}": None for number in range(size // 20)}),
            json.dumps({"x" * size: []}),
        ]
    )
    text = json.dumps({key: value for key, value in plain(rng).items() if key != name})
    return Body("hidden", f"{text[:-1]}, {json.dumps(name)}: {inner}}}".encode(), None)


def awkward_but_valid(number: int, base: Json) -> Json:
    """A body nothing is wrong with, though every text in it is one that breaks careless code."""
    text = AWKWARD[number % len(AWKWARD)]
    return {
        **base,
        "id": f"awkward-{number}",
        "workspaces": [text, f"{text}{text}"[:512], "x" * 512],
        "capacities": {"*": text, text: text, "x" * 512: "y" * 512},
        "gateways": {text: text},
        "principals": {text: text, "@a.com": "@b.com", "dropped": None},
        "parameters": {text: text, f"{text}/{text}": {text: 2**63}},
        "credentials": {text: "secret-name"},
        "naming": "{name} (moved)",
        "existing": "merge",
    }


def _text(value: Any, rng: random.Random) -> bytes:
    return json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
