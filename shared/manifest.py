"""The manifest: what exists in the source, what became of it in the target, and how far every part is.

It is the only memory between activities; resume, reports and every later step read it. Three tables:
migrations (one row each), workspaces (spread over 32 partitions per migration so that none is hot and
counters stay cheap), items (one partition per workspace). Changes are read-modify-write under an etag, so
activities that run twice or at once can't undo each other.

Counters are derived, never incremented: a workspace's counts come from its item rows, a shard's from its
workspace rows, the migration's from 32 shard rows. A crash between two writes leaves a number that is late,
and the next count makes it right.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from shared.clock import Clock
from shared.errors import Conflict, NotFound
from shared.models import ItemRow, Kind, Migration, WorkspaceRow, WorkspaceStatus, is_plan, plan_id
from shared.statuses import WRITING, Status, allowed_verbs, may_follow, published
from shared.tables import Table, Tables, hashed, key

SHARDS = 32
_MIGRATIONS, _WORKSPACES, _ITEMS, _COUNTS = "PbiMigrations", "PbiWorkspaces", "PbiItems", "PbiCounts"
_ALL = {False: "migration", True: "plan"}  # the partitions of runs, by whether they are plans
_PLAIN_ID = re.compile(r"[a-z0-9-]{1,64}")
_TRIES = 50
_PLANNED = ("source_name", "target_name", "source_capacity", "target_capacity")  # what a plan decides
_NONE = {"total": 0, "done": 0, "failed": 0, "manual": 0}


@dataclass(frozen=True, slots=True)
class Listing[T]:
    """One page of rows and the token of the next one, None at the end."""

    rows: list[T]
    token: str | None


def safe_id(identity: str) -> str:
    """A service id as a table key or blob name part: itself in lower case, or its hash if it is no plain id."""
    lower = identity.lower()
    return lower if identity.isascii() and _PLAIN_ID.fullmatch(lower) else hashed(identity)


def shard_of(workspace_id: str) -> str:
    return f"{zlib.crc32(safe_id(workspace_id).encode()) % SHARDS:02x}"


class Manifest:
    def __init__(self, tables: Tables, clock: Clock):
        self._tables = tables
        self._clock = clock

    # -- migrations ---------------------------------------------------------------------------------------

    def create(self, migration: Migration) -> bool:
        """Insert a migration; False where the id is taken."""
        return self._migrations.insert(_partition(migration.id), key(migration.id), migration.to_dict())

    def find(self, migration_id: str) -> Migration | None:
        known = _PLAIN_ID.fullmatch(plan_id(migration_id))
        found = self._migrations.get(_partition(migration_id), migration_id) if known else None
        return Migration.from_dict(found[0]) if found else None

    def migration(self, migration_id: str) -> Migration:
        """The migration's row; NotFound where there is none."""
        found = self.find(migration_id)
        if found is None:
            what = "plan" if is_plan(migration_id) else "migration"
            raise NotFound(f"there is no {what} {plan_id(migration_id)[:60]!r}", f"{what}.unknown")
        return found

    def named(self, migration_id: str) -> Migration:
        """The migration that a request from outside names; the run key of a plan names none."""
        if is_plan(migration_id):
            raise NotFound(f"there is no migration {migration_id[:60]!r}", "migration.unknown")
        return self.migration(migration_id)

    def may_write(self, migration_id: str) -> bool:
        """False once a migration was paused, cancelled or has come to rest."""
        return self.migration(migration_id).status in WRITING

    def migrations(self, top: int, token: str | None, *, plans: bool = False) -> Listing[Migration]:
        page = self._migrations.page(_ALL[plans], _ALL[plans], top, token)
        return Listing([Migration.from_dict(row) for row in page.rows], page.token)

    def each_migration(self) -> Iterator[Migration]:
        return map(Migration.from_dict, self._migrations.partition(_ALL[False]))

    def each_run(self) -> Iterator[Migration]:
        """Every migration, then every plan."""
        yield from self.each_migration()
        yield from map(Migration.from_dict, self._migrations.partition(_ALL[True]))

    def move_to(self, migration_id: str, status: Status, **changes: Any) -> Migration:
        """Follow the status table to `status`; a move that has already happened changes nothing.

        Conflict where the table has no such step, naming the verbs that are allowed instead.
        """
        return self.decide(
            migration_id, lambda now: None if now.status == status else {**changes, "status": status}
        )

    def decide(self, migration_id: str, decision: Callable[[Migration], dict[str, Any] | None]) -> Migration:
        """Change a migration by what it is now, with nobody in between; None changes nothing.

        Conflict where the status table does not have the step.
        """

        def step(row: dict[str, Any]) -> dict[str, Any] | None:
            changes = decision(Migration.from_dict(row))
            if changes is None:
                return None
            status = changes.get("status", row["status"])
            if status != row["status"] and not may_follow(row["status"], status):
                raise Conflict(
                    f"a migration that is {published(row['status'])} can't become {published(status)}",
                    allowed_verbs(row["status"]),
                    "migration.status",
                )
            return {**row, **_plain(changes), "updated": self._now()}

        return Migration.from_dict(_change(self._migrations, _partition(migration_id), migration_id, step))

    # -- workspaces ---------------------------------------------------------------------------------------

    def plan_workspace(self, migration_id: str, row: WorkspaceRow) -> None:
        """Insert a workspace's row; one that exists already keeps its progress, and takes over what is planned
        anew as long as nothing of it has begun."""
        pk, rk = _workspace_key(migration_id, row.source_id)
        if self._workspaces.insert(pk, rk, row.to_dict()):
            return
        planned = {name: getattr(row, name) for name in _PLANNED}

        def renew(now: dict[str, Any]) -> dict[str, Any] | None:
            return {**now, **planned} if now["status"] == WorkspaceStatus.PENDING else None

        _change(self._workspaces, pk, rk, renew)

    def workspace(self, migration_id: str, workspace_id: str) -> WorkspaceRow:
        found = self._workspaces.get(*_workspace_key(migration_id, workspace_id))
        if found is None:
            raise NotFound(f"workspace {workspace_id} is not in the manifest", "workspace.unknown")
        return WorkspaceRow.from_dict(found[0])

    def has_workspace(self, migration_id: str, workspace_id: str) -> bool:
        return self._workspaces.get(*_workspace_key(migration_id, workspace_id)) is not None

    def update_workspace(self, migration_id: str, workspace_id: str, **changes: Any) -> WorkspaceRow:
        pk, rk = _workspace_key(migration_id, workspace_id)
        return WorkspaceRow.from_dict(
            _change(self._workspaces, pk, rk, lambda row: {**row, **_plain(changes)})
        )

    def workspaces(self, migration_id: str, top: int, token: str | None = None) -> Listing[WorkspaceRow]:
        page = self._workspaces.page(key(migration_id, "00"), key(migration_id, "ff"), top, token)
        return Listing([WorkspaceRow.from_dict(row) for row in page.rows], page.token)

    # -- items --------------------------------------------------------------------------------------------

    def plan_items(self, migration_id: str, workspace_id: str, rows: list[ItemRow]) -> None:
        """Insert the rows that are not there yet; rows with progress stay as they are."""
        pk = _items_key(migration_id, workspace_id)
        # By key: a list may repeat an item, and the service refuses a transaction that names a row twice.
        wanted = {_item_rk(row.kind, row.source_id): row.to_dict() for row in rows}
        for _ in range(_TRIES):
            known = {row["RowKey"] for row in self._items.partition(pk)}
            fresh = {rk: values for rk, values in wanted.items() if rk not in known}
            if self._items.insert_all(pk, fresh):
                return
        raise TimeoutError(f"the items of {workspace_id} were planned {_TRIES} times at once")

    def item(self, migration_id: str, workspace_id: str, kind: Kind, source_id: str) -> ItemRow:
        found = self._items.get(_items_key(migration_id, workspace_id), _item_rk(kind, source_id))
        if found is None:
            raise NotFound(f"{kind} {source_id} is not in the manifest", "item.unknown")
        return ItemRow.from_dict(found[0])

    def update_item(
        self, migration_id: str, workspace_id: str, kind: Kind, source_id: str, **changes: Any
    ) -> ItemRow:
        pk = _items_key(migration_id, workspace_id)
        row = _change(self._items, pk, _item_rk(kind, source_id), lambda old: {**old, **_plain(changes)})
        return ItemRow.from_dict(row)

    def items_of(self, migration_id: str, workspace_id: str) -> list[ItemRow]:
        return [
            ItemRow.from_dict(row) for row in self._items.partition(_items_key(migration_id, workspace_id))
        ]

    def items(self, migration_id: str, top: int, token: str | None = None) -> Listing[ItemRow]:
        page = self._items.page(key(migration_id, "-"), key(migration_id, "~"), top, token)
        return Listing([ItemRow.from_dict(row) for row in page.rows], page.token)

    # -- counters -----------------------------------------------------------------------------------------

    def count_workspace(self, migration_id: str, workspace_id: str) -> None:
        """Bring the counters of a workspace, and of the shard it lies in, up to date with the rows."""
        self.count_items_of(migration_id, workspace_id)
        self._count_shard(migration_id, shard_of(workspace_id))

    def count_items_of(self, migration_id: str, workspace_id: str) -> None:
        """The workspace's own counters alone. Before it is closed: nobody counts a closed one's items again."""
        pk, rk = _workspace_key(migration_id, workspace_id)

        def counted(row: dict[str, Any]) -> dict[str, Any]:
            """Counts after the row was read: of two counts at once the older one loses."""
            return {**row, "counts": count_items(self.items_of(migration_id, workspace_id))}

        _change(self._workspaces, pk, rk, counted)

    def recount(self, migration_id: str) -> None:
        """Count every shard anew from its workspace rows; the empty ones of a small estate cost nothing."""
        counted = {row["RowKey"] for row in self._counts.partition(key(migration_id))}
        for shard in sorted(counted | self._shards_in_use(migration_id)):
            self._count_shard(migration_id, shard)

    def progress(self, migration_id: str) -> dict[str, Any]:
        """`{"workspaces": {total, done, failed}, "items": {kind: {total, done, failed, manual}}}`."""
        statuses: Counter[str] = Counter()
        items: dict[str, Counter[str]] = {}
        for shard in self._counts.partition(key(migration_id)):
            statuses.update(shard["workspaces"])
            for kind, counts in shard["items"].items():
                items.setdefault(kind, Counter()).update(counts)
        failed = statuses[WorkspaceStatus.FAILED] + statuses[WorkspaceStatus.BLOCKED]
        return {
            "workspaces": {
                "total": statuses.total(),
                "done": statuses[WorkspaceStatus.DONE],
                "failed": failed,
            },
            "items": {kind: dict(counts) for kind, counts in sorted(items.items())},
        }

    def _shards_in_use(self, migration_id: str) -> set[str]:
        workspaces = self._workspaces.row_keys(key(migration_id, "00"), key(migration_id, "ff"))
        return {shard_of(workspace) for workspace in workspaces}

    def _count_shard(self, migration_id: str, shard: str) -> None:
        """Sum one shard. The version read first and replaced last: of two sums at once the older one loses."""
        pk = key(migration_id)
        for _ in range(_TRIES):
            before = self._counts.get(pk, shard)
            values = self._sum_shard(migration_id, shard)
            if before is None:
                written = self._counts.insert(pk, shard, values)
            else:
                written = self._counts.replace(pk, shard, values, before[1])
            if written:
                return
        raise TimeoutError(f"counter {shard} of {migration_id} changed {_TRIES} times while it was summed")

    def _sum_shard(self, migration_id: str, shard: str) -> dict[str, Any]:
        statuses: Counter[str] = Counter()
        items: dict[str, Counter[str]] = {}
        for row in self._workspaces.partition(key(migration_id, shard)):
            statuses[row["status"]] += 1
            for kind, counts in row["counts"].items():
                items.setdefault(kind, Counter(_NONE)).update(counts)
        return {"workspaces": dict(statuses), "items": {kind: dict(counts) for kind, counts in items.items()}}

    # -- tables -------------------------------------------------------------------------------------------

    @property
    def _migrations(self) -> Table:
        return self._tables[_MIGRATIONS]

    @property
    def _workspaces(self) -> Table:
        return self._tables[_WORKSPACES]

    @property
    def _items(self) -> Table:
        return self._tables[_ITEMS]

    @property
    def _counts(self) -> Table:
        return self._tables[_COUNTS]

    def _now(self) -> str:
        return self._clock.now().isoformat()


