"""Starting a migration and giving it verbs: the only two ways in which people change what happens.

The manifest decides, the orchestration follows: first the row (inserted or moved under its etag), then the
instance. If the process dies between the two, the watchdog starts what the row says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from shared.errors import Conflict
from shared.intake import Start, parse_cutover, parse_json, parse_start
from shared.models import Migration
from shared.services import Services, request_path
from shared.statuses import RESTING, VERBS, Status, allowed_verbs


class Starter(Protocol):
    """Makes sure an instance of the orchestrator runs; one that runs already is left alone."""

    def __call__(self, orchestrator: str, instance_id: str, payload: dict[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Started:
    migration: Migration
    is_new: bool


def start(services: Services, starter: Starter, raw: bytes) -> Started:
    """Accept a start body: the same id and body again is the existing migration, never a second run.

    Raises InvalidInput with every fault, or Conflict where the id belongs to another body.
    """
    wanted = parse_start(parse_json(raw), services.settings)
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
    if migration.status not in RESTING:
        run(services, starter, migration)
    return Started(migration, is_new)


def cut_over(services: Services, starter: Starter, migration_id: str, raw: bytes) -> Migration:
    """The verb `cutover`: accepted where the status table allows it or its goal already holds.

    Raises NotFound, InvalidInput, or Conflict naming the allowed verbs.
    """
    migration = services.manifest.migration(migration_id)
    forced, reason = parse_cutover(parse_json(raw) if raw.strip() else {})
    reached, starts, holds = VERBS["cutover"]
    status = Status(migration.status)
    if status not in holds and not migration.cutover_at:
        if status not in starts:
            raise _refused("cutover", status)
        migration = services.manifest.move_to(migration_id, reached, cutover_reason=_noted(forced, reason))
    if migration.status not in RESTING:
        run(services, starter, migration)
    return migration


def run(services: Services, starter: Starter, migration: Migration) -> None:
    """Start the migration's orchestration, which goes on from the status in the manifest.

    The cutover has an instance of its own: the one that brought the migration to rest may still be ending, and
    an instance that lives is never started again.
    """
    instance = f"{migration.id}.cutover" if migration.status == Status.CUTOVER else migration.id
    payload = {"migration": migration.id, "scale": services.settings.poll_scale}
    starter("migration", instance, payload)


def restart_unfinished(services: Services, starter: Starter) -> list[str]:
    """The watchdog: every migration that is not at rest gets its instance, unless it has one."""
    unfinished = [row for row in services.manifest.each_migration() if row.status not in RESTING]
    for migration in unfinished:
        run(services, starter, migration)
    return [migration.id for migration in unfinished]


def _same(services: Services, wanted: Start) -> Migration:
    existing = services.manifest.migration(wanted.id)
    if existing.body_hash != wanted.body_hash:
        services.documents.delete(request_path(wanted.id, wanted.body_hash))  # nobody will ever ask for it
        raise Conflict(
            f"migration {wanted.id!r} was started with another body; use another id",
            allowed_verbs(existing.status),
            "migration.otherBody",
        )
    return existing


def _noted(forced: bool, reason: str) -> str:
    return f"forced: {reason}" if forced else reason


def _refused(verb: str, status: Status) -> Conflict:
    allowed = allowed_verbs(status)
    return Conflict(f"{verb} is not possible while the migration is {status}", allowed, "migration.status")
