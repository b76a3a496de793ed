"""Step 2: one workspace from its first look at the source to its closing entry in the manifest."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from activities import inventory
from activities.context import Context, open_context
from activities.frame import Call
from activities.master_user import let_out
from shared.assessment.model import Obstacle, Route
from shared.errors import AlreadyExists, EntityNotFound, NotAuthorized
from shared.models import ItemRow, ItemState, Kind, WorkspaceRow, WorkspaceStatus
from shared.outcomes import Done, Failed, Json, Outcome, Wait
from shared.ownership import Owned
from shared.polling import NEIGHBOUR, VISIBILITY
from shared.run_documents import inventory_path
from shared.services import Services
from shared.statuses import RESTING
from shared.writes import Intent

_OPEN = frozenset({ItemState.PLANNED, ItemState.CREATING})
_UNFINISHED = frozenset({WorkspaceStatus.PENDING, WorkspaceStatus.RUNNING})
_BLOCKED = frozenset({"access.source", "workspace.busy", "workspace.gone", "workspace.nameTaken"})

_OVERCOME = ("access.source", "workspace.nameTaken")  # what the plan may have met, and is not so any more


def inspect_source(services: Services, call: Call) -> Outcome:
    """Reports_GetReportsInGroup: can the identity read it, and is what was planned still there?

    An inventory that was incomplete is read here by the workspace's own lists. Failing here costs nothing:
    the target has not been touched yet.
    """
    context = open_context(services, call)
    row = context.workspace()
    holder = other_holder(context)
    if holder is not None:
        return wait_for(context, row, holder)
    row = context.update_workspace(
        status=WorkspaceStatus.RUNNING, step="inventory", error_code="", error_message=""
    )
    try:
        live = {str(report["id"]).lower() for report in context.source.reports.list(call.workspace)}
    except (NotAuthorized, EntityNotFound) as refused:
        return Failed("access.source", f"The source identity can't read this workspace: {refused.message}")
    _complete_inventory(context, row)
    for item in services.manifest.items_of(call.migration, call.workspace):
        if item.kind == Kind.REPORT and item.state in _OPEN and item.source_id.lower() not in live:
            _skip_vanished(services, call, item)
    return Done()


def create_workspace(services: Services, call: Call) -> Outcome:
    """Groups_CreateGroup, or the workspace that is ours already, or (existing = merge) somebody else's."""
    context = open_context(services, call)
    row = context.update_workspace(step="workspace")
    if row.target_id:
        return _visible(context, row)
    found = _find(context, row.target_name)
    intent = creation(context, row)
    if found is not None and (not services.gate.is_open(intent) or _is_anothers(context, found)):
        return _existing(context, row, found)
    try:
        made = services.gate.write(
            intent,
            look=lambda before: _made_by_earlier_try(context, row.target_name),
            act=lambda: {"id": str(context.target.groups.create(row.target_name)["id"])},
        )
    except AlreadyExists as taken:
        return _invisible(context, row, taken)
    if not services.ownership.claim(context.target_connection.tenant_id, made["id"], owned(context)):
        return _existing(context, row, made)
    return _visible(context, _arrive(context, made["id"], "created"))


def next_models(services: Services, call: Call) -> Outcome:
    """One page of reports to move, in groups of one name: `{"groups": [[id, …]], "cursor"}`.

    Names are compared without regard to case, as the service does on import. The order is by name and id,
    and the cursor a place in it, so that an item which stays unfinished can't hold up the rest.
    """
    items = services.manifest.items_of(call.migration, call.workspace)
    moving = sorted(_place(item) for item in items if _is_pbix(item) and (item.state in _OPEN or item.renew))
    after = tuple(json.loads(call.cursor)) if call.cursor else ("", "")
    rest = [place for place in moving if place > after]
    page = rest[: call.page]
    groups: dict[str, list[str]] = defaultdict(list)
    for name, identity in page:
        groups[name].append(identity)
    return Done(
        {"groups": list(groups.values()), "cursor": json.dumps(page[-1]) if rest[call.page :] else None}
    )


def _is_pbix(item: ItemRow) -> bool:
    return item.kind == Kind.REPORT and item.route in (
        "",
        Route.PBIX,
    )  # rows of earlier versions name no route


def _place(item: ItemRow) -> tuple[str, str]:
    return item.source_name.casefold(), item.source_id


