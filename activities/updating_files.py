"""A PBIX report over the one it has become, with its model: the service overwrites by name alone.

Where its name is not unique, or its model has another one, both are called by a name of their own meanwhile: an import
that went by the old one would go over somebody else's, or make a second model.
"""

from __future__ import annotations

from activities import survey
from activities.context import Context
from activities.delivery import Place, deliver
from activities.pbix_files import stage_report
from activities.places import folder_of
from activities.repointing import Arrival, repointed
from activities.updating_rows import UNCHANGED, finished, is_new, noted
from shared.blobs import Staged
from shared.errors import BadRequest
from shared.models import ItemRow, Kind
from shared.outcomes import Done, Failed, Json, Outcome
from shared.polling import IMPORT
from shared.writes import Intent

_SLOWEST_BYTES_S = 4 * 1024 * 1024


def update_file(context: Context, item: ItemRow) -> Outcome:
    """Reports_ExportReportInGroup, then Imports_PostImportInGroup with `Overwrite`."""
    if not is_new(context, item):
        found = noted(context, item, stage_report(context, item))
        if found is None:
            return UNCHANGED
        item = found
    model = _model(context, item)
    made = context.services.gate.write(
        _intent(context, item, "update"),
        look=lambda before: None,
        act=lambda: _overwrite(context, item, model),
        repeatable=True,
        longest_s=item.length / _SLOWEST_BYTES_S * context.call.scale,
    )
    return _awaited(context, item, model, made)


def _overwrite(context: Context, item: ItemRow, model: ItemRow) -> Json:
    """Done again it has the same effect: what has the name by then is what it went over before."""
    workspace = context.workspace().target_id
    own_name = _is_sole(context, workspace, item, model, item.target_name)
    name = item.target_name if own_name else _meanwhile(item)
    if not own_name:
        _rename(context, workspace, item, model, (name, name))
        if not _is_sole(context, workspace, item, model, name):
            raise BadRequest("update.notUnique", f"It could not be told from others as {name!r}.")
    staged = Staged(item.blob, item.length, item.sha256)
    made = deliver(context, staged, Place(workspace, f"{name}.pbix", folder_of(context, item)), "Overwrite")
    return {**made, "name": name}


def _awaited(context: Context, item: ItemRow, model: ItemRow, made: Json) -> Outcome:
    workspace = context.workspace().target_id
    found = context.target.imports.get(workspace, made["import"])
    if found.get("importState") == "Failed":
        _name_back(context, workspace, item, model, made["name"])
        for action in ("update", "nameBack"):  # another try is another write
            context.services.gate.drop(_intent(context, item, action))
        return Failed("update.failed", f"The service could not import it: {found.get('error')}")
    if found.get("importState") != "Succeeded" or not found.get("reports"):
        call = context.call
        again = IMPORT.again(call.state, context.services.clock.now(), call.scale)
        return again or Failed("update.deadline", f"The import {made['import']} has not ended.")
    went_over = {str(row["id"]).lower() for row in (*found["reports"], *(found.get("datasets") or ()))}
    _name_back(context, workspace, item, model, made["name"])
    if not went_over <= {item.target_id.lower(), model.target_id.lower()}:
        return Failed("update.elsewhere", f"The import went over {', '.join(sorted(went_over))} instead.")
    waiting = repointed(Arrival(context, model, model.target_id, made["import"]))
    if waiting is not None:
        return waiting
    finished(context, item, made["sha256"])
    return Done({"changed": True})


def _is_sole(context: Context, workspace: str, item: ItemRow, model: ItemRow, name: str) -> bool:
    """Of this name there are our report and our model, and nothing else."""
    there = survey.named_like(name, survey.contents(context, workspace))
    return (survey.identities(there.reports), survey.identities(there.datasets)) == (
        {item.target_id.lower()},
        {model.target_id.lower()},
    )


def _name_back(context: Context, workspace: str, item: ItemRow, model: ItemRow, name: str) -> None:
    if name == item.target_name == model.target_name:
        return
    names = (item.target_name, model.target_name)
    intent = _intent(context, item, "nameBack")
    context.services.gate.repeat(intent, lambda: _rename(context, workspace, item, model, names))


def _rename(context: Context, workspace: str, item: ItemRow, model: ItemRow, names: tuple[str, str]) -> None:
    """Items_Update… of report and model."""
    definitions = context.target.definitions
    definitions.rename(workspace, "reports", item.target_id, names[0])
    definitions.rename(workspace, "semanticModels", model.target_id, names[1])


def _meanwhile(item: ItemRow) -> str:
    return f"{item.target_name[:200]} {item.target_id}"


def _model(context: Context, item: ItemRow) -> ItemRow:
    call = context.call
    return context.services.manifest.item(call.migration, call.workspace, Kind.DATASET, item.dataset_id)


def _intent(context: Context, item: ItemRow, action: str) -> Intent:
    subject = f"{item.source_id}-{item.sha256[:16]}"
    return context.intent(action, subject, "Imports_PostImportInGroup", item.target_name)
