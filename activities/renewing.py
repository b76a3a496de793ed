"""What was changed in the source since it was planned: found by a retry, and brought over its own item.

The scanner is asked for workspaces that the service calls modified, and only for those; a report in them whose time of
modification is not the one that the inventory has is wanted once more. After the cutover nothing of it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from activities import inventory, updating
from activities.context import Context, open_context
from activities.frame import Call
from activities.rights import is_of_lag
from activities.selected import read_batch
from activities.updating_files import give_names_back
from activities.updating_rows import is_unsent, put_back
from activities.ways import has_way
from activities.workspaces import owned
from shared.assessment.model import Obstacle
from shared.assessment.reading import lower, rows, text
from shared.errors import AppError, Away, IdentityRefused, ServiceError, TerminalError, is_transient
from shared.models import ItemRow, ItemState, Kind, Migration
from shared.outcomes import Done, Failed, Outcome, Wait
from shared.powerbi.scanner import MAX_WORKSPACES
from shared.run_documents import batch_path, changed_path, changes_path, inventory_path, order_path
from shared.services import Services
from shared.writes import Stopped, Superseded

_YOUNGEST = timedelta(minutes=31)  # of what the service tells, with a margin
_OLDEST = timedelta(days=29, hours=23)  # of what it can be asked for, likewise
_FIRST_BATCH, _BATCHES = 50_000, 200  # of each attempt; those of the plan are far below
_REPORTS = frozenset({Kind.REPORT, Kind.PAGINATED_REPORT})
_NOT_RENEWED, _UNKNOWN = "item.notRenewed", "retry.changesUnknown"


def look_for_changes(services: Services, call: Call) -> Wait | None:
    """WorkspaceInfo_GetModifiedWorkspaces, then a scan per hundred of them; a wait while the service is at it."""
    context, now = open_context(services, call), services.manifest.migration(call.migration)
    path = changes_path(call.migration, now.attempt)
    known = services.documents.read_json(path)
    if known is None:
        services.findings.withdraw(call.migration, _UNKNOWN)  # it was of an earlier look
        known = {"left": _batched(context, now)}
        services.documents.write_json(path, known)
    state = call.state
    while known["left"]:
        waiting = _look_into(context, replace(call, batch=known["left"][0], state=state), now.attempt)
        if waiting is not None:
            return waiting
        known["left"], state = known["left"][1:], {}
        services.documents.write_json(path, known)
    return None


def _look_into(context: Context, one: Call, attempt: int) -> Wait | None:
    """One batch; what can't be scanned is said, and stops nothing."""
    try:
        ended = inventory.await_scan(context.services, one)
        if isinstance(ended, Wait):
            return ended
        if not isinstance(ended, Failed):
            return _note_changes(context, one, attempt)
    except (TerminalError, IdentityRefused) as refused:
        if refused.retry_at is not None:
            raise
        ended = refused
    _untold(context, ended.message)
    return None


def wanted(context: Context, items: list[ItemRow]) -> dict[str, str]:
    """Of a workspace's items those that arrived with an older content: source id to the time of the newer one."""
    services, call = context.services, context.call
    path = changed_path(call.migration, services.manifest.migration(call.migration).attempt, call.workspace)
    changed: Mapping[str, str] = services.documents.read_json(path) or {}
    arrived = [
        each for each in items if each.kind in _REPORTS and each.state == ItemState.DONE and each.target_id
    ]
    times = {each.source_id: changed.get(each.source_id.lower(), "") for each in arrived}
    newer = [each for each in arrived if times[each.source_id] not in ("", each.renewed)]
    if newer and (later := _taken_over_by(context)):
        for each in newer:
            context.about(each, _NOT_RENEWED, f"Migration {later} has taken the workspace over.")
        return {}
    return {each.source_id: times[each.source_id] for each in newer}


def _taken_over_by(context: Context) -> str:
    """The later migration whose items ours are now: it may be cut over, with people at work in them."""
    row = context.workspace()
    owner = context.services.ownership.owner(context.target_connection.tenant_id, row.target_id)
    return "" if row.origin == "merged" or owner in (None, owned(context)) else owner.migration_id


def renew(context: Context, item: ItemRow) -> Outcome:
    """`{"over": true}` when it is done. Where the new content can't be brought the older stays, and that is said."""
    call, services = context.call, context.services
    try:
        ended = updating.update_item(services, replace(call, kind=item.kind, item=item.source_id))
    except AppError as refused:
        if not _is_final(context, refused):
            raise
        ended = Failed(refused.code, refused.message)
    if isinstance(ended, Failed):
        not_renewed(context, item, f"{ended.code}: {ended.message}")
    elif isinstance(ended, Done):
        take_back_told(context, item)
        services.manifest.update_item(
            call.migration, call.workspace, Kind(item.kind), item.source_id, renew="", renewed=item.renew
        )
    return Done({"over": True}) if isinstance(ended, Done | Failed) else ended


