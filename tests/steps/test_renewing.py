"""A retry brings what was changed in the source: what it finds, what it does when that fails, what it leaves alone."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from free_quotas import services_without_limits
from source_changes import changed_source, shown
from step_support import Move, MovedClock
from test_what_others_made import change, undo, where

from activities import (
    exports,
    imports,
    items,
    mending,
    migrations,
    pbix_links,
    retrying,
    updating,
    updating_files,
    validation,
    ways_definitions,
    workspaces,
)
from activities.long_running import definition_of
from activities.ways_files import Bytes
from shared import writes
from shared.assessment.model import Route
from shared.config import Settings
from shared.models import ItemRow, ItemState, Kind
from shared.ownership import Owned
from shared.run_documents import changed_path, inventory_path, order_path
from shared.services import Services

IMPORT, REFRESH = "Imports_PostImportInGroup", "Datasets_RefreshDatasetInGroup"
UPDATE, RENAME = "Fabric_UpdateReportDefinition", "Fabric_UpdateReport"
SCAN, RESULT = "WorkspaceInfo_PostWorkspaceInfo", "WorkspaceInfo_GetScanResult"
OVER = {"outcome": "done", "value": {"over": True}}

type Json = dict[str, Any]
type Arrived = Callable[..., Move]
type Dies = Callable[[Callable[[], object]], None]


@pytest.fixture
def services(settings: Settings, clock: MovedClock) -> Services:
    return services_without_limits(settings, clock)


@pytest.fixture
def operations(thin: Move) -> Iterator[Move]:
    """Whatever goes by definition takes an operation that is waited for."""
    control = thin.sandbox.control
    control.long_running("always")
    yield thin
    control.clear_operation_plans()
    control.long_running("mix")


def flag(move: Move, number: int = 0, time: str = "T1") -> None:
    """As a retry that has found it newer in the source."""
    report = move.reports[number].source_id
    move.services.manifest.update_item(move.migration, move.workspace, Kind.REPORT, report, renew=time)


def renewed(move: Move, number: int = 0, time: str = "T1") -> Json:
    """What comes of it, by the activity that an orchestration would call."""
    flag(move, number, time)
    if move.item(number).route in ("", "pbix"):
        return move.step(exports.export_report, move.call(number))
    return move.step(items.read_item, item_call(move, number))


def item_call(move: Move, number: int) -> Json:
    return {**where(move), "kind": Kind.REPORT, "item": move.reports[number].source_id}


def model_call(move: Move) -> Json:
    return {**where(move), "dataset": move.reports[0].dataset_id}


def validated(move: Move) -> str:
    """The error of its workspace."""
    move.step(validation.check_workspace, {**where(move), "page": 20, "cursor": None})
    return move.services.manifest.workspace(move.migration, move.workspace).error_code


def names(move: Move) -> dict[str, str]:
    return {identity: row[0] for identity, row in shown(move).items()}


def gone(move: Move) -> bool:
    """The target workspace."""
    spaces = move.sandbox.control.state("fabrikam")["workspaces"]
    return move.target not in {each["id"] for each in spaces if each["state"] == "Active"}


def source_report(move: Move, change: Callable[[Json, Json], object], number: int = 0) -> None:
    """`change(workspace, report)` of the source's state."""
    state = move.sandbox.control.state("contoso")
    space = next(each for each in state["workspaces"] if each["id"] == move.workspace)
    change(space, next(each for each in space["reports"] if each["id"] == move.reports[number].source_id))
    move.sandbox.control.put_state("contoso", state)


# -- what goes over what ----------------------------------------------------------------------------------------


def test_a_source_that_goes_back_to_what_it_was_goes_over_again(arrived: Arrived) -> None:
    move, files, sent = arrived(), list[str](), list[str]()
    for time in ("1", "2"):
        sent.append(changed_source(move))
        source_report(move, lambda space, report: files.append(report["fileId"]))
        assert renewed(move, time=time) == OVER
    for time, place in (("3", 0), ("4", 1)):
        source_report(move, lambda space, report, place=place: report.update(fileId=files[place]))
        assert renewed(move, time=time) == OVER
        assert shown(move)[move.item().target_id][2] == sent[place] == move.item().sent_sha256


def test_a_definition_that_goes_back_to_what_it_was_goes_over_again(thin: Move) -> None:
    reports = list[Json]()
    for time in ("1", "2"):
        changed_source(thin, 1)
        source_report(thin, lambda space, report: reports.append(copy.deepcopy(report)), 1)
        assert renewed(thin, 1, time) == OVER
    source_report(thin, lambda space, report: report.update(reports[0]), 1)
    assert renewed(thin, 1, "3") == OVER
    assert len(thin.requests(UPDATE)) == 3


