"""A changed source goes over its own item in the target: same ids, also where names repeat; nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from free_quotas import services_without_limits
from source_changes import changed_source, shown
from step_support import Move, MovedClock

from activities import updating, updating_files
from shared.config import Settings
from shared.models import ItemState, Kind
from shared.services import Services

IMPORT, RENAME = "Imports_PostImportInGroup", "Fabric_UpdateReport"

type Json = dict[str, Any]


@pytest.fixture
def services(settings: Settings, clock: MovedClock) -> Services:
    return services_without_limits(settings, clock)


def updated(move: Move, number: int = 0) -> Json:
    given = {"migration": move.migration, "workspace": move.workspace, "scale": 1.0}
    return move.step(
        updating.update_item, {**given, "kind": Kind.REPORT, "item": move.reports[number].source_id}
    )


@pytest.mark.parametrize("same", [False, True], ids=["alone", "namesakes"])
def test_a_changed_report_goes_over_its_own(arrived: Callable[..., Move], *, same: bool) -> None:
    move = arrived(same=same)
    before, made = shown(move), changed_source(move)
    assert updated(move) == {"outcome": "done", "value": {"changed": True}}
    mine = {move.item().target_id, move.item(kind=Kind.DATASET).target_id}
    expected = {
        each: (name, model, made if each in mine else sha256)
        for each, (name, model, sha256) in before.items()
    }
    assert shown(move) == expected
    row = move.item()
    assert (row.state, row.sha256, row.sent_sha256) == (ItemState.DONE, made, made)
    assert len(move.requests(RENAME)) == (2 if same else 0)
    assert move.findings() == {}


def test_a_model_with_a_name_of_its_own_keeps_it_and_stays_the_only_one(arrived: Callable[..., Move]) -> None:
    move = arrived()
    model = move.item(kind=Kind.DATASET)
    move.services.power_bi("fabrikam").definitions.rename(
        move.target, "semanticModels", model.target_id, "Its own name"
    )
    move.services.manifest.update_item(
        move.migration, move.workspace, Kind.DATASET, model.source_id, target_name="Its own name"
    )
    made = changed_source(move)
    assert updated(move)["value"] == {"changed": True}
    after = shown(move)
    assert move.held() == (2, 2)
    assert after[model.target_id] == ("Its own name", "", made)
    assert after[move.item().target_id][0] == "Report 0"


def test_what_has_not_changed_is_not_sent(arrived: Callable[..., Move]) -> None:
    move = arrived()
    assert updated(move) == {"outcome": "done", "value": {"changed": False}}
    assert move.requests(IMPORT) == []
    changed_source(move)
    assert updated(move)["value"] == {"changed": True}
    assert updated(move)["value"] == {"changed": False}
    assert len(move.requests(IMPORT)) == 1


def test_a_failed_update_leaves_everything_as_it_was_and_may_be_tried_again(
    arrived: Callable[..., Move],
) -> None:
    move = arrived(same=True)
    before, made = shown(move), changed_source(move)
    move.sandbox.control.plan_import("fail", times=1)
    assert updated(move)["code"] == "update.failed"
    assert shown(move) == before
    assert updated(move)["value"] == {"changed": True}
    assert shown(move)[move.item().target_id][2] == made


@pytest.mark.parametrize("seam", ["_overwrite", "_awaited", "_name_back", "finished"])
@pytest.mark.parametrize("same", [False, True], ids=["alone", "namesakes"])
def test_an_update_that_died_is_gone_on_with(
    arrived: Callable[..., Move], monkeypatch: pytest.MonkeyPatch, seam: str, *, same: bool
) -> None:
    move = arrived(same=same)
    before, made = shown(move), changed_source(move)
    body = getattr(updating_files, seam)

    def dies(*given: Any, **named: Any) -> Any:
        body(*given, **named)
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(updating_files, seam, dies)
        with pytest.raises(ConnectionError):
            updated(move)
    assert updated(move)["outcome"] == "done"
    after = shown(move)
    assert after.keys() == before.keys()
    assert {each: row[0] for each, row in after.items()} == {each: row[0] for each, row in before.items()}
    assert after[move.item().target_id][2] == made
    assert move.item().sent_sha256 == made


@pytest.mark.parametrize("pace", ["always", "never"])
def test_what_came_by_definition_goes_by_definition(thin: Move, pace: Any) -> None:
    thin.sandbox.control.long_running(pace)
    before = {each["id"]: each for each in thin.space()["reports"]}
    assert updated(thin, 1)["value"] == {"changed": False}
    changed_source(thin, 1)
    assert updated(thin, 1)["value"] == {"changed": True}
    assert updated(thin, 1)["value"] == {"changed": False}
    after = {each["id"]: each for each in thin.space()["reports"]}
    assert after.keys() == before.keys()
    row = thin.item(1)
    assert after[row.target_id]["parts"] != before[row.target_id]["parts"]
    assert after[row.target_id]["datasetId"] == before[row.target_id]["datasetId"]
    assert row.sent_sha256 == row.sha256
    assert thin.services.staging.size(row.blob) is None
    thin.sandbox.control.long_running("mix")


def test_what_never_arrived_can_not_be_updated(moving: Callable[..., Move]) -> None:
    move = moving(reports=2)
    assert updated(move)["code"] == "item.notThere"


def test_a_model_that_a_file_carries_goes_with_its_report(arrived: Callable[..., Move]) -> None:
    move = arrived()
    given = {"migration": move.migration, "workspace": move.workspace, "scale": 1.0, "kind": Kind.DATASET}
    outcome = move.step(updating.update_item, {**given, "item": move.reports[0].dataset_id})
    assert outcome["code"] == "item.noUpdate"