def count_workspace(services: Services, call: Call) -> Outcome:
    """Bring the counters of this workspace up to date."""
    services.manifest.count_workspace(call.migration, call.workspace)
    return Done()


def record_workspace_failure(services: Services, call: Call) -> Outcome:
    """A phase could not be finished: the workspace is blocked (nothing begun) or failed, and a finding says why."""
    context = open_context(services, call)
    status = WorkspaceStatus.BLOCKED if call.code in _BLOCKED else WorkspaceStatus.FAILED
    row = context.workspace()
    code = call.code if call.code in _BLOCKED or call.code == "capacity.failed" else "workspace.failed"
    context.finding(
        code,
        kind="workspace",
        id=row.source_id,
        name=row.source_name,
        message=f"{call.code}: {call.message}",
        key=call.code,
    )
    context.update_workspace(status=status, error_code=call.code, error_message=call.message[:2000])
    return Done()


def finish_workspace(services: Services, call: Call) -> Outcome:
    """The closing entry: done if every item that moves has arrived and validation found nothing wrong."""
    context = open_context(services, call)
    row = context.workspace()
    items = services.manifest.items_of(call.migration, call.workspace)
    for item in items:  # before it is closed: nobody comes back to a closed workspace
        if (
            item.blob and item.state == ItemState.DONE and not item.links
        ):  # those are sent once more at the end
            services.staging.delete(item.blob)
    if row.target_id:
        let_out(context)
    if row.status != WorkspaceStatus.RUNNING:
        _leave(context, row, items)
    services.manifest.count_items_of(call.migration, call.workspace)
    if row.status == WorkspaceStatus.RUNNING:
        _close(context, row, items)
    context.update_workspace(
        attempt=services.manifest.migration(call.migration).attempt, links=any(item.links for item in items)
    )
    services.manifest.count_workspace(call.migration, call.workspace)
    return Done()


def _leave(context: Context, row: WorkspaceRow, items: list[ItemRow]) -> None:
    """What was not begun when its workspace came to an end says so: nothing stays planned that nobody works on."""
    why = f"not begun: its workspace ended with {row.error_code}: {row.error_message}"
    for item in items:
        if item.state == ItemState.PLANNED:
            context.services.manifest.update_item(
                context.call.migration,
                context.call.workspace,
                Kind(item.kind),
                item.source_id,
                state=ItemState.FAILED,
                note=why[:2000],
            )


def _close(context: Context, row: WorkspaceRow, items: list[ItemRow]) -> None:
    left = [item for item in items if item.state in _OPEN or item.state == ItemState.FAILED]
    if row.error_code:
        context.update_workspace(status=WorkspaceStatus.FAILED)
    elif left:
        names = ", ".join(f"{item.kind} {item.source_name!r}" for item in left[:5])
        context.update_workspace(
            status=WorkspaceStatus.FAILED,
            error_code="items.failed",
            error_message=f"{len(left)} item(s) did not arrive: {names}",
        )
    else:
        if row.todo:
            context.finding(
                "manual.afterMove", kind="workspace", id=row.source_id, name=row.source_name, message=row.todo
            )
        for code in _OVERCOME:
            context.services.findings.retract(
                context.call.migration,
                Obstacle(code, "workspace", row.source_id, row.source_name, "", row.source_id, code),
            )
        context.update_workspace(status=WorkspaceStatus.DONE)


def _existing(context: Context, row: WorkspaceRow, found: Json) -> Outcome:
    """A workspace of that name is there and no try of this migration made it."""
    owner = context.services.ownership.owner(context.target_connection.tenant_id, found["id"])
    if owner is not None and owner.same_source(owned(context)):
        return _ours(context, found, owner)
    if context.request.existing == "merge":
        context.services.ownership.share(context.target_connection.tenant_id, found["id"], owned(context))
        _arrive(context, found["id"], "merged")
        return Done()
    return Failed(
        "workspace.nameTaken", f"The target has a workspace {row.target_name!r} that this app did not create."
    )


def _made_by_earlier_try(context: Context, name: str) -> Json | None:
    found = _find(context, name)
    return None if found is None or _is_anothers(context, found) else found


def _is_anothers(context: Context, found: Json) -> bool:
    """Another migration, or another source workspace of ours, is known to have made it."""
    owner = context.services.ownership.owner(context.target_connection.tenant_id, found["id"])
    if owner is None:
        return False
    return owner.migration_id != context.call.migration or not owner.same_source(owned(context))


