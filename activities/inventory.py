"""Step 1, second half: the contents of the chosen workspaces, read in batches into the manifest.

With admin rights through the scanner (up to 100 workspaces per scan, asynchronous), else by the lists each
workspace gives its members. Either way a batch ends as one inventory document per workspace in Blob Storage
and one manifest row per item; a batch that was taken over is never read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from activities.classification import classify
from activities.context import Context, open_context
from activities.frame import Call
from activities.planning import BATCHES, batch_size, selection_path
from shared.errors import EntityNotFound, IdentityRefused, NotAuthorized, TerminalError
from shared.manifest import count_items, safe_id
from shared.models import ItemState, WorkspaceRow
from shared.outcomes import Done, Failed, Json, Outcome, Wait
from shared.polling import SCAN
from shared.services import Services
from shared.tables import key

_PLACE_S = 900.0  # scaled; how long a place is held after the last look, where nobody looks any more
_PLACE_AGAIN = timedelta(seconds=60)  # all the scans a tenant may run are running: one takes a minute or so
_KINDS = ("reports", "datasets", "dashboards", "dataflows", "users")


def await_scan(services: Services, call: Call) -> Outcome:
    """WorkspaceInfo_PostWorkspaceInfo once per batch, then WorkspaceInfo_GetScanStatus until it succeeded.

    From before the one until the end of the other it holds one of the tenant's places for scans, and each look
    prolongs that: a scan that nobody waits for any more (paused, cancelled) ends by itself within minutes.
    """
    context = open_context(services, call)
    scan = _batch_row(services, call)
    if scan.get("taken"):
        return Done()
    place = key(call.migration, _batch_key(call))
    if not scan:
        if not context.source.scanner.begin(place, _PLACE_S * call.scale):
            return Wait(services.clock.now() + _PLACE_AGAIN * call.scale, dict(call.state))
        scan = {"scan": _ask_for_scan(context, place)}
        services.tables[BATCHES].put(call.migration, _batch_key(call), scan)
    elif (status := _scan_status(context, scan["scan"])) in {"Succeeded", "Failed", "Lost"}:
        context.source.scanner.end(place)
        if status == "Succeeded":
            return Done()
        services.tables[BATCHES].delete(call.migration, _batch_key(call))  # the next try asks for a new scan
        return Failed(f"scan.{status.lower()}", f"The scan of batch {call.batch} ended as {status}.")
    else:
        context.source.scanner.begin(place, _PLACE_S * call.scale)
    again = SCAN.again(call.state, services.clock.now(), call.scale)
    return again or Failed("scan.deadline", f"The scan of batch {call.batch} did not end in time.")


def _ask_for_scan(context: Context, place: str) -> str:
    """A scan that was refused never runs: its place is for others."""
    try:
        return context.source.scanner.post_info([e["id"] for e in _entries(context.services, context.call)])
    except (TerminalError, IdentityRefused):
        context.source.scanner.end(place)
        raise


def collect_scan(services: Services, call: Call) -> Outcome:
    """WorkspaceInfo_GetScanResult into documents and manifest rows."""
    row = _batch_row(services, call)
    if row.get("taken"):
        return Done()
    context = open_context(services, call)
    result = context.source.scanner.result(row["scan"])
    found = {str(workspace["id"]).lower(): workspace for workspace in result.get("workspaces", [])}
    for entry in _entries(services, call):
        seen = found.get(entry["id"].lower())
        if seen is None:
            plan_unread(context, entry, "the scan result does not contain it.")
        else:
            _take(context, entry, _document(entry, seen))
    services.tables[BATCHES].put(call.migration, _batch_key(call), {**row, "taken": True})
    return Done()


def list_directly(services: Services, call: Call) -> Outcome:
    """Reports, datasets, dashboards, dataflows and users of each workspace by the lists its members may read."""
    context = open_context(services, call)
    if _batch_row(services, call).get("taken"):
        return Done()
    for entry in _entries(services, call):
        try:
            _take(context, entry, read_directly(context, entry))
        except (NotAuthorized, EntityNotFound) as refused:
            plan_unread(context, entry, refused.message)
    services.tables[BATCHES].put(call.migration, _batch_key(call), {"taken": True})
    return Done()


def record_unread(services: Services, call: Call) -> Outcome:
    """A batch that could not be read: its workspaces are planned empty and looked at again one by one."""
    context = open_context(services, call)
    for entry in _entries(services, call):
        plan_unread(context, entry, f"{call.code}: {call.message}")
    return Done()


def plan_unread(context: Context, entry: Mapping[str, Any], why: str) -> None:
    """Plan a workspace whose contents are not known yet; its own first step reads them."""
    _take(context, entry, _document(entry, {}))
    _about(context, entry, "inventory.incomplete", f"Its contents could not be read: {why}")


def read_directly(context: Context, entry: Mapping[str, Any]) -> Json:
    """One workspace's inventory document from its own lists (the identity must be a member)."""
    source, identity = context.source, entry["id"]
    return _document(
        entry,
        {
            "reports": source.reports.list(identity),
            "datasets": source.datasets.list(identity),
            "dashboards": source.dashboards.list(identity),
            "dataflows": source.dataflows.list(identity),
            "users": list(source.groups.users(identity)),
        },
    )


