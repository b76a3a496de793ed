"""Microsoft Graph: whom a directory knows; what it does not tell is never taken for "nobody"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from powerbi_support import Received, Reply, Rig, Service, error, reply_json, rig_on

from shared.errors import BadRequest, ForbiddenHost, NotAuthorized, Throttled
from shared.powerbi.graph import BATCH, Found

Answer = Callable[[str], dict[str, Any]]


def graph(service: Service, answer: Answer) -> Rig:
    """A rig whose Graph answers each question of a batch by its address, in reverse order."""
    rig = rig_on(service, GRAPH_URL=f"{service.origin}/v1.0")

    def script(request: Received) -> Reply:
        assert request.path == "/v1.0/$batch"
        asked = request.json()["requests"]
        assert 1 <= len(asked) <= BATCH
        assert {question["method"] for question in asked} == {"GET"}
        return reply_json(
            {"responses": [{"id": q["id"], **answer(unquote(q["url"]))} for q in reversed(asked)]}
        )

    service.script = script
    return rig


def knows(*names: str) -> Answer:
    def answer(url: str) -> dict[str, Any]:
        name = next((each for each in names if each in url), None)
        if "$filter" in url:
            return {"status": 200, "body": {"value": [{"id": name}] if name else []}}
        if name is None:
            return {"status": 404, "body": {"error": {"code": "Request_ResourceNotFound"}}}
        return {"status": 200, "body": {"id": name}}

    return answer


def test_who_is_known_and_who_is_not(service: Service) -> None:
    rig = graph(service, knows("ann@x.example", "group-1", "app-1"))
    asked = [("ann@x.example", "User"), ("bob@x.example", "User"), ("group-1", "Group"), ("app-1", "App")]
    asked += [("app-2", "App"), ("group-2", "Group")]
    found = list(rig.tenant.graph.look_up(asked))  # pyright: ignore[reportArgumentType]
    assert [(each.identifier, each.known) for each in found] == [
        ("ann@x.example", True),
        ("bob@x.example", False),
        ("group-1", True),
        ("app-1", True),
        ("app-2", False),
        ("group-2", False),
    ]
    assert len(service.received) == 1
    assert rig.calls[0].identity == "graph"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    kinds=st.lists(st.sampled_from(["User", "Group", "App"]), max_size=70), known=st.sets(st.integers(0, 70))
)
def test_each_is_answered_once_and_in_order_for_any_number(
    service: Service, kinds: list[Any], known: set[int]
) -> None:
    rig = graph(service, knows(*(f"<{number}>" for number in known)))
    asked = [(f"<{number}>", kind) for number, kind in enumerate(kinds)]
    found = list(rig.tenant.graph.look_up(asked))
    assert [(each.identifier, each.known) for each in found] == [
        (name, number in known) for number, (name, _) in enumerate(asked)
    ]


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_what_is_not_permitted_is_open_and_not_missing(service: Service, status: int) -> None:
    body = {"error": {"code": "Authorization_RequestDenied"}}
    rig = graph(service, lambda _: {"status": status, "body": body})
    (found,) = rig.tenant.graph.look_up([("ann@x.example", "User")])
    assert (found.known, found.reason) == (None, f"HTTP {status} Authorization_RequestDenied")


def test_a_question_without_an_answer_is_open(service: Service) -> None:
    rig = graph(service, knows())
    service.script = lambda _: reply_json({"responses": []})
    assert [each.known for each in rig.tenant.graph.look_up([("a@x", "User")])] == [None]


def test_an_application_is_found_by_either_id_and_open_if_one_way_is_closed(service: Service) -> None:
    def only_filter(url: str) -> dict[str, Any]:
        return {"status": 200, "body": {"value": [{"id": "o"}]}} if "$filter" in url else {"status": 404}

    rig = graph(service, only_filter)
    assert list(rig.tenant.graph.look_up([("app", "App")])) == [Found("app", True, {"id": "o"})]
    rig = graph(service, lambda url: {"status": 403} if "$filter" in url else {"status": 404})
    assert [each.known for each in rig.tenant.graph.look_up([("app", "App")])] == [None]


@pytest.mark.parametrize("headers", [{"Retry-After": "77"}, {"retry-after": "77"}])
def test_a_question_that_is_put_off_is_waited_for(service: Service, headers: dict[str, str]) -> None:
    rig = graph(service, lambda _: {"status": 429, "headers": headers})
    with pytest.raises(Throttled) as caught:
        list(rig.tenant.graph.look_up([("a@x", "User")]))
    assert (caught.value.retry_at - rig.clock.now()).total_seconds() == pytest.approx(77, abs=1)


@pytest.mark.parametrize("name", ["o'neil@x.example", "a b@x.example", "x#EXT#@y.example", "a/b", "ä&b=c?d"])
def test_no_name_breaks_out_of_its_address(service: Service, name: str) -> None:
    urls: list[str] = []
    rig = rig_on(service, GRAPH_URL=f"{service.origin}/v1.0")

    def script(request: Received) -> Reply:
        urls.extend(question["url"] for question in request.json()["requests"])
        return reply_json({"responses": []})

    service.script = script
    list(rig.tenant.graph.look_up([(name, "User"), (name, "App")]))
    user, by_id, by_filter = urls
    for url in (user, by_id):
        assert unquote(url.split("?")[0].split("/")[2]) == name
        assert not set("'#& ") & set(url.removesuffix("$select")) or "'" in name
    assert unquote(by_filter).endswith(f"appId eq '{name.replace("'", "''")}'")
    assert " " not in by_filter


def test_graph_has_a_token_of_its_own_audience(service: Service) -> None:
    rig = graph(service, knows())
    list(rig.tenant.graph.look_up([("a@x", "User")]))
    scopes = [request["scope"].split()[0] for request in service.token_requests]
    assert scopes == ["https://graph.microsoft.com/.default"]


def test_without_its_address_it_is_not_used_and_its_host_is_foreign(rig: Rig) -> None:
    with pytest.raises(BadRequest, match="GRAPH_URL"):
        list(rig.tenant.graph.look_up([("a@x", "User")]))
    assert rig.service.received == []
    from shared.powerbi.hosts import AllowList, Purpose

    with pytest.raises(ForbiddenHost):
        AllowList(rig.tenant.connection).check("https://graph.microsoft.com/v1.0/users", Purpose.API)


def test_an_address_without_a_version_gets_the_one_this_is_written_for(service: Service) -> None:
    rig = rig_on(service, GRAPH_URL=service.origin)
    service.script = lambda _: reply_json({"responses": []})
    list(rig.tenant.graph.look_up([("a@x", "User")]))
    assert service.received[0].path == "/v1.0/$batch"


def test_a_refusal_of_the_whole_is_an_error(service: Service) -> None:
    rig = rig_on(service, GRAPH_URL=f"{service.origin}/v1.0")
    service.in_turn(error(403, "Authorization_RequestDenied"))
    with pytest.raises(NotAuthorized):
        list(rig.tenant.graph.look_up([("a@x", "User")]))
