"""The table of operations. A resource area is one file in `areas/`, which declares its own."""

import importlib
import pkgutil
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from sandbox.replies import Reply

if TYPE_CHECKING:
    from sandbox.calls import Call

Guard = Literal["open", "token", "admin", "adminUser"]
"""open: no token; token: a valid one of this tenant; admin: reads admin APIs; adminUser: a Fabric admin."""

Family = Literal["powerbi", "fabric", "graph", "entra", "blob"]
Handler = Callable[["Call"], Awaitable[Reply]]

PREFIXES: dict[Family, str] = {
    "powerbi": "/v1.0/myorg/",
    "fabric": "/v1/",
    "graph": "/graph/v1.0/",
    "entra": "/",
    "blob": "/",
}


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    """operationId of the official contract, or our own name where there is none."""
    method: str
    template: str
    handler: Handler
    guard: Guard
    bucket: str
    family: Family
    pattern: re.Pattern[str]
    by_comp: dict[str, str]
    """Storage names several operations by one path; `comp` in the query tells them apart, and where the same is
    done from a source elsewhere, a header: `<comp> from url`."""

    def name(self, query: dict[str, str], headers: Mapping[str, str]) -> str:
        kind = query.get("comp", "") + (" from url" if "x-ms-copy-source" in headers else "")
        return self.by_comp.get(kind, self.id)


OPERATIONS: list[Operation] = []


def operation(
    id: str,
    method: str,
    path: str,
    *,
    guard: Guard = "token",
    bucket: str = "default",
    family: Family = "powerbi",
    by_comp: dict[str, str] | None = None,
) -> Callable[[Handler], Handler]:
    """Declare a coroutine as the answer to one operation; `path` is relative to its family's base."""

    def declare(handler: Handler) -> Handler:
        template = PREFIXES[family] + path
        pattern = _pattern(template)
        OPERATIONS.append(
            Operation(id, method, template, handler, guard, bucket, family, pattern, by_comp or {})
        )
        return handler

    return declare


def load_areas() -> None:
    """Import every file of `areas/`, then put literal paths before templates."""
    package = importlib.import_module("sandbox.areas")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"sandbox.areas.{module.name}")
    OPERATIONS.sort(key=lambda entry: (entry.template.count("{"), -entry.template.count("/")))


def find(method: str, raw_path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation meant. Paths are matched before decoding: a name may hold an encoded slash."""
    for candidate in OPERATIONS:
        if candidate.method == method and (match := candidate.pattern.fullmatch(raw_path)):
            return candidate, {key: unquote(value) for key, value in match.groupdict().items()}
    return None


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    pieces = [f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)]
    return re.compile("".join(pieces), re.IGNORECASE)
