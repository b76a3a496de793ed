"""Definitions and their long-running operations: how calls are begun, followed and refused."""

from __future__ import annotations

from typing import Any

import pytest
from powerbi_support import Received, Reply, Rig, Service, reply_json, rig_on

from shared.errors import (
    AlreadyExists,
    AmbiguousWrite,
    BadRequest,
    EntityNotFound,
    IncompletePages,
    NotAuthorized,
    ServiceError,
    Throttled,
    Unavailable,
)
from shared.powerbi.definitions import definition_refusal, has_parts
from shared.powerbi.longrunning import Begun, failure_of

GROUP, MODEL, OPERATION = "g-1", "m-1", "0acd697c-1550-43cd-b998-91bfbfbd47c6"
DEFINITION = {"parts": [{"path": "model.tmdl", "payload": "YQ==", "payloadType": "InlineBase64"}]}


def accepted(**headers: str) -> Reply:
    return Reply(202, headers={name.replace("_", "-"): value for name, value in headers.items()})


def fabric_error(status: int, code: str, message: str = "m", **more: Any) -> Reply:
    body = {"requestId": "r-1", "errorCode": code, "message": message, **more}
    return reply_json(body, status, x_ms_public_api_error_code=code)


def test_a_definition_that_comes_at_once(rig: Rig) -> None:
    rig.service.in_turn(reply_json({"definition": DEFINITION}))
    found = rig.tenant.definitions.get(GROUP, "semanticModels", MODEL)
    assert found == Begun({"definition": DEFINITION}, "", None)
    assert found.is_done
    (request,) = rig.service.received
    assert (request.method, request.target) == (
        "POST",
        f"/v1/workspaces/{GROUP}/semanticModels/{MODEL}/getDefinition",
    )
    assert request.body == b""
    assert request.headers["content-length"] == "0"


@pytest.mark.parametrize(
    "headers",
    [
        {"x_ms_operation_id": OPERATION},
        {"X_MS_Operation_Id": OPERATION, "Location": "https://other/v1/operations/another"},
        {"Location": f"https://api.fabric.microsoft.com/v1/operations/{OPERATION}"},
        {"location": f"https://wabi-x.analysis.windows.net/v1/operations/{OPERATION}/result?a=b"},
        {"Location": f"/v1/operations/{OPERATION}/"},
    ],
)
def test_an_operation_is_known_by_header_or_location(rig: Rig, headers: dict[str, str]) -> None:
    rig.service.in_turn(accepted(**headers, Retry_After="20"))
    found = rig.tenant.definitions.get(GROUP, "reports", "r")
    assert found == Begun(None, OPERATION, 20.0)
    assert not found.is_done


def test_work_that_can_not_be_followed_is_as_a_lost_answer(rig: Rig) -> None:
    rig.service.in_turn(accepted())
    with pytest.raises(Unavailable):
        rig.tenant.definitions.get(GROUP, "reports", "r")
    with pytest.raises(AmbiguousWrite):
        rig.tenant.definitions.create(GROUP, "reports", "n", DEFINITION)


@pytest.mark.parametrize(
    "document", [{}, {"definition": {}}, {"definition": {"parts": []}}, {"definition": []}]
)
def test_an_answer_without_a_definition_is_no_definition(rig: Rig, document: Any) -> None:
    rig.service.in_turn(reply_json(document))
    with pytest.raises(Unavailable):
        rig.tenant.definitions.get(GROUP, "reports", "r")
    assert not has_parts(document)
    assert not has_parts(None)


def test_creating_sends_what_is_given_and_nothing_else(rig: Rig) -> None:
    rig.service.in_turn(
        reply_json({"id": "new", "displayName": "n"}, 201), Reply(201), accepted(Location="/o/1")
    )
    create = rig.tenant.definitions.create
    assert create(GROUP, "semanticModels", "n", DEFINITION).body == {"id": "new", "displayName": "n"}
    assert create(GROUP, "reports", "n", DEFINITION, "d", "f").body is None
    assert create(GROUP, "paginatedReports", "n", DEFINITION, "d", "f").operation == "1"
    bodies = [request.json() for request in rig.service.received]
    assert bodies[0] == {"displayName": "n", "definition": DEFINITION}
    assert bodies[1] == {**bodies[0], "description": "d", "folderId": "f"}
    assert bodies[2] == {**bodies[0], "description": "d"}