def test_a_rollback_takes_what_was_renewed(arrived: Arrived) -> None:
    move = arrived()
    changed_source(move)
    assert renewed(move) == OVER
    assert undo(move) == 0
    assert "rollback.kept" not in move.findings()
    assert [row.state for row in (move.item(), move.item(kind=Kind.DATASET))] == [ItemState.DELETED] * 2


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_rollback_leaves_what_an_earlier_migration_brought_and_this_one_renewed(
    arrived: Arrived, dies: Dies, *, is_killed: bool
) -> None:
    """Under its own name; also where the service has forgotten the import that brought it."""
    move = arrived(same=True)
    before, manifest, mine = names(move), move.services.manifest, (move.item(), move.item(kind=Kind.DATASET))
    manifest.update_workspace(move.migration, move.workspace, origin="ours")
    facts = {"note": "brought by migration before", "import_id": "", "sent_sha256": "", "sha256": ""}
    for item in mine:
        manifest.update_item(move.migration, move.workspace, Kind(item.kind), item.source_id, **facts)
    move.services.gate.forget(move.migration, move.workspace, "import")
    change(move, lambda space: space["imports"].clear())
    changed_source(move)
    if is_killed:
        dies(lambda: renewed(move))
    else:
        assert renewed(move) == OVER
    undo(move)
    there = names(move)
    assert all(there[item.target_id] == before[item.target_id] for item in mine)


