"""An inventory as a table: a row per item with what the API told of it, whatever shape a document has."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import csv_text
from shared.assessment.tables import INVENTORY, inventory_rows, tenant_rows

DATASET = {
    "id": "D-1",
    "name": "Sales",
    "configuredBy": "alice@contoso.com",
    "createdDate": "2026-01-02T03:04:05Z",
    "targetStorageMode": "PremiumFiles",
    "contentProviderType": "PbixInImportMode",
    "expressions": [
        {"name": "Server", "expression": '"a" meta [IsParameterQuery=true, Type="Text"]'},
        {"name": "x"},
    ],
    "roles": [{"name": "Reader"}],
    "datasourceUsages": [{"datasourceInstanceId": "1"}, {"datasourceInstanceId": "2"}],
    "upstreamDataflows": [{"targetDataflowId": "F-1", "groupId": "W-2"}],
    "sensitivityLabel": {"labelId": "L-1"},
    "endorsementDetails": {"endorsement": "Certified", "certifiedBy": "bob"},
    "users": [{}, {}, {}],
}
DOCUMENT = {
    "id": "W-1",
    "name": "Space",
    "type": "Workspace",
    "state": "Active",
    "capacityId": "C-1",
    "users": [{}],
    "reports": [
        {"id": "R-1", "name": "One", "datasetId": "D-1", "datasetWorkspaceId": "W-1", "modifiedBy": "bob"},
        {"id": "R-2", "name": "Two", "reportType": "PaginatedReport"},
    ],
    "datasets": [DATASET],
    "dashboards": [{"id": "B-1", "displayName": "Board", "tiles": [{}, {}]}],
    "dataflows": [{"objectId": "F-1", "name": "Flow"}],
    "datamarts": [{"id": "M-1", "name": "Mart"}],
    "workbooks": [{"name": "Book", "datasetId": "D-9"}],
    "apps": [{"id": "A-1", "name": "App", "publishedBy": "carol", "lastUpdate": "2026-02-03"}],
    "subscriptions": [{"id": "S-1", "title": "Daily", "artifactId": "R-1", "artifactType": "Report"}],
    "fabricItems": [
        {"id": "I-1", "displayName": "Lake", "type": "Lakehouse"},
        {"id": "f-1", "displayName": "Flow", "type": "Dataflow"},
    ],
    "details": {
        "d-1": {
            "refreshSchedule": {
                "days": ["Monday"],
                "times": ["07:00"],
                "enabled": False,
                "localTimeZoneId": "UTC",
            }
        }
    },
}


def rows_by_id() -> dict[str, dict[str, Any]]:
    return {str(row.get("id") or row["name"]): row for row in inventory_rows(DOCUMENT)}


def test_every_item_is_a_row_with_its_workspace() -> None:
    rows = rows_by_id()
    assert {name: str(row["kind"]) for name, row in rows.items()} == {
        "W-1": "workspace",
        "R-1": "report",
        "R-2": "paginatedReport",
        "D-1": "dataset",
        "B-1": "dashboard",
        "F-1": "dataflow",
        "M-1": "datamart",
        "Book": "workbook",
        "A-1": "app",
        "S-1": "subscription",
        "I-1": "fabricItem",
    }
    assert {row["workspaceName"] for row in rows.values()} == {"Space"}
    assert {row["capacityId"] for row in rows.values()} == {"C-1"}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("owner", "alice@contoso.com"),
        ("created", "2026-01-02T03:04:05Z"),
        ("storageMode", "PremiumFiles"),
        ("contentProvider", "PbixInImportMode"),
        ("refresh", "off Monday 07:00 UTC"),
        ("parameters", 1),
        ("dataSources", 2),
        ("roles", 1),
        ("sensitivityLabel", "L-1"),
        ("endorsement", "Certified"),
        ("users", 3),
        ("upstream", "F-1"),
    ],
)
def test_what_is_told_of_a_model(column: str, value: object) -> None:
    assert rows_by_id()["D-1"][column] == value


def test_other_kinds_have_their_own_words() -> None:
    rows = rows_by_id()
    assert (rows["B-1"]["name"], rows["B-1"]["tiles"]) == ("Board", 2)
    assert (rows["A-1"]["owner"], rows["A-1"]["modified"]) == ("carol", "2026-02-03")
    assert (rows["S-1"]["name"], rows["S-1"]["datasetId"], rows["S-1"]["type"]) == ("Daily", "R-1", "Report")
    assert rows["I-1"]["type"] == "Lakehouse"
    assert rows["R-1"]["datasetWorkspaceId"] == "W-1"


def test_of_a_tenant_the_parts_that_move() -> None:
    gateways = [
        {
            "id": "g",
            "name": "Gate",
            "datasources": [{"id": "s", "datasourceName": "Sql", "datasourceType": "Sql"}],
        }
    ]
    (source,) = tenant_rows("gateways", gateways)
    assert (source["kind"], source["id"], source["name"], source["owner"]) == (
        "gatewayDatasource",
        "s",
        "Sql",
        "Gate",
    )
    (pipeline,) = tenant_rows("pipelines", [{"id": "p", "displayName": "Stages", "users": [{}]}])
    assert (pipeline["kind"], pipeline["name"], pipeline["users"]) == ("pipeline", "Stages", 1)
    assert list(tenant_rows("capacities", [{"id": "c"}])) == []


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(sorted({*DATASET, *DOCUMENT, "tiles"})), inner, max_size=5)
    ),
    max_leaves=25,
)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(sorted(DOCUMENT)), anything, max_size=12))
def test_a_document_of_any_shape_becomes_rows(document: dict[str, Any]) -> None:
    rows = list(inventory_rows(document))
    listed = [
        document.get(part)
        for part in (
            "reports",
            "datasets",
            "dataflows",
            "dashboards",
            "datamarts",
            "workbooks",
            "apps",
            "subscriptions",
            "fabricItems",
        )
    ]
    items = [item for part in listed if isinstance(part, list) for item in part if isinstance(item, dict)]
    ids = [str(item.get("id") or item.get("objectId") or "").lower() for item in items]
    assert len(rows) == 1 + len({identity for identity in ids if identity}) + ids.count("")
    assert all(set(row) <= set(INVENTORY) for row in rows)
    assert all(csv_text.line(INVENTORY, row).endswith("\r\n") for row in rows)
