"""PBIX files of the sandbox, judged by an independent reader."""

import tracemalloc
import zipfile
from pathlib import Path

import pytest
from pbixray import PBIXRay

from sandbox import pbix


@pytest.fixture
def templates(tmp_path: Path) -> pbix.Templates:
    return pbix.Templates(tmp_path)


@pytest.mark.parametrize("name", pbix.TEMPLATES)
def test_a_real_reader_finds_the_model_with_its_rows(
    name: str, templates: pbix.Templates, tmp_path: Path
) -> None:
    template = templates.get(name)
    pbix.write(tmp_path / "one", template, "one", 60_000)
    with PBIXRay(str(tmp_path / "one")) as model:
        table = template.tables[0]
        rows = model.get_table(name)
        assert list(model.tables) == [name]
        assert len(rows) == table["rows"]
        assert set(rows["Label"]) >= {"東京", 'so "quoted"', "=1+1"}
        assert list(model.dax_measures["Expression"]) == [table["measures"][0]["expression"]]


def test_labels_make_distinct_bytes_and_the_same_label_the_same(
    templates: pbix.Templates, tmp_path: Path
) -> None:
    template = templates.get("Sales")
    hashes = [
        pbix.write(tmp_path / str(n), template, label).sha256 for n, label in enumerate(["a", "b", "a"])
    ]
    assert hashes[0] == hashes[2] != hashes[1]


def test_templates_are_built_once_per_folder(templates: pbix.Templates, tmp_path: Path) -> None:
    first = templates.get("Sales").path.read_bytes()
    assert pbix.Templates(tmp_path).get("Sales").path.read_bytes() == first


def test_a_file_has_the_size_asked_for_and_does_not_compress(
    templates: pbix.Templates, tmp_path: Path
) -> None:
    written = pbix.write(tmp_path / "big", templates.get("Stock"), "big", 8 * 1024 * 1024)
    assert abs(written.length - 8 * 1024 * 1024) < 2_000
    with zipfile.ZipFile(tmp_path / "squeezed.zip", "w", zipfile.ZIP_DEFLATED) as squeezed:
        squeezed.write(tmp_path / "big")
    assert (tmp_path / "squeezed.zip").stat().st_size > 0.99 * written.length


@pytest.mark.slow
def test_a_file_beyond_4_gib_is_zip64_made_and_checked_with_flat_memory(
    templates: pbix.Templates, tmp_path: Path
) -> None:
    template = templates.get("Sales")
    tracemalloc.start()
    written = pbix.write(tmp_path / "huge", template, "huge", 4 * 1024**3 + 1)
    fault = pbix.fault_in(tmp_path / "huge", thorough=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fault is None
    assert written.length > 4 * 1024**3
    assert peak < 16 * 1024 * 1024
    with PBIXRay(str(tmp_path / "huge")) as model:
        assert len(model.get_table("Sales")) == template.tables[0]["rows"]
    (tmp_path / "huge").unlink()


def test_a_whole_file_has_no_fault(templates: pbix.Templates, tmp_path: Path) -> None:
    pbix.write(tmp_path / "whole", templates.get("People"), "whole", 50_000)
    assert pbix.fault_in(tmp_path / "whole") is None
    assert pbix.has_model(tmp_path / "whole")


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.999])
def test_a_file_cut_anywhere_is_refused(kept: float, templates: pbix.Templates, tmp_path: Path) -> None:
    written = pbix.write(tmp_path / "cut", templates.get("Sales"), "cut", 50_000)
    whole = (tmp_path / "cut").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: int(written.length * kept)])
    assert "not a complete ZIP" in (pbix.fault_in(tmp_path / "cut") or "")


@pytest.mark.parametrize("at", [0.1, 0.3, 0.6, 0.9])
def test_a_flipped_byte_is_found(at: float, templates: pbix.Templates, tmp_path: Path) -> None:
    written = pbix.write(tmp_path / "bad", templates.get("Sales"), "bad", 50_000)
    spoilt = bytearray((tmp_path / "bad").read_bytes())
    spoilt[int(written.length * at)] ^= 0xFF
    (tmp_path / "bad").write_bytes(spoilt)
    assert pbix.fault_in(tmp_path / "bad") is not None


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        (["DataModel", "Report/Layout"], "Content_Types"),
        (["[Content_Types].xml", "DataModel"], "no report"),
        (["[Content_Types].xml", "Report/Layout"], "neither a DataModel"),
    ],
)
def test_a_zip_that_is_no_pbix_is_refused(members: list[str], fault: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "zip", "w") as archive:
        for member in members:
            archive.writestr(member, b"x")
    assert fault in (pbix.fault_in(tmp_path / "zip") or "")