def test_a_create_whose_answer_was_lost_is_not_sent_again(rig: Rig) -> None:
    for lost in (Reply(hang_up=True), fabric_error(503, "ServiceUnavailable")):
        rig.service.received.clear()
        rig.service.in_turn(lost)
        with pytest.raises(AmbiguousWrite):
            rig.tenant.definitions.create(GROUP, "reports", "n", DEFINITION)
        assert len(rig.service.received) == 1


def test_reading_and_replacing_are_asked_again(rig: Rig) -> None:
    rig.service.in_turn(Reply(503), reply_json({"definition": DEFINITION}), Reply(hang_up=True), Reply(200))
    rig.tenant.definitions.get(GROUP, "dataflows", "d")
    assert rig.tenant.definitions.update(GROUP, "dataflows", "d", DEFINITION) == Begun(None, "", None)
    assert [request.method for request in rig.service.received] == ["POST"] * 4
    assert rig.service.received[-1].json() == {"definition": DEFINITION}


def test_renaming_leaves_what_is_not_given(rig: Rig) -> None:
    rig.service.in_turn(reply_json({"id": "x"}))
    rig.tenant.definitions.rename(GROUP, "reports", "r", "n")
    rig.tenant.definitions.rename(GROUP, "reports", "r", description="")
    assert [request.json() for request in rig.service.received] == [{"displayName": "n"}, {"description": ""}]


def test_lists_are_read_to_their_end(rig: Rig) -> None:
    def script(request: Received) -> Reply:
        token = request.query.get("continuationToken", "")
        following = {"": "a+b/=", "a+b/=": "c"}.get(token)
        return reply_json({"value": [{"id": f"after {token}"}], "continuationToken": following})

    rig.service.script = script
    rows = list(rig.tenant.definitions.list(GROUP, "reports"))
    assert [row["id"] for row in rows] == ["after ", "after a+b/=", "after c"]
    rig.service.in_turn(reply_json({"value": [], "continuationToken": "same"}))
    with pytest.raises(IncompletePages):
        list(rig.tenant.fabric.folders(GROUP))


def test_how_an_operation_is_going(rig: Rig) -> None:
    state = {"status": "Running", "percentComplete": 40, "createdTimeUtc": "2026-11-21T12:00:00Z"}
    rig.service.in_turn(
        reply_json(state, Retry_After="15"),
        reply_json({**state, "status": "Succeeded"}),
    )
    look = rig.tenant.operations.status
    assert look(OPERATION) == {**state, "retryAfter": 15.0}
    assert look(OPERATION) == {**state, "status": "Succeeded", "retryAfter": None}
    assert rig.service.received[0].target == f"/v1/operations/{OPERATION}"
    assert rig.calls[0].quota == "fabric.lro"


def test_an_operation_nobody_knows(rig: Rig) -> None:
    rig.service.in_turn(fabric_error(404, "OperationNotFound"))
    with pytest.raises(EntityNotFound):
        rig.tenant.operations.status(OPERATION)
    rig.service.in_turn(reply_json({}))
    with pytest.raises(Unavailable):
        rig.tenant.operations.status(OPERATION)


@pytest.mark.parametrize(
    "nothing",
    [fabric_error(400, "OperationHasNoResult"), fabric_error(404, "NotFound"), Reply(200), Reply(204)],
)
def test_an_operation_without_a_result(rig: Rig, nothing: Reply) -> None:
    rig.service.in_turn(nothing)
    assert rig.tenant.operations.result(OPERATION) is None


def test_the_result_of_an_operation(rig: Rig) -> None:
    body = b'{"definition": {"parts": []}}'
    rig.service.in_turn(Reply(200, body, {"Content-Type": "application/octet-stream"}))
    assert rig.tenant.operations.result(OPERATION) == {"definition": {"parts": []}}
    rig.service.in_turn(fabric_error(403, "InsufficientPrivileges"))
    with pytest.raises(NotAuthorized):
        rig.tenant.operations.result(OPERATION)


