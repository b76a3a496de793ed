"""Route templates of HTTP triggers, matched as the Functions host does.

`{id}`, `{id?}`, `{id:int}`, `{*rest}`; literals without regard to case and before parameters; a path that
exists under other methods only is not found (404, not 405).
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from local.errors import UnsupportedFunction
from local.functions import Function, HttpRoute

_PARAMETER = re.compile(r"\{(?P<rest>\*)?(?P<name>\w+)(?P<constraints>(?::[^{}?]+)*)(?P<optional>\?)?\}")


def _is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


_CONSTRAINTS: dict[str, Callable[[str], bool]] = {
    "int": lambda text: re.fullmatch(r"-?\d+", text) is not None,
    "long": lambda text: re.fullmatch(r"-?\d+", text) is not None,
    "alpha": lambda text: text.isascii() and text.isalpha(),
    "bool": lambda text: text.lower() in ("true", "false"),
    "guid": _is_guid,
}


@dataclass(frozen=True, slots=True)
class _Template:
    """A compiled route: its expression, its parameters' constraints, and how specific it is."""

    route: HttpRoute
    expression: re.Pattern[str]
    constraints: dict[str, tuple[str, ...]]
    rank: tuple[int, ...]

    def match(self, path: str) -> dict[str, str] | None:
        found = self.expression.fullmatch(path)
        if found is None:
            return None
        values = {name: unquote(value) for name, value in found.groupdict().items() if value is not None}
        for name, value in values.items():
            if not all(_CONSTRAINTS[constraint](value) for constraint in self.constraints[name]):
                return None
        return values


class RouteTable:
    """All routes of an app, the most specific first."""

    def __init__(self, routes: list[HttpRoute]) -> None:
        self._templates = sorted((_compile(route) for route in routes), key=lambda template: template.rank)

    def find(self, method: str, path: str) -> tuple[Function, dict[str, str]] | None:
        """The function for a request and its route parameters; `path` is undecoded, without the prefix."""
        for template in self._templates:
            if method in template.route.methods and (values := template.match(path)) is not None:
                return template.route.function, values
        return None


def _compile(route: HttpRoute) -> _Template:
    expression, rank, constraints = "", [], {}
    for segment in filter(None, route.template.strip("/").split("/")):
        parameter = _PARAMETER.fullmatch(segment)
        if parameter is None:
            if "{" in segment:
                raise UnsupportedFunction(
                    f"{route.function.name}: route segment {segment!r} isn't served locally"
                )
            expression += "/" + re.escape(segment)
            rank.append(0)
            continue
        constraints[parameter["name"]] = _known_constraints(route, parameter["constraints"])
        expression += _group(parameter)
        rank.append(2 if parameter["rest"] else 1)
    return _Template(route, re.compile(expression + "/?", re.IGNORECASE), constraints, tuple(rank))


def _group(parameter: re.Match[str]) -> str:
    name = parameter["name"]
    if parameter["rest"]:
        return f"(?:/(?P<{name}>.*))?"
    return f"(?:/(?P<{name}>[^/]+))" + ("?" if parameter["optional"] else "")


def _known_constraints(route: HttpRoute, text: str) -> tuple[str, ...]:
    names = tuple(filter(None, text.split(":")))
    for name in names:
        if name not in _CONSTRAINTS:
            raise UnsupportedFunction(
                f"{route.function.name}: route constraint {name!r} isn't served locally"
            )
    return names
