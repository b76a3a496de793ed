"""What the plan of a run knows besides the workspaces themselves: who is chosen, and what the tenant's lists say.

Read once per activity from documents that earlier activities stored, so that a batch of a hundred workspaces
costs a handful of reads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from activities.context import Context
from activities.principals import names_of
from activities.selected import read_chosen
from activities.tenancy import read_tenant
from shared.assessment.model import Facts
from shared.outcomes import Json

_BESIDE = ("apps", "fabricItems", "workbooks")  # lists of the whole tenant whose rows belong to a workspace


@dataclass(frozen=True, slots=True)
class Known:
    mode: str
    selected: frozenset[str]
    members: Mapping[str, str] | None  # workspace -> write | read; None: could not be read
    beside: Mapping[str, Mapping[str, list[Json]]] = field(default_factory=dict[str, Any])
    target_user: bool = False
    source_user: bool = False
    has_target: bool = True
    own: frozenset[str] = frozenset()  # what this app's identities are called in the source, lower case

    def facts(self, entry: Mapping[str, Any], users: Iterable[Mapping[str, Any]] = ()) -> Facts:
        """What a verdict on a workspace of the selection needs beyond its own document, and `users` of that."""
        return Facts(
            mode=self.mode,
            selected=self.selected,
            has_target=self.has_target,
            target_user=self.target_user,
            source_user=self.source_user,
            on_capacity=bool(entry["targetCapacity"]) if self.has_target else None,
            right=self._right(entry["id"], users),
        )

    def parts_of(self, workspace_id: str) -> Json:
        """The rows of tenant-wide lists that belong to this workspace, by part."""
        return {part: rows.get(workspace_id.lower(), []) for part, rows in self.beside.items()}

    def _right(self, workspace_id: str, users: Iterable[Mapping[str, Any]]) -> str:
        """The list of workspaces does not always tell a Viewer; the users do, where they are told."""
        if self.members is None:
            return "unknown"
        views = any(
            user.get("groupUserAccessRight") == "Viewer" and self.own.intersection(names_of(user))
            for user in users
        )
        return "read" if views else self.members.get(workspace_id.lower(), "none")


def know(context: Context) -> Known:
    """Read what the earlier steps of the plan have stored."""
    services, request, run = context.services, context.request, context.call.migration
    chosen = read_chosen(services, run)
    target = services.connection(request.target) if request.target else None
    beside = {part: _by_workspace(read_tenant(services, run, "source", part)[0]) for part in _BESIDE}
    return Known(
        chosen["mode"],
        frozenset(chosen["chosen"]),
        _members(*read_tenant(services, run, "source", "memberships")),
        beside,
        target_user=target is not None and target.has_user,
        source_user=services.connection(request.source).has_user,
        has_target=target is not None,
        own=services.own_principals(request.source),
    )


def _members(rows: Iterable[Mapping[str, Any]], unread: str) -> dict[str, str] | None:
    if unread:
        return None
    return {str(row["id"]).lower(): "read" if row.get("isReadOnly") else "write" for row in rows}


def _by_workspace(rows: Iterable[Json]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = defaultdict(list)
    for row in rows:
        found[str(row.get("workspaceId") or "").lower()].append(row)
    return found
