"""Imports that fail, hang, vanish or contradict themselves: nothing is sent blindly, nothing of others removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal
from uuid import uuid4

import pytest
from step_support import Move

from activities import exports, imports
from shared.errors import TransientError
from shared.models import ItemState, Kind
from shared.polling import GIB
from shared.services import Services

type Moving = Callable[..., Move]

LEAVINGS = [("nothing", True), ("dataset", True), ("dataset", False), ("all", True), ("all", False)]


@pytest.fixture
def one(moving: Moving) -> Move:
    return moving()


def arrived_once(move: Move, reports: int = 1) -> None:
    """The target holds exactly what was moved, and the manifest names just that."""
    space = move.space()
    assert move.held() == (reports, reports)
    for number in range(reports):
        assert (move.item(number).state, move.item(number, Kind.DATASET).state) == ("done", "done")
    assert {move.item(n).target_id for n in range(reports)} == {each["id"] for each in space["reports"]}
    assert {move.item(n, Kind.DATASET).target_id for n in range(reports)} == {
        each["id"] for each in space["datasets"]
    }


def test_an_import_that_succeeds_is_sent_once(one: Move) -> None:
    assert one.move()["outcome"] == "done"
    arrived_once(one)
    assert (one.posts, one.findings()) == (1, {})


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(("leaves", "lists"), LEAVINGS)
def test_a_failed_import_is_cleared_away_and_sent_again(
    one: Move, times: int, leaves: str, lists: bool
) -> None:
    one.sandbox.control.plan_import("fail", tenant="fabrikam", times=times, leaves=leaves, lists=lists)
    assert one.move()["outcome"] == "done"
    arrived_once(one)
    assert one.posts == times + 1
    assert (one.findings(), one.item().import_tries) == ({}, times)


@pytest.mark.parametrize(("leaves", "lists"), LEAVINGS)
def test_after_three_imports_it_has_failed_with_the_services_text(
    one: Move, leaves: str, lists: bool
) -> None:
    one.sandbox.control.plan_import("fail", leaves=leaves, lists=lists, code="DMTS_Exceeded")
    outcome = one.move()
    assert (outcome["code"], one.posts) == ("report.importFailed", 3)
    assert "DMTS_Exceeded" in outcome["message"]
    assert one.held() == (0, 0)
    assert one.item().state == ItemState.FAILED
    assert "DMTS_Exceeded" in one.findings()["report.importFailed"]
    one.sandbox.control.clear_import_plans()  # people ask for it once more
    assert one.move()["outcome"] == "done"
    arrived_once(one)
    assert one.posts == 4


def test_a_retry_after_three_failures_has_all_its_tries(one: Move) -> None:
    one.sandbox.control.plan_import("fail", times=5)
    assert one.move()["code"] == "report.importFailed"
    assert one.move()["outcome"] == "done"
    assert one.posts == 6


@pytest.mark.parametrize("origin", ["created", "merged"])
@pytest.mark.parametrize(("leaves", "lists"), LEAVINGS)
def test_what_others_have_under_the_same_name_is_never_touched(
    moving: Moving, origin: str, leaves: str, lists: bool
) -> None:
    """It was there before us; so the service refuses a second one of that name, however often it is tried."""
    move = moving(origin=origin)
    foreign = _publish(move, move.reports[0].source_name)
    move.sandbox.control.plan_import("fail", leaves=leaves, lists=lists)
    assert move.move()["outcome"] == "failed"
    assert _ids(move) == foreign


def test_what_others_made_while_an_import_failed_is_reported_and_stays(one: Move) -> None:
    """One more object than one import makes: none of them is provably ours."""
    name = one.reports[0].source_name
    one.sandbox.control.plan_import("fail", leaves="dataset", lists=False, times=1)
    given = one.call()
    one.step(exports.export_report, given)
    one.step(imports.import_report, given)
    foreign = _publish(one, name, unlisted=True)
    one.step(imports.await_import, given)
    assert _ids(one) >= foreign
    assert len(_ids(one)) == len(foreign) + 1
    assert all(identity in one.findings()["report.leftover"] for identity in _ids(one))
    assert one.requests("Datasets_DeleteDatasetInGroup") == []


def test_a_model_in_use_by_others_is_not_taken_with_its_report(one: Move) -> None:
    """Deleting a model deletes the reports on it, whoever made them."""
    one.sandbox.control.plan_import("fail", leaves="dataset", times=1)
    given = one.call()
    one.step(exports.export_report, given)
    one.step(imports.import_report, given)
    model = one.space()["datasets"][0]["id"]
    theirs = one.sandbox.control.act(
        "fabrikam", "createReport", workspace=one.target, name="Theirs", dataset=model
    )
    one.step(imports.await_import, given)
    assert _ids(one) == {model, theirs["id"]}
    assert model in one.findings()["report.leftover"]


@pytest.mark.parametrize("leaves", ["nothing", "dataset"])
def test_an_import_that_hangs_is_never_sent_twice(one: Move, leaves: str) -> None:
    one.sandbox.control.plan_import("stuck", leaves=leaves)
    began = one.clock.now()
    assert one.move()["code"] == "report.importStuck"
    assert (one.clock.now() - began).total_seconds() >= 30 * 60
    assert "report.importStuck" in one.findings()
    one.sandbox.control.clear_import_plans()
    assert one.move()["code"] == "report.importStuck"  # a retry asks again, no more
    assert one.posts == 1


def test_a_large_file_is_given_more_time(one: Move, services: Services) -> None:
    one.sandbox.control.plan_import("stuck")
    given = one.call()
    one.step(exports.export_report, given)
    one.step(imports.import_report, given)
    services.manifest.update_item(one.migration, one.workspace, Kind.REPORT, given["report"], length=2 * GIB)
    began = one.clock.now()
    assert one.step(imports.await_import, given)["code"] == "report.importStuck"
    assert (one.clock.now() - began).total_seconds() >= 50 * 60


@pytest.mark.parametrize("lists", [True, False])
def test_one_that_hangs_with_everything_in_place_has_arrived(one: Move, lists: bool) -> None:
    one.sandbox.control.plan_import("stuck", leaves="all", lists=lists)
    assert one.move()["outcome"] == "done"
    arrived_once(one)
    assert one.posts == 1


def test_one_that_hung_and_came_later_is_adopted_by_a_retry(one: Move) -> None:
    one.sandbox.control.plan_import("stuck")
    assert one.move()["code"] == "report.importStuck"
    one.sandbox.control.clear_import_plans()
    _succeed(one)
    assert one.move()["outcome"] == "done"
    arrived_once(one)
    assert one.posts == 1


@pytest.mark.parametrize(("leaves", "posts"), [("nothing", 2), ("dataset", 2), ("all", 1)])
def test_an_import_that_vanishes_is_looked_for_by_name(one: Move, leaves: str, posts: int) -> None:
    one.sandbox.control.plan_import("vanish", leaves=leaves, times=1)
    assert one.move()["outcome"] == "done"
    arrived_once(one)
    assert (one.posts, one.findings()) == (posts, {})


def test_where_an_import_vanished_and_several_may_be_its_nothing_is_chosen(one: Move) -> None:
    one.sandbox.control.plan_import("vanish", leaves="all", times=1)
    given = one.call()
    one.step(exports.export_report, given)
    one.step(imports.import_report, given)
    _publish(one, one.reports[0].source_name, unlisted=True)
    there = _ids(one)
    assert one.move()["code"] == "report.importAmbiguous"
    assert (_ids(one), one.posts) == (there, 1)


@pytest.mark.parametrize("outcome", ["relapse", "hollow"])
def test_a_state_that_is_not_true_yet_is_waited_for(one: Move, outcome: Literal["relapse", "hollow"]) -> None:
    one.sandbox.control.plan_import(outcome, seconds=0, gap=0)
    assert one.move()["outcome"] == "done"
    arrived_once(one)
    assert one.posts == 1


LOST = [{"when": "after"}, {"when": "after", "status": 500, "body": {}}]


@pytest.mark.parametrize("effect", LOST, ids=["cut", "500"])
@pytest.mark.parametrize(("leaves", "lists"), LEAVINGS)
def test_a_lost_answer_of_an_import_that_failed(
    one: Move, effect: dict[str, Any], leaves: str, lists: bool
) -> None:
    one.sandbox.control.fault({"operation": "Imports_PostImportInGroup", "nth": 1}, effect)
    one.sandbox.control.plan_import("fail", leaves=leaves, lists=lists, times=1)
    _insist(one)
    arrived_once(one)
    assert (one.posts, one.findings()) == (2, {})


@pytest.mark.parametrize("leaves", ["all", "dataset"])
def test_an_import_lost_with_its_answer_is_not_sent_blindly(one: Move, leaves: str) -> None:
    """The service gives a 500, lists no import, and yet something of the name comes up."""
    one.sandbox.control.fault(
        {"operation": "Imports_PostImportInGroup", "nth": 1}, {"when": "after", "status": 500}
    )
    one.sandbox.control.plan_import("vanish", leaves=leaves, times=1)
    outcome = _insist(one)
    assert one.posts == 1
    if leaves == "all":
        arrived_once(one)
    else:
        assert outcome["code"] == "report.importAmbiguous"
        assert one.held() == (0, 1)


def test_namesakes_are_told_apart_when_each_fails_once(moving: Moving) -> None:
    move = moving(reports=2)
    same = move.reports[0].source_name
    assert move.reports[1].source_name == same  # the sandbox's first workspace has two of one name
    move.sandbox.control.plan_import("fail", leaves="all", lists=False, nth=1)
    move.sandbox.control.plan_import("fail", leaves="dataset", lists=False, nth=2)
    assert [move.move(number)["outcome"] for number in range(2)] == ["done", "done"]
    arrived_once(move, 2)
    assert move.posts == 4


def test_very_many_of_one_name_break_nothing(one: Move) -> None:
    """Their ids are more than a row holds."""
    name = one.reports[0].source_name
    ids = [f"00000000-0000-0000-0000-{number:012}" for number in range(2000)]
    with estate(one) as space:
        space["datasets"] += [{"id": identity, "name": name} for identity in ids]
    one.sandbox.control.fault({"operation": "Imports_PostImportInGroup", "nth": 1}, {"when": "before"})
    assert _insist(one)["code"] == "PbixAlreadyImported"
    assert _ids(one) == set(ids)


def _insist(move: Move) -> dict[str, Any]:
    """Move it as the engine does: a raise is tried again."""
    for _ in range(5):
        try:
            return move.move()
        except TransientError:
            continue
    raise AssertionError("it raises without an end")


def _ids(move: Move) -> set[str]:
    space = move.space()
    return {each["id"] for each in (*space["reports"], *space["datasets"])}


def _publish(move: Move, name: str, *, unlisted: bool = False) -> set[str]:
    """Somebody else's report with its model, by an import of theirs, or (`unlisted`) by none that is known."""
    ids = [str(uuid4()) for _ in range(3)]
    with estate(move) as space:
        _put_pair(space, name, *ids[:2])
        if not unlisted:
            space["imports"].append(_import(name, *ids))
    return set(ids[:2])


