"""Is this byte stream one complete ZIP archive? Decided from its first and last bytes while it passes.

A download whose connection closes early can look complete (no length, no error), so the archive's own end
is the witness: the end-of-central-directory record must be there, and the directory it names must end where
that record begins. Nothing is ever extracted.
"""

from __future__ import annotations

import struct

from shared.errors import ContentError

_LOCAL = b"PK\x03\x04"
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_LOCATOR64 = b"PK\x06\x07"
_END_SIZE, _END64_SIZE, _LOCATOR_SIZE = 22, 56, 20
_TAIL = 65_535 + _END_SIZE + _LOCATOR_SIZE + _END64_SIZE + 1024
_IN_ZIP64 = 0xFFFFFFFF


class ZipWitness:
    """Feed it every chunk in order, then ask `verify`. Holds some 66 KiB, whatever the size of the file."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""
        self._length = 0

    def feed(self, chunk: bytes) -> None:
        if len(self._head) < len(_LOCAL):
            self._head = (self._head + chunk[: len(_LOCAL)])[: len(_LOCAL)]
        self._tail = (self._tail + chunk[-_TAIL:])[-_TAIL:]
        self._length += len(chunk)

    def verify_head(self) -> None:
        """Return while what came so far may be the beginning of a ZIP; ContentError otherwise."""
        if not _LOCAL.startswith(self._head):
            raise self._not_zip()

    def verify(self) -> None:
        """Return if the archive is whole; ContentError naming what is wrong otherwise."""
        if self._head != _LOCAL:
            raise self._not_zip()
        end = self._find_end()
        size, offset = self._directory(end)
        expected = self._absolute(end) - self._zip64_bytes(end)
        if offset + size != expected:
            raise ContentError(
                "content.incomplete",
                f"the ZIP directory should end at byte {offset + size}, its end record stands at {expected}",
            )

    def _not_zip(self) -> ContentError:
        return ContentError("content.notZip", f"the file begins with {self._head!r}, not with a ZIP header")

    def _find_end(self) -> int:
        """Position in the tail of the end record whose comment reaches exactly to the last byte."""
        position = self._tail.rfind(_END)
        while position >= 0:
            if position + _END_SIZE <= len(self._tail):
                (comment,) = struct.unpack_from("<H", self._tail, position + 20)
                if position + _END_SIZE + comment == len(self._tail):
                    return position
            position = self._tail.rfind(_END, 0, position)
        raise ContentError(
            "content.truncated", f"no ZIP end record in the last bytes of {self._length} bytes"
        )

    def _directory(self, end: int) -> tuple[int, int]:
        size, offset = struct.unpack_from("<II", self._tail, end + 12)
        if _IN_ZIP64 not in (size, offset):
            return size, offset
        record = self._tail.rfind(_END64, 0, end)
        if record < 0:
            raise ContentError("content.truncated", "the ZIP64 end record is missing")
        size, offset = struct.unpack_from("<QQ", self._tail, record + 40)
        return size, offset

    def _zip64_bytes(self, end: int) -> int:
        """Bytes between the directory and the end record: ZIP64 record and locator, where present."""
        locator = end - _LOCATOR_SIZE
        if locator < 0 or self._tail[locator : locator + 4] != _LOCATOR64:
            return 0
        return end - self._tail.rfind(_END64, 0, locator)

    def _absolute(self, position: int) -> int:
        return self._length - len(self._tail) + position
