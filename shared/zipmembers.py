"""Is every member of a ZIP archive what its checksum says? Decided while the bytes pass by.

The ends of an archive say that it is whole (`zipcheck`), not that its middle is right: one bit that flipped on the
way to us would go into the target. Nothing is kept but one checksum per member. What can't be followed in one
pass (a stored member whose length comes after it, encryption, gaps between members) is let pass unread: an
archive is refused for what is wrong with it, never for what is unusual.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Generator
from dataclasses import dataclass

from shared.errors import ContentError

_LOCAL, _CENTRAL, _DESCRIPTOR = b"PK\x03\x04", b"PK\x01\x02", b"PK\x07\x08"
_AFTER_CENTRAL = (b"PK\x05\x06", b"PK\x06\x06", b"PK\x05\x05")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _LENGTH_FOLLOWS = 0x1, 0x8
_IN_ZIP64 = 0xFFFFFFFF
_LONGEST_DESCRIPTOR = 24
_PIECE = 1024 * 1024  # of inflated bytes held at a time, however well they were packed

type _Reader[T] = Generator[None, bytes, T]


class _Unreadable(Exception):
    """The rest can't be followed in one pass."""


@dataclass(frozen=True, slots=True)
class _Member:
    name: bytes
    crc: int


class ZipMembers:
    """Feed it every chunk in order, then `verify`. Both raise ContentError where a member is not its checksum's."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._position = 0
        self._members: dict[int, _Member] = {}
        self._parser = self._parse()
        self._ended = next(self._parser, "ended") == "ended"

    def feed(self, chunk: bytes) -> None:
        if self._ended:
            return
        try:
            self._parser.send(chunk)
        except (StopIteration, _Unreadable):
            self._ended = True
            self._held.clear()

    def verify(self) -> None:
        """Return if all was followed to its end (or let pass); ContentError where a member runs over the end."""
        if not self._ended:
            raise _damaged("the last member")

    def _parse(self) -> _Reader[None]:
        signature = yield from self._take(4)
        while signature == _LOCAL:
            yield from self._member()
            signature = yield from self._take(4)
        while signature == _CENTRAL:
            yield from self._directory_entry()
            signature = yield from self._take(4)
            if signature not in (_CENTRAL, *_AFTER_CENTRAL):
                raise _damaged("the directory")

    def _member(self) -> _Reader[None]:
        """A local header, the member's data, and the descriptor that may follow it."""
        offset = self._position - 4
        _, flags, method, _, _, crc, packed, size, name_length, extra_length = struct.unpack(
            "<HHHHHIIIHH", (yield from self._take(26))
        )
        name = yield from self._take(name_length)
        extra = yield from self._take(extra_length)
        if flags & _ENCRYPTED or (flags & _LENGTH_FOLLOWS and method != _DEFLATED):
            raise _Unreadable
        found = yield from self._checksum(method, _packed_length(packed, size, extra))
        following = b""
        if flags & _LENGTH_FOLLOWS:
            following = yield from self._take(_LONGEST_DESCRIPTOR + 4)
            crc = _crc_in(following)
        if found is None:
            return
        if found != crc:
            raise _damaged(name.decode("utf-8", errors="replace"))
        self._members[offset] = _Member(name, found)
        self._give_back(following[_descriptor_length(following) :])

    def _checksum(self, method: int, packed: int) -> _Reader[int | None]:
        """The CRC-32 of the member's bytes; None where it is packed in a way we do not know."""
        if method == _DEFLATED:
            return (yield from self._inflated())
        crc, left = 0, packed
        while left:
            part = yield from self._some(left)
            left -= len(part)
            crc = zlib.crc32(part, crc)
        return crc if method == _STORED else None

    def _inflated(self) -> _Reader[int]:
        """A deflated member says itself where it ends."""
        inflating, crc = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while not inflating.eof:
            part = yield from self._some(_PIECE)
            while part and not inflating.eof:
                try:
                    crc = zlib.crc32(inflating.decompress(part, _PIECE), crc)
                except zlib.error as broken:
                    raise _damaged("a packed member") from broken
                part = inflating.unconsumed_tail
        self._give_back(inflating.unused_data)
        return crc

    def _directory_entry(self) -> _Reader[None]:
        """What the directory says of a member is what was found at its place."""
        fields = struct.unpack("<HHHHHHIIIHHHHHII", (yield from self._take(42)))
        crc, name_length, extra_length, comment_length, offset = (
            fields[6],
            *fields[9:12],
            fields[15],
        )
        name = yield from self._take(name_length)
        yield from self._take(extra_length + comment_length)
        seen = self._members.get(offset)
        if seen is not None and (seen.name, seen.crc) != (name, crc):
            raise _damaged(name.decode("utf-8", errors="replace"))

    def _take(self, length: int) -> _Reader[bytes]:
        """Exactly so many bytes."""
        while len(self._held) < length:
            self._held += yield
        taken = bytes(self._held[:length])
        del self._held[:length]
        self._position += length
        return taken

    def _some(self, most: int) -> _Reader[bytes]:
        """At least one byte."""
        while not self._held:
            self._held += yield
        return (yield from self._take(min(most, len(self._held))))

    def _give_back(self, unread: bytes) -> None:
        self._held[:0] = unread
        self._position -= len(unread)


def _crc_in(descriptor: bytes) -> int:
    """The checksum that follows the data, with or without a signature before it."""
    start = 4 if descriptor.startswith(_DESCRIPTOR) else 0
    return int(struct.unpack_from("<I", descriptor, start)[0])


def _descriptor_length(following: bytes) -> int:
    """Its lengths have 32 or 64 bits, which only what comes after it tells. 0 where there is none."""
    if not following:
        return 0
    start = 4 if following.startswith(_DESCRIPTOR) else 0
    for length in (start + 12, start + 20):
        if following[length : length + 4] in (_LOCAL, _CENTRAL):
            return length
    raise _Unreadable


def _packed_length(packed: int, size: int, extra: bytes) -> int:
    """The packed length; of a large member it stands in the ZIP64 field, after the other one."""
    if packed != _IN_ZIP64:
        return packed
    position = 0
    while position + 4 <= len(extra):
        identity, length = struct.unpack_from("<HH", extra, position)
        values = extra[position + 4 : position + 4 + length]
        if identity == 1:
            start = 8 if size == _IN_ZIP64 else 0
            if len(values) >= start + 8:
                return int(struct.unpack_from("<Q", values, start)[0])
        position += 4 + length
    raise _Unreadable


def _damaged(what: str) -> ContentError:
    return ContentError("content.damaged", f"the bytes of {what!r} in the file do not have its checksum")
