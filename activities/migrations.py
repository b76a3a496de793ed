"""The migration as a whole: where it stands, which workspaces come next, how it ends."""

from __future__ import annotations

from activities.frame import Call
from shared.models import WorkspaceRow, WorkspaceStatus
from shared.outcomes import Done, Outcome
from shared.services import Services
from shared.statuses import RESTING, Status

_UNFINISHED = frozenset({WorkspaceStatus.PENDING, WorkspaceStatus.RUNNING})
_PAGE = 500


def current_status(services: Services, call: Call) -> Outcome:
    """The status in the manifest, which decides the stage an instance begins with."""
    return Done({"status": services.manifest.migration(call.migration).status})


def next_workspaces(services: Services, call: Call) -> Outcome:
    """The unfinished workspaces of one page of the manifest, and the cursor of the next page."""
    page = services.manifest.workspaces(call.migration, call.page, call.cursor)
    ids = [row.source_id for row in page.rows if row.status in _UNFINISHED]
    return Done({"workspaces": ids, "cursor": page.token})


def begin_validation(services: Services, call: Call) -> Outcome:
    services.manifest.move_to(call.migration, Status.VALIDATING)
    return Done({"status": Status.VALIDATING})


def conclude_validation(services: Services, call: Call) -> Outcome:
    """Every workspace has an end, or gets one here that says it has none; then the migration rests.

    ready: all of them arrived and were validated; partial: some did; failed: none did.
    """
    now = services.manifest.migration(call.migration)
    if now.status != Status.VALIDATING:  # concluded by a try whose answer was lost; people may have gone on
        return Done({"status": now.status})
    _close_unaccounted(services, call.migration)
    services.manifest.recount(call.migration)
    counts = services.manifest.progress(call.migration)["workspaces"]
    if counts["done"] == 0:
        reached, reason = (
            Status.FAILED,
            {
                "error_code": "workspaces.noneArrived",
                "error_message": "No workspace arrived; the findings say why.",
            },
        )
    else:
        reached, reason = Status.READY if counts["done"] == counts["total"] else Status.PARTIAL, {}
        if now.cutover == "auto":
            reached = Status.CUTOVER
    services.manifest.move_to(call.migration, reached, **reason)
    return Done({"status": reached})


def complete_cutover(services: Services, call: Call) -> Outcome:
    """From here on the target is the one in use, and drift is looked for."""
    counts = services.manifest.progress(call.migration)["workspaces"]
    reached = Status.SUCCEEDED if counts["done"] == counts["total"] else Status.PARTIAL
    services.manifest.move_to(call.migration, reached, cutover_at=services.clock.now().isoformat())
    return Done({"status": reached})


def record_migration_failure(services: Services, call: Call) -> Outcome:
    """A stage could not be finished: the migration has failed, with the reason kept."""
    if services.manifest.migration(call.migration).status not in RESTING:
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


def _close_unaccounted(services: Services, migration_id: str) -> None:
    cursor: str | None = None
    while True:
        page = services.manifest.workspaces(migration_id, _PAGE, cursor)
        for row in page.rows:
            if row.status in _UNFINISHED:
                _close(services, migration_id, row)
        cursor = page.token
        if cursor is None:
            return


def _close(services: Services, migration_id: str, row: WorkspaceRow) -> None:
    message = f"The work on this workspace ended during {row.step} without a result."
    services.manifest.update_workspace(
        migration_id,
        row.source_id,
        status=WorkspaceStatus.FAILED,
        error_code="workspace.unaccounted",
        error_message=message,
    )
    services.findings.add(
        migration_id,
        "workspace.failed",
        kind="workspace",
        id=row.source_id,
        name=row.source_name,
        message=message,
        workspace_id=row.source_id,
    )
