"""Calling a function of the app as the production worker does.

Coroutines run on one event loop for the life of the process (gRPC's asynchronous channels belong to the loop
that made them), everything else on the caller's thread. Listeners have threads of their own, so a blocking
function holds up nobody else.
"""

import asyncio
import inspect
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.functions import Function
from local.outputs import Outgoing, send


@dataclass(frozen=True, slots=True)
class TraceContext:
    """No distributed trace reaches the local host."""

    trace_state: str = ""
    trace_parent: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetryContext:
    """Function-level retries belong to the real host; queues retry by delivery, activities by policy."""

    retry_count: int = 0
    max_retry_count: int = 0
    exception: None = None


_STORAGE = threading.local()


@dataclass(frozen=True, slots=True)
class InvocationContext:
    """What a function sees when it asks for `context`; the production worker's has the same attributes."""

    function_name: str
    function_directory: str = ""
    invocation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    thread_local_storage: threading.local = _STORAGE
    trace_context: TraceContext = TraceContext()
    retry_context: RetryContext = RetryContext()


class Invoker:
    """Runs functions; owns the event loop."""

    def __init__(self, client_configuration: str) -> None:
        self._client_configuration = client_configuration
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="functions", daemon=True)
        self._wants_context: dict[Callable[..., Any], bool] = {}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the loop; a coroutine that hangs keeps it, and goes with the process."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(1.0)
        if not self._loop.is_running():
            self._loop.close()

    def call(self, function: Function, trigger_value: Any) -> Any:
        """Run a function to its end with its trigger's decoded value; what it raises, this raises."""
        arguments: dict[str, Any] = {function.trigger_name: trigger_value}
        for name in function.client_names:
            arguments[name] = self._client_configuration
        outgoing = {output.parameter: Outgoing() for output in function.outputs}
        arguments.update(outgoing)
        if function.trigger_name != "context" and self._takes_context(function.call):
            arguments["context"] = InvocationContext(function.name)
        if not inspect.iscoroutinefunction(function.call):
            result = function.call(**arguments)
        else:
            result = asyncio.run_coroutine_threadsafe(function.call(**arguments), self._loop).result()
        for output in function.outputs:
            send(output, outgoing[output.parameter])
        return result

    def _takes_context(self, call: Callable[..., Any]) -> bool:
        if call not in self._wants_context:
            self._wants_context[call] = "context" in inspect.signature(call).parameters
        return self._wants_context[call]
