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

from shared.powerbi import fabric_operations as fabric
from shared.powerbi import operations as op
from shared.powerbi.fabric_operations import DEFINITIONS
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
    PARAMETERS_SET = "parametersSet"  # models of files that name what moves in a parameter
    REWRITTEN = "modelsRewritten"  # models of files that name what moves in their queries
    RENAMED = "renamed"  # models of another name than the report they travel with
    DESCRIBED = "described"  # workspaces that get a description
    LARGE_FORMAT = "largeFormat"  # workspaces that get the large storage format
    DATAFLOW_STORAGE = "dataflowStorage"  # workspaces that get an account of their own for dataflows
    MODEL_JSON = "modelJsons"  # dataflows of the first generation
    WITH_MODEL_JSON = "withModelJson"  # workspaces that have any: the master user is let in, and out again
    RDL = "rdls"  # paginated reports
    PUSH_MODEL = "pushModels"
    DASHBOARD = "dashboardsMade"
    WITH_DASHBOARD = "withDashboard"  # workspaces that have any
    LARGE_MODEL = "largeModels"  # by definition, and they keep the large storage format
    MODEL_DEFINED, REPORT_DEFINED = "modelsDefined", "reportsDefined"  # moved by their definition
    DATAFLOW_DEFINED = "dataflowsDefined"  # of the second generation
    WITH_DATAFLOW_DEFINED = "withDataflowDefined"  # workspaces that have any
    DEFINED = "defined"  # all three of them
    PIPELINE, STAGE, PIPELINE_USER = "pipelines", "pipelineStages", "pipelineUsers"  # of those that move
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
    SMALL_IMPORT = "smallImport"  # of an RDL or a model.json
    READING = "reading"  # of a definition, where it is a long-running operation
    MAKING = "making"  # of an item by its definition, or its change, likewise
    RESULT = "result"  # of such an operation: once, when it has ended
    REFRESH = "refresh"  # of the first one of a workspace, beyond one look; the others end meanwhile


