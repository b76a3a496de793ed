"""Workspaces named in addresses of models: `powerbi://<host>/v1.0/<tenant>/<workspace name>`.

Composite models (M), RDL and connection strings name a model by such an address and by its name, without any id, so a
workspace that is called otherwise in the target must be renamed in them. The tenant in an address becomes `myorg`, the
tenant of whoever reads: the one it named is left behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape, unescape
from urllib.parse import quote, unquote

from shared.content.encoding import decode, encode
from shared.content.parts import Part, is_text

type _Words = Callable[[str], str]

_HEAD = r"(powerbi://[^/\s;\"'<]{1,255}/v1\.0/)([^/\s;\"'<]{1,255})(/)"
# The workspace's name ends where the setting or the text around it does.
_PLAIN = re.compile(_HEAD + r'([^;"<>\\\r\n]+)', re.IGNORECASE)
_XML = re.compile(
    _HEAD + r'((?:&(?:amp|lt|gt|apos);|&#(?!34;)\d{1,6};|[^;"<&\r\n])+)',
    re.IGNORECASE,
)


def folded(rename: Mapping[str, str]) -> dict[str, str]:
    """Names as the service compares them: without regard to case."""
    return {source.casefold(): target for source, target in rename.items()}


def renamed(text: str, rename: Mapping[str, str]) -> str:
    """A text (M, JSON, a connection string) with the target's workspace names in its addresses."""
    names = folded(rename)
    return _PLAIN.sub(lambda match: _moved(match, names, str, str), text) if names else text


def renamed_in_xml(text: str, rename: Mapping[str, str]) -> str:
    """The same for text that is part of XML."""
    names = folded(rename)
    return _XML.sub(lambda match: _moved(match, names, unescape, _escaped), text) if names else text


def rename_workspaces(parts: Sequence[Part], rename: Mapping[str, str]) -> list[Part]:
    """The same for the text parts of a definition; RDL has its own way (`rdl.rewrite_rdl`)."""
    return [
        _part(part, rename) if is_text(part) and not part.path.endswith(".rdl") else part for part in parts
    ]


def _part(part: Part, rename: Mapping[str, str]) -> Part:
    text, codec = decode(part.payload, part.path)
    after = renamed(text, rename)
    return part if after == text else replace(part, payload=encode(after, codec))


def _moved(match: re.Match[str], names: Mapping[str, str], read: _Words, write: _Words) -> str:
    start, _, slash, written = match.groups()
    # A name may hold an apostrophe, or one may stand around the address: the longer reading goes first.
    for shown in dict.fromkeys((written.rstrip(), written.split("'")[0].rstrip())):
        raw = read(shown)
        target = names.get(unquote(raw).casefold(), names.get(raw.casefold()))
        if target is not None:
            spelt = quote(target, safe="") if "%" in raw else _closed(target)
            return f"{start}myorg{slash}{write(spelt)}{written[len(shown) :]}"
    return match.group()


def _closed(name: str) -> str:
    """Blanks and letters stay readable; what would end the address or the setting is escaped."""
    return re.sub(r'[/%?#;"\\]', lambda sign: quote(sign.group(), safe=""), name)


def _escaped(text: str) -> str:
    return escape(text, quote=False)