def given_up(context: Context, item: ItemRow, state: Mapping[str, Any]) -> Wait | None:
    """What an earlier attempt had begun of it and nobody goes on with: waited for, and its names given back."""
    call, manifest = context.call, context.services.manifest
    if is_unsent(item):
        waiting = updating.settle_update(context, item, state)
        if waiting is not None:
            return waiting
        if not has_way(item) and (told := give_names_back(context, item)):
            context.about(item, _NOT_RENEWED, told.strip())
    back = put_back(context, manifest.item(call.migration, call.workspace, Kind(item.kind), item.source_id))
    manifest.update_item(call.migration, call.workspace, Kind(item.kind), item.source_id, renew="", **back)
    return None


def not_renewed(context: Context, item: ItemRow, why: str) -> None:
    """It stays as it arrived, which is no failure of its own."""
    call, manifest = context.call, context.services.manifest
    take_back_told(context, item)
    context.about(item, _NOT_RENEWED, why)
    now = manifest.item(call.migration, call.workspace, Kind(item.kind), item.source_id)
    back = put_back(context, now)
    manifest.update_item(call.migration, call.workspace, Kind(item.kind), item.source_id, renew="", **back)


def take_back_told(context: Context, item: ItemRow) -> None:
    """It has the new content, or goes anew."""
    told = Obstacle(
        _NOT_RENEWED, item.kind, item.source_id, item.source_name, "", workspace_id=context.call.workspace
    )
    context.services.findings.retract(context.call.migration, told)


def _is_final(context: Context, error: AppError) -> bool:
    """Whether the same would happen again: neither the service nor people end it by themselves."""
    if isinstance(error, IdentityRefused | Away | Stopped | Superseded) or is_transient(error):
        return False
    is_told_to_wait = isinstance(error, ServiceError) and error.retry_at is not None
    return not is_told_to_wait and not is_of_lag(context.services, context.call, error)


def _batched(context: Context, now: Migration) -> list[int]:
    """The modified among ours, stored as batches of a scan; none where nobody may ask. Of a time that the service does
    not answer for all of ours are looked into."""
    services = context.services
    if now.cutover_at:
        return []
    begun = datetime.fromisoformat(now.created)
    askable = _YOUNGEST < services.clock.now() - begun < _OLDEST
    try:
        modified = {each.lower() for each in context.source.scanner.modified(begun if askable else None)}
    except (TerminalError, IdentityRefused) as refused:
        if refused.retry_at is not None:
            raise
        _untold(context, refused.message)
        return []
    order: list[str] = services.documents.read_json(order_path(now.id)) or []
    ours = [identity for identity in order if identity.lower() in modified]
    first = _FIRST_BATCH + now.attempt % _BATCHES * _BATCHES
    for number, start in enumerate(range(0, len(ours), MAX_WORKSPACES), first):
        entries = [{"id": each} for each in ours[start : start + MAX_WORKSPACES]]
        services.documents.write_json(batch_path(now.id, number), entries)
    return list(range(first, first - (-len(ours) // MAX_WORKSPACES)))


def _note_changes(context: Context, call: Call, attempt: int) -> None:
    """Of each workspace the reports that are of another time than the inventory says, with that time: in a document of
    its own, as each is looked at by itself, and all of them may have changed."""
    with context.services.results_in_hand:  # of a hundred workspaces it is large
        result = rows(inventory.scan_result(context, call), "workspaces")
        scanned = {lower(workspace, "id"): _times(workspace) for workspace in result}
        del result
    documents = context.services.documents
    for identity in (entry["id"] for entry in read_batch(context.services, call.migration, call.batch)):
        before = _times(documents.read_json(inventory_path(call.migration, identity)) or {})
        now = scanned.get(identity.lower())
        if now is None:
            _untold(context, "The scan does not contain it.", identity)
            continue
        both = before.keys() & now.keys()
        if not all(before[each] and now[each] for each in both):
            _untold(context, "Not every report of it has a time of its last change.", identity)
        newer = {each: now[each] for each in both if before[each] and now[each] not in ("", before[each])}
        if newer:
            documents.write_json(changed_path(call.migration, attempt, identity), newer)


def _times(workspace: Mapping[str, Any]) -> dict[str, str]:
    """Empty where it is not told."""
    return {lower(each, "id"): text(each, "modifiedDateTime") for each in rows(workspace, "reports")}


def _untold(context: Context, why: str, workspace: str = "") -> None:
    """Of one workspace, or of all."""
    name = workspace or context.request.source
    context.finding(
        _UNKNOWN, kind="workspace" if workspace else "connection", id=name, name=name, message=why
    )
