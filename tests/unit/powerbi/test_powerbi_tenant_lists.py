"""The lists of a whole tenant: what each sends, and that it is read to its end."""

from __future__ import annotations

from typing import Any

import pytest
from powerbi_support import Received, Reply, Rig, Service, error, reply_json, rig_on

from shared.errors import NotAuthorized
from shared.powerbi import apps

USER = {"USERNAME": "mia@contoso.example", "PASSWORD": "pw"}


def rows(number: int) -> list[dict[str, Any]]:
    return [{"id": str(each), "name": f"n{each}"} for each in range(number)]


def pages_of(found: list[dict[str, Any]], at_most: int) -> Any:
    """A service that caps its pages lower than asked."""

    def script(request: Received) -> Reply:
        skip, top = int(request.query.get("$skip", 0)), int(request.query["$top"])
        return reply_json({"value": found[skip : skip + min(top, at_most)]})

    return script


def test_apps_are_read_to_the_end_and_never_with_a_skip_of_zero(rig: Rig) -> None:
    rig.service.script = pages_of(rows(7), at_most=3)
    assert list(rig.tenant.apps.list_as_admin()) == rows(7)
    queries = [request.query for request in rig.service.received]
    assert [query.get("$skip") for query in queries] == [None, "3", "6", "7"]
    assert {query["$top"] for query in queries} == {str(apps.PAGE)}
    assert {(call.operation, call.quota) for call in rig.calls} == {("Apps_GetAppsAsAdmin", "admin.other")}


def test_pipelines_come_with_their_stages_and_users(rig: Rig) -> None:
    rig.service.script = pages_of(rows(3), at_most=5000)
    assert list(rig.tenant.pipelines.list_as_admin()) == rows(3)
    assert rig.service.received[0].query == {"$expand": "users,stages", "$top": "5000"}
    assert rig.calls[0].operation == "Pipelines_GetPipelinesAsAdmin"


def test_gateways_and_their_data_sources(rig: Rig) -> None:
    rig.service.in_turn(reply_json({"value": rows(2)}), reply_json({"value": rows(1)}))
    assert rig.tenant.gateways.list() == rows(2)
    assert rig.tenant.gateways.datasources("gw/1") == rows(1)
    assert [r.target for r in rig.service.received] == [
        "/v1.0/myorg/gateways",
        "/v1.0/myorg/gateways/gw%2F1/datasources",
    ]


@pytest.mark.parametrize("field", ["itemEntities", "value"])
def test_fabric_items_of_the_tenant_to_the_last_continuation(rig: Rig, field: str) -> None:
    pages = [
        {field: rows(2), "continuationToken": "next=="},
        {field: [], "continuationToken": "last"},
        {field: [{"id": "z"}]},
    ]
    rig.service.in_turn(*map(reply_json, pages))
    assert [row["id"] for row in rig.tenant.fabric.items_as_admin()] == ["0", "1", "z"]
    assert [r.query.get("continuationToken") for r in rig.service.received] == [None, "next==", "last"]
    assert rig.service.received[0].path == "/v1/admin/items"
    assert {call.identity for call in rig.calls} == {"admin"}


def test_fabric_shows_gateways_to_everybody_with_a_right(rig: Rig) -> None:
    rig.service.in_turn(reply_json({"value": rows(1), "continuationToken": "b"}), reply_json({"value": []}))
    assert list(rig.tenant.fabric.gateways()) == rows(1)
    assert rig.service.received[0].path == "/v1/gateways"


def test_workbooks_are_asked_for_with_the_workspaces(rig: Rig) -> None:
    rig.service.in_turn(
        reply_json({"value": [{"id": "w", "workbooks": [{"name": "b"}]}]}), reply_json({"value": []})
    )
    assert list(rig.tenant.groups.list_with_workbooks()) == [{"id": "w", "workbooks": [{"name": "b"}]}]
    assert rig.service.received[0].query["$expand"] == "workbooks"


def test_what_is_read_of_a_model_singly(rig: Rig) -> None:
    rig.service.script = lambda request: reply_json({"value": [], "enabled": True, "path": request.path})
    datasets = rig.tenant.datasets
    assert datasets.refresh_schedule("g", "d")["path"].endswith("/groups/g/datasets/d/refreshSchedule")
    assert datasets.direct_query_schedule("g", "d")["path"].endswith("/directQueryRefreshSchedule")
    assert datasets.parameters("g", "d") == []
    assert datasets.datasources("g", "d") == []
    assert [r.path.rsplit("/", 1)[1] for r in rig.service.received[2:]] == ["parameters", "datasources"]


def test_subscriptions_of_reports_and_dashboards_have_a_budget_each(rig: Rig) -> None:
    rig.service.script = lambda _: reply_json({"value": [{"id": "s"}]})
    assert rig.tenant.subscriptions.of_report("r") == [{"id": "s"}]
    assert rig.tenant.subscriptions.of_dashboard("d") == [{"id": "s"}]
    assert [r.path.removeprefix("/v1.0/myorg") for r in rig.service.received] == [
        "/admin/reports/r/subscriptions",
        "/admin/dashboards/d/subscriptions",
    ]


@pytest.mark.parametrize(("reply", "is_admin"), [(reply_json({"value": []}), True), (error(401, "X"), False)])
def test_whether_the_master_user_administers_fabric_is_one_question_in_its_own_name(
    service: Service, reply: Reply, is_admin: bool
) -> None:
    rig = rig_on(service, **USER)
    service.in_turn(reply)
    assert rig.tenant.groups.user_is_fabric_admin() is is_admin
    assert service.token_requests[-1]["grant_type"] == "password"
    assert len(service.received) == 1
    assert service.received[0].query["$top"] == "1"


def test_the_workspaces_of_the_master_user_are_read_in_its_name(service: Service) -> None:
    rig = rig_on(service, **USER)
    service.in_turn(reply_json({"value": rows(2)}), reply_json({"value": []}))
    assert list(rig.tenant.groups.list_as_user()) == rows(2)
    assert {call.identity for call in rig.calls} == {"user"}
    assert rig.tenant.user_name() == USER["USERNAME"]


def test_a_master_user_of_a_refresh_token_is_named_by_its_token(service: Service) -> None:
    from powerbi_support import jwt

    service.entra = lambda _: reply_json(
        {"access_token": jwt({"upn": "max@contoso.example"}), "token_type": "Bearer", "expires_in": 3600}
    )
    assert rig_on(service, REFRESH_TOKEN="r").tenant.user_name() == "max@contoso.example"


def test_a_refusal_of_a_list_is_an_error_and_never_an_empty_list(rig: Rig) -> None:
    rig.service.in_turn(error(401, "PowerBINotAuthorizedException"))
    for read in (
        rig.tenant.apps.list_as_admin,
        rig.tenant.pipelines.list_as_admin,
        rig.tenant.fabric.items_as_admin,
        rig.tenant.gateways.list,
        rig.tenant.groups.list_with_workbooks,
    ):
        with pytest.raises(NotAuthorized):
            list(read())
