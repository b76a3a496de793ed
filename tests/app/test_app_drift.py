"""After cutover the app reports what people change in either tenant, once each, whatever happens to the app.

The timer fires every two seconds here. That an event is *not* reported is asserted only after one that came
later has been: by then the reader has passed it. One estate serves all tests: whatever a test did stays true.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from driver import Driver

from local.azurite import Azurite
from sandbox.server import Sandbox

SETTINGS = {"DRIFT_SCHEDULE": "*/2 * * * * *"}
SOURCE, TARGET = "contoso", "fabrikam"


class Estate:
    """A migration that has cut over, and people who go on working in both tenants."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.control = driver.sandbox.control
        self.migration = driver.begin(cutover="auto")
        reached = driver.rest(self.migration, statuses={"succeeded", "partial", "failed"})
        assert reached["status"] == "succeeded", reached
        self.cutover_at = datetime.fromisoformat(reached["cutoverAt"])
        rows = driver.all(f"migrations/{self.migration}/mapping")
        self.spaces = [row for row in rows if row["kind"] == "workspace"]
        self.reports = [row for row in rows if row["kind"] == "report" and row["state"] == "done"]
        self.names: list[str] = []  # of every change that has to be reported

    def rename(self, tenant: str, number: int = 0) -> str:
        """Somebody renames a workspace; the new name, which the finding will carry."""
        name = f"Renamed in {tenant} {len(self.names)} Größe"
        self.names.append(name)
        row = self.spaces[number]
        workspace = row["sourceId"] if tenant == SOURCE else row["targetId"]
        self.control.act(tenant, "renameWorkspace", workspace=workspace, name=name)
        return name

    def found(self) -> list[dict[str, Any]]:
        rows = self.driver.all(f"migrations/{self.migration}/findings")
        return [row for row in rows if row["code"] == "drift.activity"]

    def wait_for(self, *names: str, within: float = 90) -> set[str]:
        """Poll until a finding bears each name; all the names borne by then."""
        deadline = time.monotonic() + within
        while not set(names) <= (seen := {row["name"] for row in self.found()}):
            assert time.monotonic() < deadline, f"{set(names) - seen} not found: {self.tail()}"
            time.sleep(0.2)
        return seen

    def settle(self) -> None:
        """Every change so far is reported once, and nothing else is: a last one in each tenant proves it read."""
        self.rename(SOURCE), self.rename(TARGET)
        self.wait_for(*self.names)
        assert Counter(row["name"] for row in self.found()) == Counter(self.names)

    def tail(self) -> str:
        return self.driver.app.log.read_text()[-2000:]

    def past_events(self, tenant: str, *ages: timedelta) -> list[str]:
        """Events of a workspace as old as told, written into the tenant's log; their names."""
        state = self.control.state(tenant)
        row = self.spaces[0]
        workspace = row["sourceId"] if tenant == SOURCE else row["targetId"]
        sample = next(each for each in state["activity"] if each["fields"].get("WorkspaceId"))
        names = [f"Past {tenant} {age}" for age in ages]
        for age, name in zip(ages, names, strict=True):
            moment = datetime.now(UTC) - age
            fields = {**sample["fields"], "WorkspaceId": workspace, "WorkSpaceName": name}
            fields = {
                key: value
                for key, value in fields.items()
                if not key.endswith("Name") or key == "WorkSpaceName"
            }
            state["activity"].append(
                {
                    **sample,
                    "id": f"past-{tenant}-{age.total_seconds():.0f}",
                    "creationTime": moment.strftime("%Y-%m-%dT%H:%M:%S"),
                    "operation": "UpdateFolder",
                    "userId": "somebody@example.com",
                    "visibleAt": 0.0,
                    "fields": fields,
                }
            )
        self.control.put_state(tenant, state)
        return names


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    folder = tmp_path_factory.mktemp("drift")
    with Azurite(folder / "azurite") as azurite, Sandbox(folder / "sandbox", workspaces=2) as sandbox:
        driver = Driver(azurite, sandbox, folder / "app", **SETTINGS)
        driver.app.start()
        yield Estate(driver)
        driver.app.stop()


@pytest.fixture
def estate(shared: Estate) -> Iterator[Estate]:
    """The estate with all settings as they were."""
    shared.control.settings(durations={"activity.lag": 0}, activity={"pageSize": 100, "emptyPages": True})
    yield shared
    shared.control.clear_faults()
    shared.control.advance()


def test_changes_in_both_tenants_are_reported_once_each(estate: Estate) -> None:
    """Also through pages, empty ones among them, and passes that read the same hours again and again."""
    estate.control.settings(activity={"pageSize": 2})
    report, name = estate.reports[0], "A new report name"
    estate.control.act(
        SOURCE, "renameReport", workspace=report["workspaceId"], report=report["sourceId"], name=name
    )
    estate.names.append(name)
    for tenant in (SOURCE, TARGET):
        for number in (0, 1, 0):
            estate.rename(tenant, number)
    estate.settle()
    for row in estate.found():
        assert row["severity"] == "info"
        assert row["remedy"]
        side = "target" if TARGET in row["name"] else "source"
        assert f" in the {side} by " in row["message"]
        assert row["workspaceId"] in {space["sourceId"] for space in estate.spaces}
    (renamed,) = [row for row in estate.found() if row["name"] == name]
    assert (renamed["kind"], renamed["id"].lower()) == ("RenameReport", report["sourceId"].lower())


def test_own_events_and_those_before_cutover_are_not_reported(estate: Estate) -> None:
    """The migration itself has written its events in both tenants, and people theirs before it."""
    own = [event for tenant in (SOURCE, TARGET) for event in estate.control.state(tenant)["activity"]]
    assert len(own) > 5
    since = datetime.now(UTC) - estate.cutover_at
    old = estate.past_events(SOURCE, since + timedelta(seconds=5), since + timedelta(days=1))
    estate.settle()
    assert not set(old) & {row["name"] for row in estate.found()}


def test_events_that_show_late_are_reported_once(estate: Estate) -> None:
    estate.control.settings(durations={"activity.lag": 3600 * 1000})
    late = [estate.rename(SOURCE), estate.rename(TARGET)]
    estate.control.settings(durations={"activity.lag": 0})
    early = [estate.rename(SOURCE), estate.rename(TARGET)]
    assert not set(late) & estate.wait_for(*early)
    estate.control.advance()  # now they show, behind what has been read long since
    estate.settle()


def test_a_killed_app_reports_nothing_twice_and_what_it_slept_through(estate: Estate) -> None:
    """Killed again and again in the middle of passes of many pages."""
    estate.control.settings(activity={"pageSize": 1})
    for tenant in (SOURCE, TARGET, SOURCE):
        first, *_ = [estate.rename(side, number) for side in (SOURCE, TARGET) for number in (0, 1)]
        estate.wait_for(first)  # a pass has begun to report this round
        estate.driver.app.kill()
        estate.rename(tenant)  # while nobody looks
        estate.driver.app.start()
    estate.settle()
    assert estate.driver.status(estate.migration)["status"] == "succeeded"


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429, "retryAfter": 1}, {"when": "after"}])
def test_a_read_that_fails_is_read_again(estate: Estate, fault: dict[str, Any]) -> None:
    estate.control.fault({"operation": "Admin_GetActivityEvents", "times": 3}, fault)
    estate.rename(SOURCE), estate.rename(TARGET)
    estate.settle()
