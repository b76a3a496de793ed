"""What arrived and still names the old tenant: said once per item, with what it names."""

from __future__ import annotations

from collections.abc import Mapping

from activities.context import Context
from shared.assessment.model import Obstacle
from shared.models import ItemRow, ItemState, Kind

LEFT = "content.sourceLinks"
_SHOWN = 10


def name_links(context: Context, item: ItemRow, left: Mapping[str, str]) -> None:
    """`left`: source ids that are in its content and have no place in the target (yet), with readable names.

    With none left, what was said before is taken back.
    """
    call, services = context.call, context.services
    if item.state == ItemState.DONE:  # it may be sent once more: until then all is as it was said
        services.manifest.update_item(
            call.migration, call.workspace, Kind(item.kind), item.source_id, links_after=len(left)
        )
        return
    if len(left) == item.links and not left:
        return
    services.manifest.update_item(
        call.migration, call.workspace, Kind(item.kind), item.source_id, links=len(left)
    )
    if not left:
        return take_back_links(context, item)
    tell_anew(context, item, left)


def tell_anew(context: Context, item: ItemRow, left: Mapping[str, str]) -> None:
    """In the place of what was said of an earlier content."""
    take_back_links(context, item)
    tell_links(context, item, left)


def take_back_links(context: Context, item: ItemRow) -> None:
    gone = Obstacle(LEFT, item.kind, item.source_id, item.source_name, "", context.call.workspace)
    context.services.findings.retract(context.call.migration, gone)


def tell_links(context: Context, item: ItemRow, left: Mapping[str, str]) -> None:
    """Of content that is not sent again once they have a place: a file's own."""
    if not left:
        return
    shown = ", ".join(f"{name} ({identity})" for identity, name in sorted(left.items())[:_SHOWN])
    more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    context.about(item, LEFT, f"Its content still names {shown}{more}.")
