"""The host: an app's functions, the task hub and the listeners, started and stopped as one.

Order matters both ways. Up: the port first (the durable client's addresses contain it), the engine, then
what brings work in, timers last, as the app's own watchdog among them restarts unfinished work. Down: what
brings work in first, then the engine.
"""

import logging
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.client_binding import client_configuration
from local.dispatch import Dispatcher
from local.functions import FunctionIndex, index
from local.hub import TaskHub
from local.invocation import Invoker
from local.management import Management
from local.queues import QueueListener
from local.recording import Recorder
from local.routes import RouteTable
from local.settings import HostSettings
from local.timers import Timer
from local.web import WebApp, WebServer

LOG = logging.getLogger("local.host")
GRACE_S = 10.0


class LocalHost:
    """One running function app."""

    def __init__(
        self, app: Any, settings: HostSettings, *, port: int = 0, hub: TaskHub | None = None
    ) -> None:
        self.functions: FunctionIndex = index(app)
        self.hub = hub or TaskHub(default_version=settings.default_version)
        self._stopped = False
        self._server = WebServer(port)
        self.base_url = f"http://127.0.0.1:{self._server.port}"
        # The package runs orchestrators in a pool of its own, sized by this setting of the real host.
        os.environ.setdefault("PYTHON_THREADPOOL_THREAD_COUNT", str(settings.max_orchestrators))
        self.client_configuration = client_configuration(settings.hub_name, self.hub.start(), self.base_url)
        self.invoker = Invoker(self.client_configuration)
        self._dispatcher = Dispatcher(self.hub, self.functions, self.invoker, settings)
        management = Management(self.hub, self.base_url)
        routes = RouteTable(self.functions.routes)
        self._web = WebApp(routes, settings.route_prefix, self.invoker, management)
        queues = [QueueListener(spec, settings.queues, self.invoker) for spec in self.functions.queues]
        timers = [Timer(spec, self.invoker) for spec in self.functions.timers]
        self._listeners: list[QueueListener | Timer] = [*queues, *timers]

    def start(self) -> None:
        self.invoker.start()
        self._dispatcher.start()
        self._server.start(self._web)
        for listener in self._listeners:
            listener.start()
        LOG.info("Serving on %s", self.base_url)

    def stop(self, grace_s: float = GRACE_S) -> bool:
        """Take no more work, let running functions end; tell whether all of them did in time."""
        if self._stopped:
            return True
        self._stopped = True
        deadline = time.monotonic() + grace_s
        self._server.stop()
        for listener in self._listeners:
            listener.request_stop()
        waits = [self._dispatcher.stop, self._web.wait_until_idle, *(part.join for part in self._listeners)]
        ended = [wait_for(max(0.0, deadline - time.monotonic())) for wait_for in waits]
        self.hub.stop(grace=0)
        self.invoker.stop()
        return all(ended)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def host_for(app: Any, root: Path, *, port: int = 0, record_dir: Path | None = None) -> LocalHost:
    """A host for an app with the host.json of its folder."""
    settings = HostSettings.load(root)
    recorder = Recorder(record_dir) if record_dir is not None else None
    hub = TaskHub(default_version=settings.default_version, on_execution_end=recorder)
    return LocalHost(app, settings, port=port, hub=hub)
