"""Ids inside a PBIX are found without changing it; bombs, gaps and foreign packing are refused."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from content_support import BOARD, FLOW, MODEL, WORKSPACE
from hypothesis import given
from hypothesis import strategies as st

from shared.content import pbix
from shared.content.links import links
from shared.errors import ContentError

_LINK = f"https://app.powerbi.com/groups/{WORKSPACE}/dashboards/{BOARD}"


def _zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def _mashup(section: str) -> bytes:
    package = _zip({"Config/Package.xml": b"<x/>", "Formulas/Section1.m": section.encode()})
    return struct.pack("<II", 0, len(package)) + package + b"\x01\x00\x00\x00permissions"


def _pbix(**others: bytes) -> dict[str, bytes]:
    layout = {"sections": [{"visual": json.dumps({"url": _LINK, "quoted": json.dumps({"id": MODEL})})}]}
    return {
        "Version": "1.28".encode("utf-16-le"),
        "DataModel": WORKSPACE[::-1].encode() * 3,
        "Report/Layout": json.dumps(layout).encode("utf-16-le"),
        "Report/StaticResources/logo.png": FLOW.encode(),
        **others,
    }


def _read(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> set[str]:
    return pbix.read_layout(io.BytesIO(_zip(files, method)))


def test_ids_of_the_layout_connections_and_m_are_found() -> None:
    assert _read(_pbix()) == {WORKSPACE, BOARD, MODEL}
    connections = json.dumps({"RemoteArtifacts": [{"DatasetId": FLOW.upper()}]}).encode()
    assert FLOW in _read(_pbix(Connections=connections))
    section = f'section Section1; shared F = Spaces{{[dataflowId="{FLOW}"]}}[Data];'
    assert FLOW in _read(_pbix(DataMashup=_mashup(section)), zipfile.ZIP_STORED)


def test_a_report_in_single_files_is_read_too() -> None:
    page = json.dumps({"id": FLOW}).encode()
    assert _read({"Report/definition/pages/1/page.json": page, "Report/definition/x.bin": page}) == {FLOW}


def test_texts_give_links() -> None:
    found = {path: text for path, text in pbix.texts(io.BytesIO(_zip(_pbix())))}
    assert [link.item_id for link in links(found["Report/Layout"])] == [BOARD]


def test_a_real_file_is_read(tmp_path: Path) -> None:
    """Made by a library, not by us."""
    builder = pytest.importorskip("pbix_mcp.builder")
    made = builder.PBIXBuilder()
    made.add_table("Sales", [{"name": "Amount", "data_type": "Double"}], rows=[{"Amount": 1.5}])
    path = tmp_path / "real.pbix"
    path.write_bytes(made.build())
    before = path.read_bytes()
    with path.open("rb") as archive:
        paths = [name for name, _ in pbix.texts(archive)]
        assert isinstance(pbix.read_layout(archive), set)
    assert any(name.lower().startswith("report/") for name in paths)
    assert path.read_bytes() == before


def test_a_bomb_is_not_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pbix, "MAX_MEMBER", 1000)
    with pytest.raises(ContentError, match="over 1000 bytes"):
        _read(_pbix(Connections=bytes(100_000)))
    inner = _zip({"Formulas/Section1.m": b" " * 100_000})
    with pytest.raises(ContentError, match="over 1000 bytes"):
        _read({"DataMashup": struct.pack("<II", 0, len(inner)) + inner})
    monkeypatch.setattr(pbix, "MAX_TOTAL", 1500)
    with pytest.raises(ContentError, match="over 1500 bytes"):
        _read({f"Report/definition/{n}.json": b" " * 900 for n in range(2)})


def test_a_great_directory_is_not_read() -> None:
    data = bytearray(_zip(_pbix()))
    struct.pack_into("<I", data, data.rfind(b"PK\x05\x06") + 12, 2**31)
    with pytest.raises(ContentError, match="directory"):
        pbix.read_layout(io.BytesIO(bytes(data)))


def _bent(change: Any) -> bytes:
    data = bytearray(_zip(_pbix()))
    change(data)
    return bytes(data)


def _encrypt(data: bytearray) -> None:
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 4)


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04", b"PK\x05\x06", b"<html>", _zip(_pbix(), zipfile.ZIP_BZIP2), _zip(_pbix(DataMashup=b"\0")),
     _zip(_pbix(DataMashup=struct.pack("<II", 0, 4) + b"PK\x03\x04")), _zip(_pbix())[:-30], _bent(_encrypt),
     _zip({"Report/Layout": b"\xff\xfea"})],
)  # fmt: skip
def test_what_is_no_pbix_is_told(data: bytes) -> None:
    with pytest.raises(ContentError):
        pbix.read_layout(io.BytesIO(data))


@given(st.integers(0), st.binary(min_size=1, max_size=8))
def test_a_damaged_file_is_read_or_told(place: int, noise: bytes) -> None:
    whole = _zip(_pbix(DataMashup=_mashup("section Section1;")))
    at = place % len(whole)
    try:
        pbix.read_layout(io.BytesIO(whole[:at] + noise + whole[at + len(noise) :]))
    except ContentError as told:
        assert told.code.startswith("content.")