def count_items(items: Iterable[ItemRow]) -> dict[str, dict[str, int]]:
    """`{kind: {total, done, failed, manual}}`."""
    counts: dict[str, dict[str, int]] = {}
    for item in items:
        of_kind = counts.setdefault(item.kind, dict(_NONE))
        of_kind["total"] += 1
        if item.state in of_kind:
            of_kind[item.state] += 1
    return counts


def _change(table: Table, pk: str, rk: str, change: Any) -> dict[str, Any]:
    """Read, change, write back under the etag until nobody came between; `change` returning None keeps the row."""
    for _ in range(_TRIES):
        found = table.get(pk, rk)
        if found is None:
            raise NotFound(f"no row {rk}", "row.unknown")
        row, etag = found
        changed = change(row)
        if changed is None:
            return row
        if table.replace(pk, rk, _without_keys(changed), etag):
            return changed
    raise TimeoutError(f"row {rk} changed {_TRIES} times while it was updated")


def _without_keys(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in {"PartitionKey", "RowKey"}}


def _plain(changes: dict[str, Any]) -> dict[str, Any]:
    """Enumerations as the plain text they stand for: the table SDK stores only plain types."""
    return {name: str(value) if isinstance(value, str) else value for name, value in changes.items()}


def _partition(run: str) -> str:
    return _ALL[is_plan(run)]


def _workspace_key(migration_id: str, workspace_id: str) -> tuple[str, str]:
    return key(migration_id, shard_of(workspace_id)), safe_id(workspace_id)


def _items_key(migration_id: str, workspace_id: str) -> str:
    return key(migration_id, safe_id(workspace_id))


def _item_rk(kind: str, source_id: str) -> str:
    return key(kind, safe_id(source_id))
