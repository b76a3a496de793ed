"""Bytes pass through a real storage emulator: whole and unchanged, or refused before the last block."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from core_support import at_once, next_id
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import blobs
from shared.blobs import BLOCK, Blobs, Container, Staged
from shared.config import Settings
from shared.errors import ContentError

MIB = 1024 * 1024
SMALL = b"the bytes of a small file"


@pytest.fixture
def container(storage: Settings) -> Container:
    return Blobs(storage)["unit-blobs"]


@pytest.fixture
def name() -> str:
    return f"{next_id('b')}/file"


def patterned(length: int, chunk: int = MIB) -> Iterator[bytes]:
    """Bytes in which no block equals another, made as they are asked for."""
    for start in range(0, length, chunk):
        part = (start + 1).to_bytes(8, "big") * (chunk // 8)
        yield part[: min(chunk, length - start)]


def overwrite(container: Container, name: str, content: Iterable[bytes]) -> None:
    """Replace what lies under a name behind the manifest's back."""
    container.stage(name, content)


def read(container: Container, staged: Staged) -> list[bytes]:
    return list(container.body(staged))


def refused(container: Container, staged: Staged) -> tuple[ContentError, int]:
    """The refusal of a staged file, and how many bytes were given out before it."""
    given_out = 0
    with pytest.raises(ContentError) as error:
        for block in container.body(staged):
            given_out += len(block)
    return error.value, given_out


@pytest.mark.parametrize("length", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 17])
def test_a_file_comes_back_as_it_was_staged(container: Container, name: str, length: int) -> None:
    content = b"".join(patterned(length))
    staged = container.stage(name, [content])
    assert staged == Staged(name, length, hashlib.sha256(content).hexdigest())
    body = container.body(staged)
    assert len(body) == length
    blocks = list(body)
    assert b"".join(blocks) == content
    assert [len(block) for block in blocks[:-1]] == [BLOCK] * max(0, len(blocks) - 1)
    assert body.sent_sha256 == staged.sha256
    assert container.size(name) == length


@settings(max_examples=15)
@given(st.lists(st.binary(max_size=100), max_size=20), st.integers(1, 64))
def test_any_chunks_are_staged_in_order(storage: Settings, chunks: list[bytes], block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blobs, "BLOCK", block)  # a real file of many blocks would be large
        container = Blobs(storage)["unit-blobs"]
        staged = container.stage(f"{next_id('b')}/file", chunks)
        assert b"".join(read(container, staged)) == b"".join(chunks)


def test_a_body_can_be_read_again_from_the_start(container: Container, name: str) -> None:
    body = container.body(container.stage(name, patterned(BLOCK + 5)))
    first = next(iter(body))
    assert body.sent_sha256 == ""  # not read to its end yet
    assert list(body) == list(body)
    assert next(iter(body)) == first


@pytest.mark.parametrize("length", [len(SMALL), BLOCK, 2 * BLOCK + 17])
@pytest.mark.parametrize(
    "damage", ["first byte", "last byte", "swapped", "shorter", "longer", "empty", "deleted"]
)
def test_a_damaged_file_is_refused_before_its_last_block(
    container: Container, name: str, length: int, damage: str
) -> None:
    content = b"".join(patterned(length))
    staged = container.stage(name, [content])
    match damage:
        case "first byte":
            overwrite(container, name, [b"!" + content[1:]])
        case "last byte":
            overwrite(container, name, [content[:-1] + b"!"])
        case "swapped":
            overwrite(container, name, [content[::-1]])
        case "shorter":
            overwrite(container, name, [content[:-1]])
        case "longer":
            overwrite(container, name, [content, b"!"])
        case "empty":
            overwrite(container, name, [])
        case _:
            container.delete(name)
    error, given_out = refused(container, staged)
    assert error.code == ("content.gone" if damage == "deleted" else "content.changed")
    last_block = length - (length - 1) // BLOCK * BLOCK
    assert given_out <= length - last_block
    assert container.body(staged).sent_sha256 == ""


@pytest.mark.parametrize("change", ["other", "same", "delete"])
def test_a_file_replaced_while_it_is_read_is_refused(container: Container, name: str, change: str) -> None:
    """Even by the same bytes: what is read is one version of the blob, from its first block to its last."""
    staged = container.stage(name, patterned(3 * BLOCK))
    blocks = iter(container.body(staged))
    next(blocks)
    if change == "delete":
        container.delete(name)
    else:
        overwrite(container, name, patterned(3 * BLOCK) if change == "same" else [bytes(3 * BLOCK)])
    with pytest.raises(ContentError):
        list(blocks)


def test_a_record_of_other_bytes_fits_no_file(container: Container, name: str) -> None:
    staged = container.stage(name, [SMALL])
    for wrong in (
        replace(staged, sha256="0" * 64),
        replace(staged, length=staged.length + 1),
        replace(staged, blob=f"{name}-other"),
    ):
        assert refused(container, wrong)[1] == 0


def test_nothing_is_visible_of_a_file_whose_source_broke(container: Container, name: str) -> None:
    def breaking() -> Iterator[bytes]:
        yield bytes(BLOCK + 1)
        raise ConnectionResetError("cut")

    with pytest.raises(ConnectionResetError):
        container.stage(name, breaking())
    assert container.size(name) is None
    assert container.read_bytes(name) is None


def test_a_broken_second_try_leaves_the_first_file_whole(container: Container, name: str) -> None:
    staged = container.stage(name, [SMALL])

    def breaking() -> Iterator[bytes]:
        yield bytes(BLOCK)
        raise ConnectionResetError("cut")

    with pytest.raises(ConnectionResetError):
        container.stage(name, breaking())
    assert read(container, staged) == [SMALL]


def test_two_tries_at_once_never_mix_their_blocks(container: Container, name: str) -> None:
    contents = [bytes([number]) * (2 * BLOCK + number) for number in (1, 2, 3)]
    results = at_once(*[lambda content=content: container.stage(name, [content]) for content in contents])
    size = container.size(name)
    winner = next(staged for staged in results if isinstance(staged, Staged) and staged.length == size)
    assert b"".join(read(container, winner)) in contents


def test_memory_stays_flat_while_a_file_passes_through(container: Container, name: str) -> None:
    """96 MiB through both ways within some blocks' worth of memory."""
    container.stage(f"{name}-warm", [SMALL])  # the storage library is imported before anything is measured
    read(container, container.stage(f"{name}-warm", [SMALL]))
    tracemalloc.start()
    try:
        staged = container.stage(name, patterned(96 * MIB))
        _, staging = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        total = sum(len(block) for block in container.body(staged))
        _, reading = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == staged.length
    assert staging < 6 * BLOCK
    assert reading < 12 * BLOCK  # the storage library joins what it reads several times, block by block


def test_documents_are_replaced_whole_and_absent_ones_are_none(container: Container, name: str) -> None:
    assert container.read_json(name) is None
    for document in ({"a": ["Größe 🚀", 1.5, None]}, []):
        container.write_json(name, document)
        assert container.read_json(name) == document
    container.delete(name)
    container.delete(name)
    assert container.read_json(name) is None


def test_a_container_is_made_once_however_many_ask(storage: Settings) -> None:
    fresh = next_id("unit-fresh-")
    found = at_once(*[lambda: Blobs(storage)[fresh].write_json("x", 1)] * 4)
    assert found == [None] * 4
