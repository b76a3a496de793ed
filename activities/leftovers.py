"""What arrived and still names the old tenant: said once per item, with what it names."""

from __future__ import annotations

from collections.abc import Mapping

from activities.context import Context
from shared.models import ItemRow

_SHOWN = 10


def name_links(context: Context, item: ItemRow, left: Mapping[str, str]) -> None:
    """`left`: source ids that are in its content and have no place in the target (yet), with readable names."""
    if not left:
        return
    shown = ", ".join(f"{name} ({identity})" for identity, name in sorted(left.items())[:_SHOWN])
    more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    context.finding(
        "content.sourceLinks",
        kind=item.kind,
        id=item.source_id,
        name=item.source_name,
        message=f"Its content still names {shown}{more}.",
    )
