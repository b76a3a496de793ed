"""The service lets a new right reach its parts one after the other: a refusal right after the creation passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from step_support import Move, MovedClock

from activities import access, exports, imports, validation
from activities.frame import Body
from shared.powerbi.groups import Groups

REFRESH = "Users_RefreshUserPermissions"
UNSEEN = {"status": 401, "body": {"error": {"code": "GroupNotAccessible"}}}
HIDDEN = {"status": 404, "body": {"error": {"code": "PowerBIEntityNotFound"}}}

CALLS: list[tuple[str, Body]] = [
    ("Imports_PostImportInGroup", imports.import_report),
    ("Reports_GetReportsInGroup", validation.check_workspace),
    ("Groups_GetGroupUsers", access.grant_access),
]


@pytest.fixture
def new(moving: Callable[..., Move], clock: MovedClock) -> Move:
    move = moving(created_at=clock.now().isoformat())
    move.step(exports.export_report, move.call())
    return move


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Groups]:
    """Who was told to refresh the rights; the call itself passes, as far as the hour's quota lets it."""
    calls, refresh = list[Groups](), Groups.refresh_permissions

    def noted(self: Groups) -> None:
        calls.append(self)
        refresh(self)

    monkeypatch.setattr(Groups, "refresh_permissions", noted)
    return calls


def refuse(move: Move, operation: str, effect: dict[str, Any], **match: Any) -> None:
    move.sandbox.control.fault({"operation": operation, "tenant": "fabrikam", **match}, effect)


@pytest.mark.parametrize("effect", [UNSEEN, HIDDEN], ids=["401", "404"])
@pytest.mark.parametrize(("operation", "body"), CALLS, ids=[operation for operation, _ in CALLS])
def test_what_a_new_workspace_refuses_is_tried_again(
    new: Move, operation: str, body: Body, effect: dict[str, Any], asked: list[Groups]
) -> None:
    refuse(new, operation, effect, times=3)
    assert new.step(body, {**new.call(), "page": 20})["outcome"] == "done"
    assert len(asked) == 1


@pytest.mark.parametrize(("operation", "body"), CALLS, ids=[operation for operation, _ in CALLS])
def test_it_is_not_waited_for_without_an_end(new: Move, operation: str, body: Body) -> None:
    refuse(new, operation, UNSEEN)
    began = new.clock.now()
    outcome = new.step(body, {**new.call(), "page": 20})
    assert (outcome["outcome"], outcome["code"]) == ("failed", "GroupNotAccessible")
    assert 10 * 60 <= (new.clock.now() - began).total_seconds() < 20 * 60


@pytest.mark.parametrize("row", [{"origin": "merged"}, {"created_at": "2026-01-01T00:00:00+00:00"}])
@pytest.mark.parametrize(("operation", "body"), CALLS, ids=[operation for operation, _ in CALLS])
def test_elsewhere_a_refusal_is_one(
    moving: Callable[..., Move], row: dict[str, str], operation: str, body: Body, asked: list[Groups]
) -> None:
    move = moving(**row)
    move.step(exports.export_report, move.call())
    refuse(move, operation, UNSEEN)
    outcome = move.once(body, {**move.call(), "page": 20})
    assert (outcome["outcome"], outcome["code"]) == ("failed", "GroupNotAccessible")
    assert asked == []


def test_what_the_source_refuses_is_no_lag(new: Move, moving: Callable[..., Move], clock: MovedClock) -> None:
    move = moving(created_at=clock.now().isoformat())
    move.sandbox.control.fault({"operation": "Reports_ExportReportInGroup", "tenant": "contoso"}, UNSEEN)
    assert move.once(exports.export_report, move.call())["outcome"] == "failed"


def test_a_refused_refresh_of_rights_stops_nothing(new: Move) -> None:
    refuse(new, REFRESH, {"status": 403, "body": {"error": {"code": "Forbidden"}}})
    refuse(new, "Imports_PostImportInGroup", UNSEEN, times=2)
    assert new.step(imports.import_report, new.call())["outcome"] == "done"
