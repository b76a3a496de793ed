"""Every item has exactly one verdict, by the best route the API leaves, with what is lost and what is to be done."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from estate_support import AWAY, FACTS, HOME, LISTS, anything, document, documents, verdicts
from hypothesis import given
from hypothesis import strategies as st

from shared.assessment.model import Facts, Route, Verdict
from shared.assessment.verdicts import judge, judge_tenant, judge_workspace
from shared.assessment.verdicts_effort import EFFORT
from shared.models import Kind

SCAN_EXAMPLE = Path(__file__).parents[3] / "shared" / "powerbi" / "swagger.json"
PARAMETERS = [
    {"name": name, "expression": '#datetime(2020,1,1,0,0,0) meta [IsParameterQuery=true, Type="DateTime"]'}
    for name in ("RangeStart", "RangeEnd")
]
COLUMNS = [{"name": "Readings", "columns": [{"name": "n", "dataType": "Int64"}]}]

ids = st.sampled_from([f"{letter}{number}" for letter in "abcdefABCDEF" for number in range(3)])
items = st.fixed_dictionaries(
    {"id": ids, "name": st.sampled_from(["Sales", "Costs", ""])},
    optional={
        "appId": st.sampled_from(["", "app"]),
        "datasetId": ids,
        "datasetWorkspaceId": st.sampled_from([HOME, AWAY]),
        "reportType": st.sampled_from(["PowerBIReport", "PaginatedReport"]),
        "type": st.sampled_from(["Lakehouse", "Dataflow", "Report", "SemanticModel", "Scorecard", None]),
        "contentProviderType": st.sampled_from(["PbixInImportMode", "RealTimeInPushMode", "Excel"]),
        "users": st.just([{"identifier": "bob@contoso.com", "reportUserAccessRight": "Read"}]),
    },
)
filled = st.fixed_dictionaries({part: st.lists(items, max_size=4) for part in LISTS}).map(
    lambda parts: document(**parts)
)


def told(estate: dict[str, Any]) -> set[str]:
    """The ids that want a verdict; those of an installed app's copies don't, wherever they are listed."""
    rows = [(part, row) for part in LISTS for row in estate[part]]
    copies = {r["id"].lower() for part, r in rows if part in ("reports", "dashboards") and r.get("appId")}
    return {row["id"].lower() for _, row in rows} - copies


@given(filled)
def test_every_item_has_exactly_one_verdict(estate: dict[str, Any]) -> None:
    found = Counter(verdict.source_id.lower() for verdict in judge(estate, FACTS))
    assert found == Counter(dict.fromkeys(told(estate), 1))


@given(filled)
def test_every_verdict_has_a_route_and_a_reason_and_time_only_for_work(estate: dict[str, Any]) -> None:
    for verdict in judge(estate, FACTS):
        assert Route(verdict.route)
        assert verdict.reason.endswith(".")
        assert verdict.route != Route.BY_HAND or (verdict.todo and verdict.minutes > 0)
        assert (verdict.minutes > 0) <= bool(verdict.todo or verdict.kind == Kind.DASHBOARD)


@given(filled)
def test_what_travels_in_one_pbix_is_one_report_and_its_model(estate: dict[str, Any]) -> None:
    found = judge(estate, FACTS)
    carried = Counter(v.dataset_id.lower() for v in found if v.kind == Kind.REPORT and v.route == Route.PBIX)
    models = {v.source_id.lower() for v in found if v.kind == Kind.DATASET and v.route == Route.PBIX}
    assert carried == Counter(dict.fromkeys(models, 1))
    assert {v.source_id for v in found if v.kind == Kind.REPORT and v.alone} == {
        v.source_id for v in found if v.kind == Kind.REPORT and v.route == Route.PBIX
    }


@given(documents, st.sampled_from(["write", "none"]), st.booleans())
def test_no_shape_of_a_document_is_an_error(estate: dict[str, Any], right: str, decided: bool) -> None:
    facts = Facts(right=right, has_target=decided, on_capacity=False if decided else None)
    found = judge(estate, facts)
    assert len({v.source_id.lower() for v in found}) == len(found)
    assert judge_workspace(estate, facts).kind == Kind.WORKSPACE


@given(st.dictionaries(st.sampled_from(["source-pipelines", "source-gateways", "target-gateways"]), anything))
def test_no_shape_of_a_tenants_part_is_an_error(parts: dict[str, Any]) -> None:
    for mapping in (None, {"*": "a"}):
        found = judge_tenant(parts, [HOME], mapping)
        assert len({(v.kind, v.source_id.lower()) for v in found}) == len(found)


def test_a_document_that_is_not_complete_says_nothing() -> None:
    assert judge({**document(reports=[{"id": "r"}]), "complete": False}, FACTS) == []


# --- reports and models


def test_the_namesake_carries_the_model_and_the_others_are_bound_to_it() -> None:
    found = verdicts(
        reports=[
            {"id": "r1", "name": "Other", "datasetId": "M1"},
            {"id": "r2", "name": "Sales", "datasetId": "m1"},
        ],
        datasets=[{"id": "m1", "name": "Sales"}],
    )
    assert {key: v.route for key, v in found.items()} == {"r1": "definition", "r2": "pbix", "m1": "pbix"}
    assert (found["r1"].alone, found["r2"].alone) == (False, True)
    assert "shares its model" in found["r1"].reason
    assert found["r1"].dataset_id == "M1"


@pytest.mark.parametrize(
    ("model", "route", "word"),
    [
        ({"targetStorageMode": "PremiumFiles"}, "definition", "large storage format"),
        (
            {"ContentProviderType": "InDirectLakeMode", "targetStorageMode": "PremiumFiles"},
            "definition",
            "Direct Lake",
        ),
        ({"expressions": PARAMETERS}, "definition", "incremental refresh"),
        ({"contentProviderType": "RealTimeInPushMode", "tables": COLUMNS}, "recreate", "push model"),
        ({"addRowsAPIEnabled": True, "tables": COLUMNS}, "recreate", "push model"),
        ({"contentProviderType": "RealTimeInStreamingMode", "tables": COLUMNS}, "recreate", "push model"),
        ({"contentProviderType": "RealTimeInPushMode"}, "byHand", "does not tell its tables"),
        ({"contentProviderType": "PowerBIModelingService"}, "definition", "made in the service"),
        ({"contentProviderType": "Excel"}, "byHand", "Excel"),
        ({"contentProviderType": "UsageMetricsUserReport"}, "staysBehind", "Usage metrics"),
        ({"name": "Report Usage Metrics Model"}, "staysBehind", "Usage metrics"),
        ({"contentProviderType": "PbixInDirectQueryMode"}, "pbix", "PBIX"),
        ({"contentProviderType": "InImportMode"}, "pbix", "PBIX"),
        ({"contentProviderType": "PbixInLiveConnectionMode"}, "pbix", "PBIX"),
    ],
)
def test_a_models_nature_decides_its_route_and_its_report_follows(
    model: dict[str, Any], route: str, word: str
) -> None:
    found = verdicts(
        reports=[{"id": "r", "name": "View", "datasetId": "m"}],
        datasets=[{"id": "m", "name": "Model", **model}],
    )
    assert (found["m"].route, word in found["m"].reason) == (route, True)
    followed = {"recreate": "definition"}.get(route, route)
    assert found["r"].route == followed


def test_direct_lake_is_known_by_an_expression_only_where_no_table_loads_anything() -> None:
    lake = {
        "name": "DatabaseQuery",
        "expression": 'Sql.Database("x.datawarehouse.fabric.microsoft.com", "y")',
    }
    loads = [{"name": "t", "columns": [], "source": [{"expression": "let Source = DatabaseQuery in Source"}]}]
    found = verdicts(
        reports=[{"id": f"r{m}", "datasetId": m} for m in ("lake", "import")],
        datasets=[
            {"id": "lake", "expressions": [lake], "tables": [{"name": "t", "columns": []}]},
            {"id": "import", "expressions": [lake], "tables": loads},
        ],
    )
    assert (found["lake"].route, found["import"].route) == ("definition", "pbix")


def test_a_model_without_a_report_goes_by_definition() -> None:
    found = verdicts(datasets=[{"id": "m", "name": "Alone"}])
    assert found["m"].route == "definition"
    assert "No report of its workspace carries it" in found["m"].reason


def test_a_paginated_report_goes_as_rdl_and_carries_no_model() -> None:
    found = verdicts(
        reports=[{"id": "p", "name": "Sales", "datasetId": "m", "reportType": "PaginatedReport"}],
        datasets=[{"id": "m", "name": "Sales"}],
    )
    assert (found["p"].kind, found["p"].route, found["m"].route) == ("paginatedReport", "rdl", "definition")


@pytest.mark.parametrize(
    ("report", "selected", "route", "word"),
    [
        ({"datasetId": "x", "datasetWorkspaceId": AWAY.upper()}, {HOME, AWAY}, "definition", "moves too"),
        ({"datasetId": "x", "datasetWorkspaceId": AWAY}, {HOME}, "byHand", "not among those that move"),
        ({"datasetId": "x"}, {HOME}, "byHand", "not in this workspace"),
        ({}, {HOME}, "byHand", "no model"),
    ],
)
def test_a_report_on_a_model_elsewhere(
    report: dict[str, Any], selected: set[str], route: str, word: str
) -> None:
    found = verdicts(replace(FACTS, selected=frozenset(selected)), reports=[{"id": "r", **report}])
    assert (found["r"].route, word in found["r"].reason) == (route, True)


def test_what_needs_a_capacity_can_not_come_without_one() -> None:
    parts: dict[str, Any] = {
        "datasets": [
            {"id": "lake", "targetStorageMode": "DirectLake"},
            {"id": "large", "targetStorageMode": "PremiumFiles"},
        ],
        "fabricItems": [{"id": "gen2", "type": "Dataflow", "displayName": "Flow"}],
    }
    on, off = verdicts(**parts), verdicts(replace(FACTS, on_capacity=False), **parts)
    assert [on[key].route for key in ("lake", "large", "gen2")] == ["definition"] * 3
    assert [off[key].route for key in ("lake", "large", "gen2")] == ["byHand", "definition", "byHand"]
    assert "large storage format" in off["large"].lost
    assert verdicts(replace(FACTS, on_capacity=None), **parts)["gen2"].route == "definition"


def test_a_model_tells_what_it_uses_of_workspaces_that_stay() -> None:
    used = [{"targetDatasetId": "x", "groupId": AWAY}, {"targetDatasetId": "y", "groupId": HOME.upper()}]
    found = verdicts(datasets=[{"id": "m", "upstreamDatasets": used}])
    assert AWAY in found["m"].todo
    assert HOME.upper() not in found["m"].todo
    assert (
        verdicts(
            replace(FACTS, selected=frozenset({AWAY})), datasets=[{"id": "m", "upstreamDatasets": used}]
        )["m"].todo
        == ""
    )


# --- everything else


def test_the_other_kinds() -> None:
    found = verdicts(
        dashboards=[
            {"id": "board", "displayName": "Board", "tiles": [{"id": "t", "title": "Total"}, {"id": "u"}]}
        ],
        dataflows=[{"objectId": "gen1", "name": "Flow"}],
        datamarts=[{"id": "mart", "name": "Mart"}],
        workbooks=[{"name": "Book.xlsx"}],
        apps=[
            {"id": "app", "name": "App", "users": [{"emailAddress": "bob@x", "appUserAccessRight": "Read"}]}
        ],
        subscriptions=[
            {
                "id": "sub",
                "title": "Monday",
                "artifactDisplayName": "Sales",
                "users": [{}, {"identifier": "a"}],
            }
        ],
        fabricItems=[
            {"id": "lake", "type": "Lakehouse", "displayName": "House"},
            {"id": "end", "type": "SQLEndpoint", "displayName": "House"},
            {"id": "new", "type": "NobodyKnows", "displayName": "?"},
            {"id": "GEN1", "type": "Dataflow", "displayName": "Flow"},
        ],
    )
    book = next(key for key in found if key.startswith("workbook-"))
    assert {key: (str(v.kind), v.route) for key, v in found.items()} == {
        "board": ("dashboard", "recreate"),
        "gen1": ("dataflow", "modelJson"),
        "mart": ("datamart", "byHand"),
        book: ("workbook", "byHand"),
        "app": ("app", "byHand"),
        "sub": ("subscription", "byHand"),
        "lake": ("fabricItem", "byHand"),
        "end": ("fabricItem", "staysBehind"),
        "new": ("fabricItem", "byHand"),
    }
    assert found["lake"].source_name == "House (Lakehouse)"
    assert found["board"].todo == "Pin again: Total, untitled."
    assert found["board"].minutes == EFFORT["dashboard"].minutes + 2 * EFFORT["tile"].minutes
    assert "bob@x" in found["app"].todo
    assert "Subscribe 1 principal to Sales again" in found["sub"].todo


def test_dataflows_of_the_first_generation_need_a_master_user_in_the_target() -> None:
    parts = {"dataflows": [{"objectId": "f", "name": "Flow"}, {"objectId": "g", "generation": 2}]}
    without = verdicts(replace(FACTS, target_user=False), **parts)
    assert (without["f"].route, without["g"].route) == ("byHand", "definition")
    assert "master user" in without["f"].reason
    assert verdicts(replace(FACTS, target_user=False, has_target=False), **parts)["f"].route == "modelJson"


def test_labels_endorsements_shares_and_roles_are_time_of_a_person() -> None:
    people = [
        {"identifier": "alice@contoso.com", "graphId": "A1", "reportUserAccessRight": "Owner"},
        {"identifier": "bob@contoso.com", "reportUserAccessRight": "Read"},
        {"identifier": "none@contoso.com", "reportUserAccessRight": "None"},
    ]
    found = verdicts(
        users=[{"identifier": "someone", "graphId": "a1", "groupUserAccessRight": "Admin"}],
        reports=[
            {
                "id": "r",
                "datasetId": "m",
                "users": people,
                "sensitivityLabel": {"labelId": "l"},
                "endorsementDetails": {"endorsement": "Certified"},
            }
        ],
        datasets=[
            {"id": "m", "roles": [{"name": "North", "members": [{"memberName": "x"}]}, {"name": "Empty"}]}
        ],
    )
    report, model = found["r"], found["m"]
    assert "sensitivity label; endorsement (Certified); direct access of 1 principal" in report.lost
    assert "bob@contoso.com" in report.todo
    assert "alice" not in report.todo
    assert report.minutes == sum(EFFORT[name].minutes for name in ("label", "endorsement", "share"))
    assert "members of the roles North" in model.lost
    assert "Empty" not in model.lost
    assert model.minutes == EFFORT["role"].minutes


def test_without_a_right_in_the_source_the_route_stays_and_the_todo_says_it() -> None:
    parts = {
        "reports": [{"id": "r", "datasetId": "m"}],
        "datasets": [{"id": "m"}],
        "dashboards": [{"id": "b"}],
    }
    for right in ("none", "read"):
        found = verdicts(replace(FACTS, right=right), **parts)
        assert found["r"].route == "pbix"
        assert "Contributor" in found["r"].todo
        assert "Contributor" not in found["b"].todo
        verdict = judge_workspace(document(), replace(FACTS, right=right))
        assert (verdict.route, verdict.minutes) == ("recreate", EFFORT["sourceRight"].minutes)
    assert "Contributor" not in verdicts(**parts)["r"].todo


@pytest.mark.parametrize(
    ("group", "route", "word"),
    [
        ({"type": "Workspace", "state": "Active"}, "recreate", "API"),
        ({"type": "Group", "state": "Active"}, "recreate", "API"),
        ({"type": "Workspace", "state": "Orphaned"}, "recreate", "API"),
        ({}, "recreate", "API"),
        ({"type": "PersonalGroup", "state": "Active"}, "staysBehind", "personal"),
        ({"kind": "personal"}, "staysBehind", "personal"),
        ({"type": "Workspace", "state": "Deleted"}, "staysBehind", "deleted"),
        ({"type": "Workspace", "state": "Removing"}, "staysBehind", "deleted"),
        ({"type": "AdminInsights", "state": "Active"}, "staysBehind", "service itself"),
    ],
)
def test_a_workspace_and_all_in_it(group: dict[str, Any], route: str, word: str) -> None:
    verdict = judge_workspace({"id": HOME, "name": "W", **group}, FACTS)
    assert (verdict.kind, verdict.source_id, verdict.route, word in verdict.reason) == (
        "workspace",
        HOME,
        route,
        True,
    )
    held = {
        "reports": [{"id": "r", "datasetId": "m"}],
        "datasets": [{"id": "m"}],
        "fabricItems": [{"id": "f"}],
    }
    found = judge({"id": HOME, **group, **held}, FACTS)
    assert len(found) == 3
    assert ({v.route for v in found} == {"staysBehind"}) == (route == "staysBehind")


def test_an_orphaned_workspace_wants_an_owner_and_a_classic_one_loses_its_group() -> None:
    assert "owner" in judge_workspace({"id": "w", "state": "Orphaned"}, FACTS).todo
    for rights, orphaned in ((["Viewer"], True), (["Viewer", "Admin"], False), ([], False)):
        users = [{"identifier": right, "groupUserAccessRight": right} for right in rights]
        assert ("owner" in judge_workspace({"id": "w", "users": users}, FACTS).todo) == orphaned
    assert "Microsoft 365" in judge_workspace({"id": "w", "type": "Group"}, FACTS).lost


# --- the tenant's own

SQL = {"server": "sql.contoso.example", "database": "Sales"}
GATEWAYS: dict[str, Any] = {
    "source-gateways": {
        "rows": [
            {
                "id": "g1",
                "name": "Old",
                "datasources": [
                    {
                        "id": "d1",
                        "datasourceName": "Sales",
                        "datasourceType": "Sql",
                        "connectionDetails": json.dumps(SQL),
                    },
                    {
                        "id": "d2",
                        "datasourceName": "Web",
                        "datasourceType": "Web",
                        "connectionDetails": '{"url": "https://x/"}',
                    },
                    {
                        "id": "d3",
                        "datasourceType": "Web",
                        "credentialType": "OAuth2",
                        "connectionDetails": {"url": "y"},
                    },
                ],
            }
        ],
        "unread": "",
    },
    "target-gateways": [
        {"id": "G2", "name": "New", "datasources": [{"datasourceType": "sql", "connectionDetails": SQL}]}
    ],
}


def by_id(found: list[Verdict]) -> dict[str, Verdict]:
    return {verdict.source_id: verdict for verdict in found}


def test_gateway_data_sources_are_made_where_the_gateway_is_mapped_and_ours() -> None:
    for mapping in ({"Old": "New"}, {"g1": "g2"}, {"*": "NEW"}):
        found = by_id(judge_tenant(GATEWAYS, [], mapping))
        assert {key: v.route for key, v in found.items()} == {
            "d1": "recreate",
            "d2": "recreate",
            "d3": "byHand",
        }
        assert "same type and connection" in found["d1"].reason
        assert "OAuth2" in found["d3"].reason
        assert found["d2"].source_name == "Web"
    for mapping, word in (({}, "no place"), ({"Old": "Elsewhere"}, "does not administer")):
        found = by_id(judge_tenant(GATEWAYS, [], mapping))
        assert {v.route for v in found.values()} == {"byHand"}
        assert all(word in v.reason for v in found.values())
    assert {v.route for v in judge_tenant(GATEWAYS, [])} == {"recreate"}


def test_a_data_source_that_nothing_uses_stays() -> None:
    found = by_id(judge_tenant(GATEWAYS, [], {"*": "New"}, used={"sql:sql.contoso.example;sales"}))
    assert {key: v.route for key, v in found.items()} == {
        "d1": "recreate",
        "d2": "staysBehind",
        "d3": "staysBehind",
    }


def test_a_pipeline_is_made_for_the_workspaces_that_move() -> None:
    rows = [
        {
            "id": "both",
            "displayName": "P",
            "stages": [{"order": 0, "workspaceId": HOME.upper()}, {"order": 1, "workspaceId": AWAY}],
        },
        {"id": "none", "stages": [{"order": 0, "workspaceId": AWAY}]},
        {"id": "empty", "stages": [{"order": 0}]},
    ]
    found = by_id(judge_tenant({"source-pipelines": rows + rows}, [HOME]))
    assert {key: v.route for key, v in found.items()} == {
        "both": "recreate",
        "none": "staysBehind",
        "empty": "staysBehind",
    }
    assert "1 of its stages" in found["both"].lost
    assert found["both"].workspace_id == ""


def test_the_example_of_the_official_contract_is_read_whole() -> None:
    if not os.path.exists(SCAN_EXAMPLE):
        pytest.skip("the official contract is not beside the checkout")
    paths = json.loads(SCAN_EXAMPLE.read_text())["paths"]
    operation = paths["/v1.0/myorg/admin/workspaces/scanResult/{scanId}"]["get"]
    result = operation["x-ms-examples"]["Example"]["responses"]["200"]["body"]
    found = judge({**result["workspaces"][0], "complete": True}, FACTS)
    assert Counter(str(v.kind) for v in found) == {
        "paginatedReport": 1,
        "dataset": 1,
        "dashboard": 1,
        "dataflow": 1,
        "datamart": 1,
    }
