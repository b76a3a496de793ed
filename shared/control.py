"""Starting a migration and giving it verbs: the only two ways in which people change what happens.

The manifest decides, the orchestration follows: first the row (inserted or changed under its etag), then the
instance. If the process dies between the two, the watchdog starts what the row says. An instance that runs
reads the row before every piece of work, so a verb needs no message to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from shared.errors import Conflict
from shared.intake import Start, parse_cutover, parse_nothing, parse_plan, parse_rollback, parse_start
from shared.models import Migration, is_plan, plan_id, plan_key
from shared.services import Services, request_path
from shared.statuses import ACTIVE, RESTING, VERBS, Status, allowed_verbs, published
from shared.strict_json import parse_json

_STOPPING = frozenset({"pause", "cancel"})
_UNDERWAY_S = 0.5  # a write permitted just before the verb has left by the time people are answered

type Changes = dict[str, Any]
type Decision = Callable[[Migration], Changes]


class Starter(Protocol):
    """Makes sure an instance of the orchestrator runs; one that runs already is left alone.

    `ending`: one that still runs has nothing more to do; its end is awaited for a moment.
    """

    def __call__(
        self, orchestrator: str, instance_id: str, payload: dict[str, Any], *, ending: bool = False
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Started:
    migration: Migration
    is_new: bool


def start(services: Services, starter: Starter, raw: bytes) -> Started:
    """Accept a start body: the same id and body again is the existing migration, never a second run.

    Raises InvalidInput with every fault, or Conflict where the id belongs to another body.
    """
    return _start(services, starter, parse_start(parse_json(raw), services.settings))


def start_plan(services: Services, starter: Starter, raw: bytes) -> Started:
    """Accept the body of a plan, or of an assessment; nothing of it is ever written in either tenant.

    As `start`; one that has failed begins anew.
    """
    wanted = parse_plan(parse_json(raw), services.settings)
    wanted = replace(wanted, id=plan_key(wanted.id))
    started = _start(services, starter, wanted)
    if started.migration.status != Status.FAILED:
        return started
    again = services.manifest.decide(wanted.id, _plan_again)
    run(services, starter, again, ending=True)
    return Started(again, is_new=True)


def _plan_again(now: Migration) -> Changes | None:
    if now.status != Status.FAILED:
        return None
    return {"status": Status.PLANNING, "attempt": now.attempt + 1, "error_code": "", "error_message": ""}


def _start(services: Services, starter: Starter, wanted: Start) -> Started:
    services.documents.write_json(request_path(wanted.id, wanted.body_hash), wanted.request.to_dict())
    now = services.clock.now().isoformat()
    migration = Migration(
        wanted.id,
        Status.PLANNING,
        wanted.request.source,
        wanted.request.target,
        wanted.body_hash,
        now,
        now,
        cutover=wanted.request.cutover,
    )
    is_new = services.manifest.create(migration)
    if not is_new:
        migration = _same(services, wanted)
    if migration.status in ACTIVE:
        run(services, starter, migration)
    return Started(migration, is_new)


def apply(services: Services, starter: Starter, migration_id: str, verb: str, raw: bytes) -> Migration:
    """Give a migration a verb: accepted where the table allows it, or where its goal already holds.

    Raises NotFound, InvalidInput with every fault, or Conflict naming the allowed verbs.
    """
    services.manifest.named(migration_id)
    decide = DECISIONS[verb](services, migration_id, parse_json(raw) if raw.strip() else {})
    before: list[Migration] = []

    def decision(now: Migration) -> Changes | None:
        before.append(now)
        table, status = VERBS[verb], Status(now.status)
        if status not in table.starts | table.holds:
            raise _refused(verb, now)
        changes = decide(now)  # which may refuse for reasons the table can't know
        return changes or None if status in table.starts else None

    migration = services.manifest.decide(migration_id, decision)
    if verb in _STOPPING:
        services.clock.sleep(_UNDERWAY_S)
    if migration.status in ACTIVE:
        was = before[-1]
        run(services, starter, migration, ending=was.status in RESTING or was.drained)
    return migration


def _pause(services: Services, migration_id: str, body: Any) -> Decision:
    parse_nothing(body)
    return lambda now: {"status": Status.PAUSED, "paused_in": now.status, "drained": False}


def _resume(services: Services, migration_id: str, body: Any) -> Decision:
    parse_nothing(body)
    return lambda now: {"status": now.paused_in, "paused_in": "", "drained": False}


def _cancel(services: Services, migration_id: str, body: Any) -> Decision:
    """Whatever is under way ends first, so this is not the end yet."""
    parse_nothing(body)
    return lambda now: {"status": Status.CANCELLING, "drained": False}


def _retry(services: Services, migration_id: str, body: Any) -> Decision:
    """Every workspace is looked at again; what is missing or failed is done."""
    parse_nothing(body)
    return lambda now: {
        "status": Status.RUNNING if now.planned else Status.PLANNING,
        "attempt": now.attempt + 1,
        "error_code": "",
        "error_message": "",
    }


def _cut_over(services: Services, migration_id: str, body: Any) -> Decision:
    forced, reason = parse_cutover(body)
    changes = {"status": Status.CUTOVER, "cutover_reason": f"forced: {reason}" if forced else reason}
    return lambda now: {} if now.cutover_at else changes


def _roll_back(services: Services, migration_id: str, body: Any) -> Decision:
    """To "nothing": what we created is deleted. To "ready": the cutover is undone, nothing is deleted."""
    if parse_rollback(body, migration_id) == "nothing":
        return lambda now: {"status": Status.ROLLING_BACK, "cutover_at": "", "cutover_reason": ""}

    def undo_cutover(now: Migration) -> Changes:
        if now.status == Status.READY or (now.status == Status.PARTIAL and not now.cutover_at):
            return {}
        if not now.cutover_at:
            allowed = allowed_verbs(now.status)
            raise Conflict("there is no cutover to undo", allowed, "migration.status")
        whole = now.status == Status.SUCCEEDED
        return {
            "status": Status.READY if whole else now.status,
            "cutover_at": "",
            "cutover_reason": "",
        }

    return undo_cutover


DECISIONS: dict[str, Callable[[Services, str, Any], Decision]] = {
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    "retry": _retry,
    "cutover": _cut_over,
    "rollback": _roll_back,
}


def run(services: Services, starter: Starter, migration: Migration, *, ending: bool = False) -> None:
    """Start the migration's orchestration, which goes on from the status in the manifest."""
    payload = {"migration": migration.id, "scale": services.settings.poll_scale}
    starter("migration", migration.id, payload, ending=ending)


def restart_unfinished(services: Services, starter: Starter) -> list[str]:
    """The watchdog: every migration that has something to do gets its instance, unless it has one."""
    unfinished = [row for row in services.manifest.each_run() if row.status in ACTIVE]
    refused: list[Exception] = []
    for migration in unfinished:
        try:
            run(services, starter, migration)
        except Exception as error:  # noqa: BLE001 - raised below, once the others have had their turn
            refused.append(error)
    if refused:
        raise refused[0]
    return [migration.id for migration in unfinished]


def _same(services: Services, wanted: Start) -> Migration:
    existing = services.manifest.migration(wanted.id)
    if existing.body_hash != wanted.body_hash:
        services.documents.delete(request_path(wanted.id, wanted.body_hash))  # nobody will ever ask for it
        what = "plan" if is_plan(wanted.id) else "migration"
        raise Conflict(
            f"{what} {plan_id(wanted.id)!r} was started with another body; use another id",
            allowed_verbs(existing.status),
            f"{what}.otherBody",
        )
    return existing


def _refused(verb: str, now: Migration) -> Conflict:
    status = published(now.status)
    return Conflict(
        f"{verb} is not possible while the migration is {status}",
        allowed_verbs(now.status),
        "migration.status",
    )
