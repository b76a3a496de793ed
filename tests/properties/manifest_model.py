"""The manifest in a few lines of dictionaries: what a correct one shows after the same commands."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

type ItemKey = tuple[str, str, str]  # source workspace, kind, source id


@dataclass(slots=True)
class Model:
    """One migration. Ids are the same whatever their case; a row that is there keeps its progress."""

    workspaces: dict[str, str] = field(default_factory=dict[str, str])  # source id -> status
    workspace_targets: dict[str, str] = field(default_factory=dict[str, str])
    items: dict[ItemKey, str] = field(default_factory=dict[ItemKey, str])  # -> state
    item_targets: dict[ItemKey, str] = field(default_factory=dict[ItemKey, str])
    counted: dict[str, dict[str, dict[str, int]]] = field(
        default_factory=dict[str, dict[str, dict[str, int]]]
    )

    def plan_workspace(self, workspace: str) -> None:
        self.workspaces.setdefault(workspace, "pending")

    def plan_items(self, workspace: str, items: list[tuple[str, str]]) -> None:
        for kind, identity in items:
            self.items.setdefault((workspace, kind, identity), "planned")

    def change_workspace(self, workspace: str, status: str, target: str) -> None:
        self.workspaces[workspace], self.workspace_targets[workspace] = status, target

    def change_item(self, item: ItemKey, state: str, target: str) -> None:
        self.items[item], self.item_targets[item] = state, target

    def count(self, workspace: str) -> None:
        """Counts of a workspace are as of the last time it was counted."""
        kinds = {kind for owner, kind, _ in self.items if owner == workspace}
        self.counted[workspace] = {kind: self._count(workspace, kind) for kind in kinds}

    def _count(self, workspace: str, kind: str) -> dict[str, int]:
        states = [
            state for (owner, each, _), state in self.items.items() if (owner, each) == (workspace, kind)
        ]
        seen = Counter(states)
        return {"total": len(states), **{name: seen[name] for name in ("done", "failed", "manual")}}

    def progress(self) -> dict[str, Any]:
        """After a recount of everything."""
        statuses, items = Counter(self.workspaces.values()), dict[str, Counter[str]]()
        for counts in self.counted.values():
            for kind, of_kind in counts.items():
                items.setdefault(kind, Counter()).update(of_kind)
        return {
            "workspaces": {
                "total": len(self.workspaces),
                "done": statuses["done"],
                "failed": statuses["failed"] + statuses["blocked"],
            },
            "items": {kind: dict(counts) for kind, counts in items.items()},
        }

    def mapping(self) -> dict[tuple[str, str, str], tuple[str, str]]:
        """Every source object with its state (a workspace: its status) and target."""
        rows = {
            ("workspace", one, one): (status, self.workspace_targets.get(one, ""))
            for one, status in self.workspaces.items()
        }
        return rows | {
            (kind, owner, identity): (state, self.item_targets.get((owner, kind, identity), ""))
            for (owner, kind, identity), state in self.items.items()
        }
