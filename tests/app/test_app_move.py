"""One POST moves an estate, the sandbox's own comparison finds nothing amiss, cutover ends it."""

from __future__ import annotations

from collections.abc import Callable

from driver import Driver


def test_an_estate_arrives_whole_and_cuts_over(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=4)
    migration = driver.begin()
    reached = driver.rest(migration)
    assert reached["status"] == "ready", reached
    compared = driver.sandbox.control.compare()
    assert compared["clean"], compared["differences"]
    assert driver.sandbox.control.violations() == []
    assert driver.post(f"migrations/{migration}/cutover", {}).status_code == 202
    assert driver.rest(migration, statuses={"succeeded"})["cutoverAt"]


def test_two_migrations_share_a_storage_account_but_not_their_rows(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=2)
    first, second = driver.begin(id="one"), driver.begin(id="one-2", naming="{name} again")
    assert driver.rest(first)["status"] == "ready"
    assert driver.rest(second)["status"] == "ready"
    rows = {identity: driver.all(f"migrations/{identity}/mapping") for identity in (first, second)}
    assert len(rows[first]) == len(rows[second])
    assert not {row["targetId"] for row in rows[first]} & {row["targetId"] for row in rows[second]}


def test_a_model_keeps_its_own_name(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=1)
    state = driver.sandbox.control.state("contoso")
    dataset = state["workspaces"][0]["datasets"][0]
    dataset["name"] = "Its own name"
    driver.sandbox.control.put_state("contoso", state)
    migration = driver.begin()
    assert driver.rest(migration)["status"] == "ready"
    names = {
        row["targetName"] for row in driver.all(f"migrations/{migration}/mapping") if row["kind"] == "dataset"
    }
    assert "Its own name" in names
    target = driver.sandbox.control.state("fabrikam")["workspaces"][0]["datasets"]
    assert names == {each["name"] for each in target}
    assert driver.sandbox.control.compare()["clean"]


def test_a_model_that_can_not_be_named_back_is_a_finding(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=1)
    state = driver.sandbox.control.state("contoso")
    state["workspaces"][0]["datasets"][0]["name"] = "Its own name"
    driver.sandbox.control.put_state("contoso", state)
    driver.sandbox.control.fault(
        {"operation": "Fabric_UpdateSemanticModel"},
        {"status": 403, "body": {"errorCode": "InsufficientPrivileges", "message": "no"}},
    )
    migration = driver.begin()
    assert driver.rest(migration)["status"] == "ready"
    found = [
        row for row in driver.all(f"migrations/{migration}/findings") if row["code"] == "dataset.renamed"
    ]
    assert [row["name"] for row in found] == ["Its own name"]


def test_a_later_migration_goes_on_with_what_earlier_ones_brought(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=2)
    for identity in ("first", "second", "third"):
        driver.begin(id=identity)
        assert driver.rest(identity)["status"] == "ready"
        if identity == "first":
            driver.sandbox.control.clear_ledger()
    assert driver.sandbox.control.compare()["clean"]
    later = [call for call in driver.sandbox.control.ledger() if call["tenant"] == "fabrikam"]
    written = {call["operation"] for call in later if call["method"] not in ("GET", "HEAD")}
    assert written <= {"Entra_Token", "Datasets_RefreshDatasetInGroup"}, written
    assert not [call for call in driver.sandbox.control.ledger() if "Export" in call["operation"]]
