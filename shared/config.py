"""Settings: read once from a mapping, checked as a whole, frozen afterwards.

The only file that looks at the process environment. All faults are collected: one start names them all.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType

from shared.connection_settings import read_connections
from shared.connections import Connection, Secret
from shared.errors import ConfigError, SettingFault
from shared.powerbi.quotas import is_share
from shared.redaction import protect

__all__ = ["Connection", "Secret", "Settings", "from_environment", "load"]

SECRETS_PREFIX = "PBI_SECRETS__"
_SECRET_NAME = re.compile(r"[A-Za-z0-9-]+")
_SECRET_VARIABLE = re.compile(r"[A-Z0-9_]+")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_CRON_FIELD = re.compile(r"[A-Za-z0-9*/,\-]+")

DRIFT_SCHEDULE = "0 */30 * * * *"
VALIDATION_SCHEDULE = "0 0 3 * * *"
WATCHDOG_SCHEDULE = "0 * * * * *"

# The emulator's account and key are the same on every machine and published; they open nothing else.
_EMULATOR = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
    "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the app is told from outside."""

    connections: Mapping[str, Connection]  # keys in lower case
    storage_connection: Secret | None = None  # one of these two,
    storage_account: str | None = None  # or neither where nothing is stored (tests)
    key_vault_url: str | None = None
    data_source_secrets: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    drift_schedule: str = DRIFT_SCHEDULE
    validation_schedule: str = VALIDATION_SCHEDULE
    watchdog_schedule: str = WATCHDOG_SCHEDULE
    poll_scale: float = 1.0
    quota_share: float = 1.0
    data_dir: Path = Path(".data")
    ca_bundle: str | None = None

    def connection(self, name: str) -> Connection | None:
        """The connection of that name in any case, or None."""
        return self.connections.get(name.strip().lower())

    def data_source_secret(self, name: str) -> Secret | None:
        """The value of `PBI_SECRETS__<NAME>` for a secret name as people write it, or None."""
        if not _SECRET_NAME.fullmatch(name):
            return None
        return self.data_source_secrets.get(name.upper().replace("-", "_"))


@cache
def from_environment() -> Settings:
    """The settings of this process, read once; their secrets are protected from then on."""
    return load(os.environ)


def load(environ: Mapping[str, str]) -> Settings:
    """Settings from a mapping of variables. Raises ConfigError with every fault."""
    faults: list[SettingFault] = []
    values = {name: value.strip() for name, value in environ.items() if value.strip()}
    settings = _Reader(values, faults).settings()
    if faults:
        raise ConfigError(faults)
    protect(*_secrets(settings))
    return settings


