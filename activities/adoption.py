"""Items that an earlier migration of this app brought into the same workspace: taken over, not brought again."""

from __future__ import annotations

from collections.abc import Iterator

from activities.context import Context
from shared.models import ItemRow, ItemState, Kind


def arrived(
    context: Context, kind: Kind, source_id: str, target_id: str, target_name: str, note: str = ""
) -> None:
    """The manifest row of an item that is in the target now."""
    context.services.manifest.update_item(
        context.call.migration,
        context.call.workspace,
        kind,
        source_id,
        target_id=target_id,
        target_name=target_name,
        state=ItemState.DONE,
        note=note,
    )


def adopt_earlier(context: Context, item: ItemRow) -> bool:
    """True where an earlier migration of this app has brought this report, and it is still there."""
    workspace, row = context.call.workspace, context.workspace()
    if not row.earlier:
        return False
    there = {str(report["id"]).lower() for report in context.target.reports.list(row.target_id)}
    for migration_id in _earlier_ones(context, row.earlier):
        known = {
            each.source_id.lower(): each
            for each in context.services.manifest.items_of(migration_id, workspace)
        }
        report, model = known.get(item.source_id.lower()), known.get(item.dataset_id.lower())
        brought = report is not None and report.state == ItemState.DONE and report.target_id.lower() in there
        if brought and report is not None and model is not None:
            note = f"brought by migration {migration_id}"
            for kind, old in ((Kind.DATASET, model), (Kind.REPORT, report)):
                arrived(context, kind, old.source_id, old.target_id, old.target_name, note)
            return True
    return False


def _earlier_ones(context: Context, newest: str) -> Iterator[str]:
    """The migrations that worked on this workspace before, from the newest to the one that created it."""
    seen: set[str] = set()
    while newest and newest not in seen:
        seen.add(newest)
        yield newest
        if not context.services.manifest.has_workspace(newest, context.call.workspace):
            return
        newest = context.services.manifest.workspace(newest, context.call.workspace).earlier
