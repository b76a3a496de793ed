"""A report whose definition can't be moved, as a file without its model: imported, then bound to the model there.

The last way before a person's work. Whether a service takes a file that is connected to a model of another tenant is
not documented; where it refuses, nothing is left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from activities.context import Context
from activities.identities import target_of
from activities.making import Json, Refused, Row, Way, intent_of, staged_bytes
from activities.pbix_files import checked_pbix
from activities.places import folder_of
from activities.rights import is_of_lag
from activities.ways_files import Bytes, bounded, imported, imports_of
from shared.errors import AppError, ContentError, EntityNotFound, TerminalError, is_transient
from shared.models import ItemRow, ItemState, Kind, Need
from shared.outcomes import Done, Outcome

ROUTE = "liveConnect"  # no plan chooses it
_BY_HAND = "Build it anew on its model in the target, or publish its author's file there."


def rerouted(context: Context, item: ItemRow, closed: Refused) -> Outcome:
    """Its definition can't be moved (`closed` says why): begun anew, by this way."""
    call = context.call
    told = f"{closed.message} It is tried as a file without its model."
    context.about(item, "item.rerouted", told)  # before: its definition is not asked for again then
    context.services.manifest.update_item(
        call.migration,
        call.workspace,
        Kind.REPORT,
        item.source_id,
        **{"route": ROUTE, "reason": closed.message[:2000], "state": ItemState.PLANNED},
        **{"blob": "", "length": 0, "sha256": ""},
    )
    return Done({"again": True})


def _read(context: Context, item: ItemRow, state: dict[str, Any]) -> Iterable[bytes]:
    """Reports_ExportReportInGroup without the model: checked to be one whole PBIX."""
    reports = context.source.reports
    with reports.export(context.call.workspace, item.source_id, "LiveConnect") as response:
        return [bounded(checked_pbix(response), _BY_HAND)]


def _send(context: Context, workspace: str, item: ItemRow, content: bytes) -> Json:
    """`Ignore` goes over nothing that is there, whatever it is called; which models were there is kept."""
    models = [str(row["id"]).lower() for row in context.target.datasets.list(workspace)]
    name, folder = f"{item.source_name}.pbix", folder_of(context, item)
    made = context.target.imports.post_file(workspace, name, "Ignore", Bytes(content), folder_id=folder)
    return {"import": made, "models": models}


def _listed(context: Context, workspace: str) -> Iterable[Row]:
    rows = context.target.reports.list(workspace)
    return [row for row in rows if row.get("reportType") != "PaginatedReport"]


def _pending(context: Context, workspace: str, item: ItemRow) -> Iterable[Row]:
    return imports_of(context, workspace, item, ".pbix")


def _ended(context: Context, workspace: str, item: ItemRow, made: Json) -> Row | None:
    return imported(context, workspace, made, "reports")


def _finish(context: Context, item: ItemRow, report: str) -> None:
    """Bound to its model. Where that is refused, the report goes again; so does a model that came along."""
    workspace, reports = context.workspace().target_id, context.target.reports
    wanted = target_of(context, _model(item)).target_id
    try:
        _once(
            context,
            item,
            ("bind", report, "Reports_RebindReportInGroup"),
            lambda: reports.rebind(workspace, report, wanted),
        )
    except TerminalError as refused:
        if is_of_lag(context.services, context.call, refused):
            raise
        _remove(context, item, (report, "Reports_DeleteReportInGroup"), reports.delete)
        _remove_models(context, item, workspace)
        context.services.gate.drop(intent_of(context, item, LIVE))
        raise Refused(
            f"It could not be bound to its model: {refused.message}", refused.code, _BY_HAND
        ) from refused
    _remove_models(context, item, workspace)


def _model(item: ItemRow) -> Need:
    found = next((need for need in map(Need.parse, item.needs) if need.kind == Kind.DATASET), None)
    if found is None:
        raise Refused("Its model does not move by itself.", "item.noModel", _BY_HAND)
    return found


def _remove_models(context: Context, item: ItemRow, workspace: str) -> None:
    """Models that only our import names, that were not there before it, and that are nobody else's."""
    recorded = context.services.gate.recorded(intent_of(context, item, LIVE))
    made = recorded[0] if recorded else {}
    if "models" not in made:
        return
    try:
        found = context.target.imports.get(workspace, made["import"])
    except EntityNotFound:
        return
    items = context.services.manifest.items_of(context.call.migration, context.call.workspace)
    others = {*made["models"], *(each.target_id.lower() for each in items)}
    for model in (str(row["id"]) for row in found.get("datasets") or ()):
        if model.lower() not in others:
            _remove(context, item, (model, "Datasets_DeleteDatasetInGroup"), context.target.datasets.delete)


def _remove(
    context: Context, item: ItemRow, what: tuple[str, str], delete: Callable[[str, str], None]
) -> None:
    identity, operation = what
    workspace = context.workspace().target_id

    def act() -> None:
        try:
            delete(workspace, identity)
        except EntityNotFound:
            return  # by an earlier try

    _once(context, item, ("remove", identity, operation), act)


def _once(context: Context, item: ItemRow, what: tuple[str, str, str], act: Callable[[], None]) -> None:
    """`what`: action, the object in the target, the operation."""
    context.services.gate.repeat(context.intent(*what, item.source_name), act)


def _refusal(error: AppError) -> Refused | None:
    """Whatever it is: there is no other way after this one."""
    if is_transient(error) or not isinstance(error, TerminalError | ContentError):
        return None
    told = (
        f"Neither its definition nor its file without the model can be moved ({error.code}): {error.message}"
    )
    return Refused(told, error.code, _BY_HAND)


LIVE = Way(
    operation="Imports_PostImportInGroup",
    listed=_listed,
    read=_read,
    content=staged_bytes,
    send=_send,
    ended=_ended,
    finish=_finish,
    pending=_pending,
    is_placed=True,
    refusal=_refusal,
)
