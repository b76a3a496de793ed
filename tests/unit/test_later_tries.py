"""Activities that come again: after a lost answer, a long wait, or when others went on meanwhile.

The storage is real; of the service only the one list an activity looks at is played, since the moments matter.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from core_support import START, HandClock, next_id

from activities import imports, migrations, validation, workspaces
from activities.frame import run
from shared.errors import AlreadyExists, EntityNotFound, NotAuthorized, Throttled
from shared.models import ItemRow, ItemState, Kind, Migration, MigrationRequest, WorkspaceRow
from shared.ownership import Owned
from shared.services import Services, request_path
from shared.statuses import Status

HOUR = 3600


class Names:
    """Workspace names of a tenant: unique, and the first `busy` creates are told to wait an hour."""

    def __init__(self, busy: int = 0, hidden: int = 0) -> None:
        self.rows: list[dict[str, str]] = []
        self._busy, self._hidden = busy, hidden
        self.refreshed = 0

    def find_by_name(self, name: str) -> list[dict[str, str]]:
        return [row for row in self.rows if row["name"] == name]

    def create(self, name: str) -> dict[str, str]:
        if self._busy:
            self._busy -= 1
            raise Throttled(START + timedelta(hours=1))
        if self.find_by_name(name):
            raise AlreadyExists("PowerBIEntityAlreadyExists")
        self.rows.append({"id": next_id("target-"), "name": name})
        return self.rows[-1]

    def get(self, identity: str) -> dict[str, str]:
        if self._hidden:
            self._hidden -= 1
            raise NotAuthorized("PowerBINotAuthorizedException", connection="fabrikam")
        return next(row for row in self.rows if row["id"] == identity)

    def refresh_permissions(self) -> None:
        self.refreshed += 1


type Begin = Callable[..., dict[str, Any]]


@pytest.fixture
def begin(services: Services) -> Begin:
    """A migration with one workspace called Sales; the input of its activities."""

    def make(status: str = "running", **row: Any) -> dict[str, Any]:
        identity, workspace = next_id("again-"), next_id("w-")
        request = MigrationRequest("contoso", "fabrikam", ["*"])
        services.documents.write_json(request_path(identity, "h"), request.to_dict())
        services.manifest.create(Migration(identity, status, "contoso", "fabrikam", "h", "t", "t"))
        given = {"target_name": "Sales", "status": "running", **row}
        services.manifest.plan_workspace(identity, WorkspaceRow(workspace, "Sales", **given))
        return {"migration": identity, "workspace": workspace, "page": 20}

    return make


def play(services: Services, monkeypatch: pytest.MonkeyPatch, **areas: Any) -> None:
    monkeypatch.setattr(services, "power_bi", lambda name: SimpleNamespace(**areas))


def target_of(services: Services, call: dict[str, Any]) -> str:
    return services.manifest.workspace(call["migration"], call["workspace"]).target_id


def test_a_stranger_took_the_name_while_we_were_told_to_wait(
    services: Services, clock: HandClock, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, call = Names(busy=1), begin()
    play(services, monkeypatch, groups=names)
    assert run(workspaces.create_workspace, services, call)["outcome"] == "wait"
    names.rows.append({"id": "a-stranger's", "name": "Sales"})
    clock.move(HOUR)
    again = {**call, "polls": 1}  # as after waiting for the migrations of other tests
    assert run(workspaces.create_workspace, services, again)["code"] == "workspace.nameTaken"
    assert target_of(services, call) == ""


@pytest.mark.parametrize("lost", [False, True], ids=["told to wait", "answer lost"])
def test_another_workspace_of_ours_took_the_name_meanwhile(
    services: Services, clock: HandClock, begin: Begin, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    names, first, second = Names(busy=0 if lost else 1), begin(), begin()
    play(services, monkeypatch, groups=names)
    if lost:
        monkeypatch.setattr(names, "create", _dies)
        with pytest.raises(SystemError):
            run(workspaces.create_workspace, services, first)
        monkeypatch.undo()
        play(services, monkeypatch, groups=names)
    else:
        run(workspaces.create_workspace, services, first)
    made = names.create("Sales")["id"]
    tenant = services.connection("fabrikam").tenant_id
    services.ownership.claim(tenant, made, Owned(second["migration"], "a-tenant", second["workspace"]))
    clock.move(HOUR)
    assert run(workspaces.create_workspace, services, first)["code"] == "workspace.nameTaken"
    assert target_of(services, first) == ""


def _dies(name: str) -> None:
    raise SystemError(name)


def test_the_right_on_a_new_workspace_is_waited_for(
    services: Services, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, call = Names(hidden=2), begin()
    play(services, monkeypatch, groups=names)
    outcomes: list[str] = []
    for _ in range(3):
        outcome = run(workspaces.create_workspace, services, call)
        outcomes.append(outcome["outcome"])
        call |= outcome.get("state", {})
    assert outcomes == ["wait", "wait", "done"]
    assert names.refreshed == 1
    assert [target_of(services, call)] == [row["id"] for row in names.rows]


def test_an_import_that_does_not_show_yet_is_waited_for(
    services: Services, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def get(workspace: str, identity: str) -> dict[str, str]:
        raise EntityNotFound("PowerBIEntityNotFound")

    call = begin(target_id="t1")
    report = ItemRow(call["workspace"], Kind.REPORT, "r1", "Sales", dataset_id="d1", import_id="i1")
    services.manifest.plan_items(call["migration"], call["workspace"], [report])
    play(services, monkeypatch, imports=SimpleNamespace(get=get))
    outcome, waited = run(imports.await_import, services, {**call, "report": "r1"}), 0.0
    for _ in range(10):
        assert outcome["outcome"] == "wait"
        now = services.clock.now()
        waited += (datetime.fromisoformat(outcome["until"]) - now).total_seconds()
        outcome = run(imports.await_import, services, {**call, "report": "r1", **outcome["state"]})
    assert waited > 7 * 60


def test_a_conclusion_that_comes_again_leaves_a_cutover_alone(services: Services, begin: Begin) -> None:
    call = begin(status="validating")
    services.manifest.update_workspace(call["migration"], call["workspace"], status="done")
    assert run(migrations.conclude_validation, services, call)["value"] == {"status": "ready"}
    services.manifest.move_to(call["migration"], Status.CUTOVER)
    assert run(migrations.conclude_validation, services, call)["value"] == {"status": "cutover"}
    assert services.manifest.migration(call["migration"]).status == "cutover"


def test_ids_are_one_in_any_case(services: Services, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lists of the service spell one id in two ways."""
    call = begin(target_id="t1", origin="created")
    done = {"target_name": "Sales", "state": ItemState.DONE}
    model = ItemRow(call["workspace"], Kind.DATASET, "abcd-ef", "Sales", target_id="td", **done)
    report = ItemRow(
        call["workspace"], Kind.REPORT, "r1", "Sales", target_id="tr", dataset_id="ABCD-EF", **done
    )
    services.manifest.plan_items(call["migration"], call["workspace"], [model, report])
    reports = [{"id": "TR", "name": "Sales", "datasetId": "TD"}]
    play(
        services,
        monkeypatch,
        reports=SimpleNamespace(list=lambda group: reports),
        datasets=SimpleNamespace(list=lambda group: [{"id": "TD", "name": "Sales"}]),
    )
    assert run(validation.check_workspace, services, call)["outcome"] == "done"
    assert services.manifest.workspace(call["migration"], call["workspace"]).error_code == ""


