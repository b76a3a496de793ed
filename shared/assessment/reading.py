"""Documents as the service wrote them, read without trust in their shape.

The service is not of one mind about its field names (`ContentProviderType` and `contentProviderType`,
`UpstreamDataflows` and `upstreamDataflows` come from the same operation), leaves out what is empty, and grows. A
verdict must never fail on that: what is missing or of another shape reads as empty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, cast

from shared.assessment.model import Json

_SHOWN = 5  # names in a sentence; the rest is counted


def field(item: Mapping[str, Any], *names: str) -> Any:
    """The first of these fields that has a value; the case of names does not matter."""
    for name in names:
        if (value := item.get(name)) is not None:
            return value
    wanted = [name.lower() for name in names]
    return next((v for k, v in item.items() if v is not None and k.lower() in wanted), None)


def text(item: Mapping[str, Any], *names: str) -> str:
    value = field(item, *names)
    return value if isinstance(value, str) else str(value) if _is_number(value) else ""


def lower(item: Mapping[str, Any], *names: str) -> str:
    return text(item, *names).lower()


def rows(item: Mapping[str, Any], *names: str) -> list[Json]:
    """The objects of a list; whatever else it holds is nothing we could name."""
    value = field(item, *names)
    return [row for row in map(as_object, cast(list[Any], value)) if row] if isinstance(value, list) else []


def record(item: Mapping[str, Any], *names: str) -> Json:
    return as_object(field(item, *names))


def as_object(value: Any) -> Json:
    if not isinstance(value, Mapping):
        return {}
    return {str(key): inner for key, inner in cast(Mapping[Any, Any], value).items()}


def name_of(item: Mapping[str, Any]) -> str:
    return text(item, "name", "displayName", "title")


def identity(kind: str, item: Mapping[str, Any]) -> str:
    """Its id, or a stable stand-in: the service lists workbooks without one."""
    return text(item, "id", "objectId") or _stand_in(kind, name_of(item), text(item, "datasetId"))


def _stand_in(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{parts[0]}-{digest[:32]}"


def access_right(user: Mapping[str, Any]) -> str:
    """What a user may do with an item: each kind of item has a field of its own name for it."""
    found = (v for k, v in user.items() if k.lower().endswith("accessright") and isinstance(v, str))
    right = next(found, "")
    return "" if right == "None" else right


def names_of(user: Mapping[str, Any]) -> set[str]:
    """Whatever this principal is called, in lower case."""
    fields = ("identifier", "emailAddress", "graphId", "memberName", "memberId")
    return {name for part in fields if (name := lower(user, part))}


def listed(names: Iterable[str], shown: int = _SHOWN) -> str:
    """`A, B, C and 4 more`, for a sentence."""
    known = [name or "(no name)" for name in names]
    rest = len(known) - shown
    return ", ".join(known[:shown]) + (f" and {rest} more" if rest > 0 else "")


def count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
