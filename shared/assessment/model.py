"""The words of an assessment: routes, verdicts, obstacles, and what they are judged from.

An inventory document is one workspace as the APIs told it, in their own words and spelling (see
`activities/inventory.py` for its parts). Everything here is decided from such documents and a few facts, so the
same estate gets the same verdicts, in a plan and in a migration.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.models import Record

type Json = dict[str, Any]


class Route(StrEnum):
    """How an item gets to the other side."""

    PBIX = "pbix"  # downloaded and imported as a file, with its model
    DEFINITION = "definition"  # TMDL or PBIR by the Fabric definition operations
    RDL = "rdl"
    MODEL_JSON = "modelJson"  # dataflows of the first generation
    RECREATE = "recreate"  # made anew by API: workspaces, pipelines, data sources, dashboard shells
    BY_HAND = "byHand"  # a person, with a task that names object and clicks
    STAYS_BEHIND = "staysBehind"  # nothing moves it, or nobody should


@dataclass(frozen=True, slots=True)
class Verdict(Record):
    """What becomes of one item: exactly one per item of the inventory."""

    workspace_id: (
        str  # source; "" for what belongs to the tenant (gateway data sources, deployment pipelines)
    )
    kind: str  # shared.models.Kind
    source_id: str
    source_name: str
    route: str
    reason: str  # why this route, one sentence
    lost: str = ""  # what does not arrive by it, "" where nothing is lost
    todo: str = ""  # what a person must do, "" where nothing
    minutes: int = 0  # of a person's time
    dataset_id: str = ""  # of a report: the source model it is bound to
    alone: bool = True  # a PBIX report: it brings its model along (one report per model does)
    needs: list[str] = field(default_factory=list[str])  # shared.models.Need, of what moves too


@dataclass(frozen=True, slots=True)
class Facts:
    """What a verdict needs to know beyond the workspace's own document."""

    mode: str = "scanner"  # scanner | member: the latter's documents don't tell users, roles, data sources
    selected: frozenset[str] = frozenset()  # ids of the workspaces that move, lower case
    has_target: bool = True  # False: an assessment of the source alone
    target_user: bool = False  # a master user is configured for the target
    source_user: bool = False
    on_capacity: bool | None = None  # in the target; None: not decided (assessment)
    right: str = "unknown"  # of the source identity in this workspace: write | read | none | unknown


@dataclass(frozen=True, slots=True)
class Obstacle(Record):
    """One finding to be: what stands in the way. `code` is one of shared.findings.CATALOGUE."""

    code: str
    kind: str
    id: str
    name: str
    message: str
    workspace_id: str = ""
    key: str = ""


_STAYS = frozenset({"personal", "deleted", "other"})


@dataclass(frozen=True, slots=True)
class Extract(Record):
    """What the end of a plan needs of one workspace: small, so that 10,000 of them are no burden.

    Lower case ids throughout. One per workspace, written in batches of up to 100 beside the inventory.
    """

    workspace_id: str
    name: str
    kind: str = "workspace"  # workspace | personal | deleted | orphaned | classic
    capacity: str = ""  # source capacity id
    target_capacity: str = ""
    target_name: str = ""
    upstream: list[str] = field(default_factory=list[str])  # workspaces whose models or dataflows it uses
    # {identifier: {"kind": User|Group|App, "name", "upn", "guest": bool, "best": highest right, "count"}}
    principals: dict[str, Json] = field(default_factory=dict[str, Json])
    # {data source key (type:server;database): {"type", "gateway": gateway id or "", "models": [model ids]}}
    sources: dict[str, Json] = field(default_factory=dict[str, Json])
    # counts for the forecast and the report: reports, models, refreshable, dataflows, users, tiles, …
    counts: dict[str, int] = field(default_factory=dict[str, int])
    routes: dict[str, int] = field(default_factory=dict[str, int])  # route -> items
    kinds: dict[str, dict[str, int]] = field(
        default_factory=dict[str, dict[str, int]]
    )  # kind -> route -> items
    minutes: int = 0

    @property
    def moves(self) -> bool:
        """Neither somebody's own nor deleted nor one of the service's."""
        return self.kind not in _STAYS
