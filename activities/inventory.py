"""Step 1, second half: the contents of the chosen workspaces, read in batches into the manifest.

With admin rights through the scanner (up to 100 workspaces per scan, asynchronous), else by the lists each
workspace gives its members. Either way a batch ends as one inventory document per workspace in Blob Storage,
one manifest row per item with its verdict, the obstacles it met, and an extract per workspace for the end of the
plan; a batch that was taken over is never read again.

A document is the workspace as the APIs told it, in their words: `{"id", "name", "complete", "mode", <what the scan
says of the workspace>, "reports", "datasets", "dashboards", "dataflows", "datamarts", "users",
"datasourceInstances" (those it uses), "misconfiguredDatasourceInstances", "apps", "fabricItems", "workbooks"}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from activities.classification import rows_of
from activities.context import Context, open_context
from activities.frame import Call
from activities.known import Known, know
from activities.planning import BATCHES
from activities.selected import read_batch, read_selection
from shared.assessment.extracts import extract
from shared.assessment.model import Extract, Obstacle, Verdict
from shared.assessment.obstacles import of_workspace
from shared.assessment.reading import lower, rows
from shared.assessment.verdicts import judge, judge_workspace
from shared.errors import EntityNotFound, IdentityRefused, NotAuthorized, TerminalError
from shared.manifest import count_items
from shared.models import ItemRow, ItemState, WorkspaceRow, WorkspaceStatus
from shared.outcomes import Done, Failed, Json, Outcome, Wait
from shared.polling import SCAN
from shared.powerbi.throttling import MAX_INLINE_WAIT_S
from shared.run_documents import extracts_path, inventory_path
from shared.services import Services
from shared.tables import key

_SCANS = 2  # of a batch
_PLACE_S = 900.0  # scaled; how long a place is held after the last look, where nobody looks any more
_PLACE_AGAIN = timedelta(seconds=60)  # all the scans a tenant may run are running: one takes a minute or so
_IN_HAND_AGAIN = timedelta(seconds=10)  # until one of the results in memory may have been stored
_KINDS = ("reports", "datasets", "dashboards", "dataflows", "datamarts", "users")
_INSTANCES = ("datasourceInstances", "misconfiguredDatasourceInstances")


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
        return _scan_again(services, call, status)
    else:
        context.source.scanner.begin(place, _PLACE_S * call.scale)
    again = SCAN.again(call.state, services.clock.now(), call.scale)
    if again is not None:
        return replace(again, state={**again.state, "tries": call.state.get("tries", 0)})
    return Failed("scan.deadline", f"The scan of batch {call.batch} did not end in time.")


def _scan_again(services: Services, call: Call, status: str) -> Outcome:
    """A second scan where the first failed or was forgotten: that says nothing about the next."""
    services.tables[BATCHES].delete(call.migration, _batch_key(call))  # the next try asks for a new scan
    if (tries := int(call.state.get("tries", 0)) + 1) < _SCANS:
        return Wait(services.clock.now(), {"tries": tries})
    return Failed(f"scan.{status.lower()}", f"The scan of batch {call.batch} ended as {status}.")


def _ask_for_scan(context: Context, place: str) -> str:
    """A scan that was refused never runs: its place is for others."""
    try:
        return context.source.scanner.post_info([e["id"] for e in _entries(context.services, context.call)])
    except (TerminalError, IdentityRefused):
        context.source.scanner.end(place)
        raise


def collect_scan(services: Services, call: Call) -> Outcome:
    """WorkspaceInfo_GetScanResult into documents and manifest rows.

    However many scans end together, one result at a time is in memory: parsed it takes several times its size, and
    what the batch has to know of the whole tenant comes on top.
    """
    if not services.results_in_hand.acquire(timeout=MAX_INLINE_WAIT_S):
        return Wait(services.clock.now() + _IN_HAND_AGAIN * call.scale, dict(call.state))
    try:
        return _collect(services, call)
    finally:
        services.results_in_hand.release()


def _collect(services: Services, call: Call) -> Outcome:
    row = _batch_row(services, call)
    if row.get("taken"):
        return Done()
    context = open_context(services, call)
    result = scan_result(context, call)
    found = {lower(workspace, "id"): workspace for workspace in rows(result, "workspaces")}
    instances = _instances(result)
    batch = _Batch(context, know(context))
    for entry in _entries(services, call):
        seen = found.get(entry["id"].lower())
        if seen is None:
            _take_what_members_see(context, batch, entry, "the scan result does not contain it.")
        else:
            batch.take(entry, {**seen, **_used(seen, instances)})
    batch.close()
    services.tables[BATCHES].put(call.migration, _batch_key(call), {**row, "taken": True})
    return Done()


def scan_result(context: Context, call: Call) -> Json:
    """WorkspaceInfo_GetScanResult of the batch of this call, whose scan has succeeded."""
    return context.source.scanner.result(_batch_row(context.services, call)["scan"])


def _take_what_members_see(context: Context, batch: _Batch, entry: Mapping[str, Any], why: str) -> None:
    """One that the scan lost, by its own lists where the identity is in it: less is told there, but its items are."""
    try:
        batch.take(entry, {**read_directly(context, entry["id"]), "mode": "member"})
    except (NotAuthorized, EntityNotFound):
        batch.unread(entry, why)


def list_directly(services: Services, call: Call) -> Outcome:
    """Reports, datasets, dashboards, dataflows and users of each workspace by the lists its members may read."""
    context = open_context(services, call)
    if _batch_row(services, call).get("taken"):
        return Done()
    batch = _Batch(context, know(context))
    for entry in _entries(services, call):
        try:
            batch.take(entry, read_directly(context, entry["id"]))
        except (NotAuthorized, EntityNotFound) as refused:
            batch.unread(entry, refused.message)
    batch.close()
    services.tables[BATCHES].put(call.migration, _batch_key(call), {"taken": True})
    return Done()


def record_unread(services: Services, call: Call) -> Outcome:
    """A batch that could not be read: its workspaces are planned empty and looked at again one by one."""
    context = open_context(services, call)
    batch = _Batch(context, know(context))
    for entry in _entries(services, call):
        batch.unread(entry, f"{call.code}: {call.message}")
    batch.close()
    return Done()


def plan_unread(context: Context, entries: Iterable[Mapping[str, Any]], why: str) -> None:
    """Plan workspaces whose contents are not known yet; their own first steps read them."""
    batch = _Batch(context, know(context))
    for entry in entries:
        batch.unread(entry, why)


def read_directly(context: Context, workspace_id: str) -> Json:
    """One workspace by its own lists (the identity must be a member)."""
    source = context.source
    return {
        "reports": source.reports.list(workspace_id),
        "datasets": source.datasets.list(workspace_id),
        "dashboards": source.dashboards.list(workspace_id),
        "dataflows": source.dataflows.list(workspace_id),
        "users": list(source.groups.users(workspace_id)),
    }


def read_late(context: Context, row: WorkspaceRow) -> None:
    """Read a workspace that the plan could not, now that its turn has come; judged as the plan would have."""
    known = know(context)
    document = _document(
        known, {"id": row.source_id, "name": row.source_name}, read_directly(context, row.source_id)
    )
    judge_late(context, row, document, known)
    for was in _unread({"id": row.source_id, "name": row.source_name}, "?"):
        context.services.findings.retract(context.call.migration, was)
    context.services.documents.write_json(inventory_path(context.call.migration, row.source_id), document)


def judge_late(context: Context, row: WorkspaceRow, document: Json, known: Known | None = None) -> None:
    """Rows and findings of what a document did not hold when its workspace was planned; the others stay."""
    services, run = context.services, context.call.migration
    facts = (known or know(context)).facts(
        {"id": row.source_id, "targetCapacity": row.target_capacity}, document.get("users") or []
    )
    found = rows_of(judge(document, facts))
    services.manifest.plan_items(run, row.source_id, found)
    services.findings.add_all(run, manual_items(found))


def source_users(context: Context) -> list[Json]:
    """The users of this call's source workspace as the inventory found them.

    Groups_GetGroupUsers where it found none: a workspace has at least one admin, so an empty list means that
    the scan was not allowed to tell.
    """
    path = inventory_path(context.call.migration, context.call.workspace)
    document: Json = context.services.documents.read_json(path) or {"users": []}
    return document["users"] or list(context.source.groups.users(context.call.workspace))


class _Batch:
    """Up to a hundred workspaces taken over together; done again it changes nothing that has progressed."""

    def __init__(self, context: Context, known: Known):
        self._context = context
        self._known = known
        self._extracts: list[Extract] = []

    def take(self, entry: Mapping[str, Any], seen: Mapping[str, Any], unread: str = "") -> None:
        """Store a workspace's document, its rows with their verdicts, and what stands in their way."""
        services, run = self._context.services, self._context.call.migration
        document = _document(self._known, entry, seen)
        facts = self._known.facts(entry, document["users"])
        document["ourRight"] = facts.right
        verdicts = judge(document, facts)
        items = rows_of(verdicts)
        found = extract(document, verdicts, entry, facts)
        services.documents.write_json(inventory_path(run, entry["id"]), document)
        services.manifest.plan_items(run, entry["id"], items)
        verdict = judge_workspace(document, facts)
        services.manifest.plan_workspace(run, workspace_row(entry, verdict, count_items(items)))
        obstacles = of_workspace(document, verdicts, found, facts)
        obstacles = [*_unread(entry, unread), *obstacles, *manual_items(items)]
        services.findings.add_all(run, obstacles)
        self._extracts.append(replace(found, minutes=found.minutes + verdict.minutes))

    def unread(self, entry: Mapping[str, Any], why: str) -> None:
        """Its contents are not known yet; its own first step reads them."""
        self.take(entry, {}, why)

    def close(self) -> None:
        path = extracts_path(self._context.call.migration, self._context.call.batch)
        self._context.services.documents.write_json(path, [found.to_dict() for found in self._extracts])


