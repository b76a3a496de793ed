"""Reports whose definition can't be moved: as a file without its model, bound to the one that is there, or by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from free_quotas import services_without_limits
from step_support import Move, MovedClock

from activities import items
from activities.live_connect import ROUTE
from shared.assessment.model import Route
from shared.config import Settings
from shared.errors import AmbiguousWrite
from shared.models import ItemRow, ItemState, Kind
from shared.services import Services

EXPORT, IMPORT = "Reports_ExportReportInGroup", "Imports_PostImportInGroup"
BIND = "Reports_RebindReportInGroup"
REFUSED = {"status": 403, "body": {"errorCode": "FeatureNotAvailable", "message": "no definition here"}}

type Json = dict[str, Any]


@pytest.fixture
def services(settings: Settings, clock: MovedClock) -> Services:
    return services_without_limits(settings, clock)


@pytest.fixture
def thin(moving: Callable[..., Move]) -> Iterator[Move]:
    """Two reports on one model: the first has brought it, the second's definition is refused."""
    move = moving(reports=2)
    first, second = move.reports
    state = move.sandbox.control.state("contoso")
    reports = {each["id"]: each for space in state["workspaces"] for each in space["reports"]}
    reports[second.source_id]["datasetId"] = first.dataset_id
    move.sandbox.control.put_state("contoso", state)
    need = f"{move.workspace}/{Kind.DATASET}/{first.dataset_id}"
    _plan(move, second, route=Route.DEFINITION, needs=[need], dataset_id=first.dataset_id)
    assert move.move(0)["outcome"] == "done"
    move.sandbox.control.fault({"operation": "Fabric_GetReportDefinition"}, REFUSED)
    move.sandbox.control.live_connect("accept")
    yield move
    move.sandbox.control.live_connect("refuse")


def _plan(move: Move, row: ItemRow, **changes: Any) -> None:
    move.services.manifest.update_item(move.migration, move.workspace, Kind.REPORT, row.source_id, **changes)
    move.services.manifest.update_item(
        move.migration, move.workspace, Kind.DATASET, row.dataset_id, state=ItemState.SKIPPED
    )


def moved(move: Move) -> Json:
    """The second report as `orchestrators.item` moves an item; the last outcome."""
    given = {"migration": move.migration, "workspace": move.workspace, "scale": 1.0}
    given |= {"kind": Kind.REPORT, "item": move.reports[1].source_id}
    for _ in range(10):
        for body in (items.read_item, items.make_item, items.await_item):
            outcome = move.step(body, given)
            if outcome["outcome"] == "failed":
                reason = {"during": body.__name__, "code": outcome["code"], "message": outcome["message"]}
                move.step(items.record_failure, {**given, **reason})
                return outcome
            if outcome["value"].get("over"):
                return outcome
            if outcome["value"].get("again"):
                break
    raise AssertionError("begun again without an end")


def assert_by_hand(move: Move, *words: str) -> None:
    """Work for a person, and nothing of the report is in the target."""
    row = move.item(1)
    assert row.state == ItemState.MANUAL
    told = move.findings()["manual.notMoved"]
    assert all(word in told for word in words), told
    assert "item.rerouted" not in move.findings()
    assert move.held() == (1, 1)


def test_it_comes_as_a_thin_file_and_is_bound_to_the_model_that_is_there(thin: Move) -> None:
    moved(thin)
    row = thin.item(1)
    assert (row.state, row.route) == (ItemState.DONE, ROUTE)
    assert "item.rerouted" in thin.findings()
    space = thin.space()
    assert thin.held() == (2, 1)
    report = next(each for each in space["reports"] if each["id"] == row.target_id)
    assert report["datasetId"] == space["datasets"][0]["id"]
    exports = [entry["query"] for entry in thin.requests(EXPORT)]
    assert exports[-1] == "downloadType=LiveConnect"
    assert len(thin.requests(BIND)) == 1


def test_a_report_of_the_same_name_is_not_gone_over(thin: Move) -> None:
    """Of somebody else, in a workspace that we share."""
    state = thin.sandbox.control.state("fabrikam")
    space = next(each for each in state["workspaces"] if each["id"] == thin.target)
    name = thin.reports[1].source_name
    space["reports"].append({"id": "0a11f10e-0000-4000-8000-00000000aaaa", "name": name})
    thin.sandbox.control.put_state("fabrikam", state)
    before = next(each for each in thin.space()["reports"] if each["name"] == name)
    moved(thin)
    after = {each["id"]: each for each in thin.space()["reports"]}
    assert after[before["id"]] == before
    assert thin.item(1).target_id != before["id"]
    assert thin.held() == (3, 1)


def test_where_the_service_takes_no_such_file_a_person_has_to(thin: Move) -> None:
    thin.sandbox.control.live_connect("refuse")
    moved(thin)
    assert_by_hand(thin, "PowerBIEntityNotFound")


def test_where_there_is_no_file_a_person_has_to(thin: Move) -> None:
    thin.sandbox.control.refuse(
        "ExportPBIX_ModelessWorkbookNotFound", 404, operation=EXPORT, query="LiveConnect"
    )
    moved(thin)
    assert_by_hand(thin, "Neither its definition nor")
    assert len(thin.requests(IMPORT)) == 1


def test_a_report_that_can_not_be_bound_does_not_stay(thin: Move) -> None:
    thin.sandbox.control.refuse("InvalidRequest", operation=BIND)
    moved(thin)
    assert_by_hand(thin, "could not be bound")


def test_a_model_that_came_along_goes_again(thin: Move) -> None:
    """As a service might that gives out the whole file after all."""
    state = thin.sandbox.control.state("contoso")
    report = next(
        each
        for space in state["workspaces"]
        for each in space["reports"]
        if each["id"] == thin.reports[1].source_id
    )
    report["datasetId"] = None  # of a report without a model the sandbox gives the file as it is
    thin.sandbox.control.put_state("contoso", state)
    moved(thin)
    row = thin.item(1)
    assert row.state == ItemState.DONE
    assert thin.held() == (2, 1)
    bound = next(each for each in thin.space()["reports"] if each["id"] == row.target_id)
    assert bound["datasetId"] == thin.space()["datasets"][0]["id"]


def test_an_import_whose_answer_was_lost_is_taken_and_bound(thin: Move) -> None:
    thin.sandbox.control.fault({"operation": IMPORT, "nth": 1}, {"when": "after"})
    given = {"migration": thin.migration, "workspace": thin.workspace, "scale": 1.0}
    given |= {"kind": Kind.REPORT, "item": thin.reports[1].source_id}
    thin.step(items.read_item, given)  # by definition: begun anew
    thin.step(items.read_item, given)
    with pytest.raises(AmbiguousWrite):
        thin.once(items.make_item, given)
    moved(thin)
    row = thin.item(1)
    assert (row.state, thin.held()) == (ItemState.DONE, (2, 1))
    bound = next(each for each in thin.space()["reports"] if each["id"] == row.target_id)
    assert bound["datasetId"] == thin.space()["datasets"][0]["id"]
