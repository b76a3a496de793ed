"""Every call a migration makes of the service, in the order of the work: one line per phase and operation.

Written down from `activities` and `orchestrators`: whoever changes a sequence of calls there changes its line
here (tests/app/test_app_forecast.py holds both against the calls of a real run). Retries, and what only repairs
something, are in no line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from shared.powerbi import operations as op
from shared.powerbi.operations import Operation

type Side = Literal["source", "target"]


class Per(StrEnum):
    """What a line is counted by; all but the first are summed up over the workspaces that move."""

    RUN = "runs"
    LISTING = "listings"  # pages of the admin list of all workspaces
    OWN_LISTING = "ownListings"  # pages of the list of the workspaces the identity is in
    OWN_FALLBACK = "ownListingsInstead"  # the same once more, where there are no admin rights
    APPS, PIPELINES, ITEMS = "appListings", "pipelineListings", "itemListings"  # pages of these lists
    SOURCE_GATEWAY, TARGET_GATEWAY = "sourceGateways", "targetGateways"  # those we administer
    DIRECTORY = "directoryBatches"  # of 20 principals, where Microsoft Graph is configured
    BATCH = "batches"  # of up to 100 workspaces, one scan each
    LISTED = "listed"  # workspaces read by their own lists, where there are no admin rights
    WORKSPACE = "workspaces"
    ON_CAPACITY = "onCapacity"  # workspaces that get a capacity
    REPORT = "pbixReports"  # moved as a file, each with its model
    RENAMED = "renamed"  # models of another name than the report they travel with
    GRANT = "grants"  # principals that get a right on a workspace
    GRANT_ROUND = "grantRounds"  # looks at a workspace's users, one before every 25 grants
    CHECK = "checks"  # looks at a workspace's models, one before every 20 refreshes
    REFRESHING = "refreshing"  # workspaces with something to refresh
    ON_SHARED = "refreshesOnShared"
    ON_OWN = "refreshesOnCapacity"
    REFRESH = "refreshes"  # both of them


class Looks(StrEnum):
    """How often something is looked at until it has ended: as often as it takes long."""

    SCAN = "scan"
    CAPACITY = "capacity"
    IMPORT = "import"
    REFRESH = "refresh"  # of the first one of a workspace, beyond one look; the others end meanwhile


@dataclass(frozen=True, slots=True)
class Line:
    """`times` calls of one operation for each of something."""

    phase: str
    side: Side
    operation: Operation
    per: Per
    times: float | Looks = 1


LINES: tuple[Line, ...] = (
    # activities/planning.py
    Line("plan", "source", op.LIST_GROUPS_AS_ADMIN, Per.LISTING),
    Line("plan", "source", op.LIST_GROUPS, Per.OWN_FALLBACK),
    Line("plan", "source", op.LIST_CAPACITIES_AS_ADMIN, Per.RUN),
    Line("plan", "target", op.LIST_CAPACITIES, Per.RUN),
    # activities/tenancy.py, directory.py: the tenants' own lists
    Line("plan", "source", op.LIST_CAPACITIES_AS_ADMIN, Per.RUN),
    Line("plan", "source", op.LIST_GROUPS, Per.OWN_LISTING),
    Line("plan", "source", op.LIST_GATEWAYS, Per.RUN),
    Line("plan", "source", op.LIST_GATEWAY_DATASOURCES, Per.SOURCE_GATEWAY),
    Line("plan", "source", op.LIST_APPS_AS_ADMIN, Per.APPS),
    Line("plan", "source", op.LIST_PIPELINES_AS_ADMIN, Per.PIPELINES),
    Line("plan", "source", op.LIST_FABRIC_ITEMS_AS_ADMIN, Per.ITEMS),
    Line("plan", "target", op.LIST_CAPACITIES, Per.RUN),
    Line("plan", "target", op.LIST_GATEWAYS, Per.RUN),
    Line("plan", "target", op.LIST_GATEWAY_DATASOURCES, Per.TARGET_GATEWAY),
    Line("plan", "target", op.GRAPH_BATCH, Per.DIRECTORY),
    # activities/inventory.py
    Line("plan", "source", op.POST_WORKSPACE_INFO, Per.BATCH),
    Line("plan", "source", op.GET_SCAN_STATUS, Per.BATCH, Looks.SCAN),
    Line("plan", "source", op.GET_SCAN_RESULT, Per.BATCH),
    Line("plan", "source", op.LIST_REPORTS, Per.LISTED),
    Line("plan", "source", op.LIST_DATASETS, Per.LISTED),
    Line("plan", "source", op.LIST_DASHBOARDS, Per.LISTED),
    Line("plan", "source", op.LIST_DATAFLOWS, Per.LISTED),
    Line("plan", "source", op.LIST_GROUP_USERS, Per.LISTED),
    # containers: activities/workspaces.py, capacity.py
    Line("containers", "source", op.LIST_REPORTS, Per.WORKSPACE),
    Line("containers", "target", op.LIST_GROUPS, Per.WORKSPACE),  # by name: is it taken?
    Line("containers", "target", op.CREATE_GROUP, Per.WORKSPACE),
    Line("containers", "target", op.GET_GROUP, Per.WORKSPACE),  # does our right on it hold?
    Line("containers", "target", op.GET_GROUP, Per.ON_CAPACITY),  # does it lie there already?
    Line("containers", "target", op.ASSIGN_TO_CAPACITY, Per.ON_CAPACITY),
    Line("containers", "target", op.CAPACITY_ASSIGNMENT_STATUS, Per.ON_CAPACITY, Looks.CAPACITY),
    # models: activities/exports.py, sending.py, survey.py, imports.py, adoption.py
    Line("models", "source", op.EXPORT_REPORT, Per.REPORT),
    Line("models", "target", op.LIST_DATASETS, Per.REPORT),  # the survey before an import
    Line("models", "target", op.LIST_REPORTS, Per.REPORT),
    Line("models", "target", op.LIST_IMPORTS, Per.REPORT),
    Line("models", "target", op.POST_IMPORT, Per.REPORT),
    Line("models", "target", op.GET_IMPORT, Per.REPORT, Looks.IMPORT),
    Line("models", "target", op.UPDATE_SEMANTIC_MODEL, Per.RENAMED),
    # access: activities/access.py
    Line("access", "target", op.LIST_GROUP_USERS, Per.GRANT_ROUND),
    Line("access", "target", op.ADD_GROUP_USER, Per.GRANT),
    # validation: activities/validation.py
    Line("validation", "target", op.LIST_DATASETS, Per.CHECK),
    Line("validation", "target", op.LIST_REPORTS, Per.WORKSPACE),
    Line("validation", "target", op.GET_REFRESH_HISTORY, Per.REFRESH),  # what was refreshed before us
    Line("validation", "target", op.REFRESH_DATASET, Per.ON_SHARED),
    Line("validation", "target", op.REFRESH_ON_CAPACITY, Per.ON_OWN),
    Line("validation", "target", op.GET_REFRESH_HISTORY, Per.REFRESH),
    Line("validation", "target", op.GET_REFRESH_HISTORY, Per.REFRESHING, Looks.REFRESH),
)


def calls(counts: Mapping[str, int], looks: Mapping[Looks, float]) -> Iterator[tuple[Line, float]]:
    """Each line with its number of calls in an estate of these counts; not rounded."""
    for line in LINES:
        times = looks[line.times] if isinstance(line.times, Looks) else line.times
        yield line, counts.get(line.per, 0) * times