_MODEL, _REPORT, _DATAFLOW = (DEFINITIONS[kind] for kind in ("semanticModels", "reports", "dataflows"))


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
    # containers: activities/furnishing.py; folders themselves are told by no list of a plan
    Line("containers", "source", op.GET_GROUP, Per.WORKSPACE),
    Line("containers", "target", fabric.UPDATE_WORKSPACE, Per.DESCRIBED),
    Line("containers", "target", op.UPDATE_GROUP, Per.LARGE_FORMAT),
    Line("containers", "source", op.LIST_DATAFLOW_STORAGES, Per.DATAFLOW_STORAGE),
    Line("containers", "target", op.LIST_DATAFLOW_STORAGES, Per.DATAFLOW_STORAGE),
    Line("containers", "target", op.ASSIGN_DATAFLOW_STORAGE, Per.DATAFLOW_STORAGE),
    Line("containers", "source", fabric.LIST_FOLDERS, Per.WORKSPACE),
    # dataflows: activities/ways_files.py, master_user.py, ways_definitions.py
    Line("dataflows", "source", op.EXPORT_DATAFLOW, Per.MODEL_JSON),
    Line("dataflows", "target", op.LIST_GROUP_USERS, Per.MODEL_JSON),  # is the master user in?
    Line("dataflows", "target", op.ADD_GROUP_USER, Per.WITH_MODEL_JSON),
    Line("dataflows", "target", op.LIST_DATAFLOWS, Per.MODEL_JSON),  # the survey before it is made
    Line("dataflows", "target", op.POST_IMPORT_AS_USER, Per.MODEL_JSON),
    Line("dataflows", "target", op.GET_IMPORT_AS_USER, Per.MODEL_JSON, Looks.SMALL_IMPORT),
    Line("dataflows", "source", _DATAFLOW.get_definition, Per.DATAFLOW_DEFINED),
    Line("dataflows", "target", _DATAFLOW.list, Per.DATAFLOW_DEFINED),
    Line("dataflows", "target", _DATAFLOW.create, Per.DATAFLOW_DEFINED),
    # models: activities/exports.py, sending.py, survey.py, imports.py, adoption.py
    Line("models", "source", op.EXPORT_REPORT, Per.REPORT),
    Line("models", "target", op.LIST_DATASETS, Per.REPORT),  # the survey before an import
    Line("models", "target", op.LIST_REPORTS, Per.REPORT),
    Line("models", "target", op.LIST_IMPORTS, Per.REPORT),
    Line("models", "target", op.POST_IMPORT, Per.REPORT),
    Line("models", "target", op.GET_IMPORT, Per.REPORT, Looks.IMPORT),
    Line("models", "target", op.UPDATE_SEMANTIC_MODEL, Per.RENAMED),
    # models: activities/repointing.py
    Line("models", "target", op.UPDATE_PARAMETERS, Per.PARAMETERS_SET),
    Line("models", "target", _MODEL.get_definition, Per.REWRITTEN),
    Line("models", "target", fabric.GET_OPERATION, Per.REWRITTEN, Looks.READING),
    Line("models", "target", fabric.GET_OPERATION_RESULT, Per.REWRITTEN, Looks.RESULT),
    Line("models", "target", _MODEL.update_definition, Per.REWRITTEN),
    Line("models", "target", fabric.GET_OPERATION, Per.REWRITTEN, Looks.MAKING),
    Line("models", "target", fabric.GET_OPERATION_RESULT, Per.REWRITTEN, Looks.RESULT),
    # definitions: activities/ways_definitions.py, ways_made_anew.py
    Line("definitions", "source", _MODEL.get_definition, Per.MODEL_DEFINED),
    Line("definitions", "target", _MODEL.list, Per.MODEL_DEFINED),
    Line("definitions", "target", _MODEL.create, Per.MODEL_DEFINED),
    Line("definitions", "target", op.UPDATE_DATASET, Per.LARGE_MODEL),
    Line("definitions", "target", op.LIST_DATASETS, Per.PUSH_MODEL),
    Line("definitions", "target", op.CREATE_PUSH_DATASET, Per.PUSH_MODEL),
    # reports: activities/ways_definitions.py, ways_files.py
    Line("reports", "source", _REPORT.get_definition, Per.REPORT_DEFINED),
    Line("reports", "target", _REPORT.list, Per.REPORT_DEFINED),
    Line("reports", "target", _REPORT.create, Per.REPORT_DEFINED),
    Line("reports", "source", op.EXPORT_REPORT, Per.RDL),
    Line("reports", "target", op.LIST_REPORTS, Per.RDL),
    Line("reports", "target", op.LIST_IMPORTS, Per.RDL),
    Line("reports", "target", op.POST_IMPORT, Per.RDL),
    Line("reports", "target", op.GET_IMPORT, Per.RDL, Looks.SMALL_IMPORT),
    # long-running operations of dataflows, models and reports: shared/powerbi/longrunning.py
    Line("definitions", "source", fabric.GET_OPERATION, Per.DEFINED, Looks.READING),
    Line("definitions", "source", fabric.GET_OPERATION_RESULT, Per.DEFINED, Looks.RESULT),
    Line("definitions", "target", fabric.GET_OPERATION, Per.DEFINED, Looks.MAKING),
    Line("definitions", "target", fabric.GET_OPERATION_RESULT, Per.DEFINED, Looks.RESULT),
    # dashboards: activities/ways_made_anew.py
    Line("dashboards", "target", op.LIST_DASHBOARDS, Per.DASHBOARD),
    Line("dashboards", "target", op.ADD_DASHBOARD, Per.DASHBOARD),
    # access: activities/access.py
    Line("access", "target", op.LIST_GROUP_USERS, Per.GRANT_ROUND),
    Line("access", "target", op.ADD_GROUP_USER, Per.GRANT),
    # validation: activities/validation.py
    Line("validation", "target", op.LIST_DATASETS, Per.CHECK),
    Line("validation", "target", op.LIST_REPORTS, Per.WORKSPACE),
    Line("validation", "target", op.LIST_DASHBOARDS, Per.WITH_DASHBOARD),
    Line("validation", "target", op.LIST_DATAFLOWS, Per.WITH_MODEL_JSON),
    Line("validation", "target", _DATAFLOW.list, Per.WITH_DATAFLOW_DEFINED),
    Line("validation", "target", op.GET_REFRESH_HISTORY, Per.REFRESH),  # what was refreshed before us
    Line("validation", "target", op.REFRESH_DATASET, Per.ON_SHARED),
    Line("validation", "target", op.REFRESH_ON_CAPACITY, Per.ON_OWN),
    Line("validation", "target", op.GET_REFRESH_HISTORY, Per.REFRESH),
    Line("validation", "target", op.GET_REFRESH_HISTORY, Per.REFRESHING, Looks.REFRESH),
    # the workspace is closed: activities/master_user.py
    Line("validation", "target", op.LIST_GROUP_USERS, Per.WITH_MODEL_JSON),
    Line("validation", "target", op.DELETE_GROUP_USER, Per.WITH_MODEL_JSON),
    # activities/pipelines.py
    Line("pipelines", "target", op.LIST_PIPELINES, Per.PIPELINE),  # by name: what is there already?
    Line("pipelines", "target", op.CREATE_PIPELINE, Per.PIPELINE),
    Line("pipelines", "target", op.LIST_PIPELINE_STAGES, Per.PIPELINE),
    Line("pipelines", "target", op.ASSIGN_TO_STAGE, Per.STAGE),
    Line("pipelines", "target", op.LIST_PIPELINE_USERS, Per.PIPELINE),
    Line("pipelines", "target", op.ADD_PIPELINE_USER, Per.PIPELINE_USER),
)


def calls(counts: Mapping[str, int], looks: Mapping[Looks, float]) -> Iterator[tuple[Line, float]]:
    """Each line with its number of calls in an estate of these counts; not rounded."""
    for line in LINES:
        times = looks[line.times] if isinstance(line.times, Looks) else line.times
        yield line, counts.get(line.per, 0) * times
