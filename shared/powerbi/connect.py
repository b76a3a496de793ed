"""Puts one client per connection together, once per process: clients hold tokens, worth keeping."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from shared.clock import Clock, SystemClock
from shared.config import Settings
from shared.connections import Connection
from shared.errors import ConfigError, SettingFault
from shared.powerbi.activity import Activity
from shared.powerbi.calls import CallRecord
from shared.powerbi.capacities import Capacities
from shared.powerbi.client import PowerBIClient
from shared.powerbi.dashboards import Dashboards
from shared.powerbi.dataflows import Dataflows
from shared.powerbi.datasets import Datasets
from shared.powerbi.fabric import Fabric
from shared.powerbi.groups import Groups
from shared.powerbi.holds import Holds, HoldStore
from shared.powerbi.imports import Imports
from shared.powerbi.reports import Reports
from shared.powerbi.scanner import Scanner
from shared.powerbi.transport import HttpTransport, Transport


class PowerBI:
    """One tenant, by resource area."""

    def __init__(self, client: PowerBIClient) -> None:
        self.client = client
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

    @property
    def connection(self) -> Connection:
        return self.client.connection

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
        holds: HoldStore | None = None,
    ) -> None:
        self._settings = settings
        self._holds = holds
        self._clock = clock or SystemClock()
        self._on_call = on_call
        self._transport = transport or HttpTransport(settings.ca_bundle)
        self._open: dict[str, PowerBI] = {}
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
                client = PowerBIClient(
                    connection,
                    self._transport,
                    clock=self._clock,
                    on_call=self._on_call,
                    holds=Holds(connection.name, self._holds),
                )
                self._open[connection.name] = PowerBI(client)
            return self._open[connection.name]
