"""By definition: read from Fabric in the source, source ids rewritten, created in the target.

Both are long-running operations of the service: they answer with an operation that is asked for until it has ended.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from activities.context import Context
from activities.documents import raw_of
from activities.identities import ids_for, target_of
from activities.leftovers import name_links
from activities.long_running import definition_of, result_of
from activities.making import Json, Refused, Row, Way, staged_bytes
from activities.places import folder_of, workspace_names
from activities.rights import is_of_lag
from shared.assessment.reading import lower, record, text
from shared.content import jsontext, models, parts, reports
from shared.content.parts import Part
from shared.content.xmla import rename_workspaces
from shared.errors import AppError, EntityNotFound, ServiceError, TerminalError
from shared.models import ItemRow, Kind, Need
from shared.powerbi.definitions import DefinitionKind, definition_refusal
from shared.powerbi.longrunning import Begun

_LARGE = "PremiumFiles"
_MOST_BYTES = 128 * 1024 * 1024  # of a definition as JSON: the service's own limits are far below
_BY_HAND = "Rebuild it from its author's file in Power BI Desktop and publish it to the target workspace."

type Rewrite = Callable[[Context, ItemRow, list[Part]], list[Part]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of item as the definition operations know it."""

    kind: DefinitionKind
    format: str
    rewrite: Rewrite
    finish: Callable[[Context, ItemRow, str], None] = lambda context, item, made: None


def _way(of: _Kind) -> Way:
    return Way(
        operation=f"{of.kind[0].upper()}{of.kind[1:]}_Create",
        listed=partial(_listed, of),
        read=partial(_read, of),
        content=partial(_content, of),
        send=partial(_send, of),
        ended=_ended,
        is_placed=True,
        names=_names,
        renew=partial(_renew, of),
        finish=of.finish,
        refusal=_refusal,
    )


def _listed(of: _Kind, context: Context, workspace: str) -> Iterable[Row]:
    return context.target.definitions.list(workspace, of.kind)


def _read(of: _Kind, context: Context, item: ItemRow, state: dict[str, Any]) -> Iterable[bytes] | None:
    """The definition, or None while it is being made; which operation makes it is kept in `state`."""
    answer = definition_of(context.source, context.call.workspace, of.kind, item.source_id, state, of.format)
    return None if answer is None else [_packed(answer)]


def _packed(body: Mapping[str, Any]) -> bytes:
    definition = body.get("definition")
    if not isinstance(definition, Mapping) or not definition.get("parts"):
        raise Refused("The service gave a definition without parts.", "definition.empty", _BY_HAND)
    packed = json.dumps(definition).encode()
    if len(packed) > _MOST_BYTES:
        raise Refused(f"Its definition has {len(packed)} bytes.", "definition.tooLarge", _BY_HAND)
    return packed


def _content(of: _Kind, context: Context, item: ItemRow) -> Json:
    """The definition for the target: named and bound anew, its ids those of the target."""
    read: Json = json.loads(staged_bytes(context, item))
    content = parts.parts_of(read)
    ids = ids_for(context, parts.guids_of(content), item.needs, with_tenant=of.kind == "reports")
    rewritten = parts.rewrite_parts(content, ids)
    name_links(context, item, {source: ids.unmoved[source] for source in rewritten.left})
    moved = rename_workspaces(rewritten.content, workspace_names(context, (part.payload for part in content)))
    definition = parts.definition_of(parts.with_name(of.rewrite(context, item, moved), item.source_name))
    return {**definition, **({"format": read["format"]} if read.get("format") else {})}


def _send(of: _Kind, context: Context, workspace: str, item: ItemRow, content: Json) -> Json:
    begun = context.target.definitions.create(
        workspace,
        of.kind,
        item.source_name,
        content,
        description=_description(context, item, content)[:256],
        folder_id=folder_of(context, item),
    )
    return _begun(begun)


def _renew(of: _Kind, context: Context, workspace: str, item: ItemRow, content: Json) -> Json:
    """Items_Update…Definition: the id stays, and whoever uses it notices nothing."""
    begun = context.target.definitions.update(workspace, of.kind, item.target_id, content)
    return {"operation": begun.operation} if begun.operation else {}


def _description(context: Context, item: ItemRow, definition: Json) -> str:
    """As the inventory tells it; the lists of Fabric don't, but the definition itself may."""
    platform = parts.part_at(parts.parts_of(definition), ".platform")
    told = jsontext.load_object(platform.payload, ".platform") if platform else {}
    return text(raw_of(context, item), "description") or text(record(told, "metadata"), "description")


def _keep_format(context: Context, item: ItemRow, made: str) -> None:
    """Datasets_UpdateDatasetInGroup: a model in the large storage format stays in it, before it is filled."""
    row = context.workspace()
    if lower(raw_of(context, item), "targetStorageMode") != _LARGE.lower() or not row.target_capacity:
        return
    intent = context.intent("format", item.source_id, "Datasets_UpdateDatasetInGroup", item.source_name)
    datasets = context.target.datasets
    try:
        context.services.gate.repeat(
            intent, lambda: datasets.update(row.target_id, made, targetStorageMode=_LARGE)
        )
    except TerminalError as refused:
        if is_of_lag(context.services, context.call, refused):
            raise
        message = f"The large storage format could not be set: {refused.code}: {refused.message}"
        context.about(item, "workspace.settingRefused", message)


def _names(context: Context, content: bytes) -> Iterable[str]:
    return parts.guids_of(parts.parts_of(json.loads(content)))


def _begun(begun: Begun) -> Json:
    if begun.body is not None and begun.body.get("id"):
        return {"id": str(begun.body["id"])}
    return {"operation": begun.operation}


def _ended(context: Context, workspace: str, item: ItemRow, made: Json) -> Row | None:
    """An operation that is over may have no result, or be forgotten: its item is found by its name then."""
    if not made.get("operation"):  # made at once, and the answer did not name it
        return {}
    try:
        return result_of(context.target.operations, made["operation"])
    except EntityNotFound:
        return {}


def _refusal(error: AppError) -> Refused | None:
    reason = definition_refusal(error) if isinstance(error, ServiceError) else None
    if reason is None:
        return None
    return Refused(
        f"The service gives or takes no definition of it ({reason}): {error.message}", error.code, _BY_HAND
    )


def _model(context: Context, item: ItemRow, content: list[Part]) -> list[Part]:
    """Members of roles are principals of the old tenant: the roles travel, their members are a task for people."""
    stripped, _members = models.strip_members(content)
    return stripped


def _report(context: Context, item: ItemRow, content: list[Part]) -> list[Part]:
    """Bound to the model that has arrived, whatever its definition named before."""
    need = next((need for need in map(Need.parse, item.needs) if need.kind == Kind.DATASET), None)
    if need is None:
        return content
    model = target_of(context, need)
    place = context.services.manifest.workspace(context.call.migration, need.workspace)
    return reports.bound_to(
        content, place.target_name, model.target_name or model.source_name, model.target_id
    )


def _as_it_is(context: Context, item: ItemRow, content: list[Part]) -> list[Part]:
    return content


MODEL = _way(_Kind("semanticModels", "TMDL", _model, _keep_format))
REPORT = _way(_Kind("reports", "", _report))
DATAFLOW = _way(_Kind("dataflows", "", _as_it_is))
