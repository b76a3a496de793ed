"""What a long-running operation makes, at its deadline: waited for again if it may come, else begun anew."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from core_support import next_id

from activities import items
from activities.context import open_context
from activities.frame import Call, run
from activities.making import intent_of
from activities.ways import way_of
from shared.assessment.model import Route
from shared.errors import EntityNotFound
from shared.models import ItemRow, ItemState, Kind, Migration, MigrationRequest, WorkspaceRow
from shared.services import Services, request_path

DAY = 24 * 3600.0


class Target:
    """A tenant in which the operation stands as it is told, and nothing is listed."""

    def __init__(self, status: str) -> None:
        self._status = status
        self.operations = SimpleNamespace(status=self._of, result=lambda operation: None)
        self.definitions = SimpleNamespace(list=lambda group, kind: [])

    def _of(self, operation: str) -> dict[str, Any]:
        if self._status == "forgotten":
            raise EntityNotFound("OperationNotFound", status=404)
        return {"status": self._status}


@pytest.fixture
def begun(services: Services) -> dict[str, Any]:
    """A model whose creation was accepted; the input of its activities."""
    identity, workspace = next_id("late-"), next_id("w-")
    request = MigrationRequest("contoso", "fabrikam", ["*"])
    services.documents.write_json(request_path(identity, "h"), request.to_dict())
    services.manifest.create(Migration(identity, "running", "contoso", "fabrikam", "h", "t", "t"))
    row = WorkspaceRow(workspace, "Sales", target_id="t1", target_name="Sales", status="running")
    services.manifest.plan_workspace(identity, row)
    model = ItemRow(workspace, Kind.DATASET, "m1", "Model", state=ItemState.CREATING, route=Route.DEFINITION)
    services.manifest.plan_items(identity, workspace, [model])
    call = {"migration": identity, "workspace": workspace, "kind": Kind.DATASET, "item": "m1"}
    begin_again(services, call)
    return call


def begin_again(services: Services, call: dict[str, Any]) -> None:
    context = open_context(services, Call.from_dict(call))
    model = services.manifest.item(call["migration"], call["workspace"], Kind.DATASET, "m1")
    intent = intent_of(context, model, way_of(model))
    services.gate.write(
        intent, survey=lambda: {"ids": []}, look=lambda before: None, act=lambda: {"operation": "o"}
    )


def failed_late(services: Services, call: dict[str, Any], late: dict[str, Any]) -> bool:
    """Records that failure; whether the write is still remembered, so that a retry waits for it."""
    assert (late["outcome"], late["code"]) == ("failed", "item.deadline")
    failure = {"during": "await_item", "code": late["code"], "message": late["message"]}
    assert run(items.record_failure, services, {**call, **failure})["outcome"] == "done"
    context = open_context(services, Call.from_dict(call))
    item = services.manifest.item(call["migration"], call["workspace"], Kind.DATASET, "m1")
    assert item.state == ItemState.FAILED
    return services.gate.is_open(intent_of(context, item, way_of(item)))


def test_what_still_runs_at_its_deadline_is_waited_for_by_the_retry(
    services: Services, begun: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "power_bi", lambda name: Target("Running"))
    assert run(items.await_item, services, begun)["outcome"] == "wait"
    late = run(items.await_item, services, {**begun, "waited": DAY, "polls": 99})
    assert failed_late(services, begun, late)


@pytest.mark.parametrize("status", ["Succeeded", "forgotten"])
def test_what_is_over_and_does_not_show_is_begun_anew_twice(
    services: Services, begun: dict[str, Any], monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    monkeypatch.setattr(services, "power_bi", lambda name: Target(status))
    long_running = {**begun, "waited": DAY, "polls": 99}
    first = run(items.await_item, services, long_running)
    assert first["outcome"] == "wait"  # another deadline begins
    in_vain = {**begun, **first["state"], "waited": DAY}
    for _ in range(2):
        assert run(items.await_item, services, in_vain)["value"] == {"again": True}
        begin_again(services, begun)
    assert not failed_late(services, begun, run(items.await_item, services, in_vain))


def test_what_the_service_said_and_what_to_do_are_two_sentences(
    services: Services, begun: dict[str, Any]
) -> None:
    where = (begun["migration"], begun["workspace"], Kind.DATASET, "m1")
    services.manifest.update_item(*where, todo="Make it by hand.")
    failure = {"during": "read_item", "code": "item.needNotThere", "message": "Its model stays behind"}
    assert run(items.record_failure, services, {**begun, **failure})["outcome"] == "done"
    row = services.manifest.item(*where)
    assert (row.state, row.note) == (ItemState.MANUAL, "Its model stays behind. Make it by hand.")
