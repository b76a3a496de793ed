"""Real PBIX files: a few data models built once, then any number of distinct, valid files made from them.

A PBIX is a ZIP archive. Each file here carries a model that a real reader opens, and one registered resource
of its own (a label, then incompressible filling), which makes its bytes unlike those of any other report and
gives it its size. Everything is streamed: a file of several GiB needs a few MiB of memory.
"""

import hashlib
import json
import random
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.live import MODEL_MEMBERS
from sandbox.state import File

TEMPLATES = ("Sales", "Stock", "People", "Weather")
RESOURCE = "Report/StaticResources/RegisteredResources/sandbox.bin"

_CONTENT_TYPES = "[Content_Types].xml"
_LAYOUT = "Report/Layout"
_NOTE = "Report/StaticResources/RegisteredResources/edition.bin"
_RESOURCE_TYPE = '<Default Extension="bin" ContentType="application/octet-stream" />'
_EPOCH = (2024, 1, 1, 0, 0, 0)
_BLOCK = 1024 * 1024
_ZIP64_FROM = 2**31 - _BLOCK

Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    """A data model on disk, and what the metadata scanner would say of its tables (`rows` is ours)."""

    name: str
    path: Path
    tables: list[Table]


class Templates:
    """The models of one data dir: built on first use, then read from disk."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "templates"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._known: dict[str, Template] = {}

    def get(self, name: str) -> Template:
        if name not in self._known:
            self._known[name] = self._make(name)
        return self._known[name]

    def _make(self, name: str) -> Template:
        path = self._folder / f"{name}.pbix"
        rows = _rows(name)
        if not path.exists():
            unfinished = path.with_suffix(".part")
            unfinished.write_bytes(_build(name, rows))
            unfinished.replace(path)
        return Template(name, path, [_described(name, rows)])


def write(target: Path, template: Template, label: str, size: int = 0, links: Sequence[str] = ()) -> File:
    """A PBIX of about `size` bytes (never smaller than its model), unlike any file of another label.

    The file's name is its id in the file store. `links` are addresses that buttons on its first page open.
    """
    filling = max(0, size - template.path.stat().st_size)
    with zipfile.ZipFile(template.path) as model, zipfile.ZipFile(target, "w", allowZip64=True) as made:
        for member in model.infolist():
            _copy(model, made, member, links)
        with made.open(_stored(RESOURCE), "w", force_zip64=filling >= _ZIP64_FROM) as resource:
            resource.write(label.encode() + b"\n")
            for block in _incompressible(label, filling):
                resource.write(block)
    with target.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    return File(target.name, digest, target.stat().st_size, layout_of(target))


def edited(target: Path, original: Path, label: str) -> File:
    """The same report with something else on it: what publishing it again sends."""
    with zipfile.ZipFile(original) as old, zipfile.ZipFile(target, "w", allowZip64=True) as made:
        for member in old.infolist():
            if member.filename != _NOTE:
                with old.open(member) as source, made.open(_stored(member.filename), "w") as out:
                    shutil.copyfileobj(source, out)
        made.writestr(_stored(_NOTE), label)
    with target.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    return File(target.name, digest, target.stat().st_size, layout_of(target))


def layout_of(path: Path) -> str:
    """A digest of all that is not the model: the same for a file and for its copy without the model."""
    with zipfile.ZipFile(path) as archive:
        members = sorted((member.filename, member.CRC, member.file_size) for member in archive.infolist())
    shown = [member for member in members if member[0] not in MODEL_MEMBERS]
    return hashlib.sha256(repr(shown).encode()).hexdigest()


def fault_in(path: Path, *, thorough: bool = True) -> str | None:
    """Why the file is not a complete PBIX, or None. `thorough` reads every byte and checks every CRC."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _missing_member(set(archive.namelist())) or (_broken_member(archive) if thorough else None)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as fault:
        return f"not a complete ZIP archive: {fault}"


def has_model(path: Path) -> bool:
    """False for a report that only connects to a model elsewhere."""
    with zipfile.ZipFile(path) as archive:
        return "DataModel" in archive.namelist()


