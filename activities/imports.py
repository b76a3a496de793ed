"""Step 5: one staged file into the target workspace, as a stream, and its import waited for.

The import is the write that must never be repeated blindly: a second one makes a second model. So the gate
remembers which imports of that name were there before, and a later try adopts the one that was not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from activities.adoption import arrived
from activities.context import Context, open_context
from activities.frame import Call
from shared.blobs import Staged, StagedBody
from shared.errors import ContentError, EntityNotFound, TerminalError
from shared.models import ItemRow, ItemState, Kind
from shared.outcomes import Done, Failed, Outcome
from shared.polling import IMPORT, VISIBILITY
from shared.powerbi.imports import MULTIPART_LIMIT, Imports
from shared.powerbi.service_errors import parse
from shared.services import Services

GIB = 1024**3
_SLOWEST_BYTES_S = 4 * 1024 * 1024  # an upload slower than this is taken for lost
_MINUTES_PER_GIB = 10  # on top of the deadline every import has

type Json = dict[str, Any]


class Ambiguous(Exception):
    """More than one import may be what an earlier try made; choosing would be guessing."""


def import_report(services: Services, call: Call) -> Outcome:
    """Imports_PostImportInGroup with the staged file; its id and the hash of the sent bytes are recorded."""
    context = open_context(services, call)
    item = _report(services, call)
    if item.state == ItemState.DONE or item.import_id:
        return Done()
    row = context.update_workspace(step="import")
    staged = Staged(item.blob, item.length, item.sha256)
    try:
        result = services.gate.write(
            context.intent("import", call.report, "Imports_PostImportInGroup", item.source_name),
            survey=lambda: {"imports": [str(i["id"]) for i in _imports_named(context, row.target_id, item)]},
            look=lambda before: _made_by_earlier_try(context, row.target_id, item, before),
            act=lambda: _post(context, row.target_id, item, staged),
            longest_s=item.length / _SLOWEST_BYTES_S * call.scale,
        )
    except ContentError as damaged:
        return _drop_damaged(services, call, damaged)
    except Ambiguous as unclear:
        return Failed("report.importAmbiguous", str(unclear))
    services.manifest.update_item(
        call.migration,
        call.workspace,
        Kind.REPORT,
        call.report,
        import_id=result["import"],
        sent_sha256=result["sha256"],
    )
    return Done()


def await_import(services: Services, call: Call) -> Outcome:
    """Imports_GetImportInGroup until Succeeded, then the new ids of report and model go into the manifest."""
    context = open_context(services, call)
    item = _report(services, call)
    if item.state == ItemState.DONE:
        return Done()
    row = context.workspace()
    try:
        made = context.target.imports.get(row.target_id, item.import_id)
    except EntityNotFound:
        # Accepted a moment ago: giving it up now would leave a report in the target that no row knows.
        again = VISIBILITY.again(call.state, services.clock.now(), call.scale)
        if again is None:
            raise
        return again
    state = str(made.get("importState"))
    if state == "Failed":
        return Failed("report.importFailed", _reason(made))
    if state == "Succeeded" and made.get("reports") and made.get("datasets"):
        _record(context, item, made)
        return Done()
    deadline = IMPORT.deadline_s + item.length / GIB * _MINUTES_PER_GIB * 60
    again = IMPORT.again(call.state, services.clock.now(), call.scale, deadline)
    return again or Failed(
        "report.importFailed", f"The import {item.import_id} was still {state} at its deadline."
    )


def record_item_failure(services: Services, call: Call) -> Outcome:
    """The item has failed: its rows and a finding say why, the rest of the workspace goes on."""
    context = open_context(services, call)
    item = _report(services, call)
    reason = f"{call.code}: {call.message}"
    for kind, identity in ((Kind.REPORT, item.source_id), (Kind.DATASET, item.dataset_id)):
        services.manifest.update_item(
            call.migration, call.workspace, kind, identity, state=ItemState.FAILED, note=reason[:2000]
        )
    code = "report.exportFailed" if call.during == "export_report" else "report.importFailed"
    if call.code == "report.importAmbiguous":
        code = call.code
    context.finding(code, kind=Kind.REPORT, id=item.source_id, name=item.source_name, message=reason)
    return Done()


def _report(services: Services, call: Call) -> ItemRow:
    return services.manifest.item(call.migration, call.workspace, Kind.REPORT, call.report)


def _post(context: Context, workspace: str, item: ItemRow, staged: Staged) -> Json:
    """Send the file by the way its size allows; the hash is that of the bytes as they were sent."""
    body = context.services.staging.body(staged)
    imports, name = context.target.imports, f"{item.source_name}.pbix"
    conflict = "Ignore" if _name_repeats(context, item) else "Abort"
    if len(body) <= MULTIPART_LIMIT:
        made = imports.post_file(workspace, name, conflict, body)
    else:
        made = imports.post_file_url(workspace, name, conflict, _upload(imports, workspace, body))
    return {"import": made, "sha256": body.sent_sha256}


def _upload(imports: Imports, workspace: str, body: StagedBody) -> str:
    """Put Block by block into a temporary upload location; the list is committed once the hash was right."""
    location = imports.create_upload_location(workspace)
    blocks = [imports.upload_block(location, number, block) for number, block in enumerate(body)]
    imports.commit_blocks(location, blocks)
    return location.url


def _name_repeats(context: Context, item: ItemRow) -> bool:
    """`Abort` refuses a second report of one name, so a name the source has twice needs `Ignore`."""
    items = context.services.manifest.items_of(context.call.migration, context.call.workspace)
    name = item.source_name.casefold()
    return sum(other.kind == Kind.REPORT and other.source_name.casefold() == name for other in items) > 1


def _imports_named(context: Context, workspace: str, item: ItemRow) -> list[Mapping[str, Any]]:
    names = {item.source_name.casefold(), f"{item.source_name}.pbix".casefold()}
    found = context.target.imports.list(workspace)
    return [each for each in found if str(each.get("name", "")).casefold() in names]


def _made_by_earlier_try(context: Context, workspace: str, item: ItemRow, before: Json) -> Json | None:
    """The import of this name that was not there before our first try and belongs to no namesake."""
    done = context.services.gate.results(context.call.migration, context.call.workspace, "import")
    taken = {*before["imports"], *(result["import"] for result in done)}
    mine = [
        str(each["id"]) for each in _imports_named(context, workspace, item) if str(each["id"]) not in taken
    ]
    if len(mine) > 1:
        raise Ambiguous(
            f"Imports {', '.join(mine)} of {item.source_name!r} may each be ours; none was chosen."
        )
    return {"import": mine[0], "sha256": item.sha256} if mine else None


def _record(context: Context, item: ItemRow, made: Mapping[str, Any]) -> None:
    report, dataset = made["reports"][0], made["datasets"][0]
    model = context.services.manifest.item(
        context.call.migration, context.call.workspace, Kind.DATASET, item.dataset_id
    )
    name = _model_named(context, model, str(dataset["id"]), str(dataset.get("name") or item.source_name))
    # The report last: while it is not done, a try that died between the two comes here again.
    arrived(context, Kind.DATASET, item.dataset_id, str(dataset["id"]), name)
    arrived(
        context, Kind.REPORT, item.source_id, str(report["id"]), str(report.get("name") or item.source_name)
    )


def _model_named(context: Context, model: ItemRow, target_id: str, name: str) -> str:
    """The name the model ends up with: an import calls it after its report, Fabric can give it back its own."""
    if not model.source_name or name == model.source_name:  # a scan need not tell names
        return name
    workspace = context.workspace().target_id
    try:
        context.services.gate.write(
            context.intent(
                "rename", model.source_id, "SemanticModels_UpdateSemanticModel", model.source_name
            ),
            look=lambda before: None,
            act=lambda: _rename(context, workspace, target_id, model.source_name),
            repeatable=True,
        )
    except TerminalError as refused:
        context.finding(
            "dataset.renamed",
            kind=Kind.DATASET,
            id=model.source_id,
            name=model.source_name,
            message=f"The model {model.source_name!r} is called {name!r} in the target: {refused.message}",
        )
        return name
    return model.source_name


def _rename(context: Context, workspace: str, dataset: str, name: str) -> dict[str, str]:
    context.target.fabric.rename_semantic_model(workspace, dataset, name)
    return {"name": name}


def _drop_damaged(services: Services, call: Call, damaged: ContentError) -> Outcome:
    """The staged file is not what was exported. It was not sent to its end; a retry exports it anew."""
    services.manifest.update_item(
        call.migration, call.workspace, Kind.REPORT, call.report, blob="", length=0, sha256=""
    )
    return Failed(damaged.code, damaged.message)


def _reason(made: Mapping[str, Any]) -> str:
    fault = parse(0, {}, json.dumps(made.get("error") or {}).encode())
    told = ": ".join(part for part in (*fault.codes[:1], fault.message) if part and part != "http.0")
    return f"The service could not import it: {told}" if told else "The service could not import it."
