"""The migration as a whole: where it stands, which workspaces come next, how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from activities.frame import Call, during
from activities.pbix_files import drop_staged
from activities.renewing import look_for_changes
from activities.rollback import UNDONE
from shared.listings import each_page
from shared.manifest import Listing
from shared.models import Migration, WorkspaceRow, WorkspaceStatus
from shared.outcomes import Done, Outcome
from shared.run_documents import order_path
from shared.services import Services
from shared.statuses import RESTING, WORKING, Status

_UNFINISHED = frozenset({WorkspaceStatus.PENDING, WorkspaceStatus.RUNNING})
_PAGE = 100  # rows in memory at once, however many workspaces there are


@during(Status)
def current_status(services: Services, call: Call) -> Outcome:
    """The status in the manifest, which decides the stage an instance goes on with.

    Of a paused migration it is noted that nothing of it is under way any more: whoever asks has no work left.
    """

    def note(now: Migration) -> dict[str, Any] | None:
        return {"drained": True} if now.status == Status.PAUSED else None

    return Done({"status": services.manifest.decide(call.migration, note).status})


@during(WORKING | {Status.ROLLING_BACK})
def next_workspaces(services: Services, call: Call) -> Outcome:
    """What is to be worked on of one page of the workspaces, and the cursor of the next page.

    `{"workspaces": [ids], "again", "cursor"}`; `again` in a retry, where also the finished ones are looked at. They
    are begun in the order of the plan, each after those it uses; what is undone needs no order.
    """
    now = services.manifest.migration(call.migration)
    again = now.attempt > 0 and now.status != Status.ROLLING_BACK
    if again and call.cursor is None and (early := look_for_changes(services, call)) is not None:
        return early
    page = (_any if now.status == Status.ROLLING_BACK else _in_order)(services, call)
    ids = [row.source_id for row in page.rows if _has_work(now, row)]
    return Done({"workspaces": ids, "again": again, "cursor": page.token})


def _any(services: Services, call: Call) -> Listing[WorkspaceRow]:
    return services.manifest.workspaces(call.migration, call.page, call.cursor)


def _in_order(services: Services, call: Call) -> Listing[WorkspaceRow]:
    """The cursor is a place in the plan's order."""
    order: list[str] = services.documents.read_json(order_path(call.migration)) or []
    begin = int(call.cursor or 0)
    end = begin + call.page
    rows = [services.manifest.workspace(call.migration, identity) for identity in order[begin:end]]
    return Listing(rows, str(end) if end < len(order) else None)


def _has_work(now: Migration, row: WorkspaceRow) -> bool:
    if now.status == Status.ROLLING_BACK:
        return row.state not in UNDONE
    return row.status in _UNFINISHED or row.attempt < now.attempt


@during(Status)
def begin_validation(services: Services, call: Call) -> Outcome:
    """Only from running: what was paused or cancelled meanwhile goes its own way."""

    def begin(now: Migration) -> dict[str, Any] | None:
        return {"status": Status.VALIDATING} if now.status == Status.RUNNING else None

    return Done({"status": services.manifest.decide(call.migration, begin).status})


def conclude_validation(services: Services, call: Call) -> Outcome:
    """Every workspace has an end, or gets one here that says it has none; then the migration rests.

    ready: all of them arrived and were validated; partial: some did; failed: none did. Where a retry came after
    the cutover, it rests as succeeded or partial again.
    """
    _close_unaccounted(services, call.migration)
    services.manifest.recount(call.migration)
    counts = services.manifest.progress(call.migration)["workspaces"]

    def conclude(now: Migration) -> dict[str, Any] | None:
        return _verdict(now, counts) if now.status == Status.VALIDATING else None

    return Done({"status": services.manifest.decide(call.migration, conclude).status})


