"""Deployment pipelines: made once all workspaces are there, their stages assigned, their users added.

They belong to no workspace, so their rows and writes are those of workspace "". Each write passes the gate: done again,
this does only what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast

from activities.adoption import ADOPTED
from activities.context import Context, open_context
from activities.frame import Call, during
from activities.making import Ambiguous
from activities.tenancy import read_tenant
from activities.undoing import HANDED_OVER, KEPT, REFUSED, UNDOING
from shared.assessment.model import Obstacle
from shared.assessment.reading import field, lower, rows, text
from shared.errors import (
    AlreadyExists,
    AmbiguousWrite,
    EntityNotFound,
    NotFound,
    TerminalError,
    TransientError,
)
from shared.models import ItemRow, ItemState, Kind
from shared.outcomes import Done, Outcome, Wait
from shared.polling import VISIBILITY
from shared.powerbi.groups import PrincipalType
from shared.principal_rules import counterpart, rules_of
from shared.services import Services
from shared.writes import Intent

type Json = dict[str, Any]

_PER_CALL = 3  # pipelines per activity: each may have dozens of users
_OPEN = frozenset({ItemState.PLANNED, ItemState.CREATING, ItemState.FAILED})


def make_pipelines(services: Services, call: Call) -> Outcome:
    """Pipelines_CreatePipeline, Pipelines_AssignWorkspace, Pipelines_UpdatePipelineUser for those that move."""
    context = open_context(services, replace(call, workspace=""))
    ours = sorted((row for row in _rows(context) if row.state in _OPEN), key=lambda row: row.source_id)
    told = {
        lower(row, "id"): row for row in read_tenant(services, call.migration, "source", "pipelines").rows
    }
    page = [row for row in ours if row.source_id > str(call.state.get("operation", ""))][:_PER_CALL]
    for row in page:
        try:
            _make(context, row, told.get(row.source_id.lower(), {}))
        except TerminalError as refused:  # of the look for an earlier migration's
            _fail(context, row, str(refused))
        except TransientError as trouble:
            again = VISIBILITY.again(call.state, services.clock.now(), call.scale)
            if trouble.retry_at is not None or isinstance(trouble, AmbiguousWrite):
                raise
            if again is not None:
                return Wait(again.until, {**call.state, **again.state})
            _fail(context, row, str(trouble))
    if len(page) < _PER_CALL:
        return Done()
    return Wait(services.clock.now(), {"operation": page[-1].source_id})


@during(UNDOING)
def undo_pipelines(services: Services, call: Call) -> Outcome:
    """Pipelines_DeletePipeline for those this migration made; the workspaces of their stages stay."""
    context = open_context(services, replace(call, workspace=""))
    for row in [_located(context, each) for each in _rows(context)]:
        if row.target_id and row.state != ItemState.DELETED and not row.note.startswith(ADOPTED):
            _undo(context, row)
    return Done()


def _rows(context: Context) -> list[ItemRow]:
    items = context.services.manifest.items_of(context.call.migration, "")
    return [item for item in items if item.kind == Kind.PIPELINE]


def _make(context: Context, row: ItemRow, told: Mapping[str, Any]) -> None:
    if row.state != ItemState.FAILED and _adopted(context, row, told):
        return
    try:
        made = context.services.gate.write(
            _creation(context, row),
            survey=lambda: {"ids": sorted(_named(context, row))},
            look=lambda before: _look(context, row, before),
            act=lambda: {"id": str(_create(context, row, told)["id"])},
        )
        _update(context, row, state=ItemState.CREATING, target_id=made["id"], target_name=row.source_name)
        left = [*_assign_stages(context, row, made["id"], told), *_add_users(context, row, made["id"], told)]
    except (TerminalError, Ambiguous) as refused:
        _fail(context, row, str(refused))
        return
    _withdraw_failure(context, row)
    note = " ".join(left)
    if note or row.todo:
        message = " ".join(part for part in (note, row.todo) if part)
        context.about(row, "manual.afterMove", message)
    _update(context, row, state=ItemState.DONE, note="")


def _adopted(context: Context, row: ItemRow, told: Mapping[str, Any]) -> bool:
    """True where an earlier migration of this app into these workspaces has made it, and it is still there."""
    manifest, key = context.services.manifest, (row.kind, row.source_id.lower(), ItemState.DONE)
    stages = [lower(stage, "workspaceId") for stage in rows(told, "stages")]
    earlier = dict.fromkeys(each for stage in stages for each in _earlier(context, stage))
    brought = {
        old.target_id.lower(): (migration, old)
        for migration in reversed(earlier)
        for old in manifest.items_of(migration, "")
        if (old.kind, old.source_id.lower(), old.state) == key
    }
    there = (lower(each, "id") for each in context.target.pipelines.list()) if brought else ()
    migration, old = next((brought[each] for each in there if each in brought), ("", row))
    if not migration:
        return False
    note, taken = f"{ADOPTED} {migration}", {"target_id": old.target_id, "target_name": old.target_name}
    _update(context, row, state=ItemState.DONE, note=note, **taken)
    return True


def _earlier(context: Context, workspace: str) -> Iterator[str]:
    """The migrations that worked on a source workspace before, from the newest on."""
    manifest, migration, seen = context.services.manifest, context.call.migration, set[str]()
    while workspace and migration not in seen and manifest.has_workspace(migration, workspace):
        seen.add(migration)
        migration = manifest.workspace(migration, workspace).earlier
        if migration:
            yield migration


def _create(context: Context, row: ItemRow, told: Mapping[str, Any]) -> Json:
    return context.target.pipelines.create(row.source_name, text(told, "description"))


def _named(context: Context, row: ItemRow) -> set[str]:
    return {
        str(each["id"]).lower()
        for each in context.target.pipelines.list()
        if text(each, "displayName").casefold() == row.source_name.casefold()
    }


def _look(context: Context, row: ItemRow, before: Json) -> Json | None:
    found = _named(context, row) - set(before["ids"])
    found -= {each.target_id.lower() for each in _rows(context) if each.source_id != row.source_id}
    if len(found) > 1:
        raise Ambiguous(f"{', '.join(sorted(found))} may each be the pipeline {row.source_name!r}.")
    return {"id": found.pop()} if found else None


def _assign_stages(context: Context, row: ItemRow, pipeline: str, told: Mapping[str, Any]) -> list[str]:
    """What could not be assigned, in words."""
    taken = {
        field(stage, "order"): lower(stage, "workspaceId")
        for stage in context.target.pipelines.stages(pipeline)
    }
    left: list[str] = []
    for stage in rows(told, "stages"):
        order, source = field(stage, "order"), lower(stage, "workspaceId")
        if not source or order is None:
            continue
        target = _workspace(context, source)
        if not target:
            left.append(
                f"Stage {order} had workspace {source}, which is not in the target: assign another one."
            )
        elif taken.get(order) != target.lower():
            left += _assign(context, row, pipeline, int(order), target)
    return left


def _assign(context: Context, row: ItemRow, pipeline: str, order: int, target: str) -> list[str]:
    intent = context.intent("stage", f"{row.source_id}.{order}", "Pipelines_AssignWorkspace", row.source_name)
    try:
        context.services.gate.repeat(intent, lambda: context.target.pipelines.assign(pipeline, order, target))
    except TerminalError as refused:
        if _holds(context, pipeline, order, target):  # an earlier try's answer was lost
            return []
        return [f"Assign workspace {target} to stage {order}: the service refused ({refused.code})."]
    return []


def _holds(context: Context, pipeline: str, order: int, target: str) -> bool:
    stages = context.target.pipelines.stages(pipeline)
    return any(field(s, "order") == order and lower(s, "workspaceId") == target.lower() for s in stages)


def _workspace(context: Context, source: str) -> str:
    try:
        return context.services.manifest.workspace(context.call.migration, source).target_id
    except NotFound:
        return ""


def _add_users(context: Context, row: ItemRow, pipeline: str, told: Mapping[str, Any]) -> list[str]:
    present = {lower(user, "identifier") for user in context.target.pipelines.users(pipeline)}
    rules, left = rules_of(context.request.principals), list[str]()
    own = context.services.own_principals(context.request.source)
    for user in rows(told, "users"):
        identifier, kind = lower(user, "identifier"), text(user, "principalType") or "User"
        if identifier in own:
            continue
        known, target = counterpart([identifier], rules, is_person=kind == "User")
        if not known:
            left.append(f"{identifier} administered it and has no mapping: add who takes that place.")
        elif target and target.lower() not in present:
            left += _add_user(context, row, pipeline, target, kind)
    return left


def _add_user(context: Context, row: ItemRow, pipeline: str, target: str, kind: str) -> list[str]:
    def act() -> Json:
        try:
            context.target.pipelines.add_user(pipeline, target, cast(PrincipalType, kind))
        except AlreadyExists:
            return {"there": True}
        return {}

    subject = f"{row.source_id}.{target}"
    intent = context.intent("pipelineUser", subject, "Pipelines_UpdatePipelineUser", target)
    try:
        context.services.gate.write(intent, look=lambda before: None, act=act, repeatable=True)
    except TerminalError as refused:
        return [f"Add {target} to it: the service refused ({refused.code})."]
    return []


def _undo(context: Context, row: ItemRow) -> None:
    if later := _later(context, row):
        message = f"Migration {later} has taken over workspaces of its stages, and it with them; it is kept."
        return context.about(row, HANDED_OVER, message)

    def act() -> Json:
        try:
            context.target.pipelines.delete(row.target_id)
        except EntityNotFound:
            return {}
        return {"deleted": row.target_id}

    intent = context.intent(
        "delete", f"pipeline.{row.target_id}", "Pipelines_DeletePipeline", row.source_name
    )
    try:
        context.services.gate.write(intent, look=lambda before: None, act=act, repeatable=True)
    except TerminalError as refused:
        context.about(
            row, REFUSED, f"The service did not let it be deleted: {refused.code}: {refused.message}"
        )
        return
    _update(context, row, state=ItemState.DELETED, note="deleted by the rollback")
    context.services.gate.forget_all(context.call.migration, "")


def _located(context: Context, row: ItemRow) -> ItemRow:
    """With the id of one whose creation's answer was lost before it was recorded."""
    if row.target_id or row.state == ItemState.DELETED:
        return row
    try:
        made = context.services.gate.settle(_creation(context, row), partial(_look, context, row))
    except Ambiguous as unclear:
        context.about(row, KEPT, f"{unclear} Nothing of that was deleted.")
        return row
    if made is None:
        return row
    _update(context, row, target_id=made["id"], target_name=row.source_name)
    return replace(row, target_id=made["id"], target_name=row.source_name)


