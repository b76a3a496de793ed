"""XML of somebody else: parsed only to be judged and read, never written.

A document type is refused outright: RDL has none, and with one come entities that grow without bound or read files.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from xml.parsers import expat

from shared.content.encoding import MAX_TEXT
from shared.errors import ContentError

_DEPTH = 500
_ELEMENTS = 5_000_000
_WANTED = 100_000
_KEPT = 4096  # characters of one element's text; connect strings are far shorter


@dataclass(slots=True)
class Element:
    """One element: local names from the root to itself, its attributes, its own text as far as it is kept."""

    path: tuple[str, ...]
    attributes: dict[str, str]
    text: str = ""


@dataclass(slots=True)
class Document:
    """The name of the root, and the wanted elements in the order in which they end."""

    root: str = ""
    elements: list[Element] = field(default_factory=list[Element])


def read(data: bytes, what: str, wanted: Set[str]) -> Document:
    """The elements with one of the wanted names; ContentError where the XML is bad or goes beyond all bounds."""
    if len(data) > MAX_TEXT:
        raise ContentError("content.tooLarge", f"{what} has {len(data)} bytes, at most {MAX_TEXT} are read")
    reader = _Reader(what, wanted)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as bad:
        raise ContentError("content.xml", f"{what} is not well-formed XML: {bad}") from bad
    except (LookupError, ValueError) as bad:
        text = f"{what} declares an encoding that can't be read: {str(bad)[:200]}"
        raise ContentError("content.encoding", text) from bad
    return reader.document


class _Reader:
    """What expat calls while it parses."""

    def __init__(self, what: str, wanted: Set[str]) -> None:
        self._what, self._names = what, wanted
        self._path: list[str] = []
        self._open: list[Element | None] = []  # None: not wanted
        self._count = 0
        self.document = Document()
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _refuse(self, *_: object) -> None:
        raise ContentError("content.xml", f"{self._what} declares a document type or entities")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._path) >= _DEPTH or self._count > _ELEMENTS or len(self.document.elements) > _WANTED:
            raise ContentError("content.tooLarge", f"{self._what} has too many elements, or too deep ones")
        local = name.rpartition(":")[2]
        self.document.root = self.document.root or local
        self._path.append(local)
        self._open.append(Element(tuple(self._path), attributes) if local in self._names else None)

    def _text(self, text: str) -> None:
        element = self._open[-1]
        if element is not None:
            element.text += text[: _KEPT - len(element.text)]

    def _end(self, _: str) -> None:
        self._path.pop()
        element = self._open.pop()
        if element is not None:
            self.document.elements.append(element)