def test_no_file_stays_behind_a_workspace_that_was_closed(
    services: Services, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies at the end has no later try: a closed workspace is not begun again."""
    call, blob = begin(), f"{next_id('file-')}.pbix"
    staged = services.staging.stage(blob, [b"data"])
    report = ItemRow(
        call["workspace"], Kind.REPORT, "r1", "Sales", state=ItemState.DONE, blob=blob, length=staged.length
    )
    services.manifest.plan_items(call["migration"], call["workspace"], [report])
    move = services.manifest.update_workspace

    def dies_once_closed(*place: str, **changes: Any) -> None:
        move(*place, **changes)
        raise SystemError

    monkeypatch.setattr(services.manifest, "update_workspace", dies_once_closed)
    with pytest.raises(SystemError):
        run(workspaces.finish_workspace, services, call)
    assert services.manifest.workspace(call["migration"], call["workspace"]).status == "done"
    assert services.staging.size(blob) is None


def test_what_is_found_late_and_not_moved_is_named_too(
    services: Services, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = begin()
    live = {"id": "r1", "name": "Live", "datasetId": "elsewhere"}
    names = ("datasets", "dataflows", "dashboards")
    lists = {name: SimpleNamespace(list=lambda group: []) for name in names}
    lists["reports"] = SimpleNamespace(list=lambda group: [live])
    groups = SimpleNamespace(users=lambda group: [])
    play(services, monkeypatch, groups=groups, principal_id=lambda: None, **lists)
    assert run(workspaces.inspect_source, services, call)["outcome"] == "done"
    found = services.findings.page(call["migration"], 100).rows
    assert [(each.code, each.id) for each in found] == [("manual.notMoved", "r1")]
