"""Ids of the source tenant in a text, and the target's in their place.

A GUID is found in every spelling it has in content: upper or lower case, in braces or quotes, after a percent escape
of a URL (`%3D…`) or a Unicode escape of JSON (`\\u0022…`), which end in hexadecimal digits themselves. It is never
found inside a longer run of hexadecimal digits, where it would be part of something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

# It begins with a plain set of characters, which is what lets the engine skip over the rest of a large file.
_GUID = re.compile(
    r"[0-9A-Fa-f]{8}(-|%2[Dd])[0-9A-Fa-f]{4}\1[0-9A-Fa-f]{4}\1[0-9A-Fa-f]{4}\1[0-9A-Fa-f]{12}(?![0-9A-Fa-f])"
)
_BEFORE = re.compile(r"(?:^|[^0-9A-Fa-f]|%(?:25)*[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4})\Z")
_LOOK_BACK = 8


@dataclass(frozen=True, slots=True)
class IdMap:
    """What source ids became. `unmoved`: ids known to have no place in the target, with words for people."""

    targets: Mapping[str, str]
    unmoved: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        for name in ("targets", "unmoved"):
            lowered = {key.lower(): value for key, value in getattr(self, name).items()}
            object.__setattr__(self, name, lowered)


@dataclass(frozen=True, slots=True)
class Rewritten[T]:
    """`replaced`: source ids that became target ids; `left`: unmoved ids that are still named in it."""

    content: T
    replaced: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()


def gather[T](content: T, pieces: Iterable[Rewritten[str]] | Iterable[Rewritten[bytes]]) -> Rewritten[T]:
    """One result for content that was rewritten piece by piece."""
    found = [(piece.replaced, piece.left) for piece in pieces]
    nothing: frozenset[str] = frozenset()
    return Rewritten(
        content, nothing.union(*(one for one, _ in found)), nothing.union(*(one for _, one in found))
    )


def guids(text: str) -> set[str]:
    """All GUIDs named in a text, lower case."""
    return {_plain(match) for match in _found(text)}


def rewrite_text(text: str, ids: IdMap) -> Rewritten[str]:
    """Every mapped GUID replaced in its own spelling; everything else stays byte for byte."""
    replaced, left, pieces, done = set[str](), set[str](), list[str](), 0
    for match in _found(text):
        plain = _plain(match)
        target = ids.targets.get(plain)
        if target is None:
            left |= {plain} & ids.unmoved.keys()
            continue
        replaced.add(plain)
        pieces += text[done : match.start()], _spelt_like(match, target)
        done = match.end()
    content = "".join((*pieces, text[done:])) if replaced else text
    return Rewritten(content, frozenset(replaced), frozenset(left))


def _found(text: str) -> Iterator[re.Match[str]]:
    for match in _GUID.finditer(text):
        start = match.start()
        if _BEFORE.search(text[max(0, start - _LOOK_BACK) : start]):
            yield match


def _plain(match: re.Match[str]) -> str:
    return match.group().lower().replace(match.group(1).lower(), "-")


def _spelt_like(match: re.Match[str], target: str) -> str:
    """The target's id with the dashes and in the case of the one it replaces."""
    digits = match.group().replace(match.group(1), "")
    cased = target.upper() if digits != digits.lower() and digits == digits.upper() else target
    return cased.replace("-", match.group(1))
