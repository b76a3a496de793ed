"""Step 1, before the workspaces: the tenants' own lists (capacities, gateways, apps, names …), each stored once.

A list that is refused is no failure: the part then says why, and the plan names what it could not check. Nor is it
waited for longer than it is worth, since it only informs: three tries, or a quota that opens soon.
"""

from __future__ import annotations

from datetime import timedelta

from activities import tenant_lists
from activities.context import Context, open_context
from activities.frame import Call
from shared.assessment.obstacles_parts import Part
from shared.config import Settings
from shared.errors import IdentityRefused, ServiceError, TerminalError, Throttled, TransientError
from shared.models import MigrationRequest, is_plan
from shared.outcomes import Done, Json, Outcome, Wait
from shared.run_documents import part_path
from shared.services import Services

GRAPH = "target-graph"
_SOURCE = ("capacities", "memberships", "gateways", "apps", "pipelines", "fabricItems", "workbooks")
_TARGET = ("capacities", "groups", "gateways")
_RATIONED = frozenset({"source-workbooks", "source-masterUser", "target-groups"})  # admin.groups
_PER_CALL = 25  # rows of which one activity reads more
_APPS = "source-apps"
_PATIENCE = timedelta(minutes=1)  # scaled; how long a migration waits for a quota, a plan for users of apps
_PLANS_PATIENCE = timedelta(hours=1)  # scaled; people read it later, and want it whole
_TRIES, _AGAIN = 3, timedelta(seconds=20)  # scaled; of a list that is answered with an error
_USED_UP = "The service tells the users of 200 apps an hour, and these calls are used up."


def parts_of(request: MigrationRequest, settings: Settings, *, plan: bool) -> tuple[list[str], list[str]]:
    """The parts to read before the workspaces, and those that are asked for once their contents are known.

    A migration takes nothing of the fifty calls an hour for lists of all workspaces: many may start in one hour, and
    its own steps meet what these lists would have told. An assessment has no target. The master user and Microsoft
    Graph are asked only where they are configured.
    """
    source = settings.connection(request.source)
    target = settings.connection(request.target) if request.target else None
    first = [f"source-{part}" for part in _SOURCE]
    if source is not None and source.has_user:
        first.append("source-masterUser")
    if target is not None:
        first += [f"target-{part}" for part in _TARGET]
    first = [part for part in first if plan or part not in _RATIONED]
    return first, [GRAPH] if target is not None and target.graph_url else []


def read_part(services: Services, call: Call) -> Outcome:
    """One part (`call.phase`: "source-apps", "target-groups" …) into its blob, once per attempt of the run."""
    if call.phase == GRAPH:
        # It reads what the inventory wrote, which is built on what is written here.
        from activities.directory import look_up_principals

        return look_up_principals(services, call)
    context = open_context(services, call)
    held = services.documents.read_json(part_path(call.migration, call.phase))
    attempt = services.manifest.migration(call.migration).attempt
    if held is not None and held["attempt"] != attempt:
        held = None
    if held is not None and held["complete"]:
        return Done()
    try:
        held = {**_read(context), "attempt": attempt} if held is None else _with_more(context, held)
    except TransientError as trouble:
        if wait := _worth_waiting(context, trouble):
            return wait
        reason = tenant_lists.reason(trouble)
        held = {"rows": [], **(held or {}), "unread": reason, "complete": True, "attempt": attempt}
    services.documents.write_json(part_path(call.migration, call.phase), held)
    return Done() if held["complete"] else Wait(services.clock.now())


def read_tenant(services: Services, run: str, side: str, part: str) -> Part:
    """What was stored of a part: its rows, and what could not be read of it."""
    held: Json | None = services.documents.read_json(part_path(run, f"{side}-{part}"))
    return Part(held["rows"], held["unread"]) if held else Part([], "It was not read.")


def read_parts(services: Services, run: str) -> dict[str, Part]:
    """All parts that belong to a run, by "source-apps", "target-groups" and so on."""
    first, later = parts_of(services.request_of(run), services.settings, plan=is_plan(run))
    return {name: read_tenant(services, run, *name.split("-", 1)) for name in (*first, *later)}


def _read(context: Context) -> Json:
    name = context.call.phase
    tenant = context.source if name.startswith("source-") else context.target
    try:
        rows, unread = tenant_lists.READERS[name](tenant)
        if name == "target-gateways":
            rows += tenant_lists.other_gateways(tenant, rows, context.request)
    except (TerminalError, IdentityRefused) as refused:
        if refused.retry_at is not None:  # no token at present, which says nothing about rights
            raise
        rows, unread = [], tenant_lists.reason(refused)
    return {"rows": rows, "unread": unread, "complete": not _left(context, rows)}


def _with_more(context: Context, held: Json) -> Json:
    """What takes a call per row, of the next rows: a large tenant takes several activities."""
    name, rows = context.call.phase, list(held["rows"])
    tenant = context.source if name.startswith("source-") else context.target
    part, fill = tenant_lists.FILLERS[name]
    for done, number in enumerate(_left(context, rows)[:_PER_CALL]):
        try:
            rows[number] = fill(tenant, rows[number])
        except ServiceError as refused:
            if name == _APPS and _is_used_up(context, refused):
                rows = [row if part in row else {**row, part: [], "unread": _USED_UP} for row in rows]
                return {**held, "rows": rows, "unread": _USED_UP, "complete": True}
            if not done:
                raise
            break  # what was read is kept: read again with every try, it would use up what is waited for
    return {**held, "rows": rows, "complete": not _left(context, rows)}


def _worth_waiting(context: Context, trouble: TransientError) -> Wait | None:
    """A quota that opens soon is waited for, an error is met three times."""
    now, scale = context.services.clock.now(), context.call.scale
    patience = _PLANS_PATIENCE if is_plan(context.call.migration) else _PATIENCE
    if trouble.retry_at is not None and trouble.retry_at - now <= patience * scale:
        return Wait(trouble.retry_at, dict(context.call.state))
    tries = int(context.call.state.get("tries", 0)) + 1
    if trouble.retry_at is not None or tries >= _TRIES:
        return None
    return Wait(now + _AGAIN * scale, {**context.call.state, "tries": tries})


def _is_used_up(context: Context, refused: ServiceError) -> bool:
    if not isinstance(refused, Throttled):
        return False
    return refused.retry_at - context.services.clock.now() > _PATIENCE * context.call.scale


def _left(context: Context, rows: list[Json]) -> list[int]:
    """The rows of which something is still to be read. Users of apps are for people to read, so for plans only."""
    name = context.call.phase
    if name not in tenant_lists.FILLERS or (name == _APPS and not is_plan(context.call.migration)):
        return []
    part = tenant_lists.FILLERS[name][0]
    return [n for n, row in enumerate(rows) if part not in row and row.get("administered") is not False]
