"""A PBIX report over the one it has become, with its model: the service overwrites by name alone.

Where its name is not unique, or its model has another one, both are called by a name of their own meanwhile: an import
that went by the old one would go over somebody else's, or make a second model.
"""

from __future__ import annotations

from dataclasses import replace

from activities import survey
from activities.adoption import ADOPTED
from activities.context import Context
from activities.delivery import Place, deliver
from activities.leftovers import take_back_links
from activities.overwriting import Overwriting
from activities.pbix_files import stage_report
from activities.pbix_links import name_pbix_links
from activities.places import folder_of
from activities.rebinding import refuse_rebound
from activities.repointing import Arrival, repointed
from activities.updating_rows import UNCHANGED, finished, is_new, life, noted
from shared.blobs import Staged
from shared.errors import BadRequest, ContentError, EntityNotFound, TerminalError
from shared.models import ItemRow, Kind
from shared.outcomes import Done, Failed, Json, Outcome, Wait
from shared.polling import IMPORT, VISIBILITY, import_deadline_s
from shared.writes import Intent

_MISSES = 12  # looks in a row that do not find the import: some nine minutes


def update_file(context: Context, item: ItemRow) -> Outcome:
    """Reports_ExportReportInGroup, then Imports_PostImportInGroup with `Overwrite`."""
    if not is_new(context, item):
        refuse_rebound(context, item)
        found = noted(context, item, stage_report(context, item))
        if found is None:
            return UNCHANGED
        item = found
    model = _model(context, item)
    made = overwriting(context, item).write(lambda: _overwrite(context, item, model))
    return _awaited(context, item, model, made)


def overwriting(context: Context, item: ItemRow) -> Overwriting:
    facts = {"sha256": item.sha256, "adopted": item.note.startswith(ADOPTED)}
    files = (f"{item.target_name}.pbix", f"{_meanwhile(item)}.pbix")
    return Overwriting(context, item, _intent(context, item, "update"), files, facts)


def _overwrite(context: Context, item: ItemRow, model: ItemRow) -> Json:
    """Done again it has the same effect: what has the name by then is what it went over before."""
    workspace = context.workspace().target_id
    if _is_sole(context, workspace, item, model, item.target_name):
        return _delivered(context, item, item.target_name)
    name = _meanwhile(item)
    try:
        _rename(context, workspace, item, model, (name, name))
        if not _is_sole(context, workspace, item, model, name):
            raise BadRequest("update.notUnique", f"It could not be told from others as {name!r}.")
        return _delivered(context, item, name)
    except (TerminalError, ContentError):  # certainly not sent
        _rename(context, workspace, item, model, (item.target_name, model.target_name))
        raise


def _delivered(context: Context, item: ItemRow, name: str) -> Json:
    staged = Staged(item.blob, item.length, item.sha256)
    place = Place(context.workspace().target_id, f"{name}.pbix", folder_of(context, item))
    return {**deliver(context, staged, place, "Overwrite"), "name": name}


def _awaited(context: Context, item: ItemRow, model: ItemRow, made: Json) -> Outcome:
    workspace = context.workspace().target_id
    try:
        found = context.target.imports.get(workspace, made["import"])
    except EntityNotFound:
        return _missed(context, item, model, made)
    if found.get("importState") == "Failed":
        reason = f"The service could not import it: {found.get('error')}"
        return _came_to_nothing(context, item, model, made, Failed("update.failed", reason))
    if found.get("importState") != "Succeeded" or not found.get("reports"):
        return _next_look(context, item, model, made)
    went_over = {str(row["id"]).lower() for row in (*found["reports"], *(found.get("datasets") or ()))}
    _name_back(context, workspace, item, model, made["name"])
    if not went_over <= {item.target_id.lower(), model.target_id.lower()}:
        return Failed("update.elsewhere", f"The import went over {', '.join(sorted(went_over))} instead.")
    waiting = repointed(Arrival(_begun(context), model, model.target_id, made["import"], is_renewed=True))
    if waiting is not None:
        return waiting
    _tell(context, item)
    finished(context, item, model=model.source_id, sent_sha256=made["sha256"])
    return Done({"changed": True})


def _next_look(context: Context, item: ItemRow, model: ItemRow, made: Json) -> Outcome:
    """At the deadline what was sent stays known: it may still be published, and is never sent a second time then."""
    call, deadline = context.call, import_deadline_s(item.length)
    again = IMPORT.again(call.state, context.services.clock.now(), call.scale, deadline)
    if again is not None:
        return again
    _name_back(context, context.workspace().target_id, item, model, made["name"])
    return Failed("update.deadline", f"The import {made['import']} has not ended.")


def _missed(context: Context, item: ItemRow, model: ItemRow, made: Json) -> Outcome:
    """Not shown yet, or gone: only the second is a failure."""
    call = context.call
    misses = int(call.state.get("tries", 0)) + 1
    soon = VISIBILITY.again({"polls": misses - 1}, context.services.clock.now(), call.scale)
    if misses < _MISSES and soon is not None:
        return Wait(soon.until, {**call.state, "tries": misses})
    gone = Failed("update.lost", f"The import {made['import']} is gone from the target.")
    return _came_to_nothing(context, item, model, made, gone)


def _came_to_nothing(context: Context, item: ItemRow, model: ItemRow, made: Json, why: Failed) -> Failed:
    _name_back(context, context.workspace().target_id, item, model, made["name"])
    for action in ("update", "nameBack"):  # another try is another write
        context.services.gate.drop(_intent(context, item, action))
    return why


def _begun(context: Context) -> Context:
    """For what comes after the import: the misses of that are none of its own tries."""
    state = dict(context.call.state)
    if state.get("position"):
        return context
    state.pop("tries", None)
    return replace(context, call=replace(context.call, state=state))


def give_names_back(context: Context, item: ItemRow) -> str:
    """Where nobody goes on with it: empty, or how it is still called."""
    model, workspace = _model(context, item), context.workspace().target_id
    intent = context.intent("namesBack", life(item), "Items_UpdateReport", item.target_name)
    name, names = _meanwhile(item), (item.target_name, model.target_name)
    try:
        there = survey.named_like(name, survey.contents(context, workspace))
        ours = {item.target_id.lower(), model.target_id.lower()}
        if ours & (survey.identities(there.reports) | survey.identities(there.datasets)):
            context.services.gate.drop(intent)  # of an earlier time
            context.services.gate.repeat(intent, lambda: _rename(context, workspace, item, model, names))
    except TerminalError as refused:  # anything else passes, and is tried again
        if refused.retry_at is not None:
            raise
        return f" It may be called {name!r} now: {refused.code}."
    return ""


def _tell(context: Context, item: ItemRow) -> None:
    """What its new pages name of the old tenant, in the place of what the old ones did."""
    take_back_links(context, item)
    note, call = name_pbix_links(context, item), context.call
    if note and not item.note:
        context.services.manifest.update_item(
            call.migration, call.workspace, Kind.REPORT, item.source_id, note=note
        )


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
    return context.intent(action, life(item), "Imports_PostImportInGroup", item.target_name)
