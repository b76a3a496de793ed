"""Undoing one workspace: what this migration brought or made in the target goes, and nothing else.

Ids decide, never names. Every activity looks at what is there before it deletes and leaves alone what is gone,
so each may come again at any time; every delete passes the gate. What can't be proved ours, and what people
have built on, stays with a finding; what the service refuses stays too and makes the undoing incomplete.
Here are its beginning and its end; what lies between is in `undoing` and `taking_back`.
"""

from __future__ import annotations

from typing import Any

from activities.belongings import belongings
from activities.context import Context, open_context
from activities.frame import Call, during
from activities.pbix_files import drop_staged
from activities.rights import awaited
from activities.taking_back import rights_left
from activities.undoing import DELETED, HANDED_OVER, KEPT, REFUSED, UNDOING, deletion, sent_by
from activities.workspaces import creation, other_holder, owned, wait_for
from shared.errors import EntityNotFound, NotAuthorized, TerminalError
from shared.models import ItemRow, ItemState, Kind, WorkspaceRow, WorkspaceStatus
from shared.outcomes import Done, Json, Outcome
from shared.ownership import Owned
from shared.services import Services

UNDONE = frozenset(
    {ItemState.DELETED, ItemState.SKIPPED}
)  # of a workspace's row: deleted, or not ours to delete
_PLANNED = frozenset(
    {
        *("workspace_id", "kind", "source_id", "source_name", "dataset_id"),
        *("route", "reason", "lost", "todo", "minutes", "needs"),
    }
)  # what a plan says of an item
_ENDED = frozenset({ItemState.DELETED, ItemState.SKIPPED, ItemState.MANUAL})


@during(UNDOING)
def begin_undo(services: Services, call: Call) -> Outcome:
    """Groups_GetGroup: `{"there": bool}`, whether the target has a workspace in which something is to be undone.

    First of all the lease is taken, so that no other migration takes over what is being deleted.
    """
    context = open_context(services, call)
    row = context.update_workspace(status=WorkspaceStatus.RUNNING, error_code="", error_message="")
    services.findings.clear_run(call.migration, call.workspace, ("rollback.",))  # an earlier undoing's
    holder = other_holder(context)
    if holder is not None:
        return wait_for(context, row, holder)
    row = _located(context, row)
    if not row.target_id or _is_anothers(context, row):
        return Done({"there": False})
    try:
        context.target.groups.get(row.target_id)
    except (EntityNotFound, NotAuthorized) as refused:
        return _inaccessible(context, row, refused)
    return Done({"there": True})


@during(UNDOING)
def close_undo(services: Services, call: Call) -> Outcome:
    """`{"left": n}`, objects of ours that are still there. With none left the workspace is as if never begun."""
    context = open_context(services, call)
    row, items = context.workspace(), services.manifest.items_of(call.migration, call.workspace)
    left = _left(context, row, items)
    if left:
        message = row.error_message or f"{left} object(s) are still in the target; the findings say why."
        context.update_workspace(
            status=WorkspaceStatus.FAILED, error_code=row.error_code or REFUSED, error_message=message
        )
    else:
        _close(context, row, items)
    services.manifest.count_workspace(call.migration, call.workspace)
    return Done({"left": left})


@during(UNDOING)
def record_undo_failure(services: Services, call: Call) -> Outcome:
    """It could not be undone to its end: the workspace says why, and another rollback goes on with it."""
    context = open_context(services, call)
    row = context.update_workspace(
        status=WorkspaceStatus.FAILED, error_code=call.code, error_message=call.message[:2000]
    )
    context.finding(
        REFUSED,
        kind=Kind.WORKSPACE,
        id=row.source_id,
        name=row.source_name,
        message=f"{call.code}: {call.message}",
        key=call.code,
    )
    services.manifest.count_workspace(call.migration, call.workspace)
    return Done()


def renew_workspace(context: Context) -> WorkspaceRow:
    """The rows of an undone workspace as they were planned: whoever retries begins it anew."""
    call, manifest = context.call, context.services.manifest
    context.services.gate.forget_all(call.migration, call.workspace)  # where its undoing died before that
    for item in manifest.items_of(call.migration, call.workspace):
        if item.state == ItemState.DELETED or (item.state == ItemState.SKIPPED and item.target_id):
            fresh = ItemRow("", "", "", "").to_dict()
            again = {name: fresh[name] for name in fresh if name not in _PLANNED}
            manifest.update_item(call.migration, call.workspace, Kind(item.kind), item.source_id, **again)
    return context.update_workspace(
        target_id="", origin="", created_at="", earlier="", note="", state=ItemState.PLANNED
    )


def _located(context: Context, row: WorkspaceRow) -> WorkspaceRow:
    """With the id of a workspace whose creation died before it was recorded; claimed, so that it is ours."""
    if row.target_id:
        return row
    made = context.services.gate.settle(creation(context, row), lambda before: _just_made(context, row))
    tenant = context.target_connection.tenant_id
    if made is None or not context.services.ownership.claim(tenant, made["id"], owned(context)):
        return row
    return context.update_workspace(target_id=made["id"], origin="created", state=ItemState.DONE)


