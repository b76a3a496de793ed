"""Which source ids have become which target ids, as far as one piece of content names them.

The mapping of a large estate does not fit into memory, and need not: content names workspaces by id wherever it
names what is in them, so the items of those workspaces are all that is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from activities.context import Context
from shared.content.ids import IdMap
from shared.models import ItemRow, Kind, Need, WorkspaceRow
from shared.run_documents import order_path

_SOURCES = frozenset({Kind.DATASET, Kind.DATAFLOW})
_READING = _SOURCES | {Kind.PAGINATED_REPORT}
_WORKSPACES = 50  # whose items are read for one piece of content; more no content of people names


def ids_for(
    context: Context, guids: Iterable[str], needs: Iterable[str] = (), *, with_tenant: bool = False
) -> IdMap:
    """The target ids of what is named (`guids`, lower case), and what is named but has none (yet).

    `with_tenant`: the tenant's own id too. Links name it; in a query it may be where somebody signs in to a source,
    which stays what it is.
    """
    named, targets, unmoved = set(guids), dict[str, str](), dict[str, str]()
    old, new = (
        context.services.connection(name) for name in (context.request.source, context.request.target)
    )
    if with_tenant:
        targets[old.tenant_id.lower()] = new.tenant_id
    for row, items in _named_workspaces(context, named, needs):
        places = [(row.source_id, row.target_id, f"workspace {row.source_name!r}")]
        places += [(item.source_id, item.target_id, _readable(item, row.source_name)) for item in items]
        for source, target, name in places:
            if source.lower() in named and target:
                targets[source.lower()] = target
            elif source.lower() in named:
                unmoved[source.lower()] = name
    return IdMap(targets, unmoved)


def sources_in(context: Context, item: ItemRow, guids: Iterable[str]) -> list[Need]:
    """The dataflows and models that a dataflow, model or paginated report names in its content: it reads from them."""
    if item.kind not in _READING:
        return []
    named = set(guids) - {item.source_id.lower()}
    return [
        Need(row.source_id.lower(), Kind(each.kind), each.source_id.lower())
        for row, items in _named_workspaces(context, named, item.needs)
        for each in items
        if each.kind in _SOURCES and each.source_id.lower() in named
    ]


def target_of(context: Context, need: Need) -> ItemRow:
    return context.services.manifest.item(context.call.migration, need.workspace, need.kind, need.id)


def _named_workspaces(
    context: Context, named: set[str], needs: Iterable[str]
) -> Iterator[tuple[WorkspaceRow, list[ItemRow]]]:
    manifest, migration = context.services.manifest, context.call.migration
    for workspace in _workspaces(context, named, needs):
        yield manifest.workspace(migration, workspace), manifest.items_of(migration, workspace)


def _workspaces(context: Context, named: set[str], needs: Iterable[str]) -> list[str]:
    """This one, those of what the item needs, and those that its content names."""
    needed = [Need.parse(need).workspace for need in needs]
    chosen: set[str] = set(context.services.documents.read_json(order_path(context.call.migration)) or [])
    found = [context.call.workspace.lower(), *needed, *sorted(named & chosen)]
    return [each for each in dict.fromkeys(found) if each in chosen][:_WORKSPACES]


def _readable(item: ItemRow, workspace: str) -> str:
    return f"{item.kind} {item.source_name!r} in {workspace!r}"
