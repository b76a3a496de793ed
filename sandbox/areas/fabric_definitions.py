"""Items by definition: given out, made, changed. Each kind has its own paths, and all share those of `items`.

What is wrong with a request is said at once; what is wrong with what it asks for shows when it is done.
"""

import json
from typing import Any

from sandbox import definitions, longruns
from sandbox.areas.fabric_items import found_item, item_name, item_row, writable
from sandbox.calls import Call
from sandbox.definition_kind import Item, Kind, Place, corrupted, refuse_definition
from sandbox.definition_kinds import KINDS
from sandbox.definitions import Payloads
from sandbox.folders import place, wanted_folder
from sandbox.names import check_free
from sandbox.replies import Reply, bad_request, refused
from sandbox.routing import Handler, operation

Json = dict[str, Any]
LONGEST_DESCRIPTION = 256
BUCKET = "fabric.platform"


async def create(call: Call, kind: Kind) -> Reply:
    """201 with the item, or 202; a name that is taken is refused, at once or in the end."""
    body = await call.body()
    at = Place(call.service, writable(call), call.caller)
    name, description = item_name(body.get("displayName")), _description(body)
    folder = wanted_folder(at.workspace, body.get("folderId"))
    sent = _received(kind, body.get("definition"), needed=kind.needs_definition)
    check_free(at.service, at.workspace, kind, name)

    def work() -> Json:
        item = _make(at, kind, name, description, sent)
        place(at.workspace, folder, [item.id])
        call.audit(kind.event, at.workspace, **_fact(kind, item))
        return item_row(at.workspace, kind.type, item)

    return longruns.answer(call, name, work, 201)


async def get_definition(call: Call, kind: Kind, item: Item) -> Reply:
    at = Place(call.service, writable(call), call.caller)
    wanted = call.query.get("format")
    if kind.type == "SemanticModel" and wanted not in (None, "TMDL"):
        raise bad_request(f"The format {wanted} is not given out here", "InvalidParameter")
    refuse_definition(item)

    def work() -> Json:
        platform = definitions.platform(kind.type, item.id, item.name, item.description)
        return definitions.told(kind.payloads(at, item) | platform, wanted)

    return longruns.answer(call, item.name, work)


async def update_definition(call: Call, kind: Kind, item: Item) -> Reply:
    body = await call.body()
    at = Place(call.service, writable(call), call.caller)
    refuse_definition(item)
    sent = _received(kind, body.get("definition"), needed=True)
    renames = call.query.get("updateMetadata", "").lower() == "true"

    def work() -> None:
        kind.apply(at, item, _without_platform(sent))
        if renames:
            _rename(item, sent)
        call.audit("UpdateArtifact", at.workspace, **_fact(kind, item))

    return longruns.answer(call, item.name, work)


def _make(at: Place, kind: Kind, name: str, description: str, sent: Payloads) -> Item:
    """The item, or nothing at all where its definition can't be taken."""
    if at.workspace.state != "Active":
        raise refused(404, "WorkspaceNotFound", message="The workspace was not found")
    check_free(at.service, at.workspace, kind, name)
    item = kind.add(at, name)
    item.description = description
    try:
        if sent:
            kind.apply(at, item, _without_platform(sent))
    except BaseException:
        kind.remove(at.workspace, item)
        raise
    return item


def _received(kind: Kind, definition: object, *, needed: bool) -> Payloads:
    if definition is None and not needed:
        return {}
    try:
        sent = definitions.received(definition)
    except definitions.Corrupted as fault:
        raise corrupted(str(fault)) from fault
    kind.check(sent)
    return sent


def _without_platform(sent: Payloads) -> Payloads:
    return {path: content for path, content in sent.items() if path != definitions.PLATFORM}


def _rename(item: Item, sent: Payloads) -> None:
    try:
        metadata = json.loads(sent.get(definitions.PLATFORM, b"{}")).get("metadata", {})
    except (ValueError, AttributeError) as fault:
        raise corrupted(".platform is damaged") from fault
    item.name = item_name(metadata.get("displayName", item.name))
    item.description = str(metadata.get("description", item.description))


def _description(body: Json) -> str:
    text = body.get("description") or ""
    if not isinstance(text, str) or len(text) > LONGEST_DESCRIPTION:
        text = f"description may have {LONGEST_DESCRIPTION} characters"
        raise bad_request(text, "InvalidInput")
    return text


def _fact(kind: Kind, item: Item) -> Json:
    """For the activity log."""
    names = {"SemanticModel": "dataset", "Report": "report", "PaginatedReport": "report"}
    return (
        {names[kind.type]: item} if kind.type in names else {"ArtifactId": item.id, "ArtifactName": item.name}
    )


def _of_kind(kind: Kind) -> tuple[Handler, Handler, Handler]:
    async def creating(call: Call) -> Reply:
        return await create(call, kind)

    async def giving(call: Call) -> Reply:
        return await get_definition(call, kind, found_item(call, kind)[1])

    async def updating(call: Call) -> Reply:
        return await update_definition(call, kind, found_item(call, kind)[1])

    return creating, giving, updating


async def create_any(call: Call) -> Reply:
    wanted = (await call.body()).get("type")
    kind = next((kind for kind in KINDS.values() if kind.type == wanted), None)
    if kind is None:
        raise bad_request(f"{wanted} is no type of item that can be made here", "InvalidItemType")
    return await create(call, kind)


async def get_any_definition(call: Call) -> Reply:
    return await get_definition(call, *found_item(call))


async def update_any_definition(call: Call) -> Reply:
    return await update_definition(call, *found_item(call))


def _declare(type: str, path: str, handlers: tuple[Handler, Handler, Handler]) -> None:
    base = f"workspaces/{{groupId}}/{path}"
    creating, giving, updating = handlers
    for name, tail, handler in (
        (f"Fabric_Create{type}", "", creating),
        (f"Fabric_Get{type}Definition", "/{itemId}/getDefinition", giving),
        (f"Fabric_Update{type}Definition", "/{itemId}/updateDefinition", updating),
    ):
        operation(name, "POST", base + tail, bucket=BUCKET, family="fabric")(handler)


for each in KINDS.values():
    _declare(each.type, each.path, _of_kind(each))
_declare("Item", "items", (create_any, get_any_definition, update_any_definition))