def workspace_row(
    entry: Mapping[str, Any], verdict: Verdict, counts: dict[str, dict[str, int]] | None = None
) -> WorkspaceRow:
    """The manifest row of an entry of the selection, with the verdict on the workspace itself."""
    return WorkspaceRow(
        entry["id"],
        entry["name"],
        target_name=entry["targetName"],
        status=WorkspaceStatus.PENDING if entry["moves"] else WorkspaceStatus.SKIPPED,
        source_capacity=entry["capacity"],
        target_capacity=entry["targetCapacity"],
        counts=counts or {},
        route=verdict.route,
        reason=verdict.reason,
        todo=verdict.todo,
        minutes=verdict.minutes,
    )


def stored_extracts(services: Services, run: str) -> Iterator[Extract]:
    """What the batches have left; of those that were not taken over nothing. One batch is in memory at a time."""
    for batch in range(read_selection(services, run).batches):
        yield from extracts_of(services, run, batch)


def extracts_of(services: Services, run: str, batch: int) -> Iterator[Extract]:
    for raw in services.documents.read_json(extracts_path(run, batch)) or []:
        yield Extract.from_dict(raw)


def manual_items(rows: list[ItemRow]) -> list[Obstacle]:
    """What a person has to move is said of every single item."""
    return [
        Obstacle(
            "manual.notMoved",
            row.kind,
            row.source_id,
            row.source_name,
            f"Not moved: {row.note}",
            workspace_id=row.workspace_id,
        )
        for row in rows
        if row.state == ItemState.MANUAL
    ]


