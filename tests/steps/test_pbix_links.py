"""Ids of the old tenant inside a PBIX: named in a finding, at the cost of a few looks; the file stays as it is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from step_support import Move

from activities import pbix_links
from shared import blob_reading
from shared.blobs import Container
from shared.models import ItemState
from shared.run_documents import order_path

type Json = dict[str, Any]


def linked(content: bytes, links: list[str], filling: int = 0) -> bytes:
    """The same PBIX with a page more, in the newer format, that opens these addresses."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as made:
        for member in old.infolist():
            made.writestr(member, old.read(member))
        for number, link in enumerate(links):
            made.writestr(f"Report/definition/pages/{number}/page.json", f'{{"webUrl": "{link}"}}')
        if filling:
            made.writestr("Report/StaticResources/RegisteredResources/noise.bin", bytes(filling))
    return buffer.getvalue()


@pytest.fixture
def linking(moving: Callable[..., Move], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Move]:
    """A workspace whose first report is exported with links in it."""

    def make(links: Callable[[Move], list[str]], filling: int = 0) -> Move:
        move = moving(reports=2)
        move.services.documents.write_json(order_path(move.migration), [move.workspace])
        staging = move.services.staging
        stage = Container.stage

        def with_links(self: Container, name: str, chunks: Any) -> Any:
            if self is not staging or move.reports[0].source_id not in name:
                return stage(self, name, chunks)
            return stage(self, name, [linked(b"".join(chunks), links(move), filling)])

        monkeypatch.setattr(Container, "stage", with_links)
        return move

    return make


def address(move: Move, number: int) -> str:
    return f"https://app.powerbi.com/groups/{move.workspace}/reports/{move.reports[number].source_id}"


def test_a_link_into_the_old_tenant_is_named(linking: Callable[..., Move]) -> None:
    move = linking(lambda move: [address(move, 1), "https://app.powerbi.com/home"])
    assert move.move()["outcome"] == "done"
    told = move.findings()["content.sourceLinks"]
    assert move.reports[1].source_name in told
    assert f"what is {move.target} now" in told
    row = move.item()
    assert (row.state, row.sent_sha256, row.note) == (ItemState.DONE, row.sha256, "")


def test_ids_that_nobody_knows_are_no_finding(linking: Callable[..., Move]) -> None:
    move = linking(lambda _: ["https://example.com/0a11f10e-0000-4000-8000-000000000001"])
    assert move.move()["outcome"] == "done"
    assert move.findings() == {}


def test_a_file_that_is_too_large_is_not_looked_through(
    linking: Callable[..., Move], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pbix_links, "MULTIPART_LIMIT", 1000)
    move = linking(lambda move: [address(move, 1)])
    assert move.move()["outcome"] == "done"
    assert (move.findings(), move.item().state) == ({}, ItemState.DONE)
    assert "too large" in move.item().note


def test_a_report_that_takes_too_many_looks_is_left(
    linking: Callable[..., Move], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_reading, "PAGES", 1)
    monkeypatch.setattr(blob_reading, "PAGE", 4096)
    move = linking(lambda move: [address(move, 1)])
    assert move.move()["outcome"] == "done"
    assert (move.findings(), move.item().state) == ({}, ItemState.DONE)
    assert "would have to be read" in move.item().note
