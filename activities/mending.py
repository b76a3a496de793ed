"""Links between items of one workspace that were made before what they lead to: sent once more, now that it is there.

Reports link to each other in circles, so none can wait for all it names. What arrived with ids that had no place yet
is rewritten from the staged source and goes over its own item, whose id stays.
"""

from __future__ import annotations

import json
from typing import Any

from activities.context import Context, open_context
from activities.frame import Call
from activities.leftovers import LEFT
from activities.long_running import of_the_question
from activities.making import Way
from activities.ways import has_way, way_of
from shared.assessment.model import Obstacle
from shared.errors import ContentError, ServiceError, is_transient
from shared.models import ItemRow, ItemState, Kind
from shared.outcomes import Done, Outcome, Wait
from shared.polling import DEFINITION
from shared.services import Services

type Json = dict[str, Any]


def mend_links(services: Services, call: Call) -> Outcome:
    """Items_Update…Definition or an import that overwrites, for each item whose content can be better now.

    One after the other; what is refused keeps its finding and stops nothing.
    """
    context = open_context(services, call)
    begun, made = _state(call)
    for item in sorted(_linked(context), key=lambda row: row.source_id):
        if item.source_id < begun:
            continue
        waiting = _mend(context, item, made if item.source_id == begun else None)
        if waiting is not None:
            return waiting
    if not any(item.links for item in _linked(context)):
        context.update_workspace(links=False)
    return Done()


def next_linked(services: Services, call: Call) -> Outcome:
    """One page of the workspaces in which something still names what came later: `{"workspaces": [ids], "cursor"}`."""
    page = services.manifest.workspaces(call.migration, call.page, call.cursor)
    return Done({"workspaces": [row.source_id for row in page.rows if row.links], "cursor": page.token})


def _linked(context: Context) -> list[ItemRow]:
    items = context.services.manifest.items_of(context.call.migration, context.call.workspace)
    return [row for row in items if row.links and row.state == ItemState.DONE and row.blob and has_way(row)]


def _mend(context: Context, item: ItemRow, made: Json | None) -> Wait | None:
    """`made`: what an earlier look has begun for it."""
    way = way_of(item)
    try:
        begun = made if made is not None else _begin(context, item, way)
        if begun is None:
            return None
        if (
            not begun
            or way.ended is None
            or way.ended(context, context.workspace().target_id, item, begun) is not None
        ):
            _mended(context, item)
            return None
    except (ServiceError, ContentError) as error:
        if is_transient(error) and (not isinstance(error, ServiceError) or of_the_question(error)):
            raise
        _keep(context, item, error)
        return None
    again = DEFINITION.again(context.call.state, context.services.clock.now(), context.call.scale)
    if again is None:
        return None
    return Wait(again.until, {**again.state, "operation": json.dumps([item.source_id, begun])})


def _begin(context: Context, item: ItemRow, way: Way) -> Json | None:
    """None where nothing it names has come since, or its way can't go over what is there."""
    if way.renew is None:
        return None
    renew, before = way.renew, item.links
    content = way.content(context, item)  # counts what it would still name
    call, workspace = context.call, context.workspace().target_id
    now = context.services.manifest.item(call.migration, call.workspace, Kind(item.kind), item.source_id)
    if now.links_after >= before:
        return None
    return context.services.gate.write(  # each time that less is left is a write of its own
        context.intent(
            "mend",
            f"{item.kind}.{item.source_id}-{now.links_after}{_of(now)}",
            way.operation,
            item.source_name,
        ),
        look=lambda tried: None,
        act=lambda: renew(context, workspace, now, content),
        repeatable=True,
    )


def _of(item: ItemRow) -> str:
    """Of the content that went over it since: that may name as much as an earlier one did."""
    return f"-{item.renewed}" if item.renewed else ""


def _mended(context: Context, item: ItemRow) -> None:
    call, services = context.call, context.services
    now = services.manifest.item(call.migration, call.workspace, Kind(item.kind), item.source_id)
    services.manifest.update_item(
        call.migration, call.workspace, Kind(item.kind), item.source_id, links=now.links_after
    )
    if not now.links_after:
        said = Obstacle(LEFT, item.kind, item.source_id, item.source_name, "", call.workspace)
        services.findings.retract(call.migration, said)


def _keep(context: Context, item: ItemRow, error: ServiceError | ContentError) -> None:
    message = (
        f"Links in it lead to the old tenant, and it could not be sent again: {error.code}: {error.message}"
    )
    context.services.manifest.update_item(
        context.call.migration,
        context.call.workspace,
        Kind(item.kind),
        item.source_id,
        links=max(1, item.links),
    )
    context.about(item, LEFT, message)


def _state(call: Call) -> tuple[str, Json | None]:
    held = call.state.get("operation")
    if not held:
        return "", None
    identity, made = json.loads(str(held))
    return identity, made
