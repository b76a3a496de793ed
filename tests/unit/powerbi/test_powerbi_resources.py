"""Resource areas: what each sends and how it reads the answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from powerbi_support import Received, Reply, Rig, Service, error, reply_json, rig_on, serving

from shared.errors import AlreadyExists, BadRequest, ForbiddenHost, IncompletePages
from shared.powerbi.datasets import find_refresh, is_already_refreshing

GROUP = "g-1"
DAY = datetime(2026, 11, 20, tzinfo=UTC)


def pages_of(rows: list[dict[str, Any]]) -> Any:
    """A list operation with $top and $skip over these rows."""

    def script(request: Received) -> Reply:
        skip, top = int(request.query.get("$skip", 0)), int(request.query["$top"])
        return reply_json({"value": rows[skip : skip + top]})

    return script


def test_workspaces_are_listed_to_the_end(rig: Rig) -> None:
    rows = [{"id": str(number), "name": f"w{number}"} for number in range(2001)]
    rig.service.script = pages_of(rows)
    assert list(rig.tenant.groups.list_groups()) == rows
    assert [request.query["$skip"] for request in rig.service.received] == ["0", "1000", "2000", "2001"]


def test_all_workspaces_of_a_tenant_by_the_admin_list(rig: Rig) -> None:
    rig.service.script = pages_of([{"id": "1"}])
    assert len(list(rig.tenant.groups.list_groups_as_admin())) == 1
    assert rig.service.received[0].query["$top"] == "5000"
    assert rig.calls[0].quota == "admin.groups"


def test_a_name_is_found_exactly_whatever_is_in_it(rig: Rig) -> None:
    name = "O'Neil & Söhne #1 100%"
    rig.service.in_turn(reply_json({"value": [{"id": "1", "name": name}, {"id": "2", "name": "other"}]}))
    assert [row["id"] for row in rig.tenant.groups.find_by_name(name)] == ["1"]
    request = rig.service.received[0]
    assert request.query["$filter"] == "name eq 'O''Neil & Söhne #1 100%'"
    assert "&%20S" not in request.target
    assert quote("&", safe="") in request.target


@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_no_name_breaks_out_of_its_filter(rig: Rig, name: str) -> None:
    rig.service.in_turn(reply_json({"value": []}))
    rig.service.received.clear()
    assert rig.tenant.groups.find_by_name(name) == []
    sent = rig.service.received[0].query
    assert set(sent) == {"$filter", "$top", "$skip"}
    inner = sent["$filter"].removeprefix("name eq '").removesuffix("'")
    assert inner.replace("''", "") == name.replace("'", "")
    assert inner.count("'") == 2 * name.count("'")


@pytest.mark.parametrize("document", [{"id": "1"}, {"value": [{"id": "1"}]}])
def test_a_created_workspace_is_read_in_both_documented_forms(rig: Rig, document: dict[str, Any]) -> None:
    rig.service.in_turn(reply_json(document))
    assert rig.tenant.groups.create("x") == {"id": "1"}


def test_users_are_listed_added_and_changed(rig: Rig) -> None:
    rows = [
        {"identifier": "a@x", "groupUserAccessRight": "Admin"},
        {"identifier": "b", "principalType": "App"},
    ]
    rig.service.script = pages_of(rows)
    assert list(rig.tenant.groups.users(GROUP)) == rows
    assert len(rig.service.received) == 1
    rig.service.in_turn(Reply(200))
    rig.tenant.groups.add_user(GROUP, "a@x", "User", "Viewer")
    rig.tenant.groups.update_user(GROUP, "sp", "App", "Member", profile_id="p")
    added, changed = rig.service.received[-2:]
    assert (added.method, changed.method) == ("POST", "PUT")
    assert added.json() == {"identifier": "a@x", "principalType": "User", "groupUserAccessRight": "Viewer"}
    assert changed.json()["profile"] == {"id": "p"}
    rig.service.in_turn(error(400, "AddingAlreadyExistsGroupUserNotSupportedError"))
    with pytest.raises(AlreadyExists):
        rig.tenant.groups.add_user(GROUP, "a@x", "User", "Viewer")


def test_a_scan_is_asked_for_with_everything_we_need(rig: Rig) -> None:
    rig.service.in_turn(reply_json({"id": "s-1", "status": "NotStarted"}, 202))
    assert rig.tenant.scanner.post_info(["a", "b"]) == "s-1"
    request = rig.service.received[0]
    flags = ("lineage", "datasourceDetails", "datasetSchema", "datasetExpressions", "getArtifactUsers")
    assert request.query == dict.fromkeys(flags, "true")
    assert request.json() == {"workspaces": ["a", "b"]}
    for wrong in ([], ["x"] * 101):
        with pytest.raises(BadRequest):
            rig.tenant.scanner.post_info(wrong)


def test_modified_workspaces(rig: Rig) -> None:
    rig.service.in_turn(reply_json([{"id": "a"}, {"id": "b"}]))
    assert rig.tenant.scanner.modified(DAY) == ["a", "b"]
    assert rig.service.received[0].query["modifiedSince"] == "2026-11-20T00:00:00.0000000Z"


def test_a_refresh_gives_the_id_its_history_row_has(rig: Rig) -> None:
    rig.service.in_turn(Reply(202, headers={"RequestId": "ABC-1"}))
    request_id = rig.tenant.datasets.refresh(GROUP, "d")
    assert rig.service.received[0].json() == {"notifyOption": "NoNotification"}
    assert find_refresh([{"requestId": "x"}, {"requestId": "abc-1", "status": "Completed"}], request_id) == {
        "requestId": "abc-1",
        "status": "Completed",
    }
    text = "Invalid dataset refresh request. Another refresh request is already executing"
    rig.service.in_turn(error(400, "InvalidRequest", text))
    with pytest.raises(BadRequest) as caught:
        rig.tenant.datasets.refresh(GROUP, "d")
    assert is_already_refreshing(caught.value)


def test_datasets_are_read_in_either_spelling(rig: Rig) -> None:
    rig.service.in_turn(reply_json({"value": [{"id": "d", "IsRefreshable": True}]}))
    assert rig.tenant.datasets.list(GROUP) == [{"id": "d", "isRefreshable": True}]


def test_capacities(rig: Rig) -> None:
    rig.service.in_turn(Reply(200))
    rig.tenant.capacities.assign(GROUP, "cap")
    assert rig.service.received[0].json() == {"capacityId": "cap"}
    rig.service.in_turn(reply_json({"status": "Pending"}))
    assert rig.tenant.capacities.assignment_status(GROUP)["status"] == "Pending"


def test_renaming_goes_to_fabric(rig: Rig) -> None:
    rig.service.in_turn(reply_json({"id": "d"}))
    rig.tenant.fabric.rename_semantic_model(GROUP, "d", "New")
    request = rig.service.received[0]
    assert (request.method, request.path) == ("PATCH", f"/v1/workspaces/{GROUP}/semanticModels/d")


def test_items_of_every_kind_are_listed_to_the_end(rig: Rig) -> None:
    first, second = {"id": "a", "type": "Report"}, {"id": "b", "type": "Notebook"}
    rig.service.in_turn(
        reply_json({"value": [first], "continuationToken": "next=="}), reply_json({"value": [second]})
    )
    assert list(rig.tenant.fabric.items(GROUP)) == [first, second]
    assert [request.query.get("continuationToken") for request in rig.service.received] == [None, "next=="]
    assert rig.service.received[0].path == f"/v1/workspaces/{GROUP}/items"


def activity_script(service: Service, sizes: list[int]) -> Any:
    """A day in pages of these sizes, with tokens that are encoded already, as the service gives them."""

    def script(request: Received) -> Reply:
        token = request.query.get("continuationToken", "'+0'").strip("'")
        number = int(token.removeprefix("+"))
        start = sum(sizes[:number])
        document: dict[str, Any] = {
            "activityEventEntities": [{"Id": str(start + each)} for each in range(sizes[number])],
            "continuationUri": None,
            "continuationToken": None,
        }
        if number + 1 < len(sizes):
            following = f"%2B{number + 1}"
            document["continuationToken"] = following
            document["continuationUri"] = (
                f"{service.origin}/v1.0/myorg/admin/activityevents?continuationToken='{following}'"
            )
        return reply_json(document)

    return script


@given(sizes=st.lists(st.integers(0, 5), min_size=1, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_a_day_of_events_is_read_to_its_end_for_any_page_sizes(rig: Rig, sizes: list[int]) -> None:
    rig.service.script = activity_script(rig.service, sizes)
    events = list(rig.tenant.activity.events(DAY, DAY + timedelta(hours=23)))
    assert [event["Id"] for event in events] == [str(number) for number in range(sum(sizes))]


def test_the_day_is_asked_for_in_quotes_and_the_link_followed_verbatim(rig: Rig) -> None:
    rig.service.script = activity_script(rig.service, [1, 1])
    list(rig.tenant.activity.events(DAY, DAY + timedelta(seconds=86399.999)))
    first, second = rig.service.received
    assert first.query == {
        "startDateTime": "'2026-11-20T00:00:00.000Z'",
        "endDateTime": "'2026-11-20T23:59:59.999Z'",
    }
    assert second.target == "/v1.0/myorg/admin/activityevents?continuationToken='%2B1'"


def test_reading_goes_on_where_it_stopped(rig: Rig) -> None:
    rig.service.script = activity_script(rig.service, [2, 2, 2])
    pages = rig.tenant.activity.pages(DAY, DAY)
    stopped = next(pages).next_uri
    rest = rig.tenant.activity.pages(DAY, DAY, resume=stopped)
    assert [row["Id"] for page in rest for row in page.rows] == ["2", "3", "4", "5"]


def test_two_days_at_once_are_refused(rig: Rig) -> None:
    with pytest.raises(BadRequest):
        rig.tenant.activity.events(DAY, DAY + timedelta(days=1)).__next__()


def test_a_continuation_to_a_foreign_host_is_refused(service: Service) -> None:
    with serving() as foreign:
        rig = rig_on(service)
        link = f"{foreign.origin}/v1.0/myorg/admin/activityevents?continuationToken='x'"
        service.in_turn(
            reply_json({"activityEventEntities": [], "continuationToken": "x", "continuationUri": link})
        )
        with pytest.raises(ForbiddenHost):
            list(rig.tenant.activity.events(DAY, DAY))
        assert foreign.received == []


def test_a_continuation_that_leads_back_is_an_error(rig: Rig) -> None:
    link = f"{rig.service.origin}/v1.0/myorg/admin/activityevents?continuationToken='x'"
    rig.service.in_turn(
        reply_json({"activityEventEntities": [], "continuationToken": "x", "continuationUri": link})
    )
    with pytest.raises(IncompletePages):
        list(rig.tenant.activity.events(DAY, DAY))