def _later(context: Context, row: ItemRow) -> str:
    """The migration that has taken over a workspace of its stages meanwhile, "" where none has."""
    tenant, target = context.target_connection.tenant_id, context.target.pipelines
    try:
        spaces = [text(stage, "workspaceId") for stage in target.stages(row.target_id)]
    except TerminalError:  # gone, or closed to us, which its deletion will tell
        return ""
    owners = [context.services.ownership.owner(tenant, space) for space in spaces if space]
    others = (o.migration_id for o in owners if o is not None and o.migration_id != context.call.migration)
    return next(others, "")


def _creation(context: Context, row: ItemRow) -> Intent:
    return context.intent("make", f"{row.kind}.{row.source_id}", "Pipelines_CreatePipeline", row.source_name)


def _fail(context: Context, row: ItemRow, why: str) -> None:
    context.about(row, "item.failed", why)
    _update(context, row, state=ItemState.FAILED, note=why[:2000])


def _withdraw_failure(context: Context, row: ItemRow) -> None:
    """What an earlier attempt has met."""
    met = Obstacle("item.failed", row.kind, row.source_id, row.source_name, "")
    context.services.findings.retract(context.call.migration, met)


def _update(context: Context, row: ItemRow, **changes: Any) -> None:
    context.services.manifest.update_item(context.call.migration, "", Kind.PIPELINE, row.source_id, **changes)
