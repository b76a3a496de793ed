"""What the obstacles of an estate are judged from besides its extracts: the tenants' own lists, and a few facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from shared.assessment.model import Extract, Json, Obstacle

_NAMED = 3


class Part(NamedTuple):
    """A list of a tenant as far as it could be read; `unread` says what could not, and why."""

    rows: list[Json]
    unread: str = ""


type Parts = Mapping[str, Part]  # by "source-apps", "target-groups", …


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What of this app's settings and memory decides about obstacles."""

    mode: str = "scanner"  # scanner | member: in the latter the admin APIs were refused
    target_user: bool = False  # a master user is configured
    source_user: bool = False
    target_graph: bool = False
    own: frozenset[str] = frozenset()  # what this app's identities are called in the source, lower case
    needing: frozenset[str] = frozenset()  # workspaces of which `capacity.needed` is said already, lower case
    owner_of: Callable[[str], str] = field(
        default=lambda target_id: ""
    )  # the source workspace we made it from


class Judge(Protocol):
    """Looks at each extract once, in any order, and says at the end what it has seen of the whole."""

    def see(self, extract: Extract) -> Iterator[Obstacle]: ...

    def conclude(self) -> Iterator[Obstacle]: ...


def rows_of(parts: Parts, name: str) -> list[Json]:
    return parts[name].rows if name in parts else []


def unread_of(parts: Parts, name: str) -> str:
    """Why a part is not there, or not whole; "" where it is, or where nobody asked for it."""
    return parts[name].unread if name in parts else ""


@dataclass(slots=True)
class Tally:
    """How many workspaces something is in, and the names of the first."""

    workspaces: int = 0
    names: list[str] = field(default_factory=list[str])

    def add(self, name: str) -> None:
        self.workspaces += 1
        if len(self.names) < _NAMED:
            self.names.append(name)

    def __str__(self) -> str:
        """`3 workspaces (A, B, C)`."""
        more = ", …" if self.workspaces > len(self.names) else ""
        word = "workspace" if self.workspaces == 1 else "workspaces"
        return f"{self.workspaces} {word} ({', '.join(self.names)}{more})"
