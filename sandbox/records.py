"""Dataclass to JSON and back, field by field: snake_case in Python, camelCase on paper.

Collections keyed by id are dicts in memory (10,000 workspaces must answer quickly) and lists in JSON.
"""

import types
import typing
from functools import cache
from typing import Any, Self, cast


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


class Record:
    """Base of every state dataclass: gives it `to_dict` and `from_dict`."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        hints = _hints(type(self))
        return {camel(name): _encode(hint, getattr(self, name)) for name, hint in hints.items()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        hints = _hints(cls)
        known = {camel(name): name for name in hints}
        unknown = data.keys() - known.keys()
        if unknown:
            raise ValueError(f"{cls.__name__} has no field {sorted(unknown)}")
        return cls(**{known[key]: _decode(hints[known[key]], value) for key, value in data.items()})


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _encode(hint: Any, value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, list):
        items = cast(list[Any], value)
        return [item.to_dict() if isinstance(item, Record) else item for item in items]
    if isinstance(value, dict):
        entries = cast(dict[str, Any], value)
        keyed = any(map(_is_record, typing.get_args(hint)))  # an untyped dict has no arguments
        return [item.to_dict() for item in entries.values()] if keyed else dict(entries)
    return value


def _decode(hint: Any, value: Any) -> Any:
    if isinstance(hint, types.UnionType):
        hint = next(arm for arm in typing.get_args(hint) if arm is not types.NoneType)
    if value is None:
        return None
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint.from_dict(value)
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is list:
        return [_decode(arguments[0], item) for item in value]
    if typing.get_origin(hint) is dict and _is_record(arguments[1]):
        decoded = [_decode(arguments[1], item) for item in value]
        return {item.id: item for item in decoded}
    return value


def _is_record(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Record)
