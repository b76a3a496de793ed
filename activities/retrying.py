"""What a retry finds: a finished workspace in which nothing is missing is left as it is, the rest is opened again.

One list call per workspace tells what is missing in the target; what is newer in the source was asked for once, for all
of them (renewing.py). Only rows change here; the phases of the workspace then do what is open, each write through the
gate as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activities.context import Context, open_context
from activities.frame import Call
from activities.imports import begun_anew
from activities.making import identity_of, intent_of
from activities.removal import import_intent
from activities.renewing import given_up, take_back_told, wanted
from activities.rollback import UNDONE, renew_workspace
from activities.ways import has_way, way_of
from shared.errors import EntityNotFound, NotAuthorized
from shared.models import ItemRow, ItemState, Kind, WorkspaceRow, WorkspaceStatus
from shared.outcomes import Done, Failed, Outcome, Wait
from shared.services import Services

_REFRESH = "refresh"
_LISTED_APART = frozenset({Kind.DASHBOARD, Kind.DATAFLOW})
_REOPENED = frozenset({ItemState.FAILED, ItemState.DELETED})


def reopen_workspace(services: Services, call: Call) -> Outcome:
    """Reports_GetReportsInGroup of the target, once: `{"open": bool}`, whether there is something to do."""
    context = open_context(services, call)
    row, attempt = context.workspace(), services.manifest.migration(call.migration).attempt
    if row.state in UNDONE:
        row = renew_workspace(context)
    items = services.manifest.items_of(call.migration, call.workspace)
    try:
        lost = _lost(context, row, items)
    except (NotAuthorized, EntityNotFound) as refused:
        return _gone(context, row, refused.message)
    newer = wanted(context, items)
    begun = call.state.get("position")
    for place, item in enumerate(items):
        state = call.state if place == begun else {}  # the time that another was waited for is its own
        waiting = _want(context, item, "" if item in lost else newer.get(item.source_id, ""), state)
        if waiting is not None:
            return Wait(waiting.until, {**waiting.state, "position": place})
    if row.status == WorkspaceStatus.DONE and not lost and not newer:
        context.update_workspace(attempt=attempt)
        return Done({"open": False})
    for item in items:
        if item in lost or item.state in _REOPENED:
            _reopen(context, item, is_lost=item in lost or item.state == ItemState.DELETED)
    for refused in services.findings.of_workspace(call.migration, call.workspace, "validation.refreshFailed"):
        services.gate.forget(call.migration, call.workspace, _REFRESH, refused.id)
    # Last: a try that dies before learns from them which models still have to prove that they can be refreshed.
    services.findings.clear_run(call.migration, call.workspace)
    context.update_workspace(status=WorkspaceStatus.PENDING, error_code="", error_message="")
    return Done({"open": True})


def _want(context: Context, item: ItemRow, newer: str, state: Mapping[str, Any]) -> Wait | None:
    """That a newer content of it is to be brought, or no more: what an earlier attempt wanted may be forbidden now.
    What that had read is of then, so it is read once more."""
    if item.renew == newer:
        return None
    call = context.call
    if item.renew and (waiting := given_up(context, item, state)) is not None:
        return waiting
    context.services.manifest.update_item(
        call.migration, call.workspace, Kind(item.kind), item.source_id, renew=newer
    )
    return None


def _lost(context: Context, row: WorkspaceRow, items: list[ItemRow]) -> list[ItemRow]:
    """Items that had arrived and are not in the target any more."""
    arrived = [item for item in items if item.state == ItemState.DONE and item.target_id]
    if not arrived:
        return []
    there = _there(context, row, arrived)
    absent = [item for item in arrived if item.target_id.lower() not in there]
    if any(item.kind == Kind.DATASET for item in absent):  # a model may stand without its report
        models = {str(dataset["id"]).lower() for dataset in context.target.datasets.list(row.target_id)}
        absent = [item for item in absent if item.target_id.lower() not in models]
    return absent


def _there(context: Context, row: WorkspaceRow, arrived: list[ItemRow]) -> set[str]:
    """The list of reports names their models too; what neither of them is has a list of its own."""
    reports = context.target.reports.list(row.target_id)
    there = {
        str(report[name]).lower() for report in reports for name in ("id", "datasetId") if report.get(name)
    }
    for kind, route in sorted({(item.kind, item.route) for item in arrived if item.kind in _LISTED_APART}):
        way = way_of(ItemRow("", kind, "", "", route=route))
        there |= {identity_of(each) for each in way.listed(context, row.target_id)}
    return there


def _reopen(context: Context, item: ItemRow, *, is_lost: bool) -> None:
    """Planned again. What certainly never arrived is read anew, as its author may have mended it meanwhile. An import
    that was never seen to end is waited for again; one whose report has gone is over, so the next is another write."""
    call, gate = context.call, context.services.gate
    if has_way(item) and is_lost:  # bringing it again is another write
        gate.drop(intent_of(context, item, way_of(item)))
        gate.forget(call.migration, call.workspace, "format", item.source_id)
    if is_lost:
        gate.forget(call.migration, call.workspace, "place", f"{item.kind}.{item.source_id}")
    again = begun_anew(item) if is_lost and item.kind == Kind.REPORT and not has_way(item) else {}
    if item.state == ItemState.FAILED and not _is_under_way(context, item):
        again = {**again, "blob": "", "length": 0, "sha256": ""}
    with_it = "" if has_way(item) else item.dataset_id
    for model in {item.source_id, with_it} - {""}:  # a report comes with its model, which is new then
        gate.forget(call.migration, call.workspace, _REFRESH, model)
        gate.forget(call.migration, call.workspace, "rename", model)
    take_back_told(context, item)
    context.services.manifest.update_item(
        call.migration,
        call.workspace,
        Kind(item.kind),
        item.source_id,
        state=ItemState.PLANNED,
        target_id="",
        target_name="",
        note="",
        renew="",
        **again,
    )


def _is_under_way(context: Context, item: ItemRow) -> bool:
    """A write of it was begun whose effect may be there, or come: what was sent is what it is known by."""
    intent = intent_of(context, item, way_of(item)) if has_way(item) else import_intent(context, item)
    return bool(item.import_id) or context.services.gate.is_open(intent)


def _gone(context: Context, row: WorkspaceRow, why: str) -> Outcome:
    """The workspace itself is away, or closed to us. Which of the two can't be told, so nothing is made anew."""
    context.services.findings.clear_run(context.call.migration, context.call.workspace)
    return Failed("workspace.gone", f"The target workspace {row.target_id} can't be read: {why}")
