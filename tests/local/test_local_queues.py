"""Queue triggers on a real Azurite: delivery, retries, the poison queue, what can't be decoded."""

import base64
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from azure.storage.queue import QueueClient
from local_support import Running, eventually

from local.queues import API_VERSION
from local.settings import HostSettings, QueueSettings


@pytest.fixture
def queue(azurite: str, monkeypatch: pytest.MonkeyPatch) -> QueueClient:
    """A queue of the test's own, which the sample app listens to."""
    name = f"sample-{uuid.uuid4().hex[:12]}"
    monkeypatch.setenv("AzureWebJobsStorage", azurite)
    monkeypatch.setenv("SAMPLE_QUEUE", name)
    return QueueClient.from_connection_string(azurite, name, api_version=API_VERSION)


@pytest.fixture
def poison(queue: QueueClient, azurite: str) -> QueueClient:
    return QueueClient.from_connection_string(azurite, f"{queue.queue_name}-poison", api_version=API_VERSION)


def put(queue: QueueClient, text: str) -> None:
    queue.send_message(base64.b64encode(text.encode()).decode())


def poisoned(poison: QueueClient) -> list[str]:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return [message.content for message in poison.peek_messages(32)]
    except ResourceNotFoundError:
        return []


def is_empty(queue: QueueClient) -> bool:
    return queue.get_queue_properties().approximate_message_count == 0


def test_messages_are_delivered_and_deleted(start_host: Callable[..., Running], queue: QueueClient) -> None:
    queue.create_queue()
    for n in range(10):
        put(queue, json.dumps({"n": n, "é": "√"}))
    running = start_host()
    eventually(lambda: is_empty(queue))
    seen = running.sample.SEEN["queue"]
    assert sorted(json.loads(text)["n"] for text, _ in seen) == list(range(10))
    assert {count for _, count in seen} == {1}


def test_the_queue_is_made_where_there_is_none(
    start_host: Callable[..., Running], queue: QueueClient
) -> None:
    running = start_host()
    eventually(lambda: _exists(queue))
    put(queue, "first")
    eventually(lambda: running.sample.SEEN.get("queue"))


def test_a_message_that_fails_is_tried_five_times_and_put_aside(
    start_host: Callable[..., Running], queue: QueueClient, poison: QueueClient
) -> None:
    queue.create_queue()
    put(queue, "poison 1")
    put(queue, "good")
    running = start_host()
    eventually(lambda: poisoned(poison))
    eventually(lambda: is_empty(queue))
    assert [base64.b64decode(text) for text in poisoned(poison)] == [b"poison 1"]
    counts = [count for text, count in running.sample.SEEN["queue"] if text == "poison 1"]
    assert counts == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "content", ["not base64!", base64.b64encode(b"\xff\xfe").decode()], ids=["text", "bytes"]
)
def test_what_can_not_be_decoded_is_put_aside_at_once_with_the_reason(
    start_host: Callable[..., Running], queue: QueueClient, poison: QueueClient, content: str
) -> None:
    queue.create_queue()
    queue.send_message(content)
    running = start_host()
    eventually(lambda: poisoned(poison))
    eventually(lambda: is_empty(queue))
    (text,) = poisoned(poison)
    envelope = json.loads(base64.b64decode(text))
    assert (envelope["original"], envelope["dequeueCount"]) == (content, 1)
    assert envelope["error"]["code"] == "message.undecodable"
    assert "queue" not in running.sample.SEEN


def test_plain_text_where_host_json_says_so(
    start_host: Callable[..., Running], queue: QueueClient, settings: HostSettings
) -> None:
    queue.create_queue()
    queue.send_message("plain")
    running = start_host(settings=HostSettings(queues=QueueSettings(base64=False)))
    eventually(lambda: running.sample.SEEN.get("queue") == [("plain", 1)])


def test_a_long_message_stays_hidden_and_is_deleted(
    start_host: Callable[..., Running], queue: QueueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.queues.LEASE_S", 2)
    queue.create_queue()
    put(queue, "wait")
    running = start_host()
    eventually(lambda: len(running.sample.SEEN.get("renewals", ())) >= 5)
    running.sample.RELEASE.set()
    eventually(lambda: is_empty(queue))
    assert running.sample.SEEN["queue"] == [("wait", 1)]


def test_what_a_function_sets_on_its_output_is_sent_when_it_returns(
    start_host: Callable[..., Running], queue: QueueClient
) -> None:
    running = start_host()
    assert running.post("/api/put?fail=yes", data=b"never").status_code == 500
    assert running.post("/api/put", data="é first".encode()).text == "put"
    eventually(lambda: len(running.sample.SEEN.get("queue", ())) == 2)
    assert sorted(text for text, _ in running.sample.SEEN["queue"]) == ["second", "é first"]


def test_stopping_lets_a_message_end(start_host: Callable[..., Running], queue: QueueClient) -> None:
    queue.create_queue()
    put(queue, "hold")
    running = start_host()
    eventually(lambda: running.sample.SEEN.get("queue"))
    assert running.host.stop(grace_s=0.2) is False
    running.sample.RELEASE.set()
    eventually(lambda: is_empty(queue))


def test_storage_that_does_not_answer_is_no_reason_to_end(
    start_host: Callable[..., Running], queue: QueueClient, azurite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.queues.QueueListener._receive", _failing_once())
    queue.create_queue()
    put(queue, "after all")
    running = start_host()
    eventually(lambda: running.sample.SEEN.get("queue"))


def _failing_once() -> Callable[[Any], Any]:
    from local.queues import QueueListener

    receive, failures = QueueListener._receive, [ConnectionError("no storage")]

    def first_fail(listener: QueueListener) -> Any:
        if failures:
            raise failures.pop()
        return receive(listener)

    return first_fail


def _exists(queue: QueueClient) -> bool:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        queue.get_queue_properties()
    except ResourceNotFoundError:
        return False
    return True
