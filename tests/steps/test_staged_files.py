"""Bytes on their way: what is not the exported file, to the bit, never becomes an import; it is exported anew."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import current_thread
from typing import Any

import pytest
from step_support import Move

from activities import exports, imports, pbix_files
from shared import blobs, writes
from shared.blobs import Container
from shared.models import ItemState
from shared.services import Services
from shared.statuses import Status

type Damage = Callable[[Container, str], None]

EXPORT = "Reports_ExportReportInGroup"


def flip(container: Container, name: str) -> None:
    content = bytearray(container.read_bytes(name) or b"")
    content[len(content) // 2] ^= 1
    container.stage(name, [bytes(content)])


def flip_last(container: Container, name: str) -> None:
    content = container.read_bytes(name) or b""
    container.stage(name, [content[:-1] + bytes([content[-1] ^ 128])])


def replace(container: Container, name: str) -> None:
    container.stage(name, [b"PK\x03\x04 something else"])


def truncate(container: Container, name: str) -> None:
    container.stage(name, [(container.read_bytes(name) or b"")[:-1]])


def lengthen(container: Container, name: str) -> None:
    container.stage(name, [(container.read_bytes(name) or b"") + b"\0"])


def delete(container: Container, name: str) -> None:
    container.delete(name)


DAMAGES = [flip, flip_last, replace, truncate, lengthen, delete]


@pytest.fixture
def one(moving: Callable[..., Move]) -> Move:
    return moving()


def assert_arrived(move: Move, reports: int = 1) -> None:
    """Once, and by one accepted import each; whatever else was begun was never completed."""
    space = move.space()
    assert (len(space["imports"]), move.held()) == (reports, (reports, reports))
    for number in range(reports):
        row = move.item(number)
        assert (row.state, row.sent_sha256) == (ItemState.DONE, row.sha256)
    assert move.sandbox.control.violations() == []


@pytest.mark.parametrize("block", [blobs.BLOCK, 4096], ids=["in one piece", "in many"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_copy_is_not_imported_but_exported_anew(
    one: Move, monkeypatch: pytest.MonkeyPatch, damage: Damage, block: int
) -> None:
    monkeypatch.setattr(blobs, "BLOCK", block)
    given = one.call()
    one.step(exports.export_report, given)
    damage(one.services.staging, one.item().blob)
    again = one.step(imports.import_report, given)
    assert again == {"outcome": "done", "value": {"again": True}}
    assert one.space()["imports"] == []
    assert one.move()["outcome"] == "done"
    assert_arrived(one)
    assert len(one.requests(EXPORT)) == 2


def test_a_copy_that_is_damaged_each_time_is_given_up(one: Move) -> None:
    given, outcomes = one.call(), list[dict[str, Any]]()
    for _ in range(3):
        one.step(exports.export_report, given)
        flip(one.services.staging, one.item().blob)
        outcomes.append(one.step(imports.import_report, given))
    assert [each.get("code") for each in outcomes] == [None, None, "content.changed"]
    assert one.space()["imports"] == []
    assert one.move()["outcome"] == "done"  # people ask for it once more
    assert_arrived(one)


def test_two_files_that_changed_places_go_nowhere_wrong(moving: Callable[..., Move]) -> None:
    move = moving(reports=2)
    for number in range(2):
        move.step(exports.export_report, move.call(number))
    staging, names = move.services.staging, [move.item(number).blob for number in range(2)]
    contents = [staging.read_bytes(name) or b"" for name in names]
    for name, content in zip(names, reversed(contents), strict=True):
        staging.stage(name, [content])
    assert [move.move(number)["outcome"] for number in range(2)] == ["done", "done"]
    assert_arrived(move, 2)
    source = move.sandbox.control.state("contoso")
    files = {each["id"]: each["sha256"] for each in source["files"]}
    reports = {each["id"]: each for space in source["workspaces"] for each in space["reports"]}
    for number, row in enumerate(move.reports):
        assert move.item(number).sha256 == files[reports[row.source_id]["fileId"]]


BAD_DOWNLOADS = {
    "cut off": {"truncate": 9000, "withLength": True},
    "cut off, looking whole": {"truncate": 9000, "closeWithoutLength": True},
    "a byte that changed": {"corrupt": True},
    "an error page": {"status": 200, "body": "<html>busy</html>", "headers": {"content-type": "text/html"}},
    "a page that says it is a file": {"status": 200, "body": "<html>busy</html>"},
    "JSON": {"status": 200, "body": {"message": "busy"}},
    "nothing": {"status": 200, "body": ""},
}


@pytest.mark.parametrize("bad", BAD_DOWNLOADS)
def test_a_download_that_is_not_the_file_is_fetched_again(one: Move, bad: str) -> None:
    one.sandbox.control.fault({"operation": EXPORT, "nth": 1}, BAD_DOWNLOADS[bad])
    assert one.move()["outcome"] == "done"
    assert_arrived(one)
    assert len(one.requests(EXPORT)) == 2


@pytest.mark.parametrize("bad", ["an error page", "cut off, looking whole", "a byte that changed"])
def test_a_download_that_never_is_the_file_fails_with_the_reason(one: Move, bad: str) -> None:
    one.sandbox.control.fault({"operation": EXPORT}, BAD_DOWNLOADS[bad])
    assert one.move()["code"].startswith("content.")
    assert one.posts == 0
    assert "report.exportFailed" in one.findings()


def test_a_migration_told_to_stop_does_not_complete_an_upload(
    one: Move, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last block waits for the gate."""
    given = one.call()
    one.step(exports.export_report, given)
    body = blobs.StagedBody._blocks

    def paused_meanwhile(self: blobs.StagedBody) -> Any:
        services.manifest.move_to(one.migration, Status.PAUSED)
        yield from body(self)

    with monkeypatch.context() as while_it_sends:
        while_it_sends.setattr(blobs.StagedBody, "_blocks", paused_meanwhile)
        assert one.once(imports.import_report, given)["outcome"] == "stopped"
    assert one.space()["imports"] == []
    services.manifest.move_to(one.migration, Status.RUNNING)
    assert one.move()["outcome"] == "done"
    assert_arrived(one)