def _missing_member(names: set[str]) -> str | None:
    if _CONTENT_TYPES not in names:
        return f"no {_CONTENT_TYPES}"
    if not any(name == "Report/Layout" or name.startswith("Report/definition/") for name in names):
        return "no report in it"
    return None if names & {"DataModel", "Connections"} else "neither a DataModel nor a connection to one"


def _broken_member(archive: zipfile.ZipFile) -> str | None:
    try:
        broken = archive.testzip()
    except Exception as fault:  # noqa: BLE001 - decompressors raise what they like on damaged input; each is a fault
        return f"damaged: {fault}"
    return f"damaged: {broken} fails its CRC" if broken else None


def _copy(
    model: zipfile.ZipFile, made: zipfile.ZipFile, member: zipfile.ZipInfo, links: Sequence[str]
) -> None:
    """One member under a fixed date, so that equal inputs give equal bytes."""
    data = model.read(member)
    if member.filename == _CONTENT_TYPES:
        data = data.replace(b"<Override", _RESOURCE_TYPE.encode() + b"<Override", 1)
    if member.filename == _LAYOUT and links:
        data = _linked(data, links)
    made.writestr(_stored(member.filename), data, compress_type=member.compress_type)


def _linked(layout: bytes, links: Sequence[str]) -> bytes:
    """The layout with a button for each address."""
    content = json.loads(layout.decode("utf-16-le"))
    for number, link in enumerate(links):
        visual = {"visualType": "actionButton", "vcObjects": {"visualLink": [{"webUrl": link}]}}
        config = json.dumps({"name": f"button{number}", "singleVisual": visual})
        place = {"x": 0, "y": 240 + 60 * number, "z": 0, "width": 200, "height": 50}
        content["sections"][0]["visualContainers"].append({**place, "config": config, "filters": "[]"})
    return json.dumps(content, ensure_ascii=False).encode("utf-16-le")


def _stored(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, date_time=_EPOCH)


def _incompressible(label: str, length: int) -> Iterator[bytes]:
    """Noise of the given length; blocks of 1 MiB differ by number only, beyond any compressor's window."""
    noise = random.Random(label).randbytes(min(length, _BLOCK))
    for start in range(0, length, _BLOCK):
        number = start.to_bytes(8, "big")
        yield (number + noise[8:])[: length - start]


def _rows(name: str) -> list[Table]:
    """Some hundreds of rows, the same ones for ever, with the texts that break careless code."""
    draw = random.Random(name)
    texts = ["North", "Süd", "it's", 'so "quoted"', "=1+1", "東京", "a/b\\c", "100%"]
    return [
        {
            "Key": number,
            "Label": draw.choice(texts),
            "Amount": draw.randrange(10_000),
            "Note": draw.randbytes(8).hex(),
        }
        for number in range(draw.randrange(200, 600))
    ]


_COLUMNS = {"Key": "Int64", "Label": "String", "Amount": "Int64", "Note": "String"}


def _build(name: str, rows: list[Table]) -> bytes:
    from pbix_mcp.builder import PBIXBuilder

    builder = PBIXBuilder(name)
    builder.add_table(
        name, [{"name": column, "data_type": kind} for column, kind in _COLUMNS.items()], rows=rows
    )
    builder.add_measure(name, "Total", _measure(name))
    card = {
        "type": "card",
        "name": "total",
        "config": {"measure": "Total"},
        "x": 0,
        "y": 0,
        "width": 200,
        "height": 100,
    }
    builder.add_page("Page 1", [card])
    return builder.build()


def _measure(name: str) -> str:
    return f"SUM({name}[Amount])"


def _described(name: str, rows: list[Table]) -> Table:
    return {
        "name": name,
        "isHidden": False,
        "rows": len(rows),
        "columns": [
            {"name": column, "dataType": kind, "isHidden": False} for column, kind in _COLUMNS.items()
        ],
        "measures": [{"name": "Total", "expression": _measure(name), "isHidden": False}],
        "source": [{"expression": f'let Source = Sql.Database("sql.contoso.com", "{name}") in Source'}],
    }
