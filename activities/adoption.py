"""What is in the target becomes a row of the manifest: made by our import, or brought by an earlier migration
of this app into the same workspace and now taken over instead of brought again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from activities.context import Context
from activities.places import folder_of, put_in_folder
from shared.errors import TerminalError
from shared.models import ItemRow, ItemState, Kind

ADOPTED = "brought by migration"  # begins the note of an item that this migration did not bring itself


def arrived(
    context: Context, kind: Kind, source_id: str, target_id: str, target_name: str, note: str = ""
) -> None:
    """The manifest row of an item that is in the target now. What a person still has to do about it is said before:
    nobody comes back to an item that is done."""
    call, manifest = context.call, context.services.manifest
    item = manifest.item(call.migration, call.workspace, kind, source_id)
    if item.todo:
        context.about(item, "manual.afterMove", item.todo)
    manifest.update_item(
        call.migration,
        call.workspace,
        kind,
        source_id,
        target_id=target_id,
        target_name=target_name,
        state=ItemState.DONE,
        note=note,
    )


def record_arrival(
    context: Context, item: ItemRow, report: Mapping[str, Any], dataset: Mapping[str, Any], note: str = ""
) -> None:
    """The rows of a report (with its `note`) and its model, from the objects that came of its import."""
    model = context.services.manifest.item(
        context.call.migration, context.call.workspace, Kind.DATASET, item.dataset_id
    )
    name = _model_named(context, model, str(dataset["id"]), str(dataset.get("name") or item.source_name))
    put_in_folder(context, model, str(dataset["id"]), folder_of(context, item))
    # The report last: while it is not done, a try that died between the two comes here again.
    arrived(context, Kind.DATASET, item.dataset_id, str(dataset["id"]), name)
    called = str(report.get("name") or item.source_name)
    arrived(context, Kind.REPORT, item.source_id, str(report["id"]), called, note)


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


def adopt_earlier(context: Context, item: ItemRow) -> bool:
    """True where an earlier migration of this app has brought this report with its model, and it is still there."""
    row = context.workspace()
    if not row.earlier:
        return False
    there = {str(report["id"]).lower() for report in context.target.reports.list(row.target_id)}
    return adopt_item(context, item, there, together=[(Kind.DATASET, item.dataset_id)])


def adopt_item(
    context: Context, item: ItemRow, there: set[str], together: Iterable[tuple[Kind, str]] = ()
) -> bool:
    """Taken over from the newest earlier migration that has brought it, if it is `there` (ids in lower case),
    with what came `together` with it."""
    for migration_id in _earlier_ones(context, context.workspace().earlier):
        items = context.services.manifest.items_of(migration_id, context.call.workspace)
        known = {(each.kind, each.source_id.lower()): each for each in items}
        old = known.get((item.kind, item.source_id.lower()))
        others = [known.get((kind, identity.lower())) for kind, identity in together]
        if old is None or None in others or old.state != ItemState.DONE or old.target_id.lower() not in there:
            continue
        for each in (
            *others,
            old,
        ):  # itself last: while it is not done, a try that died between comes here again
            if each is not None:
                note = f"{ADOPTED} {migration_id}"
                arrived(context, Kind(each.kind), each.source_id, each.target_id, each.target_name, note)
        return True
    return False


def _earlier_ones(context: Context, newest: str) -> Iterator[str]:
    """The migrations that worked on this workspace before, from the newest to the one that created it."""
    seen: set[str] = set()
    while newest and newest not in seen:
        seen.add(newest)
        yield newest
        if not context.services.manifest.has_workspace(newest, context.call.workspace):
            return
        newest = context.services.manifest.workspace(newest, context.call.workspace).earlier
