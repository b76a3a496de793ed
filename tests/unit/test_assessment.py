"""The end of a plan goes over the extracts of an estate one by one: of 10,000 they would fill the memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from activities import assessment
from activities.context import open_context
from activities.frame import Call
from shared.assessment.model import Extract
from shared.models import Migration, MigrationRequest
from shared.services import Services, request_path

WORKSPACES = 40


def begun(services: Services, migration: str) -> Call:
    request = MigrationRequest("contoso", "fabrikam", ["*"])
    services.manifest.create(Migration(migration, "planning", "contoso", "fabrikam", "h", "t", "t"))
    services.documents.write_json(request_path(migration, "h"), request.to_dict())
    return Call(migration=migration)


def test_no_more_than_a_few_extracts_are_held_at_once(
    services: Services, migration: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []

    def one_by_one(_: object) -> Iterator[Extract]:
        for number in range(WORKSPACES):
            yield Extract(
                f"w{number}", f"W {number}", sources={"sql:s;d": {}}, counts={"users": 1, "items": 1}
            )
        held.append(sum(type(each) is Extract for each in gc.get_objects()))

    monkeypatch.setattr(assessment, "_extracts", one_by_one)
    monkeypatch.setattr(services, "own_principals", lambda _: frozenset[str]())  # else a tenant is asked
    assessment.assess(open_context(services, begun(services, migration)))
    assert len(held) >= 5  # every pass of them
    assert max(held) <= 5
