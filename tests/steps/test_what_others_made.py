"""A retry writes over nothing that people made, a rollback deletes nothing of theirs, and no scan is in the way."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from azure.core.exceptions import ServiceRequestError
from step_support import Move

from activities import (
    exports,
    imports,
    inventory,
    items,
    retrying,
    rollback,
    settling,
    settling_items,
    taking_back,
    undoing,
)
from activities.selected import store_selection
from shared import writes
from shared.manifest import Manifest
from shared.models import ItemState, Kind

type Moving = Callable[..., Move]
type Json = dict[str, Any]

STEPS = (
    rollback.begin_undo,
    settling.settle_imports,
    settling_items.settle_items,
    undoing.delete_reports,
    undoing.delete_datasets,
    undoing.delete_target,
    taking_back.take_back_rights,
)


def where(move: Move) -> Json:
    return {name: move.call()[name] for name in ("migration", "workspace", "scale")}


def change(move: Move, by: Callable[[Json], object]) -> None:
    state = move.sandbox.control.state("fabrikam")
    by(next(space for space in state["workspaces"] if space["id"] == move.target))
    move.sandbox.control.put_state("fabrikam", state)


def undo(move: Move) -> int:
    """As `orchestrators.rollback`; how much of ours is left."""
    for status in ("validating", "ready", "rollingBack"):
        move.services.manifest.decide(move.migration, lambda now, to=status: {"status": to})
    for body in STEPS:
        outcome = move.step(body, where(move))
        assert outcome["outcome"] == "done", outcome
        if not outcome["value"].get("there", True):
            break
    return move.step(rollback.close_undo, where(move))["value"]["left"]


@pytest.mark.parametrize("origin", ["merged", "created"])
def test_a_report_that_people_put_in_the_place_of_ours_stays(moving: Moving, origin: str) -> None:
    move, theirs = moving(origin=origin), str(uuid4())
    assert move.move()["outcome"] == "done"
    change(move, lambda space: space["reports"][0].update(id=theirs, modifiedBy="alice"))
    assert move.step(retrying.reopen_workspace, where(move))["value"]["open"]
    assert move.move()["code"] == "report.modelStands"
    assert [(each["id"], each["modifiedBy"]) for each in move.space()["reports"]] == [(theirs, "alice")]
    assert undo(move) == 0
    assert [each["id"] for each in move.space()["reports"]] == [theirs]


def test_a_model_with_a_name_of_its_own_is_not_made_twice(moving: Moving) -> None:
    move = moving()
    model = move.reports[0].dataset_id
    move.services.manifest.update_item(
        move.migration, move.workspace, Kind.DATASET, model, source_name="Own name"
    )
    assert move.move()["outcome"] == "done"
    change(move, lambda space: space["reports"].clear())
    assert move.step(retrying.reopen_workspace, where(move))["value"]["open"]
    assert move.move()["code"] == "report.modelStands"
    assert (move.held(), move.posts) == ((0, 1), 1)


def test_what_others_have_published_over_ours_is_theirs(moving: Moving) -> None:
    move = moving(origin="merged")
    assert move.move()["outcome"] == "done"

    def publish(space: Json) -> None:
        space["imports"].append(copy.deepcopy(space["imports"][-1]) | {"id": str(uuid4())})

    change(move, publish)
    assert undo(move) == 0
    assert move.held() == (1, 1)
    assert "rollback.kept" in move.findings()


def test_a_deleted_workspace_whose_end_was_not_recorded_is_deleted(
    moving: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    move, lost = moving(), list[str]()
    assert move.move()["outcome"] == "done"

    def observe(point: str, intent: str) -> None:
        if point == "after" and "deleteWorkspace" in intent and not lost:
            lost.append(intent)
            raise ServiceRequestError("storage is away")

    monkeypatch.setattr(writes, "write_observer", observe)
    assert (undo(move), len(lost)) == (0, 1)


def test_scans_that_were_refused_keep_no_place(moving: Moving) -> None:
    move = moving()
    entry = {
        "id": move.workspace,
        "name": "x",
        "targetName": "x",
        "capacity": "",
        "targetCapacity": "",
        "moves": True,
    }
    store_selection(move.services, move.migration, "scanner", 0, [entry] * 2000, [])
    move.sandbox.control.fault(
        {"operation": "WorkspaceInfo_PostWorkspaceInfo"}, {"when": "before", "status": 401}
    )
    given = {"migration": move.migration, "scale": 1.0, "mode": "scanner"}
    outcomes = [move.once(inventory.await_scan, {**given, "batch": number}) for number in range(20)]
    assert {outcome["outcome"] for outcome in outcomes} == {"failed"}


def test_who_dies_between_a_finding_and_its_row_says_it_again(
    moving: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looks at a row again that has come to its end: what is to be said of it is said before."""
    move = moving()
    given = {
        **where(move),
        "kind": Kind.REPORT,
        "item": move.reports[0].source_id,
        "code": "x",
        "message": "y",
    }
    with monkeypatch.context() as patch:
        die_at(patch, lambda changes: changes.get("state") == ItemState.FAILED)
        assert move.once(items.record_failure, given)["outcome"] == "wait"
    assert (move.item().state, set(move.findings())) == (ItemState.PLANNED, {"item.failed"})
    assert move.once(items.record_failure, given)["outcome"] == "done"
    assert (move.item().state, set(move.findings())) == (ItemState.FAILED, {"item.failed"})


def test_what_is_to_be_done_about_an_arrival_is_said_before_its_row(
    moving: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = moving()
    report = move.reports[0].source_id
    move.services.manifest.update_item(
        move.migration, move.workspace, Kind.REPORT, report, todo="Look at it."
    )
    for body in (exports.export_report, imports.import_report):
        assert move.step(body, move.call())["outcome"] == "done"
    with monkeypatch.context() as patch:
        die_at(patch, lambda changes: changes.get("state") == ItemState.DONE, Kind.REPORT)
        assert move.once(imports.await_import, move.call())["outcome"] == "wait"
    assert (move.item().state, move.findings()) == (ItemState.CREATING, {"manual.afterMove": "Look at it."})
    assert move.step(imports.await_import, move.call())["outcome"] == "done"
    assert (move.item().state, set(move.findings())) == (ItemState.DONE, {"manual.afterMove"})


def test_that_it_goes_another_way_is_said_before_its_row(
    moving: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the new way in the row nobody asks for a file again."""
    move = moving()
    move.sandbox.control.refuse("ModelessWorkbookNotFound", 404, operation="Reports_ExportReportInGroup")
    with monkeypatch.context() as patch:
        die_at(patch, lambda changes: "route" in changes)
        assert move.once(exports.export_report, move.call())["outcome"] == "wait"
    assert set(move.findings()) == {"item.rerouted"}


def die_at(patch: pytest.MonkeyPatch, is_fatal: Callable[[Json], bool], kind: Kind | None = None) -> None:
    """At a change of an item's row."""
    update = Manifest.update_item

    def die(manifest: Manifest, migration: str, workspace: str, of: Kind, item: str, **changes: Any) -> Any:
        if kind in (None, of) and is_fatal(changes):
            raise ServiceRequestError("storage is away")
        return update(manifest, migration, workspace, of, item, **changes)

    patch.setattr(Manifest, "update_item", die)
