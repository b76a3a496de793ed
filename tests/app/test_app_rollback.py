"""Rollback to "nothing": the target is afterwards as it was before, whatever people did there meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from driver import Driver
from evidence import TARGET
from undoing import ask, codes, contents, everything, furnish, last, live, roll_back, states, writes

from local.azurite import Azurite

type DriverOf = Callable[..., Driver]


def moved(driver: Driver, ends: str = "ready", **changes: Any) -> str:
    migration = driver.begin(**changes)
    reached = driver.rest(migration)
    assert reached["status"] == ends, reached
    return migration


def test_everything_goes_and_may_come_again(driver_of: DriverOf) -> None:
    driver = driver_of(workspaces=3, seed=2)
    furnish(driver, "Theirs alone")
    before = everything(driver)
    migration = moved(driver)
    begun = last(driver)
    roll_back(driver, migration)
    assert everything(driver) == before
    assert set(writes(driver, begun)) == {
        "Reports_DeleteReportInGroup",
        "Datasets_DeleteDatasetInGroup",
        "Groups_DeleteGroup",
    }
    found = states(driver, migration)
    assert found["workspace"] == {"deleted"} and found["report"] | found["dataset"] <= {
        "deleted",
        "manual",
    }, found
    assert {each["status"] for each in driver.all(f"migrations/{migration}/workspaces")} == {"skipped"}
    begun = last(driver)
    roll_back(driver, migration)
    assert not writes(driver, begun)
    assert driver.post(f"migrations/{migration}/retry").status_code == 202
    assert driver.rest(migration)["status"] == "ready"
    compared = driver.sandbox.control.compare()
    assert compared["clean"], compared["differences"]
    roll_back(driver, migration)
    assert everything(driver) == before


def test_a_migration_that_came_only_half_way(driver_of: DriverOf, azurite: Azurite) -> None:
    driver = driver_of(workspaces=3, seed=2)
    source = driver.sandbox.control.state("contoso")["workspaces"]
    furnish(driver, source[0]["name"])  # blocks that one
    before = everything(driver)
    broken = {"operation": "Imports_PostImportInGroup", "tenant": TARGET, "nth": 1}
    driver.sandbox.control.fault(broken, {"status": 400, "code": "RequestedFileIsEncryptedOrCorrupted"})
    migration = moved(driver, ends="partial")
    roll_back(driver, migration)
    assert everything(driver) == before
    assert staged(azurite) == []


def test_in_a_workspace_of_others_only_what_came_goes(driver_of: DriverOf) -> None:
    driver = driver_of(workspaces=2, seed=2)
    source = driver.sandbox.control.state("contoso")["workspaces"]
    for space in source:
        furnish(
            driver, space["name"], dashboards=[{"id": f"0000000{len(space['id'])}", "displayName": "Board"}]
        )
    before = everything(driver)
    migration = moved(driver, existing="merge")
    assert everything(driver) != before
    begun = last(driver)
    roll_back(driver, migration)
    assert everything(driver) == before
    assert "Groups_DeleteGroup" not in writes(driver, begun)
    assert states(driver, migration)["workspace"] == {"skipped"}
    begun = last(driver)
    roll_back(driver, migration)
    assert not writes(driver, begun)
    assert driver.post(f"migrations/{migration}/retry").status_code == 202
    assert driver.rest(migration)["status"] == "ready"
    roll_back(driver, migration)
    assert everything(driver) == before


def test_what_people_built_on_ours_stays_with_its_model(driver_of: DriverOf) -> None:
    driver = driver_of(workspaces=2, seed=2)
    control = driver.sandbox.control
    migration = moved(driver)
    built, other = live(driver).values()
    used, ours = built["datasets"][0]["id"], built["reports"]
    made = control.act(TARGET, "createReport", workspace=built["id"], name="People's", dataset=used)["id"]
    control.act(TARGET, "renameReport", workspace=built["id"], report=ours[0]["id"], name="Renamed")
    people = contents(built)["users"]
    members = {identity for identity, _ in people}
    users = [each["id"] for each in control.state(TARGET)["principals"] if each["kind"] == "User"]
    stranger = next(identity for identity in users if identity not in members)
    for space in (built, other):
        control.act(TARGET, "addUser", workspace=space["id"], principal=stranger, right="Contributor")
    roll_back(driver, migration)
    assert list(live(driver)) == [built["name"]]
    kept = contents(live(driver)[built["name"]])
    assert (kept["reports"], kept["datasets"]) == ([made], [used])
    assert sorted(kept["users"]) == sorted([*people, (stranger, "Contributor")])  # nobody is locked out
    assert codes(driver, migration) == {"rollback.kept": 2}
    begun = last(driver)
    roll_back(driver, migration)
    assert not writes(driver, begun)


def test_a_later_migration_gives_back_what_it_took_over(driver_of: DriverOf) -> None:
    driver = driver_of(workspaces=2, seed=2)
    first = moved(driver, id="first")
    before, begun = everything(driver), last(driver)
    second = moved(driver, id="second")
    assert not {name for name in writes(driver, begun) if name != "Datasets_RefreshDatasetInGroup"}
    begun = last(driver)
    roll_back(driver, first, ends="failed")
    assert everything(driver) == before
    assert codes(driver, first) == {"rollback.handedOver": 2}
    roll_back(driver, second)
    assert everything(driver) == before
    assert not writes(driver, begun)
    roll_back(driver, first)
    assert not everything(driver)


def test_what_is_refused_is_left_and_goes_the_next_time(driver_of: DriverOf) -> None:
    driver = driver_of(workspaces=2, seed=2)
    control = driver.sandbox.control
    migration = moved(driver)
    control.fault({"operation": "Datasets_DeleteDatasetInGroup", "nth": 1}, {"status": 400, "code": "Locked"})
    control.fault(
        {"operation": "Groups_DeleteGroup"}, {"status": 401, "code": "PowerBINotAuthorizedException"}
    )
    roll_back(driver, migration, ends="failed")
    assert codes(driver, migration)["rollback.refused"] >= 2
    assert len(everything(driver)) == 2
    control.clear_faults()
    roll_back(driver, migration)
    assert not everything(driver)


def test_what_was_left_is_filled_again_by_a_retry(driver_of: DriverOf) -> None:
    driver = driver_of(workspaces=1, seed=2)
    control = driver.sandbox.control
    migration = moved(driver)
    control.fault(
        {"operation": "Groups_DeleteGroup"}, {"status": 401, "code": "PowerBINotAuthorizedException"}
    )
    roll_back(driver, migration, ends="failed")
    control.clear_faults()
    assert driver.post(f"migrations/{migration}/retry").status_code == 202
    assert driver.rest(migration)["status"] == "ready"
    assert_moved_once_in_living(driver)
    roll_back(driver, migration)
    assert not everything(driver)


@pytest.mark.parametrize("operation", ["Groups_CreateGroup", "Imports_PostImportInGroup"])
def test_what_a_lost_answer_left_behind_goes_too(driver_of: DriverOf, operation: str) -> None:
    """Cancelled while the answer is out: no row knows what that call has made."""
    driver = driver_of(workspaces=1, seed=2)
    control = driver.sandbox.control
    control.fault({"operation": operation, "nth": 1}, {"hold": "after"})
    migration = driver.begin()
    assert control.await_hold() is not None
    assert driver.post(f"migrations/{migration}/cancel").status_code == 202
    control.release(drop=True)
    assert driver.rest(migration)["status"] == "cancelled"
    assert everything(driver)
    roll_back(driver, migration)
    assert not everything(driver)
    assert driver.post(f"migrations/{migration}/retry").status_code == 202
    assert driver.rest(migration)["status"] == "ready"
    assert_moved_once_in_living(driver)


@pytest.mark.parametrize("told", [404, 401])
def test_a_workspace_that_people_deleted_needs_no_write(driver_of: DriverOf, told: int) -> None:
    """A member may be told that it is gone, or that it is closed to him."""
    driver = driver_of(workspaces=1, seed=2)
    migration = moved(driver)
    (space,) = live(driver).values()
    closed = {"operation": "Groups_GetGroup", "tenant": TARGET}
    if told == 401:
        driver.sandbox.control.fault(closed, {"status": 401, "code": "GroupNotAccessible"})
    driver.sandbox.control.act(TARGET, "deleteWorkspace", workspace=space["id"])
    begun = last(driver)
    roll_back(driver, migration)
    assert not writes(driver, begun)
    assert states(driver, migration)["workspace"] == {"deleted"}


def test_a_rollback_goes_on_after_its_process_was_killed(driver_of: DriverOf) -> None:
    driver = driver_of(workspaces=2, seed=2)
    migration = moved(driver)
    driver.sandbox.control.fault({"operation": "Reports_DeleteReportInGroup", "nth": 2}, {"hold": "after"})
    ask(driver, migration)
    assert driver.sandbox.control.await_hold() is not None
    driver.app.kill()
    driver.sandbox.control.release(drop=True)
    driver.app.start()
    assert driver.rest(migration)["status"] == "rolledBack"
    assert not everything(driver)


def assert_moved_once_in_living(driver: Driver) -> None:
    compared = driver.sandbox.control.compare()
    assert compared["clean"], compared["differences"]


def staged(azurite: Azurite) -> list[str]:
    """Files on their way that were left behind."""
    from azure.storage.blob import BlobServiceClient

    client = BlobServiceClient.from_connection_string(azurite.connection_string, api_version="2025-11-05")
    with client, client.get_container_client("pbi-staging") as container:
        return [blob.name for blob in container.list_blobs()]
