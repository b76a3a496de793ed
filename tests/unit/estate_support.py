"""Inventory documents for the tests of the assessment: small ones by hand, and any at all by hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from shared.assessment.model import Facts, Verdict
from shared.assessment.verdicts import judge

HOME, AWAY = "11111111-0000-0000-0000-000000000001", "22222222-0000-0000-0000-000000000002"
FACTS = Facts(selected=frozenset({HOME}), target_user=True, on_capacity=True, right="write")
LISTS = (
    "reports",
    "datasets",
    "dashboards",
    "dataflows",
    "datamarts",
    "workbooks",
    "apps",
    "subscriptions",
    "fabricItems",
)
_FIELDS = (
    *(
        "id",
        "objectId",
        "name",
        "displayName",
        "title",
        "type",
        "state",
        "kind",
        "complete",
        "appId",
        "datasetId",
    ),
    *(
        "datasetWorkspaceId",
        "reportType",
        "format",
        "contentProviderType",
        "ContentProviderType",
        "generation",
    ),
    *(
        "targetStorageMode",
        "addRowsAPIEnabled",
        "isRefreshable",
        "tables",
        "columns",
        "source",
        "expressions",
    ),
    *(
        "expression",
        "roles",
        "members",
        "memberName",
        "memberId",
        "users",
        "identifier",
        "graphId",
        "principalType",
    ),
    *("reportUserAccessRight", "groupUserAccessRight", "userType", "tiles", "reportId", "upstreamDatasets"),
    *("upstreamDataflows", "groupId", "targetDatasetId", "datasourceUsages", "datasourceInstanceId"),
    *("datasourceInstances", "datasourceId", "connectionDetails", "datasourceType", "server", "gatewayId"),
    *(
        "sensitivityLabel",
        "labelId",
        "endorsementDetails",
        "endorsement",
        "details",
        "datasources",
        "rows",
        "stages",
    ),
    *("source-pipelines", "source-gateways", "target-gateways", "workspaceId", *LISTS),
)
_WORDS = (
    *(
        HOME,
        HOME.upper(),
        AWAY,
        "a",
        "A",
        "b",
        "",
        "PersonalGroup",
        "Group",
        "Deleted",
        "PaginatedReport",
        "Push",
    ),
    *(
        "UsageMetricsUserReport",
        "RealTimeInPushMode",
        "Excel",
        "PremiumFiles",
        "Dataflow",
        "Report",
        "SemanticModel",
    ),
    *(
        '"x" meta [IsParameterQuery=true]',
        '{"server": "s"}',
        "alice@contoso.com",
        "Guest",
        "Certified",
        "None",
    ),
)
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(_WORDS) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(_FIELDS) | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=40,
)
documents = st.dictionaries(st.sampled_from(_FIELDS), anything, max_size=14)


def document(**parts: Any) -> dict[str, Any]:
    return {"id": HOME, "name": "Sales", "type": "Workspace", "state": "Active", "complete": True, **parts}


def verdicts(facts: Facts = FACTS, /, **parts: Any) -> dict[str, Verdict]:
    """By id, of a workspace that holds these parts."""
    return {verdict.source_id: verdict for verdict in judge(document(**parts), facts)}