def _ours(context: Context, found: Json, owner: Owned) -> Outcome:
    """This app brought the same source workspace there; whoever holds its lease goes on with it."""
    if owner.migration_id != context.call.migration:
        context.update_workspace(earlier=owner.migration_id)  # noted before the row names us
        tenant = context.target_connection.tenant_id
        if not context.services.ownership.succeed(tenant, found["id"], owned(context), owner):
            return Wait(context.services.clock.now())  # it changed hands since we looked
    _arrive(context, found["id"], "ours")
    return Done()


def other_holder(context: Context) -> Owned | None:
    """The migration that works on this source workspace at present; None where it is ours now."""
    return context.services.ownership.lease(
        context.target_connection.tenant_id,
        owned(context),
        lambda holder: not _is_working(context.services, holder),
    )


def _is_working(services: Services, holder: Owned) -> bool:
    """Its migration goes on (or is paused), and it has not closed this workspace yet."""
    migration = services.manifest.find(holder.migration_id)
    if migration is None or migration.status in RESTING:
        return False
    begun = services.manifest.has_workspace(holder.migration_id, holder.source_workspace)
    row = services.manifest.workspace(holder.migration_id, holder.source_workspace) if begun else None
    return row is not None and (row.status in _UNFINISHED or row.attempt < migration.attempt)


def wait_for(context: Context, row: WorkspaceRow, holder: Owned) -> Outcome:
    """Two never work on one workspace: the second is told, and begins once the first has finished it."""
    context.finding(
        "workspace.leased",
        kind="workspace",
        id=row.source_id,
        name=row.source_name,
        message=f"Migration {holder.migration_id} is working on this workspace; this one waits for it.",
        key=holder.migration_id,
    )
    again = NEIGHBOUR.again(context.call.state, context.services.clock.now(), context.call.scale)
    return again or Failed(
        "workspace.busy", f"Migration {holder.migration_id} has been working on this workspace all the time."
    )


def creation(context: Context, row: WorkspaceRow) -> Intent:
    return context.intent("workspace", context.call.workspace, "Groups_CreateGroup", row.target_name)


def _invisible(context: Context, row: WorkspaceRow, taken: AlreadyExists) -> Outcome:
    """The name was taken between our look and our write: by another migration of ours, by our own lost write
    (a moment ago), or by something our identity does not see."""
    found = _find(context, row.target_name)
    if found is not None:
        return _existing(context, row, found)
    again = VISIBILITY.again(context.call.state, context.services.clock.now(), context.call.scale)
    if again is not None and context.services.gate.is_open(creation(context, row)):
        return again
    return Failed(
        "workspace.nameTaken",
        f"The target has a workspace {row.target_name!r} that its identity is no member of: {taken.message}",
    )


def _arrive(context: Context, target_id: str, origin: str) -> WorkspaceRow:
    now = context.services.clock.now().isoformat()
    return context.update_workspace(
        target_id=target_id,
        origin=origin,
        created_at=now if origin == "created" else "",
        state=ItemState.DONE,
    )


def _visible(context: Context, row: WorkspaceRow) -> Outcome:
    """The right on a workspace we made may take minutes to hold: the frame waits for it (`rights`)."""
    if row.origin == "created":
        context.target.groups.get(row.target_id)
    return Done()


def owned(context: Context) -> Owned:
    source = context.services.connection(context.request.source)
    return Owned(context.call.migration, source.tenant_id, context.call.workspace)


def _find(context: Context, name: str) -> Json | None:
    """The target workspace of that name, if its identity is a member: names are unique in a tenant."""
    found = context.target.groups.find_by_name(name)
    return {"id": str(found[0]["id"])} if found else None


def _complete_inventory(context: Context, row: WorkspaceRow) -> None:
    services, call = context.services, context.call
    path = inventory_path(call.migration, call.workspace)
    document: Any = services.documents.read_json(path)
    if document is not None and document["complete"]:
        return
    inventory.read_late(context, row)


def _skip_vanished(services: Services, call: Call, item: ItemRow) -> None:
    note = "deleted in the source after the inventory"
    carried = [(Kind.DATASET, item.dataset_id)] if _is_pbix(item) else []
    for kind, identity in [(Kind.REPORT, item.source_id), *carried]:
        services.manifest.update_item(
            call.migration, call.workspace, kind, identity, state=ItemState.SKIPPED, note=note
        )
