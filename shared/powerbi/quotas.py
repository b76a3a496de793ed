"""The published limits of the service by quota key, and how a setting is merged over them.

Kept apart from throttling: throttling reacts to what the service says, quotas say beforehand what is allowed.
Admin quotas count per tenant, the others per identity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0
ADMIN = "admin."  # keys of this beginning count per tenant, and are what other admin tools use too


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `limit` calls in any `window_s`, and `in_flight` at once; None means not published.

    Some lists have a second, shorter limit: `burst` in any `burst_window_s`. Of all of it this app takes
    `share`, and leaves the rest to other tools.
    """

    limit: int | None = None
    window_s: float | None = None
    in_flight: int | None = None
    burst: int | None = None
    burst_window_s: float | None = None
    share: float = 1.0

    def left_to_us(self) -> Quota:
        """The numbers after the share, never below one."""
        numbers = {name: _part(getattr(self, name), self.share) for name in ("limit", "burst")}
        return replace(self, **numbers, in_flight=_part(self.in_flight, self.share))


# A key without a published number adapts to 429 and Retry-After, with small concurrency.
BUILT_IN: dict[str, Quota] = {
    "admin.groups": Quota(50, HOUR, burst=15, burst_window_s=MINUTE),
    "admin.items": Quota(50, HOUR, burst=5, burst_window_s=MINUTE),
    "admin.getInfo": Quota(500, HOUR, 16),
    "admin.scanStatus": Quota(10_000, HOUR),
    "admin.scanResult": Quota(500, HOUR),
    "admin.modified": Quota(30, HOUR),
    "admin.activityEvents": Quota(200, HOUR),
    "admin.labels": Quota(25, HOUR),
    "admin.other": Quota(200, HOUR),
    "users.refreshPermissions": Quota(1, HOUR),
    "dataset.refresh": Quota(8, DAY),
    "dataset.executeQueries": Quota(120, MINUTE),
    "fabric.platform": Quota(200, MINUTE),
    "fabric.jobs": Quota(200, MINUTE),
    "fabric.lro": Quota(200, MINUTE),
    "default": Quota(None, None, 16),
}

FIELDS = ("limit", "window_s", "in_flight", "share")


def merge(overrides: Mapping[str, Any], admin_share: float = 1.0) -> tuple[dict[str, Quota], list[str]]:
    """The built-in table with overrides on top, and what was wrong with them (in words).

    `admin_share` is the part of every admin quota that is ours where an override names no other.
    """
    table = {
        key: replace(quota, share=admin_share if key.startswith(ADMIN) else 1.0)
        for key, quota in BUILT_IN.items()
    }
    faults: list[str] = []
    for key, fields in overrides.items():
        if key not in BUILT_IN:
            faults.append(f"unknown quota {key!r}")
        elif not isinstance(fields, Mapping):
            faults.append(f"quota {key!r} is not an object")
        else:
            wrong = [f"quota {key!r}: {problem}" for problem in _field_faults(fields)]
            faults += wrong
            if not wrong:
                table[key] = _overridden(table[key], fields)
    return table, faults


def is_share(value: Any) -> bool:
    """More than nothing, at most all."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1


def _overridden(known: Quota, fields: Mapping[str, Any]) -> Quota:
    """The override's numbers; the shorter limit, which has no number of its own there, keeps its proportion."""
    changed = replace(
        known,
        **{
            name: known.share if value is None and name == "share" else value
            for name, value in fields.items()
        },
    )
    if changed.limit is None:  # learned: a day's window would make learning take months
        return replace(changed, window_s=fields.get("window_s"), burst=None, burst_window_s=None)
    if known.burst is None or known.burst_window_s is None or not known.limit or not known.window_s:
        return changed
    window = known.burst_window_s * (changed.window_s or known.window_s) / known.window_s
    return replace(
        changed, burst=max(1, math.floor(known.burst * changed.limit / known.limit)), burst_window_s=window
    )


def _part(number: int | None, share: float) -> int | None:
    return None if number is None else max(1, math.floor(number * share + 1e-9))


def _field_faults(fields: Mapping[str, Any]) -> list[str]:
    faults = [f"unknown field {name!r}" for name in fields if name not in FIELDS]
    for name in ("limit", "window_s", "in_flight"):
        value = fields.get(name)
        if value is not None and not _is_positive(value, whole=name != "window_s"):
            faults.append(f"{name} must be a positive {'number' if name == 'window_s' else 'whole number'}")
    if fields.get("share") is not None and not is_share(fields["share"]):
        faults.append("share must be more than 0 and at most 1")
    return faults


def _is_positive(value: Any, *, whole: bool) -> bool:
    kinds = (int,) if whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and 0 < value < float("inf")
