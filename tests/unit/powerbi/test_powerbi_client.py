"""The client over a real socket: tokens, retries, redirects, one log line per attempt, and nothing secret in it."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from powerbi_support import TENANT, Received, Reply, Rig, Service, error, reply_json, rig_on, serving

from shared.errors import (
    AlreadyExists,
    AmbiguousWrite,
    BadRequest,
    EntityNotFound,
    ForbiddenHost,
    IdentityRefused,
    NotAuthorized,
    ServiceError,
    TerminalError,
    Throttled,
    Unavailable,
)
from shared.powerbi import operations as op

GROUP = "6a3bc0f8-0000-4000-8000-000000000001"


def test_a_call_carries_token_ids_and_quoted_parameters(rig: Rig) -> None:
    rig.service.in_turn(reply_json({"id": GROUP}))
    assert rig.tenant.groups.get(GROUP) == {"id": GROUP}
    request = rig.service.received[0]
    assert request.path == f"/v1.0/myorg/groups/{GROUP}"
    assert request.authorization == f"Bearer {rig.tenant.client.tokens.get('main')}"
    assert (
        request.headers["x-ms-client-request-id"]
        == request.headers["activityid"]
        == rig.calls[0].correlation_id
    )
    assert request.headers["accept-encoding"] == "identity"
    assert "x-powerbi-profile-id" not in request.headers


@pytest.mark.parametrize("value", ["a/b", "a b?c#d", "%2e%2e", "ümläut", "a'b"])
def test_no_parameter_can_name_another_path(rig: Rig, value: str) -> None:
    rig.service.in_turn(Reply(200))
    rig.tenant.groups.remove_user(GROUP, value)
    target = rig.service.received[0].target
    assert target.startswith(f"/v1.0/myorg/groups/{GROUP}/users/")
    assert target.count("/") == 6
    assert "?" not in target


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_parameters_that_would_vanish_are_refused(rig: Rig, value: str) -> None:
    with pytest.raises(BadRequest):
        rig.tenant.groups.get(value)
    assert rig.service.received == []


def test_profile_goes_with_the_main_identity_only(service: Service) -> None:
    rig = rig_on(service, PROFILE_ID="p-1")
    rig.tenant.client.call(op.LIST_CAPACITIES)
    rig.tenant.client.call(op.LIST_CAPACITIES_AS_ADMIN)
    assert [request.headers.get("x-powerbi-profile-id") for request in service.received] == ["p-1", None]


def test_a_short_wait_is_waited_and_a_long_one_leaves_the_call(rig: Rig) -> None:
    rig.service.in_turn(error(429, "x", Retry_After="3"), reply_json({"id": "1"}))
    assert rig.tenant.groups.create("name")["id"] == "1"
    assert rig.clock.sleeps == [3]
    rig.service.in_turn(
        reply_json({"message": "You have exceeded … Retry in 3392 seconds."}, 429, Retry_After="3392")
    )
    with pytest.raises(Throttled) as caught:
        rig.tenant.groups.get(GROUP)
    assert (caught.value.retry_at - rig.clock.now()).total_seconds() == 3392
    assert (caught.value.operation, caught.value.connection) == ("Groups_GetGroup", "contoso")


def test_reads_survive_faults_of_every_kind(rig: Rig) -> None:
    whole = json.dumps({"value": [], "padding": "x" * 1000}).encode()
    rig.service.in_turn(
        error(503, "busy"),
        Reply(hang_up=True),
        Reply(200, whole, {"Content-Type": "application/json"}, cut_after=10),
        reply_json({"value": [{"id": "c"}]}),
    )
    assert rig.tenant.capacities.list() == [{"id": "c"}]
    assert [(call.attempt, call.status, call.code) for call in rig.calls] == [
        (0, 503, "busy"),
        (1, 0, "wire.failed"),
        (2, 200, "wire.failed"),
        (3, 200, ""),
    ]
    assert len({call.correlation_id for call in rig.calls}) == 4


def test_a_read_gives_up_after_five_tries(rig: Rig) -> None:
    rig.service.in_turn(error(500, "down"))
    with pytest.raises(Unavailable):
        rig.tenant.capacities.list()
    assert len(rig.service.received) == 5


@pytest.mark.parametrize(
    "reply",
    [
        error(500, "x"),
        Reply(hang_up=True),
        Reply(200, b'{"id": "123"}', {"Content-Type": "application/json"}, cut_after=5),
        Reply(200, b'{"id": "12', {"Content-Type": "application/json"}, without_length=True),
        Reply(200, b"<html>gateway</html>", {"Content-Type": "application/json"}),
    ],
    ids=["500", "hang up", "cut", "cut unnoticed", "not json"],
)
def test_a_write_whose_answer_was_lost_is_sent_once_and_ambiguous(rig: Rig, reply: Reply) -> None:
    rig.service.in_turn(reply)
    with pytest.raises(AmbiguousWrite):
        rig.tenant.groups.create("name")
    assert len(rig.service.received) == 1


def test_connection_refused_is_unavailable_even_for_a_write(service: Service) -> None:
    with serving() as gone:
        origin = gone.origin
    rig = rig_on(service, API_URL=f"{origin}/v1.0/myorg")
    with pytest.raises(Unavailable):
        rig.tenant.groups.create("name")
    assert len(rig.clock.sleeps) == 4


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error(400, "PowerBIEntityAlreadyExists"), AlreadyExists),
        (error(404, "PowerBIEntityNotFound"), EntityNotFound),
        (error(401, "GroupNotAccessible"), NotAuthorized),
        (error(400, "Unheard"), BadRequest),
    ],
)
def test_refusals_are_terminal_and_asked_once(rig: Rig, reply: Reply, kind: type[ServiceError]) -> None:
    rig.service.in_turn(reply)
    with pytest.raises(kind):
        rig.tenant.groups.create("name")
    assert len(rig.service.received) == 1


def test_a_refused_token_is_renewed_once_per_call(rig: Rig) -> None:
    rig.service.in_turn(Reply(403, headers={"x-powerbi-error-info": "TokenExpired"}), reply_json({"id": "1"}))
    assert rig.tenant.groups.create("name")["id"] == "1"
    first, second = (request.authorization for request in rig.service.received)
    assert first != second
    assert len(rig.service.token_requests) == 2


def test_where_fresh_tokens_are_refused_too_there_is_one_renewal_in_five_minutes(rig: Rig) -> None:
    rig.service.in_turn(Reply(403, headers={"x-powerbi-error-info": "TokenExpired"}))
    for passed in range(0, 900, 20):
        rig.clock.passed = float(passed)
        with pytest.raises(IdentityRefused) as caught:
            rig.tenant.groups.get(GROUP)
        assert caught.value.refused_s == passed
        assert caught.value.retry_at is not None
        assert rig.clock.now() < caught.value.retry_at <= rig.clock.now() + timedelta(seconds=300)
    assert len(rig.service.token_requests) == 1 + 3
    rig.service.in_turn(reply_json({"id": "1"}))
    rig.tenant.groups.get(GROUP)
    rig.service.in_turn(Reply(403, headers={"x-powerbi-error-info": "TokenExpired"}))
    rig.clock.passed += 400
    with pytest.raises(IdentityRefused) as again:
        rig.tenant.groups.get(GROUP)
    assert again.value.refused_s == 0


def test_many_threads_share_one_renewal(service: Service) -> None:
    """64 calls meet an expired token at once: one new token serves them all."""
    rig = rig_on(service, QUOTAS='{"default": {"in_flight": 64, "limit": 1000}}')
    together = threading.Barrier(64)
    stale = f"Bearer {rig.tenant.client.tokens.get('main')}"

    def script(request: Received) -> Reply:
        if request.authorization == stale:
            together.wait(30)
            return Reply(403, headers={"x-powerbi-error-info": "TokenExpired"})
        return reply_json({"id": "1"})

    rig.service.script = script
    with ThreadPoolExecutor(64) as pool:
        assert all(pool.map(lambda _: rig.tenant.groups.get(GROUP), range(64)))
    assert len(rig.service.token_requests) == 2


def test_a_cluster_redirect_is_followed_with_the_body_and_the_token(service: Service) -> None:
    with serving() as cluster:
        rig = rig_on(service, ALLOWED_HOSTS=cluster.origin.removeprefix("http://"))
        service.in_turn(Reply(307, headers={"Location": f"{cluster.origin}/elsewhere?x=1"}))
        cluster.in_turn(reply_json({"id": "1"}))
        assert rig.tenant.groups.create("näme")["id"] == "1"
        moved = cluster.received[0]
        assert (moved.method, moved.target, moved.json()) == ("POST", "/elsewhere?x=1", {"name": "näme"})
        assert moved.authorization == service.received[0].authorization


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/x", "https://evil.tld/", "file:///etc/passwd"])
def test_a_redirect_to_a_foreign_host_is_refused(rig: Rig, location: str) -> None:
    rig.service.in_turn(Reply(307, headers={"Location": location}))
    with pytest.raises(ForbiddenHost):
        rig.tenant.groups.create("name")
    assert rig.calls[-1].code == "host.forbidden"


def test_a_foreign_redirect_target_hears_nothing(service: Service, rig: Rig) -> None:
    with serving() as foreign:
        service.in_turn(Reply(307, headers={"Location": f"{foreign.origin}/x"}))
        with pytest.raises(ForbiddenHost):
            rig.tenant.groups.get(GROUP)
        assert foreign.received == []


def test_a_redirect_loop_ends(rig: Rig) -> None:
    rig.service.in_turn(Reply(307, headers={"Location": "/v1.0/myorg/again"}))
    with pytest.raises(BadRequest):
        rig.tenant.groups.get(GROUP)
    assert len(rig.service.received) == 4


def test_a_post_is_not_turned_into_a_get(rig: Rig) -> None:
    rig.service.in_turn(Reply(302, headers={"Location": "/v1.0/myorg/x"}))
    with pytest.raises(BadRequest):
        rig.tenant.groups.create("name")


def test_a_write_carries_unicode_as_it_is(rig: Rig) -> None:
    name = "Büro ✓ 'q' \"d\" \\ / 👩‍🚀 \u202e"
    rig.service.in_turn(reply_json({"id": "1"}))
    rig.tenant.groups.create(name)
    assert rig.service.received[0].json() == {"name": name}
    assert rig.service.received[0].query == {"workspaceV2": "true"}


def test_one_line_per_attempt_and_no_secret_in_any(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    canary = "c4nary-0123456789"
    replies = [
        error(500, "Boom", f"Bearer {canary}", Location=f"https://evil.tld/?sig={canary}", RequestId="req-1"),
        Reply(307, headers={"Location": f"https://u:{canary}@evil.tld/?sig={canary}"}),
    ]
    rig.service.in_turn(*replies)
    with caplog.at_level(logging.INFO), pytest.raises(ForbiddenHost) as caught:
        rig.tenant.groups.get(GROUP)
    lines = [record for record in caplog.records if record.name == "powerbi.calls"]
    assert len(lines) == 2
    assert vars(lines[0])["template"] == "/groups/{group}"
    assert vars(lines[0])["request_id"] == "req-1"
    token = rig.tenant.client.tokens.get("main")
    everything = "\n".join(str(vars(record)) for record in caplog.records) + str(caught.value)
    for secret in (canary, token, "s3cret-of-main", GROUP):
        assert secret not in everything


def test_entra_refusing_the_credentials_is_no_missing_right(rig: Rig) -> None:
    document = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret"}
    rig.service.entra = lambda _: reply_json(document, 401)
    with pytest.raises(IdentityRefused) as caught:
        rig.tenant.groups.get(GROUP)
    assert not isinstance(caught.value, TerminalError)
    assert (caught.value.code, caught.value.operation) == ("invalid_client", "Entra_Token")
    assert "AADSTS7000215" in caught.value.message
    assert rig.service.received == []


def test_fabric_without_an_address_says_what_to_set(service: Service) -> None:
    rig = rig_on(service, CLOUD="china", FABRIC_URL="")
    with pytest.raises(TerminalError, match="FABRIC_URL"):
        rig.tenant.fabric.rename_semantic_model(GROUP, GROUP, "x")


def test_two_connections_never_see_each_others_token(service: Service) -> None:
    """Each connection's token is its own, also where the other's service sends it there."""
    with serving() as other:
        contoso, fabrikam = rig_on(service), rig_on(other)
        service.in_turn(Reply(307, headers={"Location": f"{other.origin}/v1.0/myorg/groups/{GROUP}"}))
        with pytest.raises(ForbiddenHost):
            contoso.tenant.groups.get(GROUP)
        assert other.received == []
        other.in_turn(reply_json({}))
        fabrikam.tenant.groups.get(GROUP)
        assert other.received[0].authorization == f"Bearer {fabrikam.tenant.client.tokens.get('main')}"
    assert TENANT in contoso.tenant.connection.authority_url
