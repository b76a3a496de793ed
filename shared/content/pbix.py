"""Ids named inside a PBIX: its report's layout, its connections, its M. The file itself is never changed.

Only what can name ids is inflated, each file up to a bound; the data model, which is most of a PBIX, is not touched.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from shared.content.encoding import decode
from shared.content.ids import guids
from shared.errors import ContentError

MAX_MEMBER = 64 * 1024 * 1024
MAX_TOTAL = 256 * 1024 * 1024
_DIRECTORY = 32 * 1024 * 1024  # a PBIX of 100,000 visuals has some 15 MB
_SINGLE = frozenset({"report/layout", "report/mobilestate", "connections", "datamodelschema"})
_MASHUP = "datamashup"
_END, _END64 = b"PK\x05\x06", b"PK\x06\x06"
_TAIL = 65_535 + 22 + 20 + 56 + 1024
_IN_ZIP64 = 0xFFFFFFFF
_PLAIN = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1


def read_layout(archive: BinaryIO) -> set[str]:
    """All GUIDs named in the readable parts of a PBIX (of a seekable file), lower case."""
    return {found for _, text in texts(archive) for found in guids(text)}


def texts(archive: BinaryIO) -> Iterator[tuple[str, str]]:
    """(path, text) of every readable part: layout or PBIR files, connections, M sections."""
    left = MAX_TOTAL
    for path, data in _members(archive, "the PBIX", _is_read):
        left -= len(data)
        if left < 0:
            raise ContentError("content.tooLarge", f"the report of the PBIX is over {MAX_TOTAL} bytes")
        if path.lower() == _MASHUP:
            yield from _mashup(data)
        else:
            yield path, decode(data, path)[0]


def _is_read(path: str) -> bool:
    path = path.lower()
    return (
        path in _SINGLE
        or path == _MASHUP
        or (path.startswith("report/definition/") and path.endswith(".json"))
    )


def _mashup(data: bytes) -> Iterator[tuple[str, str]]:
    """Version and length in four bytes each, then a ZIP with the M sections."""
    if len(data) < 8:
        raise ContentError("content.mashup", "the DataMashup of the PBIX is cut short")
    (length,) = struct.unpack_from("<I", data, 4)
    package = io.BytesIO(data[8 : 8 + length])
    for path, section in _members(package, "the DataMashup", lambda name: name.lower().endswith(".m")):
        yield f"DataMashup/{path}", decode(section, path)[0]


def _members(archive: BinaryIO, what: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    try:
        _check_directory(archive, what)
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                if wanted(info.filename):
                    yield info.filename, _inflated(opened, info, what)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ValueError) as bad:
        raise ContentError("content.damaged", f"{what} can't be read as a ZIP: {str(bad)[:200]}") from bad


def _inflated(opened: zipfile.ZipFile, info: zipfile.ZipInfo, what: str) -> bytes:
    """One member, never more of it than the bound, whatever its header says."""
    if info.compress_type not in _PLAIN or info.flag_bits & _ENCRYPTED:
        raise ContentError("content.damaged", f"{info.filename[:80]!r} in {what} is packed in an unknown way")
    with opened.open(info) as member:
        data = member.read(MAX_MEMBER + 1)
    if len(data) > MAX_MEMBER:
        raise ContentError("content.tooLarge", f"{info.filename[:80]!r} in {what} is over {MAX_MEMBER} bytes")
    return data


def _check_directory(archive: BinaryIO, what: str) -> None:
    """The directory is read whole, so its size is looked at first."""
    end = archive.seek(0, io.SEEK_END)
    archive.seek(max(0, end - _TAIL))
    tail = archive.read(_TAIL)
    record, record64 = tail.rfind(_END), tail.rfind(_END64)
    if record < 0:
        raise ContentError("content.notZip", f"{what} has no ZIP directory")
    (size,) = struct.unpack_from("<I", tail, record + 12)
    if size == _IN_ZIP64 and record64 >= 0:
        (size,) = struct.unpack_from("<Q", tail, record64 + 40)
    if size > _DIRECTORY:
        raise ContentError("content.tooLarge", f"the ZIP directory of {what} has {size} bytes")