def test_an_upload_that_another_try_took_over_is_not_completed(
    one: Move, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine gave the first one up while it sent; both would be accepted."""
    given = one.call()
    one.step(exports.export_report, given)
    body, others, first = blobs.StagedBody._blocks, list[dict[str, Any]](), current_thread()

    def slow(self: blobs.StagedBody) -> Any:
        if current_thread() is first:
            one.clock.move(3600)
            with ThreadPoolExecutor(1) as engine:
                others.append(engine.submit(one.once, imports.import_report, given).result(60))
        yield from body(self)

    monkeypatch.setattr(blobs.StagedBody, "_blocks", slow)
    with pytest.raises(writes.Superseded):
        one.once(imports.import_report, given)
    assert [each["outcome"] for each in others] == ["done"]
    assert one.move()["outcome"] == "done"
    assert_arrived(one)


def test_what_is_staged_goes_when_its_workspace_is_at_its_end(moving: Callable[..., Move]) -> None:
    move, neighbour = moving(reports=2), moving()
    for each, number in ((move, 0), (move, 1), (neighbour, 0)):
        each.step(exports.export_report, each.call(number))
    staging = move.services.staging
    blob = move.item(0).blob
    staging.stage(blob.replace(".pbix", "-of-a-try-that-died.pbix"), [b"no row names it"])
    pbix_files.drop_staged(move.services, move.migration, move.workspace)
    pbix_files.drop_staged(move.services, move.migration, move.workspace)
    assert [staging.size(move.item(number).blob) for number in range(2)] == [None, None]
    assert staging.size(blob.replace(".pbix", "-of-a-try-that-died.pbix")) is None
    assert staging.size(neighbour.item().blob) == neighbour.item().length
    assert move.move(0)["outcome"] == "done"  # exported anew where it is wanted after all


def test_what_lies_staged_in_full_is_not_exported_again(one: Move) -> None:
    one.sandbox.control.plan_import("fail", times=2)
    assert one.move()["outcome"] == "done"
    assert len(one.requests(EXPORT)) == 1
