"""A flipped bit in any member is found while the archive passes, in chunks of any size; a sound one passes."""

from __future__ import annotations

import io
import random
import zipfile
import zlib
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.errors import ContentError
from shared.zipmembers import ZipMembers

NOISE = random.Random(7).randbytes(3000)


class OneWay(io.RawIOBase):
    """A stream that can't be sought: lengths then follow the data."""

    def __init__(self) -> None:
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.content += bytes(data)  # pyright: ignore[reportArgumentType]
        return len(bytes(data))  # pyright: ignore[reportArgumentType]


def archive(method: int, *, one_way: bool = False, zip64: bool = False) -> bytes:
    out: io.BytesIO | OneWay = OneWay() if one_way else io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:  # pyright: ignore[reportArgumentType]
        for name, content in (
            ("Layout", b"text " * 300),
            ("DataModel", NOISE),
            ("Größe", b""),
            ("z", b"0" * 9000),
        ):
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with made.open(info, "w", force_zip64=zip64) as member:
                member.write(content)
    return bytes(out.content) if isinstance(out, OneWay) else out.getvalue()


def mixed() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("stored", NOISE, zipfile.ZIP_STORED)
        made.writestr("deflated", b"text " * 300, zipfile.ZIP_DEFLATED)
        made.writestr("of another kind", NOISE, zipfile.ZIP_BZIP2)
        made.writestr("last", NOISE, zipfile.ZIP_STORED)
    return out.getvalue()


ARCHIVES = {
    "stored": archive(zipfile.ZIP_STORED),
    "deflated": archive(zipfile.ZIP_DEFLATED),
    "zip64": archive(zipfile.ZIP_STORED, zip64=True),
    "one way": archive(zipfile.ZIP_DEFLATED, one_way=True),
    "one way, zip64": archive(zipfile.ZIP_DEFLATED, one_way=True, zip64=True),
    "mixed": mixed(),
}


def feed(content: bytes, cuts: list[int] | None = None) -> None:
    members = ZipMembers()
    places = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts or [])})
    for start, end in pairwise(places):
        members.feed(content[start:end])
    members.verify()


def unpacked(content: bytes) -> dict[str, bytes] | None:
    """What another reader makes of it, None where it refuses."""
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        try:
            return {each.filename: made.read(each) for each in made.infolist()}
        except (zipfile.BadZipFile, zlib.error, EOFError):
            return None


def members_of(content: bytes) -> list[tuple[int, int]]:
    """Where the data of each member we can judge begins and ends."""
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        found: list[tuple[int, int]] = []
        for each in made.infolist():
            name, extra = content[each.header_offset + 26], content[each.header_offset + 28]
            start = each.header_offset + 30 + name + extra
            if each.compress_type != zipfile.ZIP_BZIP2 and each.compress_size:
                found.append((start, start + each.compress_size))
        return found


@pytest.mark.parametrize("name", ARCHIVES)
@given(cuts=st.lists(st.integers(0, 50_000), max_size=40))
def test_a_sound_archive_passes_however_it_is_cut(name: str, cuts: list[int]) -> None:
    feed(ARCHIVES[name], cuts)


@pytest.mark.parametrize("name", ARCHIVES)
@given(place=st.integers(0, 2**32), bit=st.integers(0, 7), cuts=st.lists(st.integers(0, 50_000), max_size=10))
def test_a_flipped_bit_in_a_member_is_found(name: str, place: int, bit: int, cuts: list[int]) -> None:
    content, spans = bytearray(ARCHIVES[name]), members_of(ARCHIVES[name])
    start, end = spans[place % len(spans)]
    content[start + place // len(spans) % (end - start)] ^= 1 << bit
    if unpacked(bytes(content)) == unpacked(ARCHIVES[name]):
        return  # a bit that means nothing to who unpacks it: no checksum can know
    with pytest.raises(ContentError) as refused:
        feed(bytes(content), cuts)
    assert refused.value.code == "content.damaged"


@given(place=st.integers(0, 2**32), bit=st.integers(0, 7))
def test_whatever_is_flipped_it_ends_in_passing_or_in_that_error(place: int, bit: int) -> None:
    for content in ARCHIVES.values():
        spoiled = bytearray(content)
        spoiled[place % len(content)] ^= 1 << bit
        try:
            feed(bytes(spoiled))
        except ContentError as refused:
            assert refused.code == "content.damaged"


@given(st.binary(min_size=4, max_size=500))
def test_what_is_no_archive_is_not_judged_here(content: bytes) -> None:
    assume(not content.startswith(b"PK"))
    feed(content)


def test_a_member_unlike_its_directory_entry_is_found() -> None:
    content = ARCHIVES["stored"]
    position = content.index(b"PK\x01\x02") + 16  # the directory's checksum of the first member
    with pytest.raises(ContentError):
        feed(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])


def test_a_stored_member_whose_length_follows_is_let_pass() -> None:
    feed(archive(zipfile.ZIP_STORED, one_way=True))


def test_well_packed_bytes_are_not_held_at_once() -> None:
    import tracemalloc

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("zeros", bytes(64 * 1024 * 1024))
    tracemalloc.start()
    try:
        feed(out.getvalue())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8 * 1024 * 1024
