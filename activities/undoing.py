"""Deleting in the target what this migration brought: imports that are under way, reports, models, the workspace.

Reports go before their models, since a model takes its reports along: one on which somebody else's report
hangs is kept. A workspace goes last, and only if nothing is in it that is not ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from activities import survey
from activities.belongings import REPORTS, Belongings, belongings, hanging_on, name_of, strangers
from activities.context import Context, open_context
from activities.frame import Call, during
from activities.rights import is_of_lag
from shared.assessment.model import Route
from shared.errors import EntityNotFound, IncompletePages, NotAuthorized, TerminalError
from shared.models import ItemRow, ItemState, Kind, WorkspaceRow
from shared.outcomes import Done, Outcome, Wait
from shared.services import Services
from shared.statuses import Status
from shared.writes import Intent

DELETED, KEPT, REFUSED = "rollback.deleted", "rollback.kept", "rollback.refused"
HANDED_OVER = "rollback.handedOver"
UNDOING = frozenset({Status.ROLLING_BACK})
_PER_CALL = 20  # deletes per activity: well under a minute even where the service is slow
_OTHERS = frozenset({Kind.DASHBOARD, Kind.DATAFLOW})
_GONE = frozenset({ItemState.DELETED, ItemState.SKIPPED, ItemState.FAILED})
_NAMED = 10  # of the objects for which a workspace is kept

type Json = dict[str, Any]
type Row = Mapping[str, Any]


@during(UNDOING)
def delete_reports(services: Services, call: Call) -> Outcome:
    """Reports_DeleteReportInGroup for the reports of our imports that are still there."""
    return _delete_all(open_context(services, call), Kind.REPORT)


@during(UNDOING)
def delete_datasets(services: Services, call: Call) -> Outcome:
    """Datasets_DeleteDatasetInGroup for the models of our imports on which no report of others hangs."""
    return _delete_all(open_context(services, call), Kind.DATASET)


@during(UNDOING)
def delete_others(services: Services, call: Call) -> Outcome:
    """Dashboards_DeleteDashboardInGroup, Dataflows_DeleteDataflow, and Items_Delete… for dataflows of Fabric."""
    context = open_context(services, call)
    workspace, items = (
        context.workspace().target_id,
        services.manifest.items_of(call.migration, call.workspace),
    )
    made = [
        item for item in belongings(items, (), ()).rows if item.kind in _OTHERS and item.state not in _GONE
    ]
    for item in made[:_PER_CALL]:
        _undo_other(context, workspace, item)
    return Wait(services.clock.now()) if made[_PER_CALL:] else Done()


def _undo_other(context: Context, workspace: str, item: ItemRow) -> None:
    operation, delete = _deleting(context, item)
    intent = context.intent("delete", f"{item.kind}.{item.target_id}", operation, item.target_name)
    state, note = ItemState.DELETED, "deleted by the rollback"
    try:
        _delete(context, intent, lambda: delete(workspace, item.target_id))
    except TerminalError as refused:
        _report_refused(context, item.kind, item.target_id, item.target_name, refused)
        state, note = ItemState.FAILED, f"not deleted: {refused.code}"
    context.services.manifest.update_item(
        context.call.migration,
        context.call.workspace,
        Kind(item.kind),
        item.source_id,
        state=state,
        note=note,
    )


def _deleting(context: Context, item: ItemRow) -> tuple[str, Callable[[str, str], None]]:
    target = context.target
    if item.kind == Kind.DASHBOARD:
        return "Dashboards_DeleteDashboardInGroup", target.dashboards.delete
    if item.route == Route.MODEL_JSON:
        return "Dataflows_DeleteDataflow", target.dataflows.delete
    return "Dataflows_Delete", lambda group, identity: target.definitions.delete(group, "dataflows", identity)


@during(UNDOING)
def delete_target(services: Services, call: Call) -> Outcome:
    """Groups_DeleteGroup where this migration created it and nothing foreign is in it: `{"there": bool}`.

    What became of it goes into the row, since the end of the undoing decides by that.
    """
    context = open_context(services, call)
    row = context.workspace()
    if row.origin != "created":
        return Done({"there": True})
    try:
        there = survey.contents(context, row.target_id)
    except (EntityNotFound, NotAuthorized):
        if not context.services.gate.is_open(deletion(context, row)):
            raise
        return _is_deleted(context)  # by an earlier try of this activity, whose end was not recorded
    foreign = strangers(_everything(context, row.target_id, there), _belongings(context, there))
    if foreign:
        return _keep(context, row, sorted(foreign.values()))
    try:
        _delete(context, deletion(context, row), lambda: context.target.groups.delete(row.target_id))
    except TerminalError as refused:
        _report_refused(context, Kind.WORKSPACE, row.target_id, row.target_name, refused)
        return Done({"there": True})
    return _is_deleted(context)


def _is_deleted(context: Context) -> Outcome:
    context.update_workspace(error_code=DELETED)
    return Done({"there": False})


def deletion(context: Context, row: WorkspaceRow) -> Intent:
    return context.intent("deleteWorkspace", row.target_id, "Groups_DeleteGroup", row.target_name)


def _delete_all(context: Context, kind: Kind) -> Outcome:
    """A page of what the manifest knows; with the last one what only the service lists under our imports."""
    workspace = context.workspace().target_id
    there = survey.contents(context, workspace)
    ours = _belongings(context, there)
    live = {str(row["id"]).lower(): row for row in (there.reports if kind == Kind.REPORT else there.datasets)}
    kinds = REPORTS if kind == Kind.REPORT else (kind,)
    rows = sorted((row for row in ours.rows if row.kind in kinds), key=lambda row: row.source_id)
    position = int(context.call.state.get("position", 0))
    for row in rows[position : position + _PER_CALL]:
        _undo_item(context, workspace, row, live.get(row.target_id.lower()), there, ours)
    position += _PER_CALL
    if position < len(rows):
        return Wait(context.services.clock.now(), {"position": position})
    for identity in sorted(ours.of(kind) - {row.target_id.lower() for row in rows}):
        if identity in live:
            _undo(context, workspace, kind, live[identity], there, ours)
    return Done()


def _undo_item(
    context: Context,
    workspace: str,
    item: ItemRow,
    live: Row | None,
    there: survey.Contents,
    ours: Belongings,
) -> None:
    """One row of the manifest, and what it says afterwards."""
    if item.state in {ItemState.DELETED, ItemState.SKIPPED}:
        return
    kind = Kind(item.kind)
    state = ItemState.DELETED if live is None else _undo(context, workspace, kind, live, there, ours)
    if state is None:
        return
    notes = {ItemState.DELETED: "deleted by the rollback", ItemState.SKIPPED: "kept: others use it"}
    note = "was gone before the rollback" if live is None else notes[state]
    call, manifest = context.call, context.services.manifest
    manifest.update_item(call.migration, call.workspace, kind, item.source_id, state=state, note=note)


def _undo(
    context: Context, workspace: str, kind: Kind, live: Row, there: survey.Contents, ours: Belongings
) -> ItemState | None:
    """DELETED, SKIPPED where it is kept for others, or None where the service refused."""
    identity, name = str(live["id"]), str(live.get("name") or "")
    if identity.lower() not in ours.ids:
        text = f"The {kind} {name_of(live)} is kept: somebody else's import has published over it."
        context.finding(KEPT, kind=kind, id=identity, name=name, message=text)
        return ItemState.SKIPPED
    users = hanging_on(identity.lower(), there.reports, ours) if kind == Kind.DATASET else []
    if users:
        used = f"The model {name_of(live)} is kept: {', '.join(users[:_NAMED])} of others use it."
        context.finding(KEPT, kind=kind, id=identity, name=name, message=used)
        return ItemState.SKIPPED
    area = context.target.reports if kind in REPORTS else context.target.datasets
    operation = "Reports_DeleteReportInGroup" if kind in REPORTS else "Datasets_DeleteDatasetInGroup"
    intent = context.intent("delete", f"{kind}.{identity}", operation, name)
    try:
        _delete(context, intent, lambda: area.delete(workspace, identity))
    except TerminalError as refused:
        _report_refused(context, kind, identity, name, refused)
        return None
    return ItemState.DELETED


def _delete(context: Context, intent: Intent, delete: Callable[[], None]) -> None:
    """One delete through the gate. What is gone already, by an earlier try or with its model, is deleted.

    What a new workspace refuses may be for want of a right that comes later: the frame waits for that.
    """

    def act() -> Json:
        try:
            delete()
        except EntityNotFound:
            return {"deleted": False}
        return {"deleted": True}

    context.services.gate.write(intent, look=lambda before: None, act=act, repeatable=True)


def _report_refused(context: Context, kind: str, identity: str, name: str, refused: TerminalError) -> None:
    if is_of_lag(context.services, context.call, refused):
        raise refused
    context.finding(
        REFUSED,
        kind=kind,
        id=identity,
        name=name,
        message=f"The service did not let it be deleted: {refused.code}: {refused.message}",
    )


def _keep(context: Context, row: WorkspaceRow, foreign: list[str]) -> Outcome:
    more = f" and {len(foreign) - _NAMED} more" if len(foreign) > _NAMED else ""
    why = f"kept: it holds {', '.join(foreign[:_NAMED])}{more}, which this migration did not bring"
    context.update_workspace(error_code=KEPT, error_message=why[:2000])
    context.finding(
        KEPT,
        kind=Kind.WORKSPACE,
        id=row.target_id,
        name=row.target_name,
        message=f"The workspace {row.target_name!r} is {why}.",
    )
    return Done({"there": True})


def _everything(context: Context, workspace: str, there: survey.Contents) -> list[Row]:
    """Everything listed in a workspace: by Power BI, and by Fabric where that can be reached."""
    target = context.target
    found: list[Row] = [
        *there.reports,
        *there.datasets,
        *target.dashboards.list(workspace),
        *target.dataflows.list(workspace),
    ]
    try:
        found += target.fabric.items(workspace)
    except IncompletePages:
        raise  # what is not seen might be foreign
    except NotAuthorized:
        return [*found, {"id": "unseen", "name": "Fabric items, which we may not list"}]
    except TerminalError:
        return found  # no Fabric for this connection
    return found


def sent_by(services: Services, call: Call) -> list[Json]:
    """The results of all that was sent as an import: a PBIX with its model, or a file of an item's own.

    What only went over an item (`over`) makes nothing ours, least of all what an earlier migration had brought.
    """
    gate = services.gate
    made = [
        result
        for action in ("import", "make", "mend")
        for result in gate.results(call.migration, call.workspace, action)
        if result.get("import") or action == "import"
    ]
    updates = gate.results(call.migration, call.workspace, "update")
    over = [{"over": each["import"]} for each in updates if each.get("import") and not each["adopted"]]
    return made + over


def _belongings(context: Context, there: survey.Contents) -> Belongings:
    call, services = context.call, context.services
    items = services.manifest.items_of(call.migration, call.workspace)
    return belongings(items, there.imports, sent_by(services, call))
