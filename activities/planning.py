"""Step 1, first half: which workspaces are meant, and what stands in the way of all of them.

Nothing is written in either tenant. The selection is stored once, so that a run that is started again works
on the same workspaces even if the source has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activities.context import Context, open_context
from activities.frame import Call
from activities.selected import Selection, find_selection, store_selection
from activities.selection import CapacityMap, beside, select
from activities.tenancy import parts_of
from shared.errors import IdentityRefused, NotAuthorized, TerminalError
from shared.models import Kind, WorkspaceStatus, is_plan
from shared.outcomes import Done, Json, Outcome
from shared.services import Services

BATCHES = "PbiBatches"  # the table of how far each batch of the inventory is
DETAILED_MODELS = 2_000  # three calls each, of a quota that is not published
_DETAILS_PAGE = 60
# The latter three for subscriptions.
_ASKED_SINGLY = (Kind.DATASET, Kind.REPORT, Kind.PAGINATED_REPORT, Kind.DASHBOARD)


def select_workspaces(services: Services, call: Call) -> Outcome:
    """Decide the workspaces and their capacities, and what of the tenants is to be read besides.

    `{"mode": scanner | member, "batches": n, "parts": [...], "later": [...], "details": bool}`.
    Groups_GetGroupsAsAdmin where the identity may (its scanner then reads the details), else
    Groups_GetGroups with per-workspace lists; Capacities_GetCapacities of both tenants.
    """
    context = open_context(services, call)
    attempt = services.manifest.migration(call.migration).attempt
    selection = find_selection(services, call.migration)
    if selection is None or selection.attempt != attempt:
        services.findings.clear(call.migration)  # of a plan that was given up: nothing of it holds any more
        _forget_batches(services, call.migration)
        selection = _select(context, attempt)
    first, later = parts_of(context.request, services.settings, plan=is_plan(call.migration))
    return Done(
        {
            "mode": selection.mode,
            "batches": selection.batches,
            "parts": first,
            "later": later,
            "details": is_plan(call.migration),
        }
    )


def next_details(services: Services, call: Call) -> Outcome:
    """Of one page of the plan's workspaces those whose models are looked at singly: `{"workspaces", "cursor",
    "models"}`, `models` being how many there were so far. A plan that has met the limit stops looking."""
    page = services.manifest.workspaces(call.migration, _DETAILS_PAGE, call.cursor)
    models, wanted, left = call.page, list[str](), 0
    for row in page.rows:
        count = row.counts.get(Kind.DATASET, {}).get("total", 0)
        if models + count > DETAILED_MODELS:
            left += count
        elif any(row.counts.get(kind) for kind in _ASKED_SINGLY) and row.status != WorkspaceStatus.SKIPPED:
            wanted.append(row.source_id)
            models += count
    if left:
        _tell_limit(open_context(services, call))
    return Done({"workspaces": wanted, "cursor": None if left else page.token, "models": models})


def _tell_limit(context: Context) -> None:
    context.finding(
        "plan.notCheckable",
        kind="details",
        id="details",
        name="schedules",
        message=f"Refresh schedules, parameters and subscriptions cost some calls per model and report; the plan read "
        f"those of the first {DETAILED_MODELS} models and of the workspaces they are in only.",
    )


def _forget_batches(services: Services, migration_id: str) -> None:
    table = services.tables[BATCHES]
    for row in list(table.partition(migration_id)):
        table.delete(migration_id, row["RowKey"])


def _select(context: Context, attempt: int) -> Selection:
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
    read, named = _others(context, groups)
    workspaces = [{**entry, "moves": True} for entry in chosen] + read
    for entry in [*workspaces, *named]:
        entry["targetName"] = context.request.naming.replace("{name}", entry["name"])
    return store_selection(context.services, context.call.migration, mode, attempt, workspaces, named)


def _others(context: Context, groups: list[Mapping[str, Any]]) -> tuple[list[Json], list[Json]]:
    """What does not move, those that are read and those that are only named. A plan reads personal workspaces
    too: people have to be told what is in them, long before the move."""
    read, named = list[Json](), list[Json]()
    for entry in beside(context.request.workspaces, groups):
        reads = entry["kind"] == "personal" and is_plan(context.call.migration)
        (read if reads else named).append({**entry, "targetCapacity": "", "moves": False})
    return read, named


def _list_source(context: Context) -> tuple[str, list[Mapping[str, Any]]]:
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
    if not context.request.target:  # an assessment: nobody asks yet where it should go
        wanted = {}
    targets = _target_capacities(context, wanted) if wanted else []
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


def _target_capacities(context: Context, wanted: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """Where a plan is refused them, those the request names are taken for granted: the part of the target's
    capacities says that nobody could look. A migration does not start towards such a target."""
    try:
        return list(context.target.capacities.list())
    except (TerminalError, IdentityRefused) as refused:
        if not is_plan(context.call.migration) or refused.retry_at is not None:
            raise
    return [{"id": name, "displayName": name} for name in wanted.values()]


def _source_capacities(context: Context) -> list[Mapping[str, Any]]:
    """Names of source capacities, from the admin list or, without that right, from the identity's own."""
    try:
        return list(context.source.capacities.list_as_admin())
    except (TerminalError, IdentityRefused):
        return list(context.source.capacities.list())
