"""The parts of an item's definition (Fabric getDefinition, create, updateDefinition), and the ids in them.

Only text is ever changed: images, themes and other resources, and the code of visuals, pass as they are. The
logical id in `.platform` is the item's own in version control, not the tenant's, and stays even where it equals one.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, cast

from shared.content import jsontext
from shared.content.encoding import decode, encode
from shared.content.ids import IdMap, Rewritten, gather, guids, rewrite_text
from shared.content.jsontext import Json
from shared.errors import ContentError

MAX_PARTS = 100_000  # every visual of a report is one
MAX_BYTES = 256 * 1024 * 1024
_LONGEST_PATH = 1024
PLATFORM = ".platform"
_TEXTS = frozenset(
    {".json", ".tmdl", ".tmsl", ".bim", ".pq", ".m", ".dax", ".xml", ".rdl", ".pbir", ".pbism", PLATFORM}
)
_RESOURCES = frozenset({"staticresources", "customvisuals"})
_LOGICAL_ID = re.compile(r'("logicalId"\s*:\s*"[^"]*")')


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a definition."""

    path: str
    payload: bytes


def parts_of(definition: Json) -> list[Part]:
    """The parts in their order, from the answer of getDefinition or the definition in it."""
    inner = jsontext.field(definition, "definition")
    raw = jsontext.field(inner if isinstance(inner, dict) else definition, "parts")
    if not isinstance(raw, list):
        raise ContentError("content.definition", "the definition has no list of parts")
    listed = cast(list[Any], raw)
    if len(listed) > MAX_PARTS:
        raise ContentError("content.tooLarge", f"the definition has {len(listed)} parts")
    _check_size(listed)
    parts = [_part(one) for one in listed]
    if len({part.path for part in parts}) < len(parts):
        raise ContentError("content.definition", "two parts of the definition have one path")
    return parts


def definition_of(parts: Iterable[Part]) -> Json:
    """The `definition` of a create or update call."""
    return {
        "parts": [
            {
                "path": part.path,
                "payload": base64.b64encode(part.payload).decode("ascii"),
                "payloadType": "InlineBase64",
            }
            for part in parts
        ]
    }


def is_text(part: Part) -> bool:
    """May ids be looked for in it?"""
    path = PurePosixPath(part.path.lower().replace("\\", "/"))
    if _RESOURCES & set(path.parts[:-1]):
        return False
    return path.name == PLATFORM or path.suffix in _TEXTS


def guids_of(parts: Iterable[Part]) -> set[str]:
    return {found for part in parts if is_text(part) for found in guids(decode(part.payload, part.path)[0])}


def rewrite_parts(parts: Sequence[Part], ids: IdMap) -> Rewritten[list[Part]]:
    """All text parts with the target's ids."""
    results = [(part, _rewritten(part, ids)) for part in parts]
    content = [
        part if done.content == part.payload else replace(part, payload=done.content)
        for part, done in results
    ]
    return gather(content, [done for _, done in results])


def with_name(parts: Iterable[Part], name: str) -> list[Part]:
    """The display name in `.platform` set, where there is such a part."""
    return [_named(part, name) if part.path == PLATFORM else part for part in parts]


def part_at(parts: Iterable[Part], path: str) -> Part | None:
    return next((part for part in parts if part.path.lower() == path.lower()), None)


def _part(raw: Any) -> Part:
    path, payload = jsontext.text(raw, "path"), jsontext.field(raw, "payload")
    kind = jsontext.text(raw, "payloadType") or "InlineBase64"
    if not path or len(path) > _LONGEST_PATH or not path.isprintable():
        raise ContentError("content.definition", f"a part has the path {path[:80]!r}")
    if kind.lower() != "inlinebase64" or not isinstance(payload, str):
        raise ContentError("content.definition", f"the part {path!r} is not InlineBase64 but {kind[:40]!r}")
    try:
        return Part(path, base64.b64decode("".join(payload.split()), validate=True))
    except (binascii.Error, ValueError) as bad:
        raise ContentError("content.definition", f"the payload of {path!r} is no Base64") from bad


def _check_size(listed: Sequence[Any]) -> None:
    size = sum(len(jsontext.text(one, "payload")) for one in listed) * 3 // 4
    if size > MAX_BYTES:
        raise ContentError(
            "content.tooLarge", f"the definition has some {size} bytes, at most {MAX_BYTES} are read"
        )


def _rewritten(part: Part, ids: IdMap) -> Rewritten[bytes]:
    if not is_text(part):
        return Rewritten(part.payload)
    text, codec = decode(part.payload, part.path)
    # Split at what must stay: every second piece of `.platform` is a logical id.
    pieces = _LOGICAL_ID.split(text) if part.path.endswith(PLATFORM) else [text]
    done = [rewrite_text(one, ids) if n % 2 == 0 else Rewritten(one) for n, one in enumerate(pieces)]
    return gather(encode("".join(one.content for one in done), codec), done)


def _named(part: Part, name: str) -> Part:
    platform = jsontext.load_object(part.payload, part.path)
    metadata = platform.get("metadata")
    inner = cast(Json, metadata) if isinstance(metadata, dict) else {}
    if inner.get("displayName") == name:
        return part
    return replace(part, payload=jsontext.dump({**platform, "metadata": {**inner, "displayName": name}}))
