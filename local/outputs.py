"""Queue output bindings: what a function sets on its `func.Out` is sent once the function has returned.

As on the real host: base64 of UTF-8, the queue made when it is missing, nothing sent when the function raised.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class QueueOutput:
    """One declared output: the parameter it fills and where its messages go."""

    parameter: str
    queue_name: str
    connection: str


class Outgoing:
    """What a function gets for its output parameter; the worker's own `Out` has the same two methods."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, value: Any) -> None:
        self._value = value

    def get(self) -> Any:
        return self._value

    def messages(self) -> list[str]:
        values = self._value if isinstance(self._value, list) else [self._value]
        return [
            value if isinstance(value, str) else bytes(value).decode()
            for value in values
            if value is not None
        ]


def send(output: QueueOutput, outgoing: Outgoing) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    from local.queues import connect, create_queue

    messages = outgoing.messages()
    if not messages:
        return
    with connect(output.connection, output.queue_name) as queue:
        for message in messages:
            text = base64.b64encode(message.encode()).decode()
            try:
                queue.send_message(text)
            except ResourceNotFoundError:
                create_queue(queue)
                queue.send_message(text)
