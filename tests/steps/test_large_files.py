"""Files too large for one request: fetched by the service's storage out of ours where it can, else streamed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from free_quotas import services_without_limits
from step_support import Move, MovedClock

from activities import copying, delivery, exports, imports
from shared.config import Settings
from shared.models import ItemState
from shared.services import Services

LIMIT = 4096  # the smallest file of the estate is larger
FETCH, PUT, LIST = "Blob_PutBlockFromUrl", "Blob_PutBlock", "Blob_PutBlockList"

type Json = dict[str, Any]


@pytest.fixture
def services(settings: Settings, clock: MovedClock) -> Services:
    return services_without_limits(settings, clock)


@pytest.fixture
def large(moving: Callable[..., Move], monkeypatch: pytest.MonkeyPatch) -> Move:
    """A workspace on a capacity, whose two reports are large files by a scaled limit."""
    monkeypatch.setattr(delivery, "MULTIPART_LIMIT", LIMIT)
    monkeypatch.setattr(copying, "BLOCK", 10_000)
    move = moving(reports=2)
    target = move.services.power_bi("fabrikam")
    capacity = next(iter(target.capacities.list()))
    target.capacities.assign(move.target, str(capacity["id"]))
    move.sandbox.control.advance()
    return move


def refuse(move: Move, status: int, code: str, **match: Any) -> None:
    body = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
    effect = {"status": status, "body": body, "headers": {"x-ms-error-code": code}}
    move.sandbox.control.fault({"operation": FETCH, **match}, effect)


def calls(move: Move) -> dict[str, int]:
    ledger = [entry["operation"] for entry in move.sandbox.control.ledger()]
    return {name: ledger.count(name) for name in (FETCH, PUT, LIST)}


def assert_arrived(move: Move, reports: int = 1) -> None:
    """The very bytes of the source, once."""
    space, files = (
        move.space(),
        {each["id"]: each for each in move.sandbox.control.state("fabrikam")["files"]},
    )
    arrived = {report["id"]: files[report["fileId"]]["sha256"] for report in space["reports"]}
    assert (len(space["imports"]), move.held()) == (reports, (reports, reports))
    for number in range(reports):
        row = move.item(number)
        assert (row.state, row.sent_sha256) == (ItemState.DONE, row.sha256)
        assert arrived[row.target_id] == row.sha256
    assert move.sandbox.control.violations() == []


def test_the_service_fetches_a_large_file_by_itself(large: Move) -> None:
    assert large.move()["outcome"] == "done"
    assert_arrived(large)
    blocks = -(-large.item().length // copying.BLOCK)
    assert blocks > 1
    assert calls(large) == {FETCH: blocks, PUT: 0, LIST: 1}
    fetched = large.requests(FETCH)
    assert sum(entry["fetched"] for entry in fetched) == large.item().length
    assert sum(entry["bytesIn"] for entry in fetched) == 0


@pytest.mark.parametrize(
    ("status", "code"),
    [(501, "NotImplemented"), (403, "AuthorizationFailure"), (404, "CannotVerifyCopySource")],
)
def test_where_it_can_not_the_file_is_streamed_and_it_is_not_asked_again(
    large: Move, status: int, code: str
) -> None:
    refuse(large, status, code)
    assert [large.move(number)["outcome"] for number in range(2)] == ["done", "done"]
    assert_arrived(large, 2)
    assert calls(large)[FETCH] == 1
    assert large.services.staging.out_of_reach == {"fabrikam"}


def test_a_refusal_in_the_middle_is_of_this_file_alone(large: Move) -> None:
    refuse(large, 409, "PendingCopyOperation", nth=2)
    assert large.move()["outcome"] == "done"
    assert calls(large)[PUT] > 0
    assert large.move(1)["outcome"] == "done"
    assert_arrived(large, 2)
    assert large.services.staging.out_of_reach == set()


def test_a_storage_that_is_busy_is_asked_again(large: Move) -> None:
    refuse(large, 503, "ServerBusy", times=1)
    assert large.move()["outcome"] == "done"
    assert_arrived(large)
    assert calls(large)[PUT] == 0


def test_a_storage_that_fails_at_it_again_and_again_gets_the_file_streamed(large: Move) -> None:
    refuse(large, 500, "InternalError")
    assert large.move()["outcome"] == "done"
    assert_arrived(large)
    assert large.services.staging.out_of_reach == set()


def test_a_storage_that_only_says_it_fetched_is_found_out(large: Move) -> None:
    """As one that knows no such request and takes it for a block of no bytes."""
    large.sandbox.control.fault({"operation": FETCH}, {"status": 201})
    large.sandbox.control.fault(
        {"operation": LIST, "nth": 1}, {"status": 201}
    )  # the list of blocks it does not hold
    large.sandbox.control.fault(
        {"operation": "Imports_PostImportInGroup", "nth": 1},
        {"when": "before", "code": "RequestedFileIsEncryptedOrCorrupted"},
    )
    assert large.move()["outcome"] == "done"
    assert_arrived(large)
    assert large.services.staging.out_of_reach == {"fabrikam"}


def test_a_file_that_was_no_file_when_it_was_published_is_streamed(large: Move) -> None:
    large.sandbox.control.plan_import("fail", times=1, code="RequestedFileIsEncryptedOrCorrupted")
    assert large.move()["outcome"] == "done"
    row = large.item()
    assert (row.state, row.import_tries) == (ItemState.DONE, 1)
    assert calls(large)[PUT] > 0


@pytest.mark.parametrize("gone", [False, True], ids=["changed", "gone"])
def test_only_the_exported_version_is_fetched(large: Move, *, gone: bool) -> None:
    """Nothing of it is ever imported, and the file is exported anew."""
    given, staging = large.call(), large.services.staging
    large.step(exports.export_report, given)
    if gone:
        staging.delete(large.item().blob)
    else:
        staging.stage(large.item().blob, [bytes(large.item().length)])
    again = large.step(imports.import_report, given)
    assert again == {"outcome": "done", "value": {"again": True}}
    assert calls(large) == {FETCH: 0, PUT: 0, LIST: 0}
    assert large.move()["outcome"] == "done"
    assert_arrived(large)


def test_a_file_that_changes_while_it_is_fetched_is_not_mixed(large: Move) -> None:
    """The etag holds each block to one version: storage refuses, and the streamed way finds out why."""
    given, staging = large.call(), large.services.staging
    large.step(exports.export_report, given)
    pinned = type(staging).pinned

    def and_then_it_changes(self: Any, staged: Any) -> str:
        etag = pinned(self, staged)
        self.stage(staged.blob, [bytes(staged.length)])
        return etag

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(staging), "pinned", and_then_it_changes)
        again = large.step(imports.import_report, given)
    assert again == {"outcome": "done", "value": {"again": True}}
    assert large.space()["imports"] == []
    assert staging.out_of_reach == set()
    assert large.move()["outcome"] == "done"
    assert_arrived(large)


def test_without_a_signature_the_file_is_streamed(
    large: Move, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(services.staging), "signed_url", lambda *_: None)
    assert large.move()["outcome"] == "done"
    assert_arrived(large)
    assert calls(large)[FETCH] == 0
