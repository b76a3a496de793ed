"""Everything an execution works with, put together once per process from the settings.

Activities and triggers get a `Services` as their first argument and never reach for module globals; tests
build their own with other settings.
"""

from __future__ import annotations

from functools import cache, lru_cache
from threading import BoundedSemaphore

from shared import call_tally, writes
from shared.blobs import Blobs, Container
from shared.call_tally import CallTally
from shared.clock import Clock, SteadyClock
from shared.config import Connection, Settings, from_environment
from shared.errors import ConfigError, NotFound, SettingFault
from shared.findings import Findings
from shared.ledger import Ledger
from shared.ledger_rows import StoredRows
from shared.manifest import Manifest
from shared.models import MigrationRequest
from shared.ownership import Ownership
from shared.powerbi.calls import CallRecord
from shared.powerbi.connect import PowerBI, Tenants
from shared.service_time import ServiceTime
from shared.tables import Tables
from shared.writes import Gate

SETTLE_S = 60.0  # how long an effect whose answer was lost may take to show in the service's lists
_REQUESTS_KEPT = 4  # by one process: every activity needs its migration's, and a large one is dear to read
RESULTS_IN_HAND = 1  # scan results that a process has in memory at once; see activities/inventory.py
_DOCUMENTS, _STAGING, _BATCHES = "pbi-migrations", "pbi-staging", "migration-batches"


class Services:
    def __init__(self, settings: Settings, clock: Clock | None = None):
        self.settings = settings
        steady = SteadyClock()
        self.clock = clock or steady
        time = ServiceTime(self.clock)
        self.tables = Tables(settings, lambda answer: (steady.note(answer), time.note(answer)))
        self.blobs = Blobs(settings)
        self.results_in_hand = BoundedSemaphore(RESULTS_IN_HAND)
        self.manifest = Manifest(self.tables, self.clock)
        self.findings = Findings(self.tables)
        self.ownership = Ownership(self.tables)
        self.calls = CallTally(self.tables, self.clock)
        self.gate = Gate(self.tables, self.clock, SETTLE_S * settings.poll_scale, self.manifest.may_write)
        ledger = Ledger(StoredRows(self.tables), self.clock, scale=settings.poll_scale, time=time)
        self._request_at = lru_cache(_REQUESTS_KEPT)(self._read_request)
        self._tenants = Tenants(
            settings, self.clock, on_call=_note_call, ledger=ledger, on_send=writes.still_permitted
        )

    @property
    def documents(self) -> Container:
        """Small JSON documents: requests, selections, inventories."""
        return self.blobs[_DOCUMENTS]

    @property
    def staging(self) -> Container:
        """Exported files on their way into the target."""
        return self.blobs[_STAGING]

    @property
    def batches(self) -> Container:
        """Start bodies too large for a queue message."""
        return self.blobs[_BATCHES]

    def connection(self, name: str) -> Connection:
        """The configured connection; ConfigError where it was removed after a migration had begun."""
        found = self.settings.connection(name)
        if found is None:
            raise ConfigError(
                [SettingFault(f"PBI_CONNECTIONS__{name}", "is not configured", "configure it again")]
            )
        return found

    def power_bi(self, name: str) -> PowerBI:
        return self._tenants.open(name)

    def own_principals(self, connection: str) -> frozenset[str]:
        """Object and client ids of this app's own identities in a tenant, in lower case."""
        settings, tenant = self.connection(connection), self.power_bi(connection)
        ids = {settings.client_id, settings.admin_client_id, tenant.principal_id()}
        return frozenset(identity.lower() for identity in ids if identity)

    def request_of(self, migration_id: str) -> MigrationRequest:
        """The start request as it was accepted."""
        body_hash = self.manifest.migration(migration_id).body_hash
        return self._request_at(migration_id, body_hash)

    def _read_request(self, migration_id: str, body_hash: str) -> MigrationRequest:
        raw = self.documents.read_json(request_path(migration_id, body_hash))
        if raw is None:
            raise NotFound(f"the request of migration {migration_id} is gone", "migration.request")
        return MigrationRequest.from_dict(raw)


def request_path(migration_id: str, body_hash: str) -> str:
    """Named by its content: of two bodies that race for one id, neither can replace the other's."""
    return f"{migration_id}/request-{body_hash[:32]}.json"


def _note_call(record: CallRecord) -> None:
    """Each attempt is one of its write's, for the audit, and one of its run's, for the tally."""
    writes.note_call(record)
    call_tally.note(record)


@cache
def current() -> Services:
    """The services of this process."""
    return Services(from_environment())
