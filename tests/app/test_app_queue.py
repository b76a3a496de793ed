"""What the queue can't use lies in the poison queue with its reason; what it can is started; nothing in between."""

from __future__ import annotations

import base64
import json
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from batch_queue import BatchQueue
from driver import Driver
from evidence import assert_moved_once, until
from storage_faults import Effect, Rule
from storage_proxy import StorageProxy

from local.azurite import Azurite
from shared.batches import MAX_DELIVERIES

KIB = 1024


def padded(body: dict[str, Any], size: int) -> bytes:
    """The body as JSON of exactly `size` bytes, by a workspace name that is repeated (and so counts once)."""
    empty = json.dumps({**body, "workspaces": ["*", ""]})
    name = "x" * 300
    count = (size - len(empty)) // (len(name) + 4)
    raw = json.dumps({**body, "workspaces": ["*", *[name] * count]}).encode()
    return raw + b" " * (size - len(raw))


def one_write_each(driver: Driver) -> Counter[str]:
    """The calls that change something, by operation: one create per workspace, one import per report."""
    control = driver.sandbox.control
    done = Counter(each["operation"] for each in control.ledger() if each["method"] != "GET")
    del done["Entra_Token"]  # a token may run out
    counts = control.compare()["counts"]
    assert done["Groups_CreateGroup"] == counts["workspace"]["equal"]
    assert done["Imports_PostImportInGroup"] == counts["report"]["equal"]
    return done


def test_what_can_not_be_used_is_put_aside_with_its_reason(
    driver_of: Callable[..., Driver], azurite: Azurite
) -> None:
    driver, queue = driver_of(workspaces=1), BatchQueue(azurite)
    body = driver.sandbox.control.suggested_request()
    bad: dict[str, bytes] = {
        "bad JSON": b'{"source": "contoso"',
        "no object": b"[1, 2]",
        "empty": b"",
        "wrong schema": json.dumps({**body, "workspaces": "all", "existing": "maybe"}).encode(),
        "unknown field": json.dumps({**body, "wrokspaces": ["*"]}).encode(),
        "unknown connection": json.dumps({**body, "source": "nowhere"}).encode(),
        "missing fields": b"{}",
        "NUL": b'{"id": "a\x00b"}',
        "NUL in an id": json.dumps({**body, "id": "a\x00b"}).encode(),
        "missing blob": b'{"bodyBlob": "nothing/here.json"}',
        "blob and body": json.dumps({**body, "bodyBlob": "x"}).encode(),
        "blob that is no name": b'{"bodyBlob": 7}',
        "blob outside": b'{"bodyBlob": "../pbi-migrations/x"}',
        "duplicate names": b'{"source": "contoso", "source": "contoso"}',
        "lone surrogate": b'{"source": "\\ud800", "target": "fabrikam", "workspaces": ["*"]}',
    }
    for raw in bad.values():
        queue.put_bytes(raw)
    undecodable = {"no base64": "not base64!", "no text": base64.b64encode(b"\xff\xfe\x00").decode()}
    for text in undecodable.values():
        queue.put_text(text)
    found = queue.poisoned(len(bad) + len(undecodable))
    queue.await_drained()
    wanted = [raw.decode() for raw in bad.values()] + list(undecodable.values())
    assert sorted(each["original"] for each in found) == sorted(wanted)
    assert {each["dequeueCount"] for each in found} == {1}
    assert all(each["error"]["code"] and each["error"]["message"] for each in found)
    by_original = {each["original"]: each["error"] for each in found}
    fields = {fault["field"] for fault in by_original[bad["wrong schema"].decode()]["details"]}
    assert fields == {"workspaces", "existing"}
    assert driver.all("migrations") == []
    assert driver.sandbox.control.state("fabrikam")["workspaces"] == []


def test_a_taken_id_is_put_aside_and_the_first_order_goes_on(
    driver_of: Callable[..., Driver], azurite: Azurite
) -> None:
    driver, queue = driver_of(workspaces=1), BatchQueue(azurite)
    body = {**driver.sandbox.control.suggested_request(), "id": "mine"}
    queue.put(body)
    until(lambda: driver.all("migrations"), "the first order")
    queue.put({**body, "naming": "{name} other"})
    (poison,) = queue.poisoned(1)
    assert poison["error"]["code"] == "migration.otherBody"
    assert [list(detail) for detail in poison["error"]["details"]] == [["allowed"]]
    assert driver.rest("mine")["status"] == "ready"
    assert_moved_once(driver)


