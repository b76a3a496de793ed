"""Step 5: one staged file into the target workspace, as a stream, and its import waited for.

The import is the write that must never be repeated blindly: a second one makes a second model. So the gate
remembers what of that name was there before, and a later try adopts the import that was not. One that failed
is over: what it made is removed, and the file is sent again, three times in all. One that may still be
publishing is not over, however long it takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from activities import survey
from activities.adoption import record_arrival
from activities.context import Context, open_context
from activities.frame import Call
from activities.pbix_links import name_pbix_links
from activities.remains import Found, find
from activities.removal import Overtaken, facts_of, import_intent, remove_remains, survey_of
from activities.renewing import not_renewed
from activities.repointing import Arrival, repointed
from activities.sending import MODEL_STANDS, TRIES, Ambiguous, Sending, has_a_model_in_its_way
from activities.updating_files import give_names_back
from shared.blobs import Staged
from shared.errors import ContentError, EntityNotFound
from shared.models import ItemRow, ItemState, Kind
from shared.outcomes import Done, Failed, Outcome, Wait
from shared.polling import IMPORT, VISIBILITY, import_deadline_s
from shared.powerbi.service_errors import parse
from shared.services import Services

_SLOWEST_BYTES_S = 4 * 1024 * 1024  # an upload slower than this is taken for lost
_MISSES = 12  # looks in a row that do not find the import: some nine minutes
_OWN_CODES = frozenset({"report.importAmbiguous", "report.importStuck"})  # others: exportFailed, importFailed

type Json = dict[str, Any]


def import_report(services: Services, call: Call) -> Outcome:
    """Imports_PostImportInGroup with the staged file; its id and the hash of the sent bytes are recorded."""
    context = open_context(services, call)
    item = _report(services, call)
    if item.state == ItemState.DONE or item.import_id:
        return Done()
    if not item.blob:
        return _begin_again()
    if has_a_model_in_its_way(context, item):
        return Failed("report.modelStands", MODEL_STANDS)
    row = context.update_workspace(step="import")
    sending = Sending(context, row.target_id, item, Staged(item.blob, item.length, item.sha256))
    try:
        result = services.gate.write(
            import_intent(context, item),
            survey=lambda: survey.take(context, row.target_id, item),
            look=sending.look,
            act=sending.send,
            longest_s=item.length / _SLOWEST_BYTES_S * call.scale,
        )
    except ContentError as damaged:
        if damaged.transient:
            raise
        return _drop_damaged(services, call, item, damaged)
    except Ambiguous as unclear:
        return Failed("report.importAmbiguous", str(unclear))
    _update(services, call, import_id=result["import"], sent_sha256=result["sha256"])
    by_import = bool(result["import"])  # else its objects were found, and no import that names them
    return Done() if by_import else _arrived(context, item, result["report"], result["dataset"])


def await_import(services: Services, call: Call) -> Outcome:
    """Imports_GetImportInGroup until Succeeded, then the new ids of report and model go into the manifest.

    `{"again": true}` where the import has failed, nothing of it is left and it may be sent once more.
    """
    context = open_context(services, call)
    item = _report(services, call)
    if item.state == ItemState.DONE:
        return Done()
    if not item.import_id:  # an earlier try of this activity has put a failed import behind it
        return _begin_again()
    workspace = context.workspace().target_id
    try:
        made = context.target.imports.get(workspace, item.import_id)
    except EntityNotFound:
        return _look_for_absent(context, workspace, item)
    ended = _ended(context, item, made)
    return ended or _next_look(context, item) or _at_deadline(context, workspace, item, made)


def record_item_failure(services: Services, call: Call) -> Outcome:
    """The item has failed: its rows and a finding say why, the rest of the workspace goes on."""
    context = open_context(services, call)
    item = _report(services, call)
    reason = f"{call.code}: {call.message}"
    if item.renew:  # it has arrived, and stays as it is
        not_renewed(context, item, reason + give_names_back(context, item))
        return Done()
    code = "report.exportFailed" if call.during == "export_report" else "report.importFailed"
    context.finding(  # before the rows, which nobody looks at again
        call.code if call.code in _OWN_CODES else code,
        kind=Kind.REPORT,
        id=item.source_id,
        name=item.source_name,
        message=reason,
    )
    changes = {"state": ItemState.FAILED, "note": reason[:2000]}
    if call.code != "report.modelStands":
        services.manifest.update_item(
            call.migration, call.workspace, Kind.DATASET, item.dataset_id, **changes
        )
    if call.code == "report.importFailed" and call.during == "await_import":
        _put_behind(services, call, item)  # people may ask for it once more
    _update(services, call, **changes)
    return Done()


def begun_anew(item: ItemRow) -> Json:
    """The changes to a row whose import is known to be over and gone: the next one is another write, with all
    its tries."""
    return {"import_id": "", "import_tries": (item.import_tries // TRIES + 1) * TRIES}


def _report(services: Services, call: Call) -> ItemRow:
    return services.manifest.item(call.migration, call.workspace, Kind.REPORT, call.report)


def _update(services: Services, call: Call, **changes: Any) -> None:
    services.manifest.update_item(call.migration, call.workspace, Kind.REPORT, call.report, **changes)


def _begin_again() -> Done:
    """From the export on, in a new generation; what is staged in full is not exported again."""
    return Done({"again": True})


def _ended(context: Context, item: ItemRow, made: Mapping[str, Any]) -> Outcome | None:
    """What an import says of itself, or None while it does not say that it is over.

    Succeeded without the objects is not over: they show later, or a state goes back before it is final.
    """
    state = str(made.get("importState"))
    if state == "Failed":
        return _after_failure(context, item, made, _reason(made))
    if state == "Succeeded" and made.get("reports") and made.get("datasets"):
        return _arrived(context, item, made["reports"][0], made["datasets"][0])
    return None


def _arrived(
    context: Context, item: ItemRow, report: Mapping[str, Any], dataset: Mapping[str, Any]
) -> Outcome:
    """Recorded last: what is still to be done about the model is done by every try until then."""
    call, manifest = context.call, context.services.manifest
    model = manifest.item(call.migration, call.workspace, Kind.DATASET, item.dataset_id)
    waiting = repointed(Arrival(context, model, str(dataset["id"]), item.import_id))
    if waiting is not None:
        return waiting
    record_arrival(context, item, report, dataset, name_pbix_links(context, item))
    return Done()


def _next_look(context: Context, item: ItemRow) -> Wait | None:
    """When to ask again, or None at the deadline of an import of this size."""
    call = context.call
    return IMPORT.again(call.state, context.services.clock.now(), call.scale, import_deadline_s(item.length))


def _at_deadline(context: Context, workspace: str, item: ItemRow, made: Mapping[str, Any]) -> Outcome:
    """One more look. What may still be publishing is never sent a second time, not even by a later retry."""
    there = survey.contents(context, workspace)
    listed = _listed(there, item)
    ended = _ended(context, item, listed) if listed else None
    if ended is not None:
        return ended
    if (pair := _find(context, item, there).pair) is not None:
        return _arrived(context, item, *pair)
    state = (listed or made).get("importState")
    return Failed("report.importStuck", f"The import {item.import_id} was still {state} at its deadline.")


def _look_for_absent(context: Context, workspace: str, item: ItemRow) -> Outcome:
    """The import is not there: not yet, for a moment, or for good. Only the last one is a failed try."""
    call, now = context.call, context.services.clock.now()
    misses = int(call.state.get("tries", 0)) + 1
    soon = VISIBILITY.again({"polls": misses - 1}, now, call.scale)
    if misses < _MISSES and soon is not None:
        return Wait(soon.until, {**call.state, "tries": misses})
    there = survey.contents(context, workspace)
    if (listed := _listed(there, item)) is not None:
        ended = _ended(context, item, listed)
        return ended or _next_look(context, item) or _at_deadline(context, workspace, item, listed)
    return _vanished(context, item, _find(context, item, there))


def _vanished(context: Context, item: ItemRow, found: Found) -> Outcome:
    if found.pair is not None:
        return _arrived(context, item, *found.pair)
    if found.is_unclear:
        return Failed(
            "report.importAmbiguous",
            f"The import {item.import_id} is gone, and each of {', '.join(found.ids)} may be of it.",
        )
    reason = f"The import {item.import_id} is gone from the target, and so is what it should have made."
    return _after_failure(context, item, {"id": item.import_id}, reason)


def _listed(there: survey.Contents, item: ItemRow) -> survey.Row | None:
    return next((row for row in there.imports if str(row["id"]).lower() == item.import_id.lower()), None)


def _find(context: Context, item: ItemRow, there: survey.Contents) -> Found:
    return find(facts_of(context, item, survey_of(context, item)), there, item.import_id)


def _after_failure(context: Context, item: ItemRow, made: Mapping[str, Any], reason: str) -> Outcome:
    """Nothing of a failed import stays that is provably its own; then it is sent again, or has failed."""
    try:
        remove_remains(context, item, {**made, "id": item.import_id})
    except Overtaken:
        return _begin_again()
    if (item.import_tries + 1) % TRIES == 0:
        return Failed("report.importFailed", f"{reason} ({TRIES} imports)")
    _put_behind(context.services, context.call, item)
    return _begin_again()


def _put_behind(services: Services, call: Call, item: ItemRow) -> None:
    """The next import is another write. Done again it changes nothing."""
    if item.import_id:
        _update(services, call, import_id="", import_tries=item.import_tries + 1)


def _drop_damaged(services: Services, call: Call, item: ItemRow, damaged: ContentError) -> Outcome:
    """The staged file is not what was exported. It was not sent to its end; it is exported anew."""
    damages = item.damages + 1
    _update(services, call, blob="", length=0, sha256="", damages=damages)
    if damages % TRIES == 0:
        return Failed(damaged.code, f"{damaged.message} ({TRIES} copies)")
    return _begin_again()


def _reason(made: Mapping[str, Any]) -> str:
    fault = parse(0, {}, json.dumps(made.get("error") or {}).encode())
    told = ": ".join(part for part in (*fault.codes[:1], fault.message) if part and part != "http.0")
    return f"The service could not import it: {told}" if told else "The service could not import it."
