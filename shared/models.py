"""What the manifest remembers: plain frozen records with explicit JSON forms.

Only JSON crosses a durable boundary or enters a table, so every record says itself how it is written
(`to_dict`) and read (`from_dict`); unknown keys of a newer version are ignored, missing ones take defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

_PLAN = "plan_"  # no migration's id may hold a "_"


def plan_key(plan_id: str) -> str:
    """The run key of a plan: plans live in the tables of migrations, under keys no migration can have."""
    return _PLAN + plan_id


def is_plan(run: str) -> bool:
    return run.startswith(_PLAN)


def plan_id(run: str) -> str:
    return run.removeprefix(_PLAN)


class Record:
    """A dataclass with the dict form shared by all records of this module."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)  # pyright: ignore[reportArgumentType]

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        known = {f.name for f in fields(cls)}  # pyright: ignore[reportArgumentType]
        return cls(**{name: value for name, value in raw.items() if name in known})


class Kind(StrEnum):
    """The `kind` of a mapping row, as the HTTP contract spells it."""

    WORKSPACE = "workspace"
    REPORT = "report"
    PAGINATED_REPORT = "paginatedReport"
    DATASET = "dataset"
    DATAFLOW = "dataflow"
    DASHBOARD = "dashboard"
    APP = "app"
    GATEWAY_DATASOURCE = "gatewayDatasource"
    PIPELINE = "pipeline"
    SUBSCRIPTION = "subscription"
    # Kinds an inventory knows and a mapping does not: nothing of them has a place in the target.
    WORKBOOK = "workbook"
    DATAMART = "datamart"
    FABRIC_ITEM = "fabricItem"  # scorecards, lakehouses, notebooks …; the type is in the name of the verdict


MAPPED = frozenset(Kind) - {Kind.WORKBOOK, Kind.DATAMART, Kind.FABRIC_ITEM}


class ItemState(StrEnum):
    """The `state` of a mapping row."""

    PLANNED = "planned"
    CREATING = "creating"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    MANUAL = "manual"
    DELETED = "deleted"


class WorkspaceStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"
    SKIPPED = "skipped"


class Severity(StrEnum):
    BLOCKER = "blocker"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class MigrationRequest(Record):
    """A validated start request, defaults filled in and names in canonical form (see `intake`)."""

    source: str
    target: str
    workspaces: list[str]
    capacities: dict[str, str] = field(default_factory=dict[str, str])
    gateways: dict[str, str] = field(default_factory=dict[str, str])
    principals: dict[str, str | None] = field(default_factory=dict[str, str | None])
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    credentials: dict[str, str] = field(default_factory=dict[str, str])
    naming: str = "{name}"
    existing: str = "stop"
    cutover: str = "manual"
    freeze: bool = False


@dataclass(frozen=True, slots=True)
class Migration(Record):
    """One migration's own row, or one plan's (whose `id` is its run key; an assessment has no target)."""

    id: str
    status: str
    source: str
    target: str
    body_hash: str
    created: str
    updated: str
    cutover: str = "manual"
    cutover_at: str = ""
    cutover_reason: str = ""
    error_code: str = ""
    error_message: str = ""
    planned: bool = False  # the plan was finished once: a retry need not make it again
    attempt: int = 0  # how often `retry` has begun anew
    paused_in: str = ""  # the status that `resume` goes back to
    drained: bool = False  # paused, and the instance has nothing more to do: it is ending or has ended


@dataclass(frozen=True, slots=True)
class WorkspaceRow(Record):
    """One source workspace and its place in the target."""

    source_id: str
    source_name: str
    target_id: str = ""
    target_name: str = ""
    state: str = ItemState.PLANNED
    status: str = WorkspaceStatus.PENDING
    step: str = "inventory"
    error_code: str = ""
    error_message: str = ""
    source_capacity: str = ""
    target_capacity: str = ""
    origin: str = ""  # created | ours (an earlier migration of this app made it) | merged (somebody else's)
    created_at: str = ""  # where origin is "created": when we knew
    earlier: str = ""  # where origin is "ours": the migration whose manifest knows the items made then
    note: str = ""
    attempt: int = 0  # the attempt of the migration in which it was closed last
    counts: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    links: bool = False  # some of its items named what had no place in the target yet
    route: str = ""  # the verdict on the workspace itself: recreate, staysBehind
    reason: str = ""
    todo: str = ""
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class ItemRow(Record):
    """One item with an id that moves, one manifest row."""

    workspace_id: str
    kind: str
    source_id: str
    source_name: str
    target_id: str = ""
    target_name: str = ""
    state: str = ItemState.PLANNED
    note: str = ""
    dataset_id: str = ""  # of a report: the source model it is bound to
    blob: str = ""
    length: int = 0
    sha256: str = ""  # of the bytes the export gave
    sent_sha256: str = ""  # of the bytes the import was given
    import_id: str = ""
    import_tries: int = 0  # imports of it that failed; after every third one it waits for people
    damages: int = 0  # staged copies that were not what was exported, likewise
    route: str = ""  # shared.assessment.model.Route
    reason: str = ""  # why this route
    lost: str = ""
    todo: str = ""
    minutes: int = 0  # of a person's time
    needs: list[str] = field(default_factory=list[str])  # what must be there before it: see `Need`
    links: int = 0  # source ids that its content named when it arrived, without a place in the target yet
    links_after: int = 0  # the same, were it sent once more now
    renew: str = ""  # the source has a newer content, modified then, which is to go over what arrived
    renewed: str = ""  # when the content was modified that went over it last


@dataclass(frozen=True, slots=True)
class Need:
    """An item that another one can't do without, by its ids in the source (lower case)."""

    workspace: str
    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.workspace}/{self.kind}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> Need:
        workspace, kind, identity = text.split("/", 2)
        return cls(workspace, Kind(kind), identity)


@dataclass(frozen=True, slots=True)
class Finding(Record):
    """One obstacle or observation; `key` tells two findings of one code on one object apart."""

    severity: str
    code: str
    kind: str
    id: str
    name: str
    workspace_id: str
    message: str
    remedy: str
    key: str = ""