def test_what_failed_later_is_told_as_if_it_had_been_refused_at_once() -> None:
    def failed(**fields: Any) -> ServiceError:
        return failure_of({"status": "Failed", "error": {"message": "why", **fields}})

    assert isinstance(failed(errorCode="ItemDisplayNameAlreadyInUse"), AlreadyExists)
    assert isinstance(failed(errorCode="ItemDisplayNameNotAvailableYet"), Unavailable)
    assert isinstance(failed(errorCode="Whatever", isRetriable=True), Unavailable)
    corrupted = failed(errorCode="X", moreDetails=[{"errorCode": "CorruptedPayload", "message": "line 3"}])
    assert isinstance(corrupted, BadRequest)
    assert (corrupted.codes, corrupted.message) == (("X", "CorruptedPayload"), "why | line 3")
    assert failed().code == "operation.failed"
    assert failed().message == "why"
    for state in ({"status": "Failed"}, {"status": "Failed", "error": None}, {"error": "odd"}):
        assert failure_of(state).code == "operation.failed"


REFUSALS = [
    (fabric_error(400, "OperationNotSupportedForItem"), "notSupported"),
    (fabric_error(403, "Forbidden", "Requested item has a protected label"), "encryptedLabel"),
    (
        fabric_error(400, "OperationNotSupportedForItem", "The sensitivity label is encrypted"),
        "encryptedLabel",
    ),
    (fabric_error(403, "PrincipalTypeNotSupported"), "principal"),
    (fabric_error(400, "InsufficientPrivileges"), "denied"),
    (fabric_error(403, "InsufficientWorkspaceRole"), "denied"),
    (fabric_error(403, "RequestDeniedByInboundPolicy"), "network"),
    (fabric_error(400, "CorruptedPayload"), "corrupted"),
    (fabric_error(400, "WorkspaceItemsLimitExceeded"), "full"),
    (fabric_error(403, "FeatureNotAvailable"), "noFabric"),
    (reply_json({"Message": "API is not accessible for application"}, 403), "settingOff"),
    (fabric_error(404, "ItemNotFound"), None),
    (fabric_error(400, "ItemDisplayNameAlreadyInUse"), None),
    (fabric_error(400, "SomethingNew"), None),
    (fabric_error(429, "RequestBlocked", Retry_After="600"), None),
]


@pytest.mark.parametrize(("refusal", "reason"), REFUSALS)
def test_why_no_definition_can_be_had(rig: Rig, refusal: Reply, reason: str | None) -> None:
    rig.service.in_turn(refusal)
    with pytest.raises(ServiceError) as caught:
        rig.tenant.definitions.get(GROUP, "semanticModels", MODEL)
    assert definition_refusal(caught.value) == reason


def test_a_cloud_without_a_known_fabric_address(service: Service) -> None:
    rig = rig_on(service, CLOUD="china", FABRIC_URL="")
    with pytest.raises(BadRequest) as caught:
        rig.tenant.definitions.get(GROUP, "reports", "r")
    assert definition_refusal(caught.value) == "noFabric"
    assert service.received == []


def test_a_name_that_is_taken_and_one_that_is_still_reserved(rig: Rig) -> None:
    rig.service.in_turn(fabric_error(400, "ItemDisplayNameAlreadyInUse"))
    with pytest.raises(AlreadyExists):
        rig.tenant.definitions.create(GROUP, "reports", "n", DEFINITION)
    waiting = fabric_error(400, "ItemDisplayNameNotAvailableYet")
    rig.service.in_turn(Reply(waiting.status, waiting.body, {**waiting.headers, "Retry-After": "60"}))
    with pytest.raises(Unavailable) as caught:
        rig.tenant.definitions.create(GROUP, "reports", "n", DEFINITION)
    assert not isinstance(caught.value, AmbiguousWrite | Throttled)
    assert caught.value.retry_at is not None
    assert (caught.value.retry_at - rig.clock.now()).total_seconds() == 60
