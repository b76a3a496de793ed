"""Looking into a staged file at a few places: the right bytes, wherever they are asked for, and few pages read."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from shared import blob_reading
from shared.blob_reading import Pages
from shared.errors import ContentError


class Source:
    """Bytes by range, and what was asked for."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked = list[int]()

    def fetch(self, offset: int, length: int) -> bytes:
        self.asked.append(offset)
        return self.content[offset : offset + length]

    def opened(self) -> io.BufferedReader:
        return io.BufferedReader(Pages(len(self.content), self.fetch))


@pytest.mark.parametrize("seed", range(20))
def test_any_place_reads_as_in_a_file(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    draw = random.Random(seed)
    monkeypatch.setattr(blob_reading, "PAGE", draw.choice((1, 7, 64, 4096)))
    monkeypatch.setattr(blob_reading, "PAGES", 10**6)
    content = draw.randbytes(draw.randrange(0, 2000))
    here, there = Source(content).opened(), io.BytesIO(content)
    for _ in range(50):
        place = draw.randrange(len(content) + 5)
        whence = draw.choice((io.SEEK_SET, io.SEEK_END))
        offset = place if whence == io.SEEK_SET else -min(place, len(content))
        assert here.seek(offset, whence) == there.seek(offset, whence)
        length = draw.randrange(300)
        assert here.read(length) == there.read(length)
        assert here.tell() == there.tell()


def test_a_place_before_the_beginning_is_none() -> None:
    with pytest.raises(ValueError, match="before"):
        Pages(3, Source(b"abc").fetch).seek(-4, io.SEEK_END)


def test_few_pages_of_a_large_archive_are_read() -> None:
    """Its directory and its report, wherever between its data they stand."""
    noise, buffer = bytes(12 * blob_reading.PAGE), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("DataModel", noise)
        made.writestr("Report/Layout", "layout")
        made.writestr("Report/StaticResources/x.bin", noise)
    source = Source(buffer.getvalue())
    with source.opened() as file, zipfile.ZipFile(file) as archive:
        assert archive.read("Report/Layout") == b"layout"
    assert len(source.asked) <= 4


def test_who_would_read_it_whole_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_reading, "PAGE", 10)
    source = Source(bytes(10 * (blob_reading.PAGES + 1)))
    with source.opened() as file, pytest.raises(ContentError) as stopped:
        file.read()
    assert stopped.value.code == "content.tooLarge"
    assert len(source.asked) == blob_reading.PAGES