def _unread(entry: Mapping[str, Any], why: str) -> list[Obstacle]:
    if not why:
        return []
    message = f"Its contents could not be read: {why}"
    return [Obstacle("inventory.incomplete", "workspace", entry["id"], entry["name"], message, entry["id"])]


def _document(known: Known, entry: Mapping[str, Any], seen: Mapping[str, Any]) -> Json:
    """All that was read of a workspace; `complete` is false where its contents could not be."""
    parts = {kind: rows(seen, kind) for kind in (*_KINDS, *_INSTANCES)}
    return {
        **seen,
        **parts,
        **known.parts_of(entry["id"]),
        "id": entry["id"],
        "name": entry["name"],
        "kind": entry.get("kind", ""),
        "complete": bool(seen),
        "mode": seen.get("mode") or known.mode,
    }


def _instances(result: Mapping[str, Any]) -> Json:
    """The data sources of a scan by part and id: they are told once for all its workspaces."""
    return {part: {lower(each, "datasourceId"): each for each in rows(result, part)} for part in _INSTANCES}


def _used(seen: Mapping[str, Any], instances: Json) -> Json:
    """Those that the models and dataflows of one workspace use."""
    used: set[str] = set()
    for item in [*rows(seen, "datasets"), *rows(seen, "dataflows")]:
        for usages in ("datasourceUsages", "misconfiguredDatasourceUsages"):
            used |= {lower(use, "datasourceInstanceId") for use in rows(item, usages)}
    return {part: [known[i] for i in sorted(used) if i in known] for part, known in instances.items()}


def _entries(services: Services, call: Call) -> list[Json]:
    return read_batch(services, call.migration, call.batch)


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
