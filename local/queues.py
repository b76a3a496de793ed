"""Queue triggers: messages of a storage queue, each at least once, and the poison queue for those that fail.

Five tries (host.json), then the message moves to `<queue>-poison`. One that can't be decoded never gets to the
function and moves at once, in an envelope that says why: `{"original", "error", "dequeueCount"}`, base64 like any
other. While a function runs, its message stays hidden by renewal; a killed host's messages come back by themselves
within LEASE_S.
"""

import base64
import binascii
import json
import logging
import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from importlib import import_module
from typing import Any

from azure.functions import meta

from local.errors import SettingsError
from local.functions import QueueListenerSpec
from local.invocation import Invoker
from local.settings import QueueSettings

LOG = logging.getLogger("local.queues")
API_VERSION = "2025-11-05"  # the newest that the pinned Azurite accepts
LEASE_S = 30
_SHORTEST_POLL_S = 0.1
_ORIGINAL_CHARS = 7_000  # a queue message holds 64 KiB; each of these may become six bytes, then base64


class QueueListener:
    """Polls one queue and runs its function, up to a batch of messages at once."""

    def __init__(self, spec: QueueListenerSpec, settings: QueueSettings, invoker: Invoker) -> None:
        self._spec = spec
        self._settings = settings
        self._invoker = invoker
        self._stopping = threading.Event()
        self._slots = threading.Semaphore(settings.batch_size)
        self._pool = ThreadPoolExecutor(settings.batch_size, f"queue-{spec.queue_name}")
        self._running: set[Future[None]] = set()
        self._thread = threading.Thread(target=self._poll, name=f"poll-{spec.queue_name}", daemon=True)
        # Now, while nothing is served yet: a request that imports parts of the package at the same time breaks it.
        import_module("azure.storage.queue")
        self._queue: Any = None
        self._poison: Any = None

    def start(self) -> None:
        self._queue = connect(self._spec.connection, self._spec.queue_name)
        self._poison = connect(self._spec.connection, f"{self._spec.queue_name}-poison")
        self._thread.start()

    def request_stop(self) -> None:
        self._stopping.set()
        self._slots.release()

    def join(self, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        self._thread.join(timeout_s)
        done = not wait(set(self._running), timeout=max(0.0, deadline - time.monotonic())).not_done
        self._pool.shutdown(wait=False, cancel_futures=True)
        return done

    # -- polling ----------------------------------------------------------------------------------------

    def _poll(self) -> None:
        pause = _SHORTEST_POLL_S
        while not self._stopping.is_set():
            try:
                found = self._take()
            except Exception:
                # Storage away for a while must not end the listener.
                LOG.exception("Queue %s can't be read", self._spec.queue_name)
                found = False
            pause = _SHORTEST_POLL_S if found else min(pause * 2, self._settings.max_polling_interval_s)
            if not found:
                self._stopping.wait(pause)

    def _take(self) -> bool:
        """Take one message when there is room for it; False when there is none."""
        self._slots.acquire()
        if self._stopping.is_set():
            return False
        message = None
        try:
            message = self._receive()
        finally:
            if message is None:
                self._slots.release()
        if message is None:
            return False
        if self._stopping.is_set():
            self._settle("return", lambda: self._hide(message, 0))
            return False
        future = self._pool.submit(self._process, message)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        future.add_done_callback(lambda _: self._slots.release())
        return True

    def _receive(self) -> Any:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._queue.receive_message(visibility_timeout=LEASE_S)
        except ResourceNotFoundError:
            # The real host makes the queue it listens to, too.
            create_queue(self._queue)
            return None

    # -- one message ------------------------------------------------------------------------------------

    def _process(self, message: Any) -> None:
        try:
            text = _decode(message.content) if self._settings.base64 else message.content
        except ValueError as undecodable:
            self._move_to_poison(message, _envelope(message, str(undecodable)))
            return
        if message.dequeue_count > self._settings.max_dequeue_count:
            self._move_to_poison(message)
            return
        lease = _Lease(self._queue, message)
        try:
            with lease:
                self._run(message, text)
        except Exception:
            LOG.exception("Message %s of %s failed", message.id, self._spec.queue_name)
            self._give_back(message)
        else:
            self._settle("delete", lambda: self._queue.delete_message(message.id, message.pop_receipt))

    def _run(self, message: Any, text: str) -> None:
        function = self._spec.function
        metadata = {
            "Id": meta.Datum(message.id, "string"),
            "DequeueCount": meta.Datum(str(message.dequeue_count), "json"),
            "PopReceipt": meta.Datum(message.pop_receipt, "string"),
            "InsertionTime": _moment(message.inserted_on),
            "ExpirationTime": _moment(message.expires_on),
            "NextVisibleTime": _moment(message.next_visible_on),
        }
        value = function.converter.decode(meta.Datum(text, "string"), trigger_metadata=metadata)
        self._invoker.call(function, value)

    def _give_back(self, message: Any) -> None:
        if message.dequeue_count >= self._settings.max_dequeue_count:
            self._move_to_poison(message)
            return
        self._settle("return", lambda: self._hide(message, int(self._settings.visibility_timeout_s)))

    def _hide(self, message: Any, duration_s: int) -> None:
        self._queue.update_message(message.id, message.pop_receipt, visibility_timeout=duration_s)

    def _move_to_poison(self, message: Any, instead: str | None = None) -> None:
        """As it came, as the real host does; `instead` is what stands for a message that isn't readable."""
        content = instead or message.content

        def move() -> None:
            from azure.core.exceptions import ResourceNotFoundError

            try:
                self._poison.send_message(content)
            except ResourceNotFoundError:
                create_queue(self._poison)
                self._poison.send_message(content)
            self._queue.delete_message(message.id, message.pop_receipt)

        LOG.error("Message %s goes to %s-poison", message.id, self._spec.queue_name)
        self._settle("move", move)

    def _settle(self, what: str, action: Any) -> None:
        try:
            action()
        except Exception:
            # Its lease runs out and it is delivered again; functions must bear that anyway.
            LOG.exception("Could not %s a message of %s", what, self._spec.queue_name)


class _Lease:
    """Keeps a message hidden while its function runs."""

    def __init__(self, queue: Any, message: Any) -> None:
        self._queue = queue
        self._message = message
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._done.set()
        # The pop receipt changes with each renewal: wait for the last one before it is used.
        self._thread.join()

    def _renew(self) -> None:
        message = self._message
        while not self._done.wait(LEASE_S / 3):
            try:
                renewed = self._queue.update_message(
                    message.id, message.pop_receipt, visibility_timeout=LEASE_S
                )
                message.pop_receipt = renewed.pop_receipt
            except Exception:
                LOG.exception("Message %s can't be kept hidden", message.id)


def _decode(content: str) -> str:
    try:
        return base64.b64decode(content, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("the message isn't base64 of UTF-8 text") from error


def _envelope(message: Any, reason: str) -> str:
    """What was sent, cut to what fits into a message, why it could not be used, and how often it came."""
    error = {"code": "message.undecodable", "message": reason, "details": []}
    original = message.content[:_ORIGINAL_CHARS]
    text = json.dumps({"original": original, "error": error, "dequeueCount": message.dequeue_count})
    return base64.b64encode(text.encode()).decode()


def _moment(value: Any) -> meta.Datum:
    return meta.Datum(json.dumps(value.isoformat()) if value else "null", "json")


def _connection(name: str) -> str:
    setting = name or "AzureWebJobsStorage"
    value = os.environ.get(setting) or os.environ.get(f"AzureWebJobs{setting}")
    if not value:
        raise SettingsError(
            f"{setting} must be a connection string: the local host polls queues by no other means"
        )
    return value


def create_queue(queue: Any) -> None:
    from azure.core.exceptions import ResourceExistsError

    try:
        queue.create_queue()
    except ResourceExistsError:
        LOG.debug("Somebody else made the queue first")


def connect(setting: str, queue_name: str) -> Any:
    # Imported here: a host without queues should not pay for the package.
    from azure.storage.queue import QueueClient

    return QueueClient.from_connection_string(_connection(setting), queue_name, api_version=API_VERSION)
