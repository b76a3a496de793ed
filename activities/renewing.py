"""What was changed in the source since it was planned: found by a retry, and brought over its own item.

The scanner is asked for workspaces that the service calls modified, and only for those; a report in them whose time of
modification is not the one that the inventory has is wanted once more. Nothing of it is asked for before half an hour
has passed, as the service does not tell of changes any earlier, nor after the cutover.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from activities import inventory, updating
from activities.context import Context, open_context
from activities.frame import Call
from activities.planning import read_batch, write_batch
from shared.assessment.reading import lower, rows, text
from shared.errors import ContentError, IdentityRefused, TerminalError
from shared.models import ItemRow, ItemState, Kind, Migration
from shared.outcomes import Done, Failed, Json, Outcome, Wait
from shared.powerbi.scanner import MAX_WORKSPACES
from shared.run_documents import changes_path, inventory_path, order_path
from shared.services import Services

_YOUNGEST, _OLDEST = (
    timedelta(minutes=31),
    timedelta(days=29, hours=23),
)  # of what the service tells, with a margin
_FIRST_BATCH, _BATCHES = 50_000, 200  # of each attempt; those of the plan are far below
_REPORTS = frozenset({Kind.REPORT, Kind.PAGINATED_REPORT})


def look_for_changes(services: Services, call: Call) -> Wait | None:
    """WorkspaceInfo_GetModifiedWorkspaces, then a scan per hundred of them; a wait while the service is at it."""
    context, now = open_context(services, call), services.manifest.migration(call.migration)
    path = changes_path(call.migration, now.attempt)
    known = services.documents.read_json(path)
    if known is None:
        known = {"left": _batched(context, now), "changed": {}}
        services.documents.write_json(path, known)
    state = call.state
    while known["left"]:
        one = replace(call, batch=known["left"][0], state=state)
        ended = inventory.await_scan(services, one)
        if isinstance(ended, Wait):
            return ended
        if isinstance(ended, Failed):
            _untold(context, ended.message)
        else:
            known["changed"] |= _changed(context, read_batch(services, call.migration, one.batch), one)
        known["left"], state = known["left"][1:], {}
        services.documents.write_json(path, known)
    return None


def wanted(context: Context, items: list[ItemRow]) -> dict[str, str]:
    """Of a workspace's items those that arrived with an older content: source id to the time of the newer one."""
    attempt = context.services.manifest.migration(context.call.migration).attempt
    found: Json = context.services.documents.read_json(changes_path(context.call.migration, attempt)) or {}
    changed: Mapping[str, str] = found.get("changed", {}).get(context.call.workspace.lower(), {})
    arrived = [
        each for each in items if each.kind in _REPORTS and each.state == ItemState.DONE and each.target_id
    ]
    times = {each.source_id: changed.get(each.source_id.lower(), "") for each in arrived}
    return {
        each.source_id: times[each.source_id]
        for each in arrived
        if times[each.source_id] not in ("", each.renewed)
    }


def renew(context: Context, item: ItemRow) -> Outcome:
    """`{"over": true}` when it is done. Where the new content can't be brought the older stays, and that is said."""
    call, services = context.call, context.services
    try:
        ended = updating.update_item(services, replace(call, kind=item.kind, item=item.source_id))
    except (TerminalError, ContentError) as refused:
        if isinstance(refused, ContentError) and refused.transient:
            raise
        ended = Failed(refused.code, refused.message)
    if isinstance(ended, Wait):
        return ended
    if isinstance(ended, Failed):
        context.about(item, "item.notRenewed", f"{ended.code}: {ended.message}")
    reached = {} if isinstance(ended, Failed) else {"renewed": item.renew}
    services.manifest.update_item(
        call.migration, call.workspace, Kind(item.kind), item.source_id, renew="", **reached
    )
    return Done({"over": True})


def _batched(context: Context, now: Migration) -> list[int]:
    """The modified among ours, stored as batches of a scan; none where it is too early, or nobody may ask."""
    services, clock = context.services, context.services.clock.now()
    since = max(datetime.fromisoformat(now.created), clock - _OLDEST)
    if now.cutover_at or clock - since < _YOUNGEST:
        return []
    try:
        modified = {identity.lower() for identity in context.source.scanner.modified(since)}
    except (TerminalError, IdentityRefused) as refused:
        if refused.retry_at is not None:
            raise
        _untold(context, refused.message)
        return []
    order: list[str] = services.documents.read_json(order_path(now.id)) or []
    ours = [identity for identity in order if identity.lower() in modified]
    first = _FIRST_BATCH + now.attempt % _BATCHES * _BATCHES
    for number, start in enumerate(range(0, len(ours), MAX_WORKSPACES), first):
        write_batch(services, now.id, number, [{"id": each} for each in ours[start : start + MAX_WORKSPACES]])
    return list(range(first, first - (-len(ours) // MAX_WORKSPACES)))


def _changed(context: Context, entries: list[Json], call: Call) -> dict[str, dict[str, str]]:
    """Of each workspace the reports that are of another time than the inventory says, with that time."""
    result = rows(inventory.scan_result(context, call), "workspaces")
    scanned = {lower(workspace, "id"): _times(workspace) for workspace in result}
    found: dict[str, dict[str, str]] = {}
    for identity in (entry["id"] for entry in entries):
        path = inventory_path(context.call.migration, identity)
        before = _times(context.services.documents.read_json(path) or {})
        now = scanned.get(identity.lower(), {})
        newer = {each: time for each, time in now.items() if before.get(each) and time != before[each]}
        found |= {identity.lower(): newer} if newer else {}
    return found


def _times(workspace: Mapping[str, Any]) -> dict[str, str]:
    times = {lower(each, "id"): text(each, "modifiedDateTime") for each in rows(workspace, "reports")}
    return {identity: time for identity, time in times.items() if time}


def _untold(context: Context, why: str) -> None:
    context.finding(
        "retry.changesUnknown",
        kind="connection",
        id=context.request.source,
        name=context.request.source,
        message=why,
    )
