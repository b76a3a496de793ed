"""What the queue can't use lies in the poison queue with its reason; what it can is started; nothing in between."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from typing import Any

from batch_queue import BatchQueue
from driver import Driver
from evidence import assert_moved_once, until

from local.azurite import Azurite

KIB = 1024


def padded(body: dict[str, Any], size: int) -> bytes:
    """The body as JSON of exactly `size` bytes, by a workspace name that is repeated (and so counts once)."""
    empty = json.dumps({**body, "workspaces": ["*", ""]})
    name = "x" * 300
    count = (size - len(empty)) // (len(name) + 4)
    raw = json.dumps({**body, "workspaces": ["*", *[name] * count]}).encode()
    return raw + b" " * (size - len(raw))


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
    driver, queue = driver_of(workspaces=2), BatchQueue(azurite)
    spaces = driver.sandbox.control.state("contoso")["workspaces"]
    body = driver.sandbox.control.suggested_request()
    orders = [{**body, "id": f"order-{n}", "workspaces": [space["id"]]} for n, space in enumerate(spaces)]
    copies = [order for order in orders for _ in range(5)]
    random.Random(7).shuffle(copies)
    for order in copies:
        queue.put(order)
    queue.await_drained()
    for order in orders:
        assert driver.rest(order["id"])["status"] == "ready"
    for order in orders:
        queue.put(order)  # after the end
    queue.await_drained()
    assert queue.no_poison()
    assert len(driver.all("migrations")) == len(orders)
    assert_moved_once(driver)