def _verdict(now: Migration, counts: dict[str, int]) -> dict[str, Any]:
    if counts["done"] == 0:
        return {
            "status": Status.FAILED,
            "error_code": "workspaces.noneArrived",
            "error_message": "No workspace arrived; the findings say why.",
        }
    whole = counts["done"] == counts["total"]
    if now.cutover_at:
        return {"status": Status.SUCCEEDED if whole else Status.PARTIAL}
    if now.cutover == "auto":
        return {"status": Status.CUTOVER}
    return {"status": Status.READY if whole else Status.PARTIAL}


def complete_cutover(services: Services, call: Call) -> Outcome:
    """From here on the target is the one in use, and drift is looked for."""
    counts = services.manifest.progress(call.migration)["workspaces"]
    reached = Status.SUCCEEDED if counts["done"] == counts["total"] else Status.PARTIAL
    drop_staged(services, call.migration)
    services.manifest.move_to(call.migration, reached, cutover_at=services.clock.now().isoformat())
    return Done({"status": reached})


@during(Status)
def conclude_cancel(services: Services, call: Call) -> Outcome:
    """Nothing is under way: each workspace that was not finished says that it was left, and where."""
    if services.manifest.migration(call.migration).status != Status.CANCELLING:  # concluded by an earlier try
        return current_status(services, call)
    for row in _unfinished(services, call.migration):
        if row.status == WorkspaceStatus.RUNNING:
            services.manifest.count_items_of(call.migration, row.source_id)
        message = f"The migration was cancelled; this workspace had come as far as {row.step}."
        services.manifest.update_workspace(
            call.migration,
            row.source_id,
            status=WorkspaceStatus.SKIPPED,
            error_code="migration.cancelled",
            error_message=message,
        )
    services.manifest.recount(call.migration)
    drop_staged(services, call.migration)
    services.manifest.move_to(call.migration, Status.CANCELLED)
    return Done({"status": Status.CANCELLED})


@during(Status)
def conclude_rollback(services: Services, call: Call) -> Outcome:
    """rolledBack once nothing of ours is left; failed where the service would not let us delete something."""
    services.manifest.recount(call.migration)
    left = sum(row.state not in UNDONE for row in _rows(services, call.migration))

    def conclude(now: Migration) -> dict[str, Any] | None:
        if now.status != Status.ROLLING_BACK:
            return None
        if not left:
            return {"status": Status.ROLLED_BACK, "error_code": "", "error_message": ""}
        return {
            "status": Status.FAILED,
            "error_code": "rollback.incomplete",
            "error_message": f"{left} workspace(s) could not be undone; the findings say why.",
        }

    return Done({"status": services.manifest.decide(call.migration, conclude).status})


@during(Status)
def record_migration_failure(services: Services, call: Call) -> Outcome:
    """A stage could not be finished: the migration has failed, with the reason kept."""
    status = services.manifest.migration(call.migration).status
    if status not in RESTING and status != Status.PAUSED:
        services.findings.add(
            call.migration,
            "migration.failed",
            kind="migration",
            id=call.migration,
            name="",
            message=f"{call.code}: {call.message}",
        )
        services.manifest.move_to(
            call.migration, Status.FAILED, error_code=call.code, error_message=call.message
        )
    return Done()


def _rows(services: Services, migration_id: str) -> Iterator[WorkspaceRow]:
    pages = each_page(lambda top, token: services.manifest.workspaces(migration_id, top, token), _PAGE)
    return (row for page in pages for row in page.rows)


def _unfinished(services: Services, migration_id: str) -> Iterator[WorkspaceRow]:
    return (row for row in _rows(services, migration_id) if row.status in _UNFINISHED)


def _close_unaccounted(services: Services, migration_id: str) -> None:
    for row in _unfinished(services, migration_id):
        message = f"The work on this workspace ended during {row.step} without a result."
        services.findings.add(
            migration_id,
            "workspace.failed",
            kind="workspace",
            id=row.source_id,
            name=row.source_name,
            message=message,
            workspace_id=row.source_id,
        )
        services.manifest.update_workspace(
            migration_id,
            row.source_id,
            status=WorkspaceStatus.FAILED,
            error_code="workspace.unaccounted",
            error_message=message,
        )
