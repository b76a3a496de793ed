"""Data sources: behind a gateway or in a cloud, and one obstacle for each that has no way to its data."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstacle_support import CLOUD_SQL, SQL, codes, found, sources, wanted, workspace

from shared.assessment.obstacles_parts import Part
from shared.assessment.obstacles_places import Place, needs_credential, place_of

SOURCE = {"source-gateways": [{"id": "G1", "name": "Old gate"}]}
DETAILS = '{"server":"SQL01.contoso.local","database":"Sales"}'


def target(**changes: Any) -> dict[str, Any]:
    row = {
        "id": "T1",
        "name": "New gate",
        "datasources": [{"datasourceType": "Sql", "connectionDetails": DETAILS}],
    }
    return {**SOURCE, "target-gateways": [{**row, **changes}]}


def estate(*keys: str, gateway: str = "g1") -> list[Any]:
    return [workspace(each, sources=sources(*(keys or (SQL,)), gateway=gateway)) for each in range(4)]


@pytest.mark.parametrize("rule", ["g1", "G1", "old gate", "Old Gate", "*"])
@pytest.mark.parametrize("wanted_target", ["T1", "new GATE"])
def test_a_data_source_that_its_target_gateway_has_is_no_obstacle(rule: str, wanted_target: str) -> None:
    assert found(estate(), wanted(gateways={rule: wanted_target}), parts=target()) == []


def test_a_gateway_that_is_mapped_to_none_is_named_once_and_hides_what_follows_from_it() -> None:
    (only,) = found(estate(SQL, "sql:sql02;hr"), parts=target())
    assert (only.code, only.id, only.name) == ("gateway.unmapped", "g1", "Old gate")
    assert "2 data source(s)" in only.message
    assert "8 model(s)" in only.message


@pytest.mark.parametrize("details", ['{"server":"other","database":"sales"}', "not json", "{}"])
def test_a_data_source_that_the_target_gateway_lacks_is_named_once(details: str) -> None:
    parts = target(datasources=[{"datasourceType": "Sql", "connectionDetails": details}])
    (only,) = found(estate(), wanted(gateways={"g1": "T1"}), parts=parts)
    assert (only.code, only.id, only.key) == ("gateway.noMatch", SQL, "t1")
    assert "4 workspaces (Workspace 0, Workspace 1, Workspace 2, …)" in only.message


def test_a_data_source_of_the_same_place_and_another_type_is_no_match() -> None:
    parts = target(datasources=[{"datasourceType": "Oracle", "connectionDetails": DETAILS}])
    assert codes(found(estate(), wanted(gateways={"g1": "T1"}), parts=parts)) == ["gateway.noMatch"]


@pytest.mark.parametrize("change", [{"administered": False}, {"unread": "It was refused."}])
def test_a_gateway_whose_data_sources_can_t_be_seen_is_named_and_nothing_is_guessed(change: Any) -> None:
    (only,) = found(estate(), wanted(gateways={"g1": "T1"}), parts=target(datasources=[], **change))
    assert (only.code, only.id) == ("gateway.notAdministered", "t1")


def test_a_target_gateway_nobody_sees_is_named_once_for_all_that_are_mapped_to_it() -> None:
    both = [*estate(), *(workspace(9 + n, sources=sources(SQL, gateway="g2")) for n in range(2))]
    parts = {
        **SOURCE,
        "source-gateways": [{"id": "g1", "name": "a"}, {"id": "g2", "name": "b"}],
        "target-gateways": [],
    }
    obstacles = found(both, wanted(gateways={"a": "Gone", "b": "Gone"}), parts=parts)
    assert [(each.code, each.name) for each in obstacles] == [("gateway.unknownTarget", "Gone")]


def test_target_gateways_that_could_not_be_read_are_not_called_unknown() -> None:
    parts = {**SOURCE, "target-gateways": Part([], "It was refused.")}
    (only,) = found(estate(), wanted(gateways={"g1": "T1"}), parts=parts)
    assert (only.code, only.id) == ("plan.notCheckable", "targetGateways")


def test_a_gateway_of_the_source_that_we_do_not_administer_can_be_mapped_by_id() -> None:
    parts = {**target(), "source-gateways": []}
    (only,) = found(estate(), wanted(gateways={"G1": "T1"}), parts=parts)
    assert (only.code, only.id) == ("plan.notCheckable", "sourceGateways")
    both = found(estate(), parts=parts)
    assert codes(both) == ["gateway.unmapped", "plan.notCheckable"]


# -- credentials ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gateway", ["", "hidden-gateway-of-its-owner"])
def test_a_cloud_source_without_a_credential_is_named_once(gateway: str) -> None:
    (only,) = found(estate(CLOUD_SQL, gateway=gateway))
    assert (only.code, only.kind, only.id) == ("credentials.missing", "gatewayDatasource", CLOUD_SQL)
    assert found(estate(CLOUD_SQL, gateway=gateway), wanted(credentials={CLOUD_SQL.upper(): "secret"})) == []


def test_a_cloud_source_of_several_owners_is_one_data_source() -> None:
    both = [*estate(CLOUD_SQL, gateway="h1"), workspace(9, sources=sources(CLOUD_SQL, gateway="h2"))]
    assert codes(found(both)) == ["credentials.missing"]


def test_a_cloud_source_on_a_gateway_of_ours_needs_the_gateway_and_no_credential() -> None:
    assert codes(found(estate(CLOUD_SQL), parts=SOURCE)) == ["gateway.unmapped"]


@pytest.mark.parametrize(
    "key",
    [
        "powerplatformdataflows:x",
        "analysisservices:powerbi://api.powerbi.com/v1.0/myorg/a",
        SQL,
        "file:c:\\a.xlsx",
    ],
)
def test_what_needs_no_credential_or_can_t_have_one_is_not_asked_for_one(key: str) -> None:
    assert found(estate(key, gateway="")) == []


# -- places ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (CLOUD_SQL, Place.CLOUD),
        ("sql:tcp:x.database.windows.net,1433;db", Place.CLOUD),
        ("azureblobs:account", Place.CLOUD),
        ("sharepointlist:https://contoso.sharepoint.com/sites/a", Place.CLOUD),
        ("web:https://api.example.com/v1", Place.CLOUD),
        ("odata:http://server/feed", Place.PREMISES),
        ("web:https://10.1.2.3/x", Place.PREMISES),
        (SQL, Place.PREMISES),
        ("sql:sql01\\instance;db", Place.PREMISES),
        ("sql:192.168.1.5;db", Place.PREMISES),
        ("file:\\\\share\\a.xlsx", Place.PREMISES),
        ("folder:c:\\data", Place.PREMISES),
        ("sql:sql.contoso.com;db", Place.UNCLEAR),
        ("oracle:ora.contoso.com:1521/orcl", Place.UNCLEAR),
    ],
)
def test_where_a_data_source_lies(key: str, place: Place) -> None:
    assert place_of(key) == place


@given(st.text(max_size=80))
def test_no_key_is_too_odd(key: str) -> None:
    assert place_of(key) in Place
    assert needs_credential(key) in (True, False)
