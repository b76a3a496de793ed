"""definition.pbir in both its schemas: the model it names, and the same report on another model."""

from __future__ import annotations

import json
from typing import Any

import pytest
from content_support import MODEL, TO_MODEL, part

from shared.content.reports import bound_to, model_reference
from shared.errors import ContentError

_SCHEMA = (
    "https://developer.microsoft.com/json-schemas/fabric/item/report/definitionProperties/{}/schema.json"
)
OLD = {
    "connectionString": None, "pbiServiceModelId": None, "pbiModelVirtualServerName": "sobe_wowvirtualserver",
    "pbiModelDatabaseName": MODEL.upper(), "name": "EntityDataSource", "connectionType": "pbiServiceXmlaStyleLive",
}  # fmt: skip
NAMED = (
    'Data Source="powerbi://api.powerbi.com/v1.0/myorg/A;B";initial catalog=Sales;access mode=readonly;'
    f"integrated security=ClaimsToken;semanticModelId={MODEL}"
)
CATALOG = f"Data Source=pbiazure://api.powerbi.com;Initial Catalog=sobe_wowvirtualserver-{MODEL};x=y"


def _pbir(connection: Any, version: str = "4.0", schema: str = "") -> Any:
    head = {"$schema": _SCHEMA.format(schema)} if schema else {}
    return part(
        "definition.pbir", {**head, "version": version, "datasetReference": {"byConnection": connection}}
    )


@pytest.mark.parametrize(
    "connection",
    [OLD, {"connectionString": f"semanticmodelid={MODEL}"}, {"connectionString": NAMED}, {"connectionString": CATALOG},
     {"connectionString": f"Initial Catalog={{{MODEL.upper()}}}"}],
)  # fmt: skip
def test_the_model_is_read_from_every_spelling(connection: Any) -> None:
    assert model_reference([part("report.json", "{}"), _pbir(connection)]) == MODEL


@pytest.mark.parametrize(
    "connection", [None, {}, [], {"connectionString": "initial catalog=Sales"}, {"connectionString": 7}]
)
def test_no_model_is_named(connection: Any) -> None:
    assert model_reference([_pbir(connection)]) == ""
    assert (
        model_reference([part("definition.pbir", {"datasetReference": {"byPath": {"path": "../x"}}})]) == ""
    )
    assert model_reference([]) == ""


def test_the_first_schema_takes_the_id_as_a_property() -> None:
    for schema, version in (("1.0.0", "4.0"), ("", "1.0")):
        parts = [part("report.json", "{}"), _pbir(OLD, version, schema)]
        bound = bound_to(parts, "Finance", "Sales", TO_MODEL)
        document = json.loads(bound[1].payload)
        assert document["datasetReference"] == {"byConnection": {**OLD, "pbiModelDatabaseName": TO_MODEL}}
        assert document["version"] == version
        assert model_reference(bound) == TO_MODEL
        assert bound[0] == parts[0]


def test_the_second_schema_takes_a_connection_string_alone() -> None:
    bound = bound_to([_pbir({"connectionString": NAMED}, schema="2.0.0")], "Fin/ance; ä", 'Sa"les', TO_MODEL)
    document = json.loads(bound[0].payload)
    assert document["$schema"].endswith("/2.0.0/schema.json")
    assert document["datasetReference"]["byConnection"] == {
        "connectionString": 'Data Source="powerbi://api.powerbi.com/v1.0/myorg/Fin%2Fance%3B ä";'
        'initial catalog="Sa""les";access mode=readonly;integrated security=ClaimsToken;'
        f"semanticmodelid={TO_MODEL}"
    }
    assert model_reference(bound) == TO_MODEL
    assert bound_to(bound, "Fin/ance; ä", 'Sa"les', TO_MODEL) == bound


def test_without_a_schema_the_spelling_of_the_original_stays() -> None:
    bound = bound_to([_pbir({"connectionString": f"semanticmodelid={MODEL}"})], "W", "M", TO_MODEL)
    assert set(json.loads(bound[0].payload)["datasetReference"]["byConnection"]) == {"connectionString"}


def test_a_report_by_path_is_bound_and_a_cloud_has_its_host() -> None:
    by_path = {"$schema": _SCHEMA.format("2.0.0"), "datasetReference": {"byPath": {"path": "../x"}}}
    bound = bound_to([part("definition.pbir", by_path)], "W", "M", TO_MODEL, "api.powerbigov.us")
    assert b"powerbi://api.powerbigov.us/v1.0/myorg/W" in bound[0].payload
    assert b"byPath" not in bound[0].payload


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"\xff\xfe{", b"[" * 100_000, b'"x"'])
def test_a_broken_file_is_told(payload: bytes) -> None:
    with pytest.raises(ContentError):
        model_reference([part("definition.pbir", payload)])


def test_a_report_without_the_file_can_not_be_bound() -> None:
    with pytest.raises(ContentError, match=r"no definition\.pbir"):
        bound_to([part("report.json", "{}")], "W", "M", TO_MODEL)


def test_a_hostile_connection_string_ends() -> None:
    for text in (" " * 100_000, ';"' * 50_000, "=" * 100_000, "a" * 100_000):
        assert model_reference([_pbir({"connectionString": text})]) == ""
