"""The same order given again – at once by many, by both doors – is one run; another order under its id is refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from batch_queue import BatchQueue
from driver import Driver
from evidence import assert_mapped, assert_moved_once, until

from local.azurite import Azurite

CLIENTS = 32


def at_once(driver: Driver, bodies: list[dict[str, Any]]) -> list[requests.Response]:
    with ThreadPoolExecutor(len(bodies)) as clients:
        return list(clients.map(lambda body: driver.post("migrations", body), bodies))


def one_write_each(driver: Driver) -> None:
    """By the ledger: one create per workspace, one import per report, one refresh per model, none refused."""
    source = driver.sandbox.control.state("contoso")["workspaces"]
    done = Counter(
        entry["operation"] for entry in driver.sandbox.control.ledger() if entry["method"] != "GET"
    )
    assert done["Groups_CreateGroup"] == len(source)
    assert done["Imports_PostImportInGroup"] == sum(len(space["reports"]) for space in source)
    assert done["Datasets_RefreshDatasetInGroup"] == sum(len(space["datasets"]) for space in source)
    on_capacity = [space for space in source if space["capacityId"]]
    assert done["Groups_AssignToCapacity"] == len(on_capacity)


def test_many_clients_at_once_start_one_run(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=2)
    answers = at_once(driver, [driver.sandbox.control.suggested_request()] * CLIENTS)
    assert Counter(each.status_code for each in answers) == {202: 1, 200: CLIENTS - 1}
    (migration,) = {each.json()["id"] for each in answers}
    accepted = next(each for each in answers if each.status_code == 202)
    assert accepted.headers["Location"].endswith(f"/migrations/{migration}")
    assert int(accepted.headers["Retry-After"]) > 0
    assert driver.rest(migration)["status"] == "ready"
    assert [each["id"] for each in driver.all("migrations")] == [migration]
    assert_moved_once(driver)
    assert_mapped(driver, migration)
    one_write_each(driver)
    written = len([e for e in driver.sandbox.control.ledger() if e["method"] != "GET"])
    assert driver.post("migrations", driver.sandbox.control.suggested_request()).status_code == 200
    assert len([e for e in driver.sandbox.control.ledger() if e["method"] != "GET"]) == written


def test_both_doors_lead_to_one_run(driver_of: Callable[..., Driver], azurite: Azurite) -> None:
    driver, queue = driver_of(workspaces=2), BatchQueue(azurite)
    body = driver.sandbox.control.suggested_request()
    for _ in range(5):
        queue.put(body)
    answers = at_once(driver, [body] * 8)
    for _ in range(5):
        queue.put(dict(reversed(body.items())))
    (migration,) = {each.json()["id"] for each in answers}
    assert {each.status_code for each in answers} <= {200, 202}
    queue.await_drained()
    assert driver.rest(migration)["status"] == "ready"
    assert [each["id"] for each in driver.all("migrations")] == [migration]
    assert queue.no_poison()
    assert_moved_once(driver)
    one_write_each(driver)


def test_migrations_of_the_same_workspaces_at_once_bring_each_item_once(
    driver_of: Callable[..., Driver],
) -> None:
    driver = driver_of(workspaces=2)
    ids = ("one", "two", "three")
    answers = at_once(driver, [{**driver.sandbox.control.suggested_request(), "id": each} for each in ids])
    assert [each.status_code for each in answers] == [202] * len(ids)
    assert [driver.rest(each)["status"] for each in ids] == ["ready"] * len(ids)
    compared = driver.sandbox.control.compare()
    assert compared["clean"], compared["differences"]
    done = Counter(entry["operation"] for entry in driver.sandbox.control.ledger())
    assert done["Imports_PostImportInGroup"] == compared["counts"]["report"]["equal"]
    for each in ids:
        assert_mapped(driver, each)


def test_the_queue_gives_the_id_that_http_gives(driver_of: Callable[..., Driver], azurite: Azurite) -> None:
    driver, queue = driver_of(workspaces=1), BatchQueue(azurite)
    body = driver.sandbox.control.suggested_request()
    queue.put(body)
    (begun,) = until(lambda: driver.all("migrations"), "a migration begun by the queue")
    same = driver.post("migrations", data=json.dumps(body, indent=4).encode())
    assert (same.status_code, same.json()["id"]) == (200, begun["id"])
    assert driver.rest(begun["id"])["status"] == "ready"
    one_write_each(driver)


def test_another_order_under_a_taken_id_is_refused(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=1)
    body = {**driver.sandbox.control.suggested_request(), "id": "taken"}
    bodies = [body, {**body, "naming": "{name} other"}] * (CLIENTS // 2)
    answers = at_once(driver, bodies)
    count = Counter(each.status_code for each in answers)
    assert count == {202: 1, 200: CLIENTS // 2 - 1, 409: CLIENTS // 2}
    accepted = {json.dumps(b) for b, a in zip(bodies, answers, strict=True) if a.status_code != 409}
    assert len(accepted) == 1
    reached = driver.rest("taken")
    assert reached["status"] == "ready", reached
    refused = driver.post("migrations", {**body, "freeze": True})
    assert refused.status_code == 409
    error = refused.json()["error"]
    assert error["code"] == "migration.otherBody"
    assert error["details"] == [{"allowed": ["cutover", "retry", "rollback"]}]
    assert len(driver.sandbox.control.state("fabrikam")["workspaces"]) == 1