def _just_made(context: Context, row: WorkspaceRow) -> Json | None:
    """The workspace of that name which nobody has claimed and nobody but its creator is in: us, as we see it."""
    tenant, target = context.target_connection.tenant_id, context.target
    for group in target.groups.find_by_name(row.target_name):
        identity = str(group["id"])
        owner = context.services.ownership.owner(tenant, identity)
        if owner in (None, owned(context)) and len(list(target.groups.users(identity))) == 1:
            return {"id": identity}
    return None


def _is_anothers(context: Context, row: WorkspaceRow) -> bool:
    """A later migration has taken the workspace over, with all that is in it: it is no longer ours to delete."""
    owner = context.services.ownership.owner(context.target_connection.tenant_id, row.target_id)
    if row.origin == "merged" or owner is None or owner == owned(context):
        return False
    later = f"Migration {owner.migration_id} has taken over the workspace {row.target_name!r} and all that is in it"
    row = context.update_workspace(error_code=HANDED_OVER, error_message=later)
    if _has_part(context, row):
        context.finding(
            HANDED_OVER,
            kind=Kind.WORKSPACE,
            id=row.target_id,
            name=row.target_name,
            message=f"{later}; nothing was deleted.",
            key=owner.migration_id,
        )
    return True


def _has_part(context: Context, row: WorkspaceRow) -> bool:
    items = context.services.manifest.items_of(context.call.migration, context.call.workspace)
    return _left(context, row, items) > 0


def _inaccessible(context: Context, row: WorkspaceRow, refused: EntityNotFound | NotAuthorized) -> Outcome:
    """Gone, where the service says so or we have begun to delete it; else closed to us, which is a failure."""
    begun = context.services.gate.is_open(deletion(context, row))
    if not begun and (again := awaited(context.services, context.call, refused)) is not None:
        return again
    if not begun and isinstance(refused, NotAuthorized) and not _is_deleted(context, row):
        raise refused
    context.update_workspace(error_code=DELETED)
    return Done({"there": False})


def _is_deleted(context: Context, row: WorkspaceRow) -> bool:
    """Groups_GetGroupAsAdmin: what is deleted and what is closed to us may look the same to a member."""
    try:
        state = context.target.groups.get_as_admin(row.target_id).get("state")
    except EntityNotFound:
        return True
    except TerminalError:
        return False  # no admin rights there: taken for closed, and said so
    return state in {"Deleted", "Removing"}


def _left(context: Context, row: WorkspaceRow, items: list[ItemRow]) -> int:
    """How much of ours is in the target: items, a workspace not yet decided about, rights."""
    if not row.target_id or row.error_code == DELETED:
        return 0
    call = context.call
    brought = [
        item
        for item in belongings(items, (), sent_by(context.services, call)).rows
        if item.state not in _ENDED
    ]
    publishing = [
        item for item in items if item.import_id and not item.target_id and item.state not in _ENDED
    ]
    undecided = row.origin == "created" and row.error_code != KEPT
    rights = 0 if row.error_code == HANDED_OVER else len(rights_left(context, row))
    return len(brought) + len(publishing) + undecided + rights


def _close(context: Context, row: WorkspaceRow, items: list[ItemRow]) -> None:
    """Rows before intents: if this dies in between, a retry forgets what was written (`renew_workspace`)."""
    there = bool(row.target_id) and row.error_code != DELETED
    drop_staged(context.services, context.call.migration, context.call.workspace)
    for item in items:
        _close_item(context, item, there=there)
    context.services.manifest.count_items_of(context.call.migration, context.call.workspace)
    _give_up(context, row)
    context.update_workspace(
        state=ItemState.SKIPPED if there else ItemState.DELETED,
        status=WorkspaceStatus.SKIPPED,
        note=_note(row, there=there),
        error_code=KEPT if row.error_code == KEPT else "",
        error_message=row.error_message if row.error_code == KEPT else "",
    )
    context.services.gate.forget_all(context.call.migration, context.call.workspace)


def _close_item(context: Context, item: ItemRow, *, there: bool) -> None:
    """What is still there was not ours: an earlier migration brought it."""
    changes: dict[str, Any] = {"blob": "", "length": 0} if item.blob else {}
    if item.state not in _ENDED:
        stays = there and bool(item.target_id)
        why = f"stays: {item.note}" if stays else "" if item.target_id else "was never in the target"
        changes |= {"state": ItemState.SKIPPED if stays else ItemState.DELETED, "note": why}
    if changes:
        call = context.call
        context.services.manifest.update_item(
            call.migration, call.workspace, Kind(item.kind), item.source_id, **changes
        )


def _give_up(context: Context, row: WorkspaceRow) -> None:
    """The workspace is no longer ours: its earlier migration's again, or nobody's. One that was kept stays ours."""
    if not row.target_id or row.error_code in {KEPT, HANDED_OVER}:
        return
    mine = owned(context)
    heir = Owned(row.earlier, mine.source_tenant, mine.source_workspace) if row.earlier else None
    tenant = context.target_connection.tenant_id
    context.services.ownership.release(tenant, row.target_id, mine, heir)


def _note(row: WorkspaceRow, *, there: bool) -> str:
    if not row.target_id:
        return "was never in the target"
    if not there:
        return "deleted by the rollback"
    return row.error_message if row.error_code == KEPT else "stays: this migration did not create it"