class _Reader:
    """One pass over the variables; every method adds its faults and goes on."""

    def __init__(self, values: Mapping[str, str], faults: list[SettingFault]) -> None:
        self._values = values
        self._faults = faults

    def settings(self) -> Settings:
        share = self._quota_share()
        connections = read_connections(self._values, self._hosts(), self._faults, share)
        return Settings(
            connections=MappingProxyType(connections),
            storage_connection=self._storage_connection(),
            storage_account=self._storage_account(),
            key_vault_url=self._key_vault(),
            data_source_secrets=MappingProxyType(self._data_source_secrets()),
            drift_schedule=self._schedule("DRIFT_SCHEDULE", DRIFT_SCHEDULE),
            validation_schedule=self._schedule("VALIDATION_SCHEDULE", VALIDATION_SCHEDULE),
            watchdog_schedule=self._schedule("WATCHDOG_SCHEDULE", WATCHDOG_SCHEDULE),
            poll_scale=self._poll_scale(),
            quota_share=share,
            data_dir=Path(self._values.get("DATA_DIR", ".data")),
            ca_bundle=self._ca_bundle(),
        )

    def _hosts(self) -> tuple[str, ...]:
        return tuple(
            part.strip() for part in self._values.get("ALLOWED_HOSTS", "").split(",") if part.strip()
        )

    def _storage_connection(self) -> Secret | None:
        text = self._values.get("AzureWebJobsStorage")
        if text is None:
            return None
        if text.rstrip(";").lower() == "usedevelopmentstorage=true":  # what `func init` writes
            text = _EMULATOR
        if "=" not in text:
            self._fault("AzureWebJobsStorage", "is not a connection string", "use Name=value;Name=value")
        elif text.lower().startswith("usedevelopmentstorage="):
            remedy = (
                "give the emulator's full connection string, or leave it out where one is started for you"
            )
            self._fault("AzureWebJobsStorage", "is a shorthand the storage libraries don't know", remedy)
        return Secret(text)

    def _storage_account(self) -> str | None:
        account = self._values.get("AzureWebJobsStorage__accountName")
        if account is None:
            return None
        if "AzureWebJobsStorage" in self._values:
            self._fault(
                "AzureWebJobsStorage", "is set together with AzureWebJobsStorage__accountName", "keep one"
            )
        if not _ACCOUNT.fullmatch(account):
            self._fault(
                "AzureWebJobsStorage__accountName", "is not a storage account name", "3-24 of a-z and 0-9"
            )
        return account

    def _key_vault(self) -> str | None:
        url = self._values.get("KEY_VAULT_URL")
        if url is not None and not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d+)?/?", url):
            self._fault("KEY_VAULT_URL", "is not an https address", "use https://<vault>.vault.azure.net")
        return url

    def _data_source_secrets(self) -> dict[str, Secret]:
        secrets: dict[str, Secret] = {}
        for name, value in self._values.items():
            if name.startswith(SECRETS_PREFIX):
                key = name.removeprefix(SECRETS_PREFIX)
                if not _SECRET_VARIABLE.fullmatch(key):
                    self._fault(name, "has a name outside A-Z, 0-9 and _", "upper case, with _ for -")
                if not _is_object(value):
                    self._fault(name, "is not a JSON object", 'use {"credentialType": "Basic", ...}')
                secrets[key] = Secret(value)
        return secrets

    def _schedule(self, name: str, default: str) -> str:
        schedule = self._values.get(name, default)
        fields = schedule.split()
        if len(fields) not in (5, 6) or not all(_CRON_FIELD.fullmatch(each) for each in fields):
            self._fault(name, f"{schedule!r} is not an NCRONTAB expression", f"for example {default!r}")
        return schedule

    def _poll_scale(self) -> float:
        text = self._values.get("POLL_SCALE", "1")
        try:
            scale = float(text)
        except ValueError:
            scale = math.nan
        if not (math.isfinite(scale) and scale > 0):
            self._fault("POLL_SCALE", f"{text!r} is not a positive number", "1 is real time")
            return 1.0
        return scale

    def _quota_share(self) -> float:
        text = self._values.get("QUOTA_SHARE", "1")
        try:
            share = float(text)
        except ValueError:
            share = math.nan
        if not is_share(share):
            remedy = "0.8 leaves a fifth of every admin quota to other tools"
            self._fault("QUOTA_SHARE", f"{text!r} is not more than 0 and at most 1", remedy)
            return 1.0
        return share

    def _ca_bundle(self) -> str | None:
        path = self._values.get("REQUESTS_CA_BUNDLE")
        if path is not None and not Path(path).exists():
            self._fault("REQUESTS_CA_BUNDLE", "names a file that does not exist", "give a readable PEM file")
        return path

    def _fault(self, setting: str, what: str, remedy: str) -> None:
        self._faults.append(SettingFault(setting, what, remedy))


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _secrets(settings: Settings) -> Iterator[str]:
    """Every secret literal of the settings, also those inside a connection string or a JSON value."""
    if settings.storage_connection:
        text = settings.storage_connection.reveal()
        yield text
        yield from re.findall(r"(?:AccountKey|SharedAccessSignature)=([^;]+)", text)
    for secret in settings.data_source_secrets.values():
        yield secret.reveal()
        values = json.loads(secret.reveal())
        yield from (str(values[name]) for name in ("password", "key", "token") if values.get(name))
    for connection in settings.connections.values():
        yield from (secret.reveal() for secret in connection.secrets())