@pytest.fixture
def dies(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """The process, once, after an update was sent and before that is recorded."""

    def during(act: Callable[[], object]) -> None:
        def observe(point: str, intent: str) -> None:
            if point == "after" and "/update." in intent:
                raise ConnectionError("killed")

        with monkeypatch.context() as patch:
            patch.setattr(writes, "write_observer", observe)
            with pytest.raises(ConnectionError, match="killed"):
                act()

    return during


@pytest.mark.parametrize("same", [False, True])
def test_an_update_whose_answer_was_lost_is_found_again(arrived: Arrived, dies: Dies, *, same: bool) -> None:
    move = arrived(same=same)
    before, made = names(move), changed_source(move)
    dies(lambda: renewed(move))
    assert renewed(move) == OVER
    assert (move.posts, names(move), move.findings()) == (1, before, {})
    assert shown(move)[move.item().target_id][2] == made
    assert undo(move) == 0
    assert "rollback.kept" not in move.findings()
    assert gone(move)


def test_nor_does_a_rollback_take_it_for_somebody_elses(arrived: Arrived, dies: Dies) -> None:
    """Cancelled before anybody looked; the import is waited for first."""
    move = arrived(same=True)
    changed_source(move)
    dies(lambda: renewed(move))
    publishing = {"when": "before", "status": 200, "body": {"importState": "Publishing"}}
    move.sandbox.control.fault({"operation": "Imports_GetImportInGroup", "times": 2}, publishing)
    assert undo(move) == 0
    assert len(move.requests("Imports_GetImportInGroup")) == 3
    assert "rollback.kept" not in move.findings()
    assert gone(move)


def test_what_nobody_goes_on_with_is_settled_by_the_next_attempt(arrived: Arrived, dies: Dies) -> None:
    """Cancelled in the middle; by the next retry the source is at something newer, or nobody can tell."""
    move = arrived(same=True)
    before = names(move)
    changed_source(move)
    dies(lambda: renewed(move, time="T1"))
    assert names(move) != before
    assert move.step(retrying.reopen_workspace, where(move))["outcome"] == "done"
    row = move.item()
    assert (names(move), row.renew, row.sha256, row.blob) == (before, "", "", "")
    made = changed_source(move)
    assert renewed(move, time="T2") == OVER
    assert shown(move)[row.target_id][2] == made
    assert undo(move) == 0
    assert "rollback.kept" not in move.findings()


def test_each_that_nobody_goes_on_with_is_waited_for_in_a_time_of_its_own(
    arrived: Arrived, dies: Dies
) -> None:
    move = arrived()
    for number in range(2):
        changed_source(move, number)
        dies(lambda number=number: renewed(move, number))
    publishing = {"when": "before", "status": 200, "body": {"importState": "Publishing"}}
    for look in (1, 2):  # of the calls that no fault before it has answered
        move.sandbox.control.fault({"operation": "Imports_GetImportInGroup", "nth": look}, publishing)
    first = move.once(retrying.reopen_workspace, where(move))["state"]
    second = move.once(retrying.reopen_workspace, {**where(move), **first})["state"]
    assert (first["position"] < second["position"], first["polls"], second["polls"]) == (True, 1, 1)
    given = {**where(move), **second}
    assert move.once(retrying.reopen_workspace, given)["outcome"] == "done"
    assert [move.item(number).renew for number in range(2)] == ["", ""]


def test_what_was_never_begun_costs_no_look(arrived: Arrived) -> None:
    """Hundreds may have been wanted when it was cancelled."""
    move = arrived(same=True)
    flag(move, 0)
    flag(move, 1)
    assert move.step(retrying.reopen_workspace, where(move))["outcome"] == "done"
    assert [move.item(number).renew for number in range(2)] == ["", ""]
    calls = [each["operation"] for each in move.sandbox.control.ledger()]
    assert calls.count("Reports_GetReportsInGroup") == 1
    assert not {"Imports_GetImportsInGroup", "Datasets_GetDatasetsInGroup"} & set(calls)


def test_a_rollback_leaves_what_an_update_went_over_by_mistake(
    arrived: Arrived, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody put theirs in the place of ours while the file was on its way."""
    move, theirs = arrived(), "0a11f10e-0000-4000-8000-0000000000aa"
    changed_source(move)
    inner = updating_files.deliver

    def take_place(space: Json) -> None:
        ours = next(each for each in space["datasets"] if each["name"] == move.item().target_name)
        space["datasets"].append({**ours, "id": theirs})
        ours["name"] = "Moved aside"

    def late(*given: Any) -> Any:
        change(move, take_place)
        return inner(*given)

    monkeypatch.setattr(updating_files, "deliver", late)
    assert renewed(move) == OVER
    assert "update.elsewhere" in move.findings()["item.notRenewed"]
    undo(move)
    assert theirs in shown(move)


# -- after a failure --------------------------------------------------------------------------------------------


def test_what_could_not_be_renewed_is_said_and_fails_nothing(arrived: Arrived) -> None:
    move = arrived()
    before, made = shown(move), changed_source(move)
    move.sandbox.control.plan_import("fail", times=1)
    assert renewed(move) == OVER
    assert set(move.findings()) == {"item.notRenewed"}
    assert validated(move) == ""
    assert shown(move) == before
    assert renewed(move) == OVER
    assert move.findings() == {}
    assert shown(move)[move.item().target_id][2] == made


def test_a_source_that_went_back_meanwhile_is_as_the_target(arrived: Arrived) -> None:
    """What was read and never sent is not there any more."""
    move = arrived()
    old = list[str]()
    source_report(move, lambda space, report: old.append(report["fileId"]))
    changed_source(move)
    move.sandbox.control.plan_import("fail", times=1)
    renewed(move)
    row = move.item()
    stale = {"sha256": "f" * 64}  # as a version before this one left it
    move.services.manifest.update_item(move.migration, move.workspace, Kind.REPORT, row.source_id, **stale)
    source_report(move, lambda space, report: report.update(fileId=old[0]))
    assert renewed(move) == OVER
    assert move.item().sha256 == move.item().sent_sha256
    assert validated(move) == ""


@pytest.mark.parametrize("number", [0, 1], ids=["file", "definition"])
def test_work_that_was_given_up_leaves_what_arrived_as_it_is(thin: Move, number: int) -> None:
    before = thin.item(number)
    changed_source(thin, number)
    flag(thin, number)
    reason = {"during": "any", "code": "activity.gaveUp", "message": "x"}
    if number:
        thin.step(items.record_failure, {**item_call(thin, 1), **reason})
    else:
        thin.step(imports.record_item_failure, {**thin.call(), **reason})
    row = thin.item(number)
    assert (row.state, row.target_id, row.renew) == (ItemState.DONE, before.target_id, "")
    assert thin.item(kind=Kind.DATASET).state == ItemState.DONE
    assert thin.findings() == {"item.notRenewed": "activity.gaveUp: x"}


def test_a_definition_that_is_refused_here_leaves_what_arrived_as_it_is(
    thin: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed_source(thin, 1)
    monkeypatch.setattr(ways_definitions, "_MOST_BYTES", 1)
    assert renewed(thin, 1) == OVER
    assert (thin.item(1).state, thin.item(1).renew) == (ItemState.DONE, "")
    assert "definition.tooLarge" in thin.findings()["item.notRenewed"]


def test_an_item_that_went_missing_is_brought_and_not_renewed(arrived: Arrived) -> None:
    move = arrived()
    flag(move)
    changed_source(move)
    state = move.sandbox.control.state("fabrikam")
    space = next(each for each in state["workspaces"] if each["id"] == move.target)
    lost = {move.item().target_id, move.item(kind=Kind.DATASET).target_id}
    for kind in ("reports", "datasets"):
        space[kind] = [each for each in space[kind] if each["id"] not in lost]
    move.sandbox.control.put_state("fabrikam", state)
    assert move.step(retrying.reopen_workspace, where(move))["value"]["open"]
    assert (move.item().state, move.item().renew) == (ItemState.PLANNED, "")
    assert move.move()["outcome"] == "done"
    assert move.item().state == ItemState.DONE


@pytest.mark.parametrize("outcome", ["fail", "lost"])
def test_an_update_that_came_to_nothing_in_the_service_is_sent_again(operations: Move, outcome: Any) -> None:
    move = operations
    changed_source(move, 1)
    before = {each["id"]: each.get("parts") for each in move.space()["reports"]}
    move.sandbox.control.plan_operation(outcome, operation="UpdateReport", times=1)
    renewed(move, 1)
    assert renewed(move, 1) == OVER
    row = move.item(1)
    after = {each["id"]: each.get("parts") for each in move.space()["reports"]}
    assert after[row.target_id] != before[row.target_id]
    assert len(move.requests(UPDATE)) == 2
    assert row.sha256 == row.sent_sha256
    assert move.findings() == {}


def test_an_update_whose_end_was_not_heard_of_has_ended(
    operations: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine calls again with what it knows."""
    move, inner = operations, updating.finished

    def dies(*given: Any, **named: Any) -> None:
        inner(*given, **named)
        raise ConnectionError

    changed_source(move, 1)
    flag(move, 1)
    given, state = item_call(move, 1), dict[str, Any]()
    monkeypatch.setattr(updating, "finished", dies)
    with pytest.raises(ConnectionError):
        for _ in range(50):
            state = move.once(items.read_item, {**given, **state})["state"]
    monkeypatch.undo()
    assert move.step(items.read_item, {**given, **state}) == OVER
    assert (move.findings(), move.item(1).renewed) == ({}, "T1")
    assert len(move.requests(UPDATE)) == 1


def test_an_update_that_the_service_keeps_forgetting_is_said(operations: Move) -> None:
    move = operations
    changed_source(move, 1)
    move.sandbox.control.plan_operation("lost", operation="UpdateReport", times=9)
    assert renewed(move, 1) == OVER
    assert len(move.requests(UPDATE)) == 3
    assert set(move.findings()) == {"item.notRenewed"}
    assert move.item(1).renewed == ""


def test_no_report_keeps_a_name_of_the_meantime(arrived: Arrived) -> None:
    move = arrived(same=True)
    before = names(move)
    changed_source(move)
    move.sandbox.control.refuse("SomethingRefused", 400, operation=IMPORT)
    assert renewed(move) == OVER
    assert names(move) == before
    assert set(move.findings()) == {"item.notRenewed"}


def test_nor_when_its_model_may_not_be_renamed(arrived: Arrived) -> None:
    move = arrived(same=True)
    before = names(move)
    changed_source(move)
    move.sandbox.control.refuse("InsufficientPrivileges", 400, operation="Fabric_UpdateSemanticModel")
    assert renewed(move) == OVER
    assert (names(move), move.posts) == (before, 0)
    assert set(move.findings()) == {"item.notRenewed"}


def test_nor_when_it_was_told_to_wait_in_the_middle(arrived: Arrived) -> None:
    move = arrived(same=True)
    before, made = names(move), changed_source(move)
    busy = {"when": "before", "status": 429, "headers": {"Retry-After": "1"}}
    move.sandbox.control.fault({"operation": IMPORT, "times": 2}, busy)
    assert renewed(move) == OVER
    assert (names(move), move.findings()) == (before, {})
    assert shown(move)[move.item().target_id][2] == made


def test_nor_when_it_was_paused_in_the_middle(arrived: Arrived, monkeypatch: pytest.MonkeyPatch) -> None:
    move = arrived(same=True)
    before, made, inner = names(move), changed_source(move), updating_files.deliver

    def pause(*given: Any) -> Any:
        move.services.manifest.decide(move.migration, lambda now: {"status": "paused"})
        return inner(*given)

    with monkeypatch.context() as patch:
        patch.setattr(updating_files, "deliver", pause)
        assert renewed(move)["outcome"] == "stopped"
    assert not any(each["status"] == 202 for each in move.requests(IMPORT))
    move.services.manifest.decide(move.migration, lambda now: {"status": "running"})
    assert renewed(move) == OVER
    assert (names(move), move.findings()) == (before, {})
    assert shown(move)[move.item().target_id][2] == made


def test_nor_when_the_import_does_not_end(arrived: Arrived) -> None:
    move = arrived(same=True)
    before = names(move)
    changed_source(move)
    fault = {"when": "before", "status": 200, "body": {"importState": "Publishing"}}
    move.sandbox.control.fault({"operation": "Imports_GetImportInGroup"}, fault)
    assert renewed(move) == OVER
    assert names(move) == before
    assert "update.deadline" in move.findings()["item.notRenewed"]
    move.sandbox.control.clear_faults()
    assert renewed(move) == OVER  # it ended meanwhile, and is not sent a second time
    assert (move.posts, names(move), move.findings()) == (1, before, {})
    assert move.item().sha256 == move.item().sent_sha256


def test_nor_when_the_work_was_given_up(arrived: Arrived) -> None:
    move = arrived(same=True)
    before = names(move)
    changed_source(move)
    flag(move)
    move.sandbox.control.fault({"operation": IMPORT}, {"when": "before", "status": 503})
    with pytest.raises(Exception, match="503"):
        move.once(exports.export_report, move.call())
    assert names(move) != before
    reason = {"during": "export_report", "code": "activity.gaveUp", "message": "x"}
    move.step(imports.record_item_failure, {**move.call(), **reason})
    assert names(move) == before
    assert move.findings() == {"item.notRenewed": "activity.gaveUp: x"}


def test_a_service_that_is_down_for_a_moment_keeps_no_name_from_being_given_back(arrived: Arrived) -> None:
    """Nobody would look at it again; a refusal is said."""
    move = arrived(same=True)
    before = names(move)
    changed_source(move)
    flag(move)
    move.sandbox.control.fault({"operation": IMPORT}, {"when": "before", "status": 503})
    with pytest.raises(Exception, match="503"):
        move.once(exports.export_report, move.call())
    move.sandbox.control.clear_faults()
    given = {**move.call(), "during": "export_report", "code": "activity.gaveUp", "message": "x"}
    move.sandbox.control.fault({"operation": RENAME}, {"when": "before", "status": 503})
    with pytest.raises(Exception, match="503"):
        move.once(imports.record_item_failure, given)
    assert move.item().renew
    move.sandbox.control.clear_faults()
    move.step(imports.record_item_failure, given)
    assert (names(move), move.item().renew) == (before, "")
    assert move.findings() == {"item.notRenewed": "activity.gaveUp: x"}


@pytest.mark.parametrize("times", [1, 99])
def test_an_import_may_show_late(arrived: Arrived, times: int) -> None:
    move = arrived(same=True)
    before, made = names(move), changed_source(move)
    fault = {"when": "before", "status": 404, "body": {"error": {"code": "ImportNotFound"}}}
    move.sandbox.control.fault({"operation": "Imports_GetImportInGroup", "times": times}, fault)
    assert renewed(move) == OVER
    assert ("item.notRenewed" in move.findings()) == (times > 1)
    assert names(move) == before
    if times == 1:
        assert shown(move)[move.item().target_id][2] == move.item().sent_sha256 == made


def test_a_large_file_is_given_more_time(arrived: Arrived, monkeypatch: pytest.MonkeyPatch) -> None:
    move = arrived()
    changed_source(move)
    fault = {"when": "before", "status": 200, "body": {"importState": "Publishing"}}
    move.sandbox.control.fault({"operation": "Imports_GetImportInGroup"}, fault)
    monkeypatch.setattr(updating_files, "import_deadline_s", lambda length: 3600.0 + length * 0)
    began = move.clock.now()
    assert renewed(move) == OVER
    assert (move.clock.now() - began).total_seconds() >= 50 * 60


# -- the model's refresh ----------------------------------------------------------------------------------------


def test_a_renewed_model_is_refreshed_once_more_though_the_work_died(
    arrived: Arrived, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = arrived()
    changed_source(move)
    move.step(validation.refresh_model, model_call(move))
    before = len(move.requests(REFRESH))

    def dies(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(type(move.services.gate), "forget", dies)
        with pytest.raises(ConnectionError):
            renewed(move)
    assert renewed(move) == OVER
    move.step(validation.refresh_model, model_call(move))
    assert len(move.requests(REFRESH)) == before + 1


def test_a_report_that_comes_without_its_model_asks_for_no_refresh(thin: Move) -> None:
    changed_source(thin, 1)
    thin.step(validation.refresh_model, model_call(thin))
    before = len(thin.requests(REFRESH))
    assert renewed(thin, 1) == OVER
    thin.step(validation.refresh_model, model_call(thin))
    assert len(thin.requests(REFRESH)) == before


# -- what it reads, and what it names ---------------------------------------------------------------------------


def test_a_report_that_was_bound_to_another_model_follows(thin: Move) -> None:
    """By definition it can; the model has to be there."""
    other = thin.reports[1].dataset_id
    changed_source(thin, 1)
    source_report(thin, lambda space, report: report.update(datasetId=other), 1)
    assert renewed(thin, 1) == OVER
    assert "update.rebound" in thin.findings()["item.notRenewed"]
    first = thin.item(kind=Kind.DATASET)
    thin.services.manifest.update_item(
        thin.migration,
        thin.workspace,
        Kind.DATASET,
        other,
        state=ItemState.DONE,
        target_id=first.target_id,
        target_name=first.target_name,
    )
    thin.sandbox.control.refuse("SomethingRefused", 400, operation=UPDATE)
    assert renewed(thin, 1) == OVER
    assert thin.item(1).dataset_id == thin.reports[0].dataset_id  # to which it is bound still
    assert validated(thin) == ""
    thin.sandbox.control.clear_faults()
    assert renewed(thin, 1) == OVER
    row = thin.item(1)
    assert (row.dataset_id, row.needs) == (other, [f"{thin.workspace}/{Kind.DATASET}/{other}"])
    assert validated(thin) == ""


def test_a_file_whose_report_was_bound_to_another_model_is_not_sent(arrived: Arrived) -> None:
    move = arrived()
    changed_source(move)
    source_report(move, lambda space, report: report.update(datasetId=move.reports[1].dataset_id))
    assert renewed(move) == OVER
    assert "update.rebound" in move.findings()["item.notRenewed"]
    assert move.posts == 0


@pytest.fixture
def linking(thin: Move) -> Callable[[str, str], ItemRow]:
    """The second report is renewed with a link to something that is on its way."""
    thin.services.documents.write_json(order_path(thin.migration), [thin.workspace])

    def renew(late: str, time: str) -> ItemRow:
        row = ItemRow(thin.workspace, Kind.REPORT, late, "Late")
        thin.services.manifest.plan_items(thin.migration, thin.workspace, [row])
        thin.sandbox.control.clear_faults()
        changed_source(thin, 1)
        answer = {"definition": {"parts": _with_link(thin, late)}}
        thin.sandbox.control.fault(
            {"operation": "Fabric_GetReportDefinition"}, {"when": "before", "status": 200, "body": answer}
        )
        assert renewed(thin, 1, time) == OVER
        return thin.item(1)

    return renew


def test_links_that_a_renewed_definition_has_are_said_and_mended(
    thin: Move, linking: Callable[[str, str], ItemRow]
) -> None:
    for number in (1, 2):
        late = f"0a11f10e-0000-4000-8000-00000000000{number}"
        row = linking(late, str(number))
        assert (row.links, row.state) == (1, ItemState.DONE)
        assert thin.services.staging.size(row.blob) == row.length  # it is sent once more at the end
        assert late in thin.findings()["content.sourceLinks"]
        there = {"state": ItemState.DONE, "target_id": f"0a11f10e-0000-4000-8000-0000000000f{number}"}
        thin.services.manifest.update_item(thin.migration, thin.workspace, Kind.REPORT, late, **there)
        before = len(thin.requests(UPDATE))
        thin.step(mending.mend_links, where(thin))
        assert len(thin.requests(UPDATE)) == before + 1
        assert thin.item(1).links == 0
        assert thin.findings() == {}


def _with_link(move: Move, target: str) -> list[Json]:
    """The parts of the second report, with one that names something."""
    tenant, state, answer = move.services.power_bi("contoso"), dict[str, Any](), None
    while answer is None:
        answer = definition_of(tenant, move.workspace, "reports", move.reports[1].source_id, state)
        move.sandbox.control.advance()
    payload = base64.b64encode(f'{{"webUrl": "https://app.powerbi.com/reports/{target}"}}'.encode()).decode()
    part = {"path": "definition/pages/9/page.json", "payload": payload, "payloadType": "InlineBase64"}
    return [*answer["definition"]["parts"], part]


def test_what_the_pages_of_a_renewed_file_name_is_said_anew(
    arrived: Arrived, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = arrived()
    move.services.documents.write_json(order_path(move.migration), [move.workspace])
    named = {move.reports[1].source_id}
    monkeypatch.setattr(pbix_links, "_named", lambda context, item: named)
    changed_source(move)
    assert renewed(move, time="1") == OVER
    assert move.reports[1].source_id in move.findings()["content.sourceLinks"]
    named.clear()
    changed_source(move)
    assert renewed(move, time="2") == OVER
    assert move.findings() == {}


# -- what a retry finds -----------------------------------------------------------------------------------------


def looked(
    move: Move, *, days: float = 0.1, ago: float = 0, inventory: Callable[[Json], object] | None = None
) -> Json:
    """A retry of a migration that began so many days ago, whose plan knows the source as it was before a change so
    many days `ago`."""
    services, age = move.services, timedelta(days=days)
    services.manifest.decide(
        move.migration,
        lambda now: {"attempt": now.attempt + 1, "created": (datetime.now(UTC) - age).isoformat()},
    )
    services.documents.write_json(order_path(move.migration), [move.workspace])
    state = move.sandbox.control.state("contoso")
    space = next(each for each in state["workspaces"] if each["id"] == move.workspace)
    document = {"id": move.workspace, "reports": copy.deepcopy(space["reports"])}
    if inventory:
        inventory(document)
    services.documents.write_json(inventory_path(move.migration, move.workspace), document)
    changed_source(move)
    when = (datetime.now(UTC) - timedelta(days=ago)).isoformat().replace("+00:00", "Z")
    source_report(move, lambda space, report: space.update(modifiedDateTime=when))
    given = {"migration": move.migration, "scale": 1.0, "page": 60, "cursor": None}
    outcome = move.step(migrations.next_workspaces, given)
    assert outcome["value"]["workspaces"] == [move.workspace]
    return outcome


def newer(move: Move) -> list[str]:
    attempt = move.services.manifest.migration(move.migration).attempt
    path = changed_path(move.migration, attempt, move.workspace)
    return sorted(move.services.documents.read_json(path) or {})


def test_what_was_changed_since_the_plan_is_found(arrived: Arrived) -> None:
    move = arrived()
    looked(move)
    assert newer(move) == [move.reports[0].source_id]
    assert move.findings() == {}
    assert move.step(retrying.reopen_workspace, where(move))["value"]["open"]
    assert move.item().renew


@pytest.mark.parametrize("operation", [SCAN, RESULT])
def test_a_refused_scan_is_said_and_the_retry_goes_on(arrived: Arrived, operation: str) -> None:
    move = arrived()
    move.sandbox.control.refuse("PowerBINotAuthorizedException", 403, operation=operation)
    looked(move)
    assert newer(move) == []
    assert set(move.findings()) == {"retry.changesUnknown"}
    move.sandbox.control.clear_faults()
    looked(move)  # what could not be told then can be told now
    assert newer(move) == [move.reports[0].source_id]
    assert move.findings() == {}


def test_a_workspace_that_the_scan_lacks_is_said(arrived: Arrived) -> None:
    move = arrived()
    empty = {"when": "before", "status": 200, "body": {"workspaces": []}}
    move.sandbox.control.fault({"operation": RESULT}, empty)
    looked(move)
    assert set(move.findings()) == {"retry.changesUnknown"}


def test_an_inventory_that_knows_no_times_is_said(arrived: Arrived) -> None:
    move = arrived()
    looked(move, inventory=lambda document: [each.pop("modifiedDateTime") for each in document["reports"]])
    assert newer(move) == []
    assert set(move.findings()) == {"retry.changesUnknown"}


def test_a_migration_older_than_the_service_remembers_asks_for_all(arrived: Arrived) -> None:
    move = arrived()
    looked(move, days=40, ago=35)
    assert newer(move) == [move.reports[0].source_id]
    assert move.findings() == {}


def test_nothing_goes_over_the_target_after_the_cutover(arrived: Arrived) -> None:
    """Also what an attempt before the cutover had wanted, and never came to."""
    move = arrived()
    manifest = move.services.manifest
    changed_source(move)
    flag(move)
    for changes in (
        {"status": "validating"},
        {"status": "partial"},
        {"status": "cutover"},
        {"status": "partial", "cutover_at": "2026-01-01T00:00:00+00:00"},
        {"status": "running", "attempt": 2},
    ):
        manifest.decide(move.migration, lambda now, to=changes: to)
    manifest.update_workspace(move.migration, move.workspace, status="blocked", error_code="access.source")
    assert move.step(retrying.reopen_workspace, where(move))["value"]["open"]
    assert move.step(workspaces.next_models, {**where(move), "page": 20, "cursor": None})["value"] == {
        "groups": [],
        "cursor": None,
    }
    assert move.step(exports.export_report, move.call()) == {"outcome": "done", "value": {}}
    assert move.posts == 0


def test_what_a_later_migration_has_taken_over_is_left_to_it(arrived: Arrived) -> None:
    move = arrived()
    looked(move)
    tenant = {name: move.services.connection(name).tenant_id for name in ("contoso", "fabrikam")}
    later = Owned("later", tenant["contoso"], move.workspace)
    assert move.services.ownership.claim(tenant["fabrikam"], move.target, later)
    move.services.manifest.update_workspace(move.migration, move.workspace, status="done")
    assert not move.step(retrying.reopen_workspace, where(move))["value"]["open"]
    assert "Migration later" in move.findings()["item.notRenewed"]


def test_what_an_attempt_had_read_is_read_again_by_the_next(arrived: Arrived) -> None:
    """It died before it sent anything, and the author has gone on since."""
    move = arrived()
    changed_source(move)
    flag(move)
    move.sandbox.control.fault({"operation": IMPORT}, {"when": "before", "status": 503})
    with pytest.raises(Exception, match="503"):
        move.once(exports.export_report, move.call())
    assert move.item().sha256 != move.item().sent_sha256
    move.sandbox.control.clear_faults()
    made = changed_source(move)
    path = changed_path(move.migration, 0, move.workspace)
    move.services.documents.write_json(path, {move.reports[0].source_id: "T2"})
    assert move.step(retrying.reopen_workspace, where(move))["value"]["open"]
    assert move.step(exports.export_report, move.call()) == OVER
    assert shown(move)[move.item().target_id][2] == made


# -- a paginated report -----------------------------------------------------------------------------------------

RDL = (
    b'<?xml version="1.0" encoding="utf-8"?>\n'
    b'<Report xmlns="http://schemas.microsoft.com/sqlserver/reporting/2016/01/reportdefinition">'
    b"<Description>Invoices</Description><ReportSections/></Report>\n"
)


@pytest.fixture
def paginated(moving: Callable[..., Move]) -> Move:
    """One that has arrived, and was changed in the source since."""
    move, name = moving(), "Invoices for all"
    source = move.services.power_bi("contoso")
    source.imports.post_file(move.workspace, f"{name}.rdl", "Abort", Bytes(RDL))
    move.sandbox.control.advance()
    report = next(each["id"] for each in source.reports.list(move.workspace) if each["name"] == name)
    row = ItemRow(move.workspace, Kind.PAGINATED_REPORT, report, name, route=Route.RDL)
    move.services.manifest.plan_items(move.migration, move.workspace, [row])
    for body in (items.read_item, items.make_item, items.await_item):
        assert move.step(body, paginated_call(move, report))["outcome"] == "done"
    move.reports.append(row)
    move.sandbox.control.act("contoso", "changeReport", workspace=move.workspace, report=report)
    move.sandbox.control.clear_ledger()
    move.services.manifest.update_item(
        move.migration, move.workspace, Kind.PAGINATED_REPORT, report, renew="T"
    )
    return move


def paginated_call(move: Move, report: str) -> Json:
    return {**where(move), "kind": Kind.PAGINATED_REPORT, "item": report}


@pytest.mark.parametrize("misses", [0, 1, 13])
def test_a_paginated_report_goes_over_its_own(paginated: Move, misses: int) -> None:
    """Its import may show late; one that is gone is sent again."""
    move, report = paginated, paginated.reports[-1].source_id
    if misses:
        gone = {"when": "before", "status": 404, "body": {"error": {"code": "ImportNotFound"}}}
        move.sandbox.control.fault({"operation": "Imports_GetImportInGroup", "times": misses}, gone)
    assert move.step(items.read_item, paginated_call(move, report)) == OVER
    row = move.services.manifest.item(move.migration, move.workspace, Kind.PAGINATED_REPORT, report)
    assert (row.state, row.renewed, row.sha256) == (ItemState.DONE, "T", row.sent_sha256)
    assert move.posts == (2 if misses > 12 else 1)
    assert move.findings() == {}
    assert undo(move) == 0


def test_a_paginated_report_whose_answer_was_lost_is_found_again(paginated: Move, dies: Dies) -> None:
    move, given = paginated, paginated_call(paginated, paginated.reports[-1].source_id)
    dies(lambda: move.step(items.read_item, given))
    assert move.step(items.read_item, given) == OVER
    assert (move.posts, move.findings()) == (1, {})
    assert undo(move) == 0
    assert "rollback.kept" not in move.findings()
