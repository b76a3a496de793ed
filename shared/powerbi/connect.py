"""Puts one client per connection together, once per process: clients hold tokens, worth keeping."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Lock

from shared.clock import Clock, SystemClock
from shared.config import Settings
from shared.connections import Connection
from shared.errors import ConfigError, ServiceError, SettingFault
from shared.ledger import Ledger
from shared.powerbi.activity import Activity
from shared.powerbi.apps import Apps
from shared.powerbi.calls import CallRecord
from shared.powerbi.capacities import Capacities
from shared.powerbi.client import PowerBIClient
from shared.powerbi.dashboards import Dashboards
from shared.powerbi.dataflows import Dataflows
from shared.powerbi.datasets import Datasets
from shared.powerbi.definitions import Definitions
from shared.powerbi.fabric import Fabric
from shared.powerbi.gateways import Gateways
from shared.powerbi.graph import Graph
from shared.powerbi.groups import Groups
from shared.powerbi.imports import Imports
from shared.powerbi.longrunning import Operations
from shared.powerbi.pipelines import Pipelines
from shared.powerbi.reports import Reports
from shared.powerbi.scanner import Scanner
from shared.powerbi.service_clock import ServiceClock
from shared.powerbi.subscriptions import Subscriptions
from shared.powerbi.tokens import RENEW_EVERY_S, Tokens
from shared.powerbi.transport import HttpTransport, Transport


class PowerBI:
    """One tenant, by resource area."""

    def __init__(self, client: PowerBIClient, service_clock: ServiceClock) -> None:
        self.client = client
        self._service_clock = service_clock
        self.groups = Groups(client)
        self.capacities = Capacities(client)
        self.scanner = Scanner(client)
        self.reports = Reports(client)
        self.imports = Imports(client)
        self.datasets = Datasets(client)
        self.dashboards = Dashboards(client)
        self.dataflows = Dataflows(client)
        self.activity = Activity(client)
        self.fabric = Fabric(client)
        self.definitions = Definitions(client)
        self.operations = Operations(client)
        self.apps = Apps(client)
        self.pipelines = Pipelines(client)
        self.gateways = Gateways(client)
        self.subscriptions = Subscriptions(client)
        self.graph = Graph(client)

    @property
    def connection(self) -> Connection:
        return self.client.connection

    def now(self) -> datetime:
        """The present by the tenant's own clock; it is asked for a token where it has not been heard yet."""
        if not self._service_clock.was_heard:
            with suppress(ServiceError):  # whatever is asked of it next says so
                self.client.tokens.get("admin")
        return self._service_clock.now()

    @property
    def ahead(self) -> timedelta:
        """How far the tenant's clock is ahead of ours, as far as its answers have told."""
        return self._service_clock.ahead

    def user_name(self) -> str:
        """The master user's sign-in name; of one that has only a refresh token, what its token says."""
        return self.connection.username or self.client.tokens.user_name()

    def principal_id(self) -> str | None:
        """Object id of the main identity in its tenant, or None where its token doesn't tell."""
        return self.client.tokens.principal_id("main")


class Tenants:
    """The connections of the settings, opened when first asked for; safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
        transport: Transport | None = None,
        *,
        ledger: Ledger | None = None,
        on_send: Callable[[], None] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        # Two connections may be of one tenant, so the ledger is theirs in common.
        self._ledger = ledger or Ledger(clock=self._clock, scale=settings.poll_scale)
        self._on_send = on_send
        self._on_call = on_call
        self._transport = transport or HttpTransport(settings.ca_bundle)
        self._open: dict[str, PowerBI] = {}
        self._renew_every_s = RENEW_EVERY_S * settings.poll_scale
        self._lock = Lock()

    def open(self, name: str) -> PowerBI:
        """The tenant of that connection name, in any case. Raises ConfigError where there is none."""
        connection = self._settings.connection(name)
        if connection is None:
            raise ConfigError(
                [SettingFault(f"PBI_CONNECTIONS__{name}", "is not configured", "add its settings")]
            )
        with self._lock:
            if connection.name not in self._open:
                service_clock = ServiceClock(self._transport, self._clock)
                client = PowerBIClient(
                    connection,
                    service_clock,
                    tokens=Tokens(connection, service_clock, self._clock, self._renew_every_s),
                    clock=self._clock,
                    on_call=self._on_call,
                    on_send=self._on_send,
                    ledger=self._ledger,
                )
                self._open[connection.name] = PowerBI(client, service_clock)
            return self._open[connection.name]
