"""Bytes into text and back without losing one of them, whatever they are.

Ids are ASCII, so a file need not be valid UTF-8 for its ids to be found and replaced: bytes that are no UTF-8 travel
as lone surrogates and come out as the same bytes. UTF-16 (a PBIX's layout, some RDL) is told by its mark or its zeros.
"""

from __future__ import annotations

from shared.errors import ContentError

MAX_TEXT = 64 * 1024 * 1024  # bytes of one text file; the largest layouts seen are some 20 MB
_LE, _BE = "utf-16-le", "utf-16-be"


def decode(data: bytes, what: str = "the file") -> tuple[str, str]:
    """The text and the codec `encode` needs; a byte order mark stays the first character."""
    if len(data) > MAX_TEXT:
        raise ContentError("content.tooLarge", f"{what} has {len(data)} bytes, at most {MAX_TEXT} are read")
    codec = _codec(data)
    if codec == "utf-8":
        return data.decode(codec, "surrogateescape"), codec
    try:
        return data.decode(codec, "surrogatepass"), codec
    except UnicodeDecodeError as bad:
        raise ContentError("content.encoding", f"{what} is cut short: it is no whole UTF-16 text") from bad


def encode(text: str, codec: str) -> bytes:
    """What `decode` was given, where the text did not change."""
    return text.encode(codec, "surrogateescape" if codec == "utf-8" else "surrogatepass")


def _codec(data: bytes) -> str:
    """By the mark; without one, by where the zero byte of the first of its letters stands."""
    head = data[:2]
    if head in (b"\xff\xfe", b"\xfe\xff"):
        return _LE if head == b"\xff\xfe" else _BE
    if len(data) % 2 or not data or bool(head[0]) == bool(head[1]):
        return "utf-8"
    return _LE if head[0] else _BE