def inventory_path(migration_id: str, workspace_id: str) -> str:
    return f"{migration_id}/inventory/{safe_id(workspace_id)}.json"


def source_users(context: Context) -> list[Json]:
    """The users of this call's source workspace as the inventory found them.

    Groups_GetGroupUsers where it found none: a workspace has at least one admin, so an empty list means that
    the scan was not allowed to tell.
    """
    path = inventory_path(context.call.migration, context.call.workspace)
    document: Json = context.services.documents.read_json(path) or {"users": []}
    return document["users"] or list(context.source.groups.users(context.call.workspace))


def _take(context: Context, entry: Mapping[str, Any], document: Json) -> None:
    """Store a document and plan its rows; done again it changes nothing that has progressed."""
    services, migration_id = context.services, context.call.migration
    rows = classify(document)
    services.documents.write_json(inventory_path(migration_id, entry["id"]), document)
    services.manifest.plan_items(migration_id, entry["id"], rows)
    services.manifest.plan_workspace(
        migration_id,
        WorkspaceRow(
            entry["id"],
            entry["name"],
            target_name=context.request.naming.replace("{name}", entry["name"]),
            source_capacity=entry["capacity"],
            target_capacity=entry["targetCapacity"],
            counts=count_items(rows),
        ),
    )
    name_manual_items(context, entry["id"], rows)
    if entry["capacity"] and not entry["targetCapacity"]:
        _about(
            context,
            entry,
            "capacity.unmapped",
            f"It is on capacity {entry['capacity']} in the source; capacities gives it none in the target.",
        )


def name_manual_items(context: Context, workspace_id: str, rows: list[Any]) -> None:
    for row in rows:
        if row.state == ItemState.MANUAL:
            context.services.findings.add(
                context.call.migration,
                "manual.notMoved",
                kind=row.kind,
                id=row.source_id,
                name=row.source_name,
                message=f"Not moved: {row.note}.",
                workspace_id=workspace_id,
            )


def _about(context: Context, entry: Mapping[str, Any], code: str, message: str) -> None:
    context.services.findings.add(
        context.call.migration,
        code,
        kind="workspace",
        id=entry["id"],
        name=entry["name"],
        message=message,
        workspace_id=entry["id"],
    )


def _document(entry: Mapping[str, Any], seen: Mapping[str, Any]) -> Json:
    """The parts of a workspace the run needs; `complete` is false where they could not be read."""
    parts = {kind: list(seen.get(kind) or []) for kind in _KINDS}
    return {"id": entry["id"], "name": entry["name"], "complete": bool(seen), **parts}


def _entries(services: Services, call: Call) -> list[Json]:
    selection: Json = services.documents.read_json(selection_path(call.migration)) or {"workspaces": []}
    size = batch_size(call.mode)
    return selection["workspaces"][call.batch * size : (call.batch + 1) * size]


def _batch_key(call: Call) -> str:
    return f"{call.batch:05d}"


def _batch_row(services: Services, call: Call) -> Json:
    found = services.tables[BATCHES].get(call.migration, _batch_key(call))
    return {name: found[0][name] for name in ("scan", "taken") if name in found[0]} if found else {}


def _scan_status(context: Context, scan_id: str) -> str:
    """NotStarted | Running | Succeeded | Failed, or Lost where the service no longer knows the scan."""
    try:
        return str(context.source.scanner.status(scan_id)["status"])
    except EntityNotFound:
        return "Lost"
