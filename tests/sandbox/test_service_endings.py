"""Imports that fail, stay, vanish or go back, with and without something left behind."""

from typing import Any

import pytest
from service_client import Client, pbix

from sandbox.server import Sandbox

NOTHING, DATASET, ALL = ([], []), (["Sales"], []), (["Sales"], ["Sales"])
MADE = {"nothing": NOTHING, "dataset": DATASET, "all": ALL}


class Workbench:
    """One workspace into which the same file goes as often as a test likes."""

    def __init__(self, sandbox: Sandbox, client: Client) -> None:
        self.sandbox, self.client = sandbox, client
        self.workspace = client.workspace()

    def accept(self, name: str = "Sales", conflict: str = "Ignore") -> str:
        answer = self.client.import_file(self.workspace, f"{name}.pbix", pbix(name), conflict)
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def run(self, name: str = "Sales") -> dict[str, Any]:
        accepted = self.accept(name)
        self.sandbox.control.advance()
        return self.shown(accepted)

    def shown(self, accepted: str) -> dict[str, Any]:
        answer = self.client.get(f"groups/{self.workspace}/imports/{accepted}")
        return answer.json() if answer.status_code == 200 else {"status": answer.status_code}

    def there(self) -> tuple[list[str], list[str]]:
        return self.client.names(self.workspace, "datasets"), self.client.names(self.workspace, "reports")


@pytest.fixture
def bench(sandbox: Sandbox, source: Client) -> Workbench:
    return Workbench(sandbox, source)


def named(shown: dict[str, Any]) -> tuple[list[str], list[str]]:
    return [item["name"] for item in shown["datasets"]], [item["name"] for item in shown["reports"]]


@pytest.mark.parametrize("leaves", MADE)
@pytest.mark.parametrize("lists", [True, False])
def test_a_failed_import_may_leave_something_and_may_say_so(
    sandbox: Sandbox, bench: Workbench, leaves: str, lists: bool
) -> None:
    details = [{"code": "DetailsMessage", "detail": {"type": 1, "value": "No room left"}}]
    sandbox.control.plan_import("fail", leaves=leaves, lists=lists, code="Broken", details=details)
    shown = bench.run()
    assert (shown["importState"], shown["error"]) == ("Failed", {"code": "Broken", "details": details})
    assert named(shown) == (MADE[leaves] if lists else NOTHING)
    assert bench.there() == MADE[leaves]


def test_plans_are_chosen_by_name_count_and_workspace(sandbox: Sandbox, bench: Workbench) -> None:
    sandbox.control.plan_import("fail", name="^Sal", times=2)
    sandbox.control.plan_import("stuck", nth=2, workspace="elsewhere")
    assert bench.run("Costs")["importState"] == "Succeeded"
    found = [bench.run()["importState"] for _ in range(3)]
    assert found == ["Failed", "Failed", "Succeeded"]
    assert [plan["fired"] for plan in sandbox.control.import_plans()] == [2, 0]
    sandbox.control.clear_import_plans()
    assert sandbox.control.import_plans() == []


@pytest.mark.parametrize("leaves", MADE)
def test_a_stuck_import_publishes_for_ever(sandbox: Sandbox, bench: Workbench, leaves: str) -> None:
    sandbox.control.plan_import("stuck", leaves=leaves)
    assert bench.run()["importState"] == "Publishing"
    assert bench.there() == MADE[leaves]


@pytest.mark.parametrize("leaves", MADE)
def test_an_import_vanishes_when_it_is_due(sandbox: Sandbox, bench: Workbench, leaves: str) -> None:
    sandbox.control.plan_import("vanish", leaves=leaves)
    accepted = bench.accept()
    assert bench.shown(accepted)["importState"] == "Publishing"
    sandbox.control.advance()
    assert bench.shown(accepted) == {"status": 404}
    assert bench.client.get(f"groups/{bench.workspace}/imports").json()["value"] == []
    assert bench.there() == MADE[leaves]


def test_an_import_goes_back_to_publishing(sandbox: Sandbox, bench: Workbench) -> None:
    sandbox.control.plan_import("relapse", lists=False)
    accepted, seen = bench.accept(), list[tuple[str, bool]]()
    for _ in range(4):
        shown = bench.shown(accepted)
        seen.append((shown["importState"], named(shown) == ALL))
        sandbox.control.advance(steps=1)
    assert seen == [("Publishing", False), ("Succeeded", False), ("Publishing", False), ("Succeeded", True)]


def test_an_import_succeeds_before_its_items_are_there(sandbox: Sandbox, bench: Workbench) -> None:
    sandbox.control.plan_import("hollow")
    accepted = bench.accept()
    sandbox.control.advance(steps=1)
    shown = bench.shown(accepted)
    assert (shown["importState"], named(shown), bench.there()) == ("Succeeded", NOTHING, NOTHING)
    sandbox.control.advance(steps=1)
    assert named(bench.shown(accepted)) == bench.there() == ALL


def test_a_hollow_import_may_stay_so(sandbox: Sandbox, bench: Workbench) -> None:
    sandbox.control.plan_import("hollow", leaves="nothing")
    shown = bench.run()
    assert (shown["importState"], named(shown), bench.there()) == ("Succeeded", NOTHING, NOTHING)


def test_usual_failures_come_first(sandbox: Sandbox, bench: Workbench) -> None:
    sandbox.control.plan_import("fail", name="Late", leaves="all")
    first, second = bench.accept("Late", "Abort"), bench.accept("Late", "Abort")
    sandbox.control.advance()
    codes = sorted(bench.shown(item)["error"]["code"] for item in (first, second))
    assert codes == ["DMTS_PowerBIDataMovementUserDatasourceExceededLimit", "PbixAlreadyImported"]


@pytest.mark.parametrize(
    "wrong", [{"outcome": "explode"}, {"outcome": "fail", "leaves": "some"}, {"outcome": "fail", "x": 1}]
)
def test_a_plan_that_cannot_be_is_refused(sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError, match="400"):
        sandbox.control.plan_import(**wrong)
