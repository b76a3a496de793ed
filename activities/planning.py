"""Step 1, first half: which workspaces are meant, and what stands in the way of all of them.

Nothing is written in either tenant. The selection is stored once, so that a run that is started again works
on the same workspaces even if the source has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from activities.context import Context, open_context
from activities.frame import Call
from activities.selection import CapacityMap, select
from shared.errors import IdentityRefused, NotAuthorized, TerminalError
from shared.outcomes import Done, Json, Outcome
from shared.services import Services

SCAN_BATCH = 100  # ids per getInfo call
BATCHES = "PbiBatches"  # the table of how far each batch of the inventory is
MEMBER_BATCH = 10  # workspaces one activity lists by itself, five calls each


def select_workspaces(services: Services, call: Call) -> Outcome:
    """Decide the workspaces and their capacities: `{"mode": scanner | member, "batches": n}`.

    Groups_GetGroupsAsAdmin where the identity may (its scanner then reads the details), else
    Groups_GetGroups with per-workspace lists; Capacities_GetCapacities of both tenants.
    """
    path, attempt = selection_path(call.migration), services.manifest.migration(call.migration).attempt
    selection: Json | None = services.documents.read_json(path)
    if selection is None or selection["attempt"] != attempt:
        services.findings.clear(call.migration)  # of a plan that was given up: nothing of it holds any more
        _forget_batches(services, call.migration)
        selection = {**_select(open_context(services, call)), "attempt": attempt}
        services.documents.write_json(path, selection)
    size = batch_size(selection["mode"])
    return Done({"mode": selection["mode"], "batches": -(-len(selection["workspaces"]) // size)})


def _forget_batches(services: Services, migration_id: str) -> None:
    table = services.tables[BATCHES]
    for row in list(table.partition(migration_id)):
        table.delete(migration_id, row["RowKey"])


def selection_path(migration_id: str) -> str:
    return f"{migration_id}/selection.json"


def batch_size(mode: str) -> int:
    return SCAN_BATCH if mode == "scanner" else MEMBER_BATCH


def _select(context: Context) -> Json:
    mode, groups = _list_source(context)
    chosen, unknown = select(context.request.workspaces, groups)
    for text in unknown:
        context.finding(
            "inventory.unknownWorkspace",
            kind="workspace",
            id="",
            name=text,
            message=f"The source has no live workspace with the name or id {text!r} that its identity can see.",
        )
    _map_capacities(context, chosen)
    return {"mode": mode, "workspaces": chosen}


def _list_source(context: Context) -> tuple[str, Iterable[Mapping[str, Any]]]:
    try:
        return "scanner", list(context.source.groups.list_groups_as_admin())
    except (NotAuthorized, IdentityRefused) as refused:
        if (
            refused.retry_at is not None
        ):  # the service takes no token at present, which says nothing about rights
            raise
        context.finding(
            "inventory.noAdmin",
            kind="connection",
            id=context.request.source,
            name=context.request.source,
            message=f"The admin APIs refused the source identity: {refused.message}",
        )
    return "member", list(context.source.groups.list_groups())


def _map_capacities(context: Context, chosen: list[Json]) -> None:
    """Give every chosen workspace its `targetCapacity`, and name what of `capacities` fits nothing."""
    wanted = context.request.capacities
    used = {entry["capacity"] for entry in chosen if entry["capacity"]}
    targets = context.target.capacities.list() if wanted else []
    sources = _source_capacities(context) if wanted and used else []
    capacities = CapacityMap(wanted, sources, targets)
    for name in capacities.unknown_targets():
        context.finding(
            "capacity.unknownTarget",
            kind="capacity",
            id="",
            name=name,
            message=f"The target identity sees no capacity {name!r}.",
        )
    for name in capacities.unmatched_sources(used):
        context.finding(
            "capacity.unknownSource",
            kind="capacity",
            id="",
            name=name,
            message=f"capacities names {name!r}, which is no capacity of the source that could be seen.",
        )
    for entry in chosen:
        entry["targetCapacity"] = capacities.target_of(entry["capacity"])


def _source_capacities(context: Context) -> list[Mapping[str, Any]]:
    """Names of source capacities, from the admin list or, without that right, from the identity's own."""
    try:
        return list(context.source.capacities.list_as_admin())
    except (TerminalError, IdentityRefused):
        return list(context.source.capacities.list())