def _succeed(move: Move) -> None:
    """The import that hung has ended well after all."""
    ids = [str(uuid4()) for _ in range(2)]
    with estate(move) as space:
        (hanging,) = space["imports"]
        _put_pair(space, hanging["name"], *ids)
        hanging |= {"state": "Succeeded", "datasetIds": ids[:1], "reportIds": ids[1:]}


@contextmanager
def estate(move: Move) -> Iterator[dict[str, Any]]:
    """The target workspace, to be changed behind everybody's back."""
    state = move.sandbox.control.state("fabrikam")
    yield next(space for space in state["workspaces"] if space["id"] == move.target)
    move.sandbox.control.put_state("fabrikam", state)


def _put_pair(space: dict[str, Any], name: str, dataset: str, report: str) -> None:
    space["datasets"].append({"id": dataset, "name": name})
    space["reports"].append({"id": report, "name": name, "datasetId": dataset})


def _import(name: str, dataset: str, report: str, identity: str) -> dict[str, Any]:
    made = {"datasetIds": [dataset], "reportIds": [report], "state": "Succeeded"}
    words = {"nameConflict": "Ignore", "createdBy": "someone", "displayName": f"{name}.pbix"}
    times = dict.fromkeys(("createdDateTime", "updatedDateTime"), "2026-01-01T00:00:00Z")
    return {"id": identity, "name": name, **words, **times, **made}
