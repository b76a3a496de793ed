"""An extract tells who is in a workspace, what it reads from and how much it holds, and nothing twice."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from estate_support import AWAY, FACTS, HOME, anything, document, documents
from hypothesis import given

from shared.assessment.extracts import data_source_key, extract
from shared.assessment.model import Extract
from shared.assessment.verdicts import judge

ENTRY = {
    "id": HOME.upper(),
    "name": "Sales",
    "capacity": "C1",
    "targetCapacity": "c2",
    "targetName": "New sales",
}


def extracted(entry: dict[str, Any] | None = None, /, **parts: Any) -> Extract:
    estate = document(**parts)
    return extract(estate, judge(estate, FACTS), entry or ENTRY, FACTS)


@pytest.mark.parametrize(
    ("kind", "details", "expected"),
    [
        ("Sql", {"server": "SQL.contoso.example", "database": "Sales"}, "sql:sql.contoso.example;sales"),
        ("Sql", '{"server": "SQL.contoso.example", "database": "Sales"}', "sql:sql.contoso.example;sales"),
        ("AnalysisServices", {"server": "as"}, "analysisservices:as"),
        ("Web", {"url": "HTTPS://x/Y", "path": "no"}, "web:https://x/y"),
        ("File", {"path": "\\\\Share\\a.csv"}, "file:\\\\share\\a.csv"),
        ("Extension", {"kind": "Snowflake", "path": "acct;WH"}, "extension:acct;wh"),
        ("AzureBlobs", {"account": "Lake", "domain": "blob.core"}, "azureblobs:lake;blob.core"),
        ("Exchange", {"emailAddress": "A@x"}, "exchange:a@x"),
        ("File", "C:\\no.json", "file:c:\\no.json"),
        ("Odd", None, "odd:"),
    ],
)
def test_a_data_source_key(kind: str, details: Any, expected: str) -> None:
    assert data_source_key(kind, details) == expected


@given(anything)
def test_a_data_source_is_called_the_same_as_object_and_as_text(details: Any) -> None:
    if isinstance(details, dict) and details:
        assert data_source_key("Sql", details) == data_source_key("Sql", json.dumps(details))
    assert data_source_key("Sql", details).startswith("sql:")


def test_what_it_is_and_where_it_goes() -> None:
    found = extracted(reports=[{"id": "r", "datasetId": "x", "datasetWorkspaceId": AWAY.upper()}])
    assert (found.workspace_id, found.name, found.kind) == (HOME, "Sales", "workspace")
    assert (found.capacity, found.target_capacity, found.target_name) == ("c1", "c2", "New sales")
    assert found.upstream == [AWAY]
    assert extracted({**ENTRY, "kind": "deleted"}).kind == "deleted"
    assert Extract.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_a_principal_is_one_however_it_is_called() -> None:
    alice = {
        "identifier": "Alice@contoso.com",
        "graphId": "A-1",
        "displayName": "Alice",
        "principalType": "User",
    }
    found = extracted(
        users=[
            {**alice, "groupUserAccessRight": "Member"},
            {
                "identifier": "G-1",
                "displayName": "Staff",
                "principalType": "Group",
                "groupUserAccessRight": "Viewer",
            },
            {"identifier": "nobody@contoso.com", "principalType": "User", "groupUserAccessRight": "None"},
        ],
        reports=[
            {
                "id": "r",
                "users": [
                    {"identifier": "A-1", "principalType": "User", "reportUserAccessRight": "Owner"},
                    {
                        "identifier": "eve_x#EXT#@contoso.com",
                        "principalType": "User",
                        "reportUserAccessRight": "Read",
                    },
                ],
            }
        ],
        datasets=[
            {
                "id": "m",
                "roles": [
                    {
                        "name": "North",
                        "members": [
                            {"memberName": "alice@contoso.com", "memberId": "a-1", "memberType": "User"},
                            {"memberName": "staff@contoso.com", "memberId": "g-1", "memberType": "Group"},
                            {"memberName": "carl@contoso.com", "memberType": "User"},
                        ],
                    }
                ],
            }
        ],
        apps=[
            {
                "id": "app",
                "users": [{"identifier": "P-1", "principalType": "App", "appUserAccessRight": "Read"}],
            }
        ],
    ).principals
    assert {key: (p["kind"], p["best"], p["count"]) for key, p in found.items()} == {
        "alice@contoso.com": ("User", "Member", 3),
        "g-1": ("Group", "Viewer", 2),
        "eve_x#ext#@contoso.com": ("User", "Read", 1),
        "carl@contoso.com": ("User", "RoleMember", 1),
        "p-1": ("App", "Read", 1),
    }
    assert [key for key, p in found.items() if p["guest"]] == ["eve_x#ext#@contoso.com"]
    assert found["alice@contoso.com"]["upn"] == "Alice@contoso.com"
    assert found["alice@contoso.com"]["id"] == "a-1"


def test_data_sources_by_their_uses_and_by_a_models_own_list() -> None:
    sql = {
        "datasourceType": "Sql",
        "connectionDetails": {"server": "S"},
        "datasourceId": "D1",
        "gatewayId": "G1",
    }
    found = extracted(
        datasets=[
            {
                "id": "M1",
                "datasourceUsages": [{"datasourceInstanceId": "d1"}, {"datasourceInstanceId": "gone"}],
            },
            {"id": "m2", "misconfiguredDatasourceUsages": [{"datasourceInstanceId": "d2"}]},
            {"id": "m3"},
        ],
        dataflows=[{"objectId": "f", "datasourceUsages": [{"datasourceInstanceId": "d1"}]}],
        datasourceInstances=[sql],
        misconfiguredDatasourceInstances=[
            {"datasourceType": "Web", "connectionDetails": {"url": "u"}, "datasourceId": "d2"}
        ],
        details={"M3": {"datasources": [{"datasourceType": "SQL", "connectionDetails": {"server": "s"}}]}},
    ).sources
    assert found == {
        "sql:s": {
            "type": "Sql",
            "gateway": "g1",
            "models": ["m1", "m3"],
            "dataflows": ["f"],
            "misconfigured": False,
        },
        "web:u": {"type": "Web", "gateway": "", "models": ["m2"], "dataflows": [], "misconfigured": True},
    }


def test_counts_routes_and_minutes() -> None:
    parts: dict[str, Any] = {
        "users": [{"identifier": "a@x", "groupUserAccessRight": "Admin"}],
        "reports": [
            {"id": "r1", "name": "Other name", "datasetId": "m1"},
            {"id": "r2", "name": "Query", "datasetId": "m2"},
            {"id": "p", "reportType": "PaginatedReport"},
        ],
        "datasets": [
            {"id": "m1", "name": "Model"},
            {"id": "m2", "name": "Query", "contentProviderType": "PbixInDirectQueryMode"},
            {"id": "m3", "name": "Alone"},
        ],
        "dashboards": [{"id": "b", "tiles": [{"id": "t"}, {"id": "u"}]}],
    }
    found = extracted(**parts)
    assert found.routes == {"pbix": 4, "rdl": 1, "definition": 1, "recreate": 1}
    assert found.kinds["dataset"] == {"pbix": 2, "definition": 1}
    assert found.minutes == 4
    expected = {
        "workspaces": 1,
        "onCapacity": 1,
        "pbixReports": 2,
        "renamed": 1,
        "refreshable": 2,  # the one that comes as a file, and the one by definition
        "grants": 1,
        "described": 0,
        "largeFormat": 0,
        "largeModels": 0,
        "dataflowStorage": 0,
        "parametersSet": 0,
        "modelsRewritten": 0,
    }
    expected |= {"items": 7, "models": 3, "reports": 2, "paginatedReports": 1, "tiles": 2, "users": 1}
    assert expected.items() <= found.counts.items()
    set_up = extracted(
        datasets=[{"id": "m", "targetStorageMode": "PremiumFiles"}],
        description="Figures",
        defaultDatasetStorageFormat="Large",
        dataflowStorageId="s",
    ).counts
    assert {set_up[name] for name in ("described", "largeFormat", "largeModels", "dataflowStorage")} == {1}
    personal = extracted({**ENTRY, "kind": "personal"}, **parts, description="Mine").counts
    assert personal["described"] == 0
    assert (personal["workspaces"], personal["grants"], personal["users"]) == (0, 0, 1)


def test_models_of_files_that_name_what_moves_are_counted_by_how_they_are_changed() -> None:
    where = "a3f1c2d4-0000-4000-8000-00000000000b"
    parameter = f'"{where.upper()}" meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]'
    shown = {
        "inParameter": {"expressions": [{"name": "Where", "expression": parameter}]},
        "inQuery": {"tables": [{"name": "T", "source": [{"expression": f'Source{{[id="{where}"]}}'}]}]},
        "inBoth": {
            "expressions": [{"name": "P", "expression": parameter}, {"name": "Q", "expression": where}]
        },
        "inNone": {"expressions": [{"name": "Q", "expression": HOME.replace("1", "9")}]},
    }
    estate = document(
        reports=[{"id": f"r{name}", "name": name, "datasetId": name} for name in shown],
        datasets=[{"id": name, "name": name, **parts} for name, parts in shown.items()],
    )
    for selected, expected in ((frozenset({where}), (2, 2)), (frozenset[str](), (0, 0))):
        facts = replace(FACTS, selected=selected)
        counts = extract(estate, judge(estate, facts), ENTRY, facts).counts
        assert (counts["parametersSet"], counts["modelsRewritten"]) == expected


@given(documents)
def test_no_shape_of_a_document_is_an_error(estate: dict[str, Any]) -> None:
    found = extract(estate, judge(estate, FACTS), ENTRY, FACTS)
    assert Extract.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_a_data_source_is_named_without_its_query() -> None:
    details = {"url": "https://example.blob.core.windows.net/data.csv?sv=2024&sig=secret"}
    assert data_source_key("Web", details) == "web:https://example.blob.core.windows.net/data.csv"
