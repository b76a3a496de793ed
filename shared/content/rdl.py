"""Paginated reports: the ids and workspace names in an RDL file, changed where they stand.

The file is parsed only to refuse what is no RDL; the changes are edits of its text, so that everything else stays byte
for byte. Only a UTF-8 byte order mark goes, which the import takes for a broken file.

A semantic model is named in one of two ways: `Initial Catalog=sobe_wowvirtualserver-<id>` at `pbiazure://…`, or by
names at `powerbi://<host>/v1.0/<tenant>/<workspace>`, which Report Builder repeats in `rd:PowerBIWorkspaceName`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape, unescape
from types import MappingProxyType

from shared.content import xmla
from shared.content.encoding import decode, encode
from shared.content.ids import IdMap, Rewritten, rewrite_text
from shared.content.xmltext import Element, read
from shared.errors import ContentError

_BOM = b"\xef\xbb\xbf"
_WHAT = "the RDL file"
_DECLARED = re.compile(r"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_READABLE = frozenset({"utf-8", "us-ascii", "ascii", "utf-16", "iso-8859-1", "latin-1", "windows-1252"})
_CONNECT = re.compile(r"(<(?:\w+:)?ConnectString\b[^<>]*>)([^<]*)(</)")
_WORKSPACE = re.compile(r"(<(?:\w+:)?PowerBIWorkspaceName\b[^<>]*>)([^<]*)(</)")
_NONE: Mapping[str, str] = MappingProxyType({})
_SOURCE = frozenset({"DataSource", "DataProvider", "ConnectString"})


def rewrite_rdl(data: bytes, ids: IdMap, rename: Mapping[str, str] = _NONE) -> Rewritten[bytes]:
    """The file for the target. `rename`: source workspace names and what they are called there."""
    _check(data)
    text, codec = _decoded(data.removeprefix(_BOM))
    done = rewrite_text(_renamed(text, rename), ids)
    return Rewritten(_encoded(done.content, codec), done.replaced, done.left)


def data_sources(data: bytes) -> list[dict[str, str]]:
    """`name`, `type` (the data provider; "" for a shared one) and `connectString` of each data source."""
    found: list[dict[str, str]] = []
    current: dict[str, str] = {}
    for element in _check(data):
        leaf = element.path[-1]
        if element.path[-3:-1] == ("DataSource", "ConnectionProperties"):
            key = {"DataProvider": "type", "ConnectString": "connectString"}.get(leaf)
            current |= {key: element.text.strip()} if key else {}
        elif element.path[-2:] == ("DataSources", "DataSource"):
            found.append(
                {"name": element.attributes.get("Name", ""), "type": "", "connectString": ""} | current
            )
            current = {}
    return found


def _check(data: bytes) -> list[Element]:
    """What tells its data sources, if it is an RDL file; ContentError otherwise."""
    document = read(data, _WHAT, _SOURCE)
    if document.root != "Report":
        raise ContentError("content.rdl", f"{_WHAT} is XML, but no report")
    return document.elements


def _decoded(data: bytes) -> tuple[str, str]:
    text, codec = decode(data, _WHAT)
    declared = _DECLARED.match(text.removeprefix("\ufeff"))
    if codec != "utf-8" or declared is None or declared.group(1).lower() == "utf-8":
        return text, codec
    name = declared.group(1).lower()
    if name not in _READABLE or name == "utf-16":
        raise ContentError("content.encoding", f"{_WHAT} is in {name!r}, which is not read")
    return data.decode(name, "surrogateescape"), name


def _encoded(text: str, codec: str) -> bytes:
    """A new name may hold letters an old encoding lacks; XML writes them as numbers."""
    if codec.startswith("utf-"):
        return encode(text, codec)
    return b"".join(_one_encoded(letter, codec) for letter in re.split(r"([^\x00-\x7f]+)", text))


def _one_encoded(text: str, codec: str) -> bytes:
    try:
        return text.encode(codec, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode(codec, "xmlcharrefreplace")


def _renamed(text: str, rename: Mapping[str, str]) -> str:
    """In the addresses of connect strings, and where Report Builder notes the name by itself."""
    if not rename:
        return text
    names = xmla.folded(rename)
    text = _CONNECT.sub(_edit(lambda value: xmla.renamed_in_xml(value, rename)), text)
    return _WORKSPACE.sub(_edit(lambda value: _plain_name(value, names)), text)


def _edit(change: Callable[[str], str]) -> Callable[[re.Match[str]], str]:
    """An element's text changed, between tags that stay."""
    return lambda match: match.group(1) + change(match.group(2)) + match.group(3)


def _plain_name(value: str, names: Mapping[str, str]) -> str:
    target = names.get(unescape(value).strip().casefold())
    return value if target is None else escape(target, quote=False)
