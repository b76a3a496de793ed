"""Before anything is undone: what became of imports that were under way when the migration came to rest.

One whose answer was lost may have made objects that no row names, and one that is still publishing will make
them. Only once each is known to have ended, and its objects are in the manifest, can they be deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activities.context import Context, open_context
from activities.frame import Call, during
from activities.imports import begun_anew
from activities.removal import Overtaken, import_intent, remove_remains
from activities.sending import Ambiguous, Sending
from activities.undoing import KEPT, REFUSED, UNDOING
from shared.blobs import Staged
from shared.errors import EntityNotFound
from shared.models import ItemRow, ItemState, Kind
from shared.outcomes import Done, Outcome, Wait
from shared.polling import IMPORT, VISIBILITY
from shared.services import Services

_PER_CALL = 20  # imports looked at per activity
_ENDED = frozenset({ItemState.DELETED, ItemState.SKIPPED, ItemState.MANUAL})
_SLOWEST_BYTES_S = 4 * 1024 * 1024  # an upload that died is not waited for as if it were slower
_SECONDS_PER_BYTE = 600 / 1024**3  # on top of the deadline every import has

type Json = dict[str, Any]


@during(UNDOING)
def settle_imports(services: Services, call: Call) -> Outcome:
    """Imports_GetImportInGroup for each import of which no object is recorded, until it has ended."""
    context = open_context(services, call)
    workspace, begun = context.workspace().target_id, int(call.state.get("position", 0))
    reports = sorted(_reports(context), key=lambda item: item.source_id)
    looked = 0
    for place, item in enumerate(reports[begun:], begun):
        if item.target_id or item.state in _ENDED:
            continue
        if looked == _PER_CALL:
            return Wait(services.clock.now(), {"position": place})
        looked += 1
        waiting = _settle(context, workspace, item, call.state if place == begun else {})
        if waiting is not None:
            return Wait(waiting.until, {**waiting.state, "position": place})
    return Done()


def _settle(context: Context, workspace: str, item: ItemRow, state: Mapping[str, Any]) -> Wait | None:
    if not item.import_id:
        item = _found(context, workspace, item)
    if not item.import_id or item.target_id:
        return None
    try:
        made = context.target.imports.get(workspace, item.import_id)
    except EntityNotFound:
        made = {}
    if made.get("importState") == "Succeeded" and made.get("reports") and made.get("datasets"):
        _name_objects(context, item, made["reports"][0], made["datasets"][0])
        return None
    if made.get("importState") == "Failed":
        return _drop(context, item, made)
    return _wait(context, item, made, state)


def _found(context: Context, workspace: str, item: ItemRow) -> ItemRow:
    """With the import that a try made whose answer nobody recorded, if it made one."""
    sending = Sending(context, workspace, item, Staged(item.blob, item.length, item.sha256))
    longest_s = item.length / _SLOWEST_BYTES_S * context.call.scale
    try:
        made = context.services.gate.settle(import_intent(context, item), sending.look, longest_s=longest_s)
    except Ambiguous as unclear:
        _about(context, KEPT, item, f"{unclear} Nothing of that was deleted.")
        return item
    if made is None:
        return item
    if not made["import"]:
        return _name_objects(context, item, made["report"], made["dataset"])
    return _update(context, item, import_id=made["import"])


def _wait(context: Context, item: ItemRow, made: Mapping[str, Any], state: Mapping[str, Any]) -> Wait | None:
    """A while longer; an import that can't be found after that is over, one that still publishes is not."""
    now, scale = context.services.clock.now(), context.call.scale
    if not made:
        return VISIBILITY.again(state, now, scale) or _drop(context, item, {})
    deadline = IMPORT.deadline_s + item.length * _SECONDS_PER_BYTE
    again = IMPORT.again(state, now, scale, deadline)
    if again is None:
        told = f"The import {item.import_id} was still {made.get('importState')} at its deadline."
        _about(context, REFUSED, item, told)
    return again


def _drop(context: Context, item: ItemRow, made: Mapping[str, Any]) -> None:
    """A failed import: what is provably its own is removed, and it is over."""
    try:
        remove_remains(context, item, {**made, "id": item.import_id})
    except Overtaken:
        return
    _update(context, item, **begun_anew(item))


def _name_objects(
    context: Context, item: ItemRow, report: Mapping[str, Any], dataset: Mapping[str, Any]
) -> ItemRow:
    """The model first: while the report has no target, a try that died between the two comes here again."""
    call, manifest = context.call, context.services.manifest
    model, name = str(dataset["id"]), str(dataset.get("name") or item.source_name)
    manifest.update_item(
        call.migration, call.workspace, Kind.DATASET, item.dataset_id, target_id=model, target_name=name
    )
    return _update(
        context, item, target_id=str(report["id"]), target_name=str(report.get("name") or item.source_name)
    )


def _update(context: Context, item: ItemRow, **changes: Any) -> ItemRow:
    call = context.call
    return context.services.manifest.update_item(
        call.migration, call.workspace, Kind.REPORT, item.source_id, **changes
    )


def _reports(context: Context) -> list[ItemRow]:
    items = context.services.manifest.items_of(context.call.migration, context.call.workspace)
    return [item for item in items if item.kind == Kind.REPORT]


def _about(context: Context, code: str, item: ItemRow, message: str) -> None:
    context.finding(code, kind=Kind.REPORT, id=item.source_id, name=item.source_name, message=message)
