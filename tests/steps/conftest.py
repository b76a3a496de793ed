"""One storage emulator and one pair of tenants per worker; the target tenant is put back before each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from source_changes import name_reports
from step_support import Move, MovedClock, begin

from activities import items
from local.azurite import Azurite
from sandbox.server import Sandbox
from shared.assessment.model import Route
from shared.config import Settings, load
from shared.models import ItemState, Kind
from shared.services import Services


@pytest.fixture(scope="session")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), workspaces=4, time_scale=0.001) as running:
        yield running


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, tenants: Sandbox) -> Iterator[Settings]:
    with Azurite(tmp_path_factory.mktemp("azurite")) as emulator:
        yield load({**tenants.env, "AzureWebJobsStorage": emulator.connection_string})


@pytest.fixture(scope="session")
def as_begun(tenants: Sandbox) -> dict[str, Any]:
    return {name: tenants.control.state(name) for name in ("contoso", "fabrikam")}


@pytest.fixture
def sandbox(tenants: Sandbox, as_begun: dict[str, Any]) -> Sandbox:
    for name, state in as_begun.items():
        tenants.control.put_state(name, state)
    tenants.control.clear_faults()
    tenants.control.clear_import_plans()
    tenants.control.clear_ledger()
    return tenants


@pytest.fixture(scope="session")
def clock() -> MovedClock:
    """One for all: what one test has written of times would lie in the future of the next."""
    return MovedClock()


@pytest.fixture
def services(settings: Settings, clock: MovedClock) -> Services:
    return Services(settings, clock)


@pytest.fixture
def moving(services: Services, sandbox: Sandbox, clock: MovedClock) -> Callable[..., Move]:
    """`moving(reports=2, origin="merged")`: a workspace on its way, nothing of it moved yet."""
    return lambda reports=1, **row: begin(services, sandbox, clock, reports, **row)


@pytest.fixture
def arrived(moving: Callable[..., Move]) -> Callable[..., Move]:
    """Reports that have arrived with their models; `same` gives them one name."""

    def make(*, same: bool = False) -> Move:
        move = moving(reports=2)
        name_reports(move, "Namesake" if same else "Report {}")
        assert [move.move(number)["outcome"] for number in range(2)] == ["done", "done"]
        move.sandbox.control.clear_ledger()
        return move

    return make


@pytest.fixture
def thin(moving: Callable[..., Move]) -> Move:
    """Two reports on one model: the first has brought it, the second came by definition, and has the first's name."""
    move = moving(reports=2)
    name_reports(move, "Namesake")
    first, second = move.reports
    state = move.sandbox.control.state("contoso")
    reports = {each["id"]: each for space in state["workspaces"] for each in space["reports"]}
    reports[second.source_id] |= {"datasetId": first.dataset_id, "fileId": None, "name": "Thin"}
    move.sandbox.control.put_state("contoso", state)
    need = f"{move.workspace}/{Kind.DATASET}/{first.dataset_id}"
    plan = {"route": Route.DEFINITION, "needs": [need], "dataset_id": first.dataset_id, "source_name": "Thin"}
    move.services.manifest.update_item(move.migration, move.workspace, Kind.REPORT, second.source_id, **plan)
    assert move.move(0)["outcome"] == "done"
    given = {"migration": move.migration, "workspace": move.workspace, "scale": 1.0}
    for body in (items.read_item, items.make_item, items.await_item):
        assert move.step(body, {**given, "kind": Kind.REPORT, "item": second.source_id})["outcome"] == "done"
    assert move.item(1).state == ItemState.DONE
    return move
