"""Which source workspaces a request means, and which target capacity each of them gets. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.assessment.verdicts_workspace import kind_of

type Json = dict[str, Any]

_MOVABLE = frozenset({"workspace", "classic", "orphaned"})


def movable(group: Mapping[str, Any]) -> bool:
    """Neither personal nor deleted nor one of the service's own."""
    return kind_of(group) in _MOVABLE


def select(wanted: list[str], groups: Iterable[Mapping[str, Any]]) -> tuple[list[Json], list[str]]:
    """The chosen workspaces `{"id", "name", "kind", "capacity"}` in id order, and the wanted names that fit none.

    An id beats a name: a text that is some workspace's id never selects another one by name.
    """
    live = [group for group in groups if movable(group)]
    if wanted == ["*"]:
        return _sorted(live), []
    by_id = {str(group["id"]).lower(): group for group in live}
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for group in live:
        by_name.setdefault(str(group.get("name") or ""), []).append(group)
    chosen: list[Mapping[str, Any]] = []
    unknown: list[str] = []
    for text in wanted:
        found = [by_id[text.lower()]] if text.lower() in by_id else by_name.get(text, [])
        chosen += found
        if not found:
            unknown.append(text)
    return _sorted(chosen), unknown


def beside(wanted: list[str], groups: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Where everything is wanted: what is there besides, and does not move (personal, deleted, other)."""
    return _sorted(group for group in groups if not movable(group)) if wanted == ["*"] else []


def _sorted(groups: Iterable[Mapping[str, Any]]) -> list[Json]:
    """One entry per id; a listing may repeat a workspace across pages."""
    entries = {
        str(group["id"]): {
            "id": str(group["id"]),
            "name": str(group.get("name") or group["id"]),  # nothing can be made without a name
            "kind": kind_of(group),
            "capacity": str(group.get("capacityId") or "") if on_capacity(group) else "",
        }
        for group in groups
    }
    return [entries[identity] for identity in sorted(entries)]


def on_capacity(group: Mapping[str, Any]) -> bool:
    return bool(group.get("isOnDedicatedCapacity", bool(group.get("capacityId"))))


class CapacityMap:
    """The request's `capacities` resolved against both tenants: an id beats a name beats `*`."""

    def __init__(
        self,
        wanted: Mapping[str, str],
        source: Iterable[Mapping[str, Any]],
        target: Iterable[Mapping[str, Any]],
    ):
        self._source_names = {str(c["id"]).lower(): str(c.get("displayName", "")).lower() for c in source}
        self._wanted = {key.lower(): value for key, value in wanted.items()}
        self._target = self._by_id_and_name(target)

    @staticmethod
    def _by_id_and_name(capacities: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        known = list(capacities)
        names = {str(c.get("displayName", "")).lower(): str(c["id"]) for c in known}
        return names | {str(c["id"]).lower(): str(c["id"]) for c in known}

    def unknown_targets(self) -> list[str]:
        """Target capacities the request names and the target identity can't see."""
        return sorted({value for value in self._wanted.values() if value.lower() not in self._target})

    def unmatched_sources(self, used: Iterable[str]) -> list[str]:
        """Keys of the request that are neither `*` nor a capacity of the source tenant."""
        known = {identity.lower() for identity in used} | set(self._source_names)
        known |= set(self._source_names.values()) | {"*"}
        return sorted(key for key in self._wanted if key not in known)

    def target_of(self, source_capacity: str) -> str:
        """The target capacity id for a workspace on `source_capacity`; empty: stays on shared capacity."""
        if not source_capacity:
            return ""
        identity = source_capacity.lower()
        for key in (identity, self._source_names.get(identity, "") or identity, "*"):
            if key in self._wanted:
                return self._target.get(self._wanted[key].lower(), "")
        return ""
