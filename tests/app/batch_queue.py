"""The batch queue and its poison queue as a sender and an operator see them."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

from evidence import until

from local.azurite import Azurite
from local.queues import API_VERSION


class BatchQueue:
    """`migration-batches` and `migration-batches-poison` of one storage account."""

    def __init__(self, azurite: Azurite) -> None:
        from azure.storage.blob import ContainerClient
        from azure.storage.queue import QueueClient

        connection, options = azurite.connection_string, {"api_version": API_VERSION}
        self._queue = QueueClient.from_connection_string(connection, "migration-batches", **options)
        self._poison = QueueClient.from_connection_string(connection, "migration-batches-poison", **options)
        self._blobs = ContainerClient.from_connection_string(connection, "migration-batches", **options)

    def put(self, body: Any) -> None:
        """One body as a message: JSON text, base64 as the Functions host has it."""
        self.put_bytes(json.dumps(body).encode())

    def put_bytes(self, raw: bytes) -> None:
        self.put_text(base64.b64encode(raw).decode())

    def put_text(self, text: str) -> None:
        self._make()
        self._queue.send_message(text)

    def put_blob(self, name: str, body: Any) -> None:
        from azure.core.exceptions import ResourceExistsError

        with contextlib.suppress(ResourceExistsError):
            self._blobs.create_container()
        self._blobs.upload_blob(name, json.dumps(body).encode(), overwrite=True)

    def take_and_die(self) -> None:
        """A delivery that nobody ever answers; the message is back in a second."""
        until(lambda: self._queue.receive_message(visibility_timeout=1) is not None, "a message")

    def await_drained(self, within: float = 60) -> None:
        """Until no message is left, hidden ones included."""
        until(lambda: self._count(self._queue) == 0, "an empty queue", within)

    def poisoned(self, expected: int) -> list[dict[str, Any]]:
        """That many poison messages, decoded; every one is an envelope of the contract."""
        until(lambda: self._count(self._poison) >= expected, f"{expected} poison messages")
        texts = [each.content for each in self._poison.peek_messages(32)]
        found = [json.loads(base64.b64decode(text, validate=True)) for text in texts]
        assert len(found) == expected, found
        assert all(set(each) == {"original", "error", "dequeueCount"} for each in found), found
        return found

    def no_poison(self) -> bool:
        return self.waiting_poison() == 0

    def waiting_poison(self) -> int:
        return self._count(self._poison)

    def take_poisoned(self) -> list[dict[str, Any]]:
        """All poison messages there are, decoded and taken away; every one is an envelope of the contract."""
        found: list[dict[str, Any]] = []
        while self.waiting_poison():
            for each in self._poison.receive_messages(messages_per_page=32, max_messages=32):
                found.append(json.loads(base64.b64decode(each.content, validate=True)))
                self._poison.delete_message(each)
        assert all(set(each) == {"original", "error", "dequeueCount"} for each in found), found
        return found

    def _count(self, queue: Any) -> int:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return queue.get_queue_properties().approximate_message_count or 0
        except ResourceNotFoundError:
            return 0

    def _make(self) -> None:
        from azure.core.exceptions import ResourceExistsError

        with contextlib.suppress(ResourceExistsError):
            self._queue.create_queue()