def test_large_orders_come_whole(driver_of: Callable[..., Driver], azurite: Azurite) -> None:
    driver, queue = driver_of(workspaces=1), BatchQueue(azurite)
    body = driver.sandbox.control.suggested_request()
    queue.put_bytes(padded({**body, "id": "large"}, 48 * KIB))
    until(lambda: driver.all("migrations"), "the order of 48 KiB")
    assert driver.rest("large")["status"] == "ready"
    assert_moved_once(driver)
    blob = json.loads(padded({**body, "id": "in-a-blob", "naming": "{name} 2"}, 200 * KIB))
    queue.put_blob("orders/2026/large.json", blob)
    queue.put({"bodyBlob": "orders/2026/large.json"})
    until(lambda: len(driver.all("migrations")) == 2, "the order in a blob")
    assert driver.rest("in-a-blob")["status"] == "ready"
    queue.await_drained()
    assert queue.no_poison()


def test_copies_in_any_order_are_one_run_each(driver_of: Callable[..., Driver], azurite: Azurite) -> None:
    """Each order comes one to five times, at once from many senders, and again when all is over."""
    driver, queue = driver_of(workspaces=4), BatchQueue(azurite)
    draw = random.Random(7)
    spaces = driver.sandbox.control.state("contoso")["workspaces"]
    body = driver.sandbox.control.suggested_request()
    orders = [{**body, "id": f"order-{n}", "workspaces": [space["id"]]} for n, space in enumerate(spaces)]
    copies = [order for order in orders for _ in range(draw.randint(1, 5))]
    draw.shuffle(copies)
    queue.put(copies[0])  # makes the queue
    with ThreadPoolExecutor(8) as senders:
        list(senders.map(queue.put, copies[1:]))
    queue.await_drained()
    for order in orders:
        assert driver.rest(order["id"])["status"] == "ready"
    writes = one_write_each(driver)
    for order in reversed(orders):
        queue.put(order)  # after the end
    queue.await_drained()
    assert queue.no_poison()
    assert len(driver.all("migrations")) == len(orders)
    assert_moved_once(driver)
    assert one_write_each(driver) == writes


def test_a_message_that_was_delivered_to_the_dead_comes_again(
    driver_of: Callable[..., Driver], azurite: Azurite
) -> None:
    """Taken by a process that never answered, as often as a message may be: no reason to put it aside."""
    driver, queue = driver_of(workspaces=1, start=False), BatchQueue(azurite)
    queue.put({**driver.sandbox.control.suggested_request(), "id": "late"})
    for _ in range(MAX_DELIVERIES + 1):
        queue.take_and_die()
    driver.app.start()
    until(lambda: driver.all("migrations"), "the order, delivered once more")
    assert driver.rest("late")["status"] == "ready"
    queue.await_drained()
    assert queue.no_poison()
    assert_moved_once(driver)


@pytest.mark.chaos
@pytest.mark.timeout(600)
def test_a_message_at_which_the_app_dies_each_time_is_put_aside_with_the_reason(
    driver_of: Callable[..., Driver], azurite: Azurite, storage_proxy: StorageProxy
) -> None:
    """Real deaths; a dead host's message comes back when its lease is over, which makes this one long."""
    settings = {"AzureWebJobsStorage": storage_proxy.connection_string}
    driver, queue = driver_of(settings, workspaces=1), BatchQueue(azurite)
    deadly = Rule(Effect(hook=driver.app.kill), match=lambda call: "/request-" in call.path)
    storage_proxy.faults.add(deadly)
    queue.put({**driver.sandbox.control.suggested_request(), "id": "deadly"})
    for _ in range(MAX_DELIVERIES - 1):
        until(lambda: not driver.app.alive, "a death at the message", within=90)
        driver.app.start()
    until(lambda: not queue.no_poison(), "the message put aside", within=90)
    (poison,) = queue.poisoned(1)
    assert driver.app.alive
    assert (poison["error"]["code"], poison["dequeueCount"]) == ("message.processDied", MAX_DELIVERIES)
    assert json.loads(poison["original"])["id"] == "deadly"
    assert len(deadly.fired) == MAX_DELIVERIES - 1
    queue.await_drained()
