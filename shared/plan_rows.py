"""The rows of a plan as people are shown them: a verdict per workspace and item, with the wave it goes in.

The end of a plan leaves two documents beside the rows: `summary.json` (sums) and `waves.json` (workspace -> wave).
"""

from __future__ import annotations

from typing import Any

from shared.assessment.report_figures import is_automated
from shared.errors import NotFound
from shared.listings import Json, chained, mapped
from shared.manifest import Listing
from shared.models import ItemRow, Kind, Migration, WorkspaceRow, plan_key
from shared.run_documents import summary_path, waves_path
from shared.services import Services
from shared.statuses import Status

FINDINGS = 5_000  # shown with a plan that is done; the list of findings has all


def run_of(services: Services, identity: str) -> str:
    return services.manifest.migration(plan_key(identity)).id


def read_plan(services: Services, identity: str) -> tuple[Migration, dict[str, Any]]:
    row = services.manifest.migration(plan_key(identity))
    return row, services.documents.read_json(summary_path(row.id)) or {}


def published(status: str) -> str:
    """running | done | failed: a plan rests once it is made, or could not be made."""
    if status == Status.PLANNED:
        return "done"
    return "failed" if status in {Status.FAILED, Status.CANCELLED} else "running"


class Places:
    """Names and waves of the workspaces that items lie in: each is looked up once."""

    def __init__(self, services: Services, run: str) -> None:
        self._services = services
        self._run = run
        self._names: dict[str, str | None] = {"": None}
        self._waves: dict[str, int] = services.documents.read_json(waves_path(run)) or {}

    def note(self, row: WorkspaceRow) -> None:
        self._names[row.source_id] = row.source_name

    def name(self, identity: str) -> str | None:
        """None for what belongs to the tenant, and for a workspace whose own row is only about to be written."""
        if identity not in self._names:
            try:
                self.note(self._services.manifest.workspace(self._run, identity))
            except NotFound:
                return None
        return self._names[identity]

    def wave(self, identity: str) -> int | None:
        return self._waves.get(identity.lower())


def workspace_row(row: WorkspaceRow, places: Places) -> Json:
    """A line of the list of workspaces. `minutes` is about the workspace itself; its items have their own."""
    return {
        "id": row.source_id,
        "name": row.source_name,
        "targetName": row.target_name or None,
        "capacity": row.source_capacity or None,
        "targetCapacity": row.target_capacity or None,
        "route": row.route,
        "reason": row.reason,
        "todo": row.todo,
        "minutes": row.minutes,
        "wave": places.wave(row.source_id),
        "items": {kind: counts["total"] for kind, counts in sorted(row.counts.items())},
        "status": row.status,
    }


def _workspace_verdict(row: WorkspaceRow, places: Places) -> Json:
    return {
        "kind": Kind.WORKSPACE,
        "workspaceId": row.source_id,
        "workspaceName": row.source_name,
        "id": row.source_id,
        "name": row.source_name,
        "route": row.route,
        "automated": is_automated(row),
        "reason": row.reason,
        "lost": "",
        "todo": row.todo,
        "minutes": row.minutes,
        "wave": places.wave(row.source_id),
    }


def _item_verdict(row: ItemRow, places: Places) -> Json:
    return {
        "kind": row.kind,
        "workspaceId": row.workspace_id or None,
        "workspaceName": places.name(row.workspace_id),
        "id": row.source_id,
        "name": row.source_name,
        "route": row.route,
        "automated": is_automated(row),
        "reason": row.reason,
        "lost": row.lost,
        "todo": row.todo,
        "minutes": row.minutes,
        "wave": places.wave(row.workspace_id),
    }


def verdicts(services: Services, run: str, top: int, token: str | None, places: Places) -> Listing[Json]:
    def spaces(size: int, position: str | None) -> Listing[Json]:
        page = services.manifest.workspaces(run, size, position)
        for row in page.rows:
            places.note(row)
        return mapped(page, lambda row: _workspace_verdict(row, places))

    def items(size: int, position: str | None) -> Listing[Json]:
        return mapped(services.manifest.items(run, size, position), lambda row: _item_verdict(row, places))

    return chained(spaces, items, top, token)
