"""The published limits of the service by quota key, and how a setting is merged over them.

Kept apart from throttling: throttling reacts to what the service says, quotas say beforehand what is allowed.
Admin quotas count per tenant, the others per identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

HOUR = 3600.0
DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `limit` calls in any `window_s`, and `in_flight` at once; None means not published."""

    limit: int | None = None
    window_s: float | None = None
    in_flight: int | None = None


# A key without a published number adapts to 429 and Retry-After, with small concurrency.
BUILT_IN: dict[str, Quota] = {
    "admin.groups": Quota(50, HOUR),
    "admin.items": Quota(50, HOUR),
    "admin.getInfo": Quota(500, HOUR, 16),
    "admin.scanStatus": Quota(10_000, HOUR),
    "admin.scanResult": Quota(500, HOUR),
    "admin.modified": Quota(30, HOUR),
    "admin.activityEvents": Quota(200, HOUR),
    "admin.labels": Quota(25, HOUR),
    "admin.other": Quota(200, HOUR),
    "users.refreshPermissions": Quota(1, HOUR),
    "dataset.refresh": Quota(8, DAY),
    "dataset.executeQueries": Quota(120, 60.0),
    "fabric.platform": Quota(200, 60.0),
    "fabric.jobs": Quota(200, 60.0),
    "fabric.lro": Quota(200, 60.0),
    "default": Quota(None, None, 16),
}

FIELDS = ("limit", "window_s", "in_flight")


def merge(overrides: Mapping[str, Any]) -> tuple[dict[str, Quota], list[str]]:
    """The built-in table with overrides on top, and what was wrong with them (in words)."""
    table, faults = dict(BUILT_IN), []
    for key, fields in overrides.items():
        if key not in BUILT_IN:
            faults.append(f"unknown quota {key!r}")
        elif not isinstance(fields, Mapping):
            faults.append(f"quota {key!r} is not an object")
        else:
            wrong = [f"quota {key!r}: {problem}" for problem in _field_faults(fields)]
            faults += wrong
            if not wrong:
                table[key] = replace(table[key], **fields)
    return table, faults


def _field_faults(fields: Mapping[str, Any]) -> list[str]:
    faults = [f"unknown field {name!r}" for name in fields if name not in FIELDS]
    for name in FIELDS:
        value = fields.get(name)
        if value is not None and not _is_positive(value, whole=name != "window_s"):
            faults.append(f"{name} must be a positive {'number' if name == 'window_s' else 'whole number'}")
    return faults


def _is_positive(value: Any, *, whole: bool) -> bool:
    kinds = (int,) if whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and 0 < value < float("inf")
