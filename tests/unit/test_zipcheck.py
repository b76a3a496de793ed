"""A whole archive is accepted in any pieces; one byte less or more is not, anywhere."""

from __future__ import annotations

import io
import struct
import zipfile
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ContentError
from shared.zipcheck import ZipWitness


def archive(*, comment: bytes = b"", stored: bytes = b"", zip64: bool = False, entries: int = 3) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as whole:
        whole.comment = comment
        for number in range(entries):
            with whole.open(f"part-{number}.bin", "w", force_zip64=zip64) as part:
                part.write(bytes(range(97)))
        if stored:
            whole.writestr("inner.zip", stored)
    return file.getvalue()


def with_zip64_end(plain: bytes) -> bytes:
    """The same archive with a ZIP64 end record and locator, as a writer of more than 4 GiB leaves it."""
    end = plain.rindex(b"PK\x05\x06")
    count, size, offset = struct.unpack_from("<HII", plain, end + 10)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    head = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return plain[:end] + record + locator + head + plain[end + 22 :]


PLAIN = archive()
ARCHIVES = {
    "plain": PLAIN,
    "comment": archive(comment=b"a comment of some length"),
    "longest comment": archive(comment=b"c" * 65_535),
    "an archive inside": archive(stored=PLAIN),
    "zip64 entries": archive(zip64=True),
    "zip64 end": with_zip64_end(PLAIN),
    "zip64 end, count only": with_zip64_end(PLAIN).replace(b"\xff" * 12, b"\xff" * 4 + PLAIN[-10:-2]),
    "many entries": archive(entries=70_000),
}


def witness(content: bytes, cuts: list[int] | None = None) -> ZipWitness:
    found = ZipWitness()
    edges = [0, *sorted(cuts or []), len(content)]
    for start, end in pairwise(edges):
        found.feed(content[start:end])
    return found


@pytest.mark.parametrize("name", ARCHIVES)
def test_the_archives_are_real_and_accepted(name: str) -> None:
    assert zipfile.ZipFile(io.BytesIO(ARCHIVES[name])).namelist()
    witness(ARCHIVES[name]).verify()


@given(st.sampled_from(sorted(set(ARCHIVES) - {"many entries"})), st.data())
def test_any_chunking_is_accepted(name: str, data: st.DataObject) -> None:
    content = ARCHIVES[name]
    witness(content, data.draw(st.lists(st.integers(0, len(content)), max_size=30))).verify()


@pytest.mark.parametrize("name", ["plain", "comment", "an archive inside", "zip64 entries", "zip64 end"])
def test_every_truncation_is_refused(name: str) -> None:
    content = ARCHIVES[name]
    for length in range(len(content)):
        with pytest.raises(ContentError):
            witness(content[:length]).verify()


@given(st.sampled_from(["longest comment", "many entries"]), st.data())
def test_truncations_of_large_ones_are_refused(name: str, data: st.DataObject) -> None:
    content = ARCHIVES[name]
    with pytest.raises(ContentError):
        witness(content[: data.draw(st.integers(0, len(content) - 1))]).verify()


@given(st.sampled_from(sorted(set(ARCHIVES) - {"many entries"})), st.binary(min_size=1, max_size=200))
def test_every_extension_is_refused(name: str, more: bytes) -> None:
    for content in (ARCHIVES[name] + more, more + ARCHIVES[name]):
        with pytest.raises(ContentError):
            witness(content).verify()


@given(st.integers(4, len(PLAIN) - 30), st.integers(1, 60))
def test_a_hole_is_refused(start: int, length: int) -> None:
    with pytest.raises(ContentError):
        witness(PLAIN[:start] + PLAIN[min(start + length, len(PLAIN) - 24) :]).verify()


@pytest.mark.parametrize(
    "content", [b"", b"PK", b'{"error": {}}', b"PK\x05\x06" + bytes(18), PLAIN[:4] + bytes(40)]
)
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    with pytest.raises(ContentError) as refused:
        witness(content).verify()
    assert refused.value.code.startswith("content.")
    assert not refused.value.transient


def test_a_few_kilobytes_are_remembered_however_large_the_file() -> None:
    found = ZipWitness()
    for _ in range(40):
        found.feed(bytes(1024 * 1024))
    held = sum(len(value) for value in vars(found).values() if isinstance(value, bytes))
    assert held < 100_000
