"""Settings of the local host: the environment, local.settings.json as the fallback, and host.json.

The app reads its own settings from the environment, so what local.settings.json adds is put there before
the app is imported, as `func start` does.
"""

import json
import os
import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.errors import SettingsError

_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """host.json `extensions.queues`; the defaults are the extension's own."""

    batch_size: int = 16
    max_dequeue_count: int = 5
    visibility_timeout_s: float = 0.0
    max_polling_interval_s: float = 2.0
    base64: bool = True


@dataclass(frozen=True, slots=True)
class HostSettings:
    """The part of host.json that this host heeds."""

    route_prefix: str = "api"
    hub_name: str = "TestHubName"
    max_activities: int = 16
    max_orchestrators: int = 16
    default_version: str | None = None
    queues: QueueSettings = QueueSettings()

    @classmethod
    def from_host_json(cls, document: dict[str, Any]) -> "HostSettings":
        extensions = document.get("extensions", {})
        durable = extensions.get("durableTask", {})
        return cls(
            route_prefix=extensions.get("http", {}).get("routePrefix", "api").strip("/"),
            hub_name=durable.get("hubName", "TestHubName"),
            max_activities=_positive(durable, "maxConcurrentActivityFunctions", 16),
            max_orchestrators=_positive(durable, "maxConcurrentOrchestratorFunctions", 16),
            default_version=durable.get("defaultVersion"),
            queues=_queue_settings(extensions.get("queues", {})),
        )

    @classmethod
    def load(cls, root: Path) -> "HostSettings":
        return cls.from_host_json(read_json(root / "host.json"))


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; an empty one where there is no file."""
    if not path.exists():
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise SettingsError(f"{path.name} isn't JSON: {error}") from error
    if not isinstance(document, dict):
        raise SettingsError(f"{path.name} must hold a JSON object")
    return document


def apply_local_settings(root: Path, environment: MutableMapping[str, str] = os.environ) -> None:
    """Give the environment the Values of local.settings.json that it doesn't have yet."""
    for name, value in read_json(root / "local.settings.json").get("Values", {}).items():
        if not isinstance(value, str):
            raise SettingsError(f"local.settings.json: Values.{name} must be a string")
        environment.setdefault(name, value)


def keep_loopback_direct(environment: MutableMapping[str, str] = os.environ) -> None:
    """A proxy of the machine must not see calls to the hub or to Azurite; it could not reach them anyway."""
    declared = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    hosts = [host.strip() for host in declared.split(",") if host.strip()]
    direct = ",".join(dict.fromkeys([*hosts, *_LOOPBACK]))
    environment["no_proxy"] = environment["NO_PROXY"] = environment["no_grpc_proxy"] = direct


def resolve(text: str, environment: MutableMapping[str, str] = os.environ) -> str:
    """Replace `%NAME%` by that setting, as the Functions host does in queue names and schedules."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            raise SettingsError(f"setting {name} is needed (for {text}) and missing")
        return environment[name]

    return re.sub(r"%([^%]+)%", value, text)


def seconds(time_span: str) -> float:
    """A .NET time span, `[d.]hh:mm:ss[.fffffff]`, in seconds."""
    match = _TIME_SPAN.fullmatch(time_span.strip())
    if match is None:
        raise SettingsError(f"host.json: {time_span!r} isn't a time span (hh:mm:ss)")
    days, hours, minutes, secs, fraction = match.groups()
    whole = int(days or 0) * 86_400 + int(hours) * 3_600 + int(minutes) * 60 + int(secs)
    return whole + (float(f"0.{fraction}") if fraction else 0.0)


def _positive(section: dict[str, Any], key: str, default: int) -> int:
    value = section.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SettingsError(f"host.json: {key} must be a number of at least 1")
    return value


def _queue_settings(section: dict[str, Any]) -> QueueSettings:
    encoding = section.get("messageEncoding", "base64")
    if encoding not in ("base64", "none"):
        raise SettingsError("host.json: queues.messageEncoding must be base64 or none")
    return QueueSettings(
        batch_size=min(_positive(section, "batchSize", 16), 32),
        max_dequeue_count=_positive(section, "maxDequeueCount", 5),
        visibility_timeout_s=seconds(section.get("visibilityTimeout", "00:00:00")),
        # Not the extension's minute: a person who puts a message into the queue is watching.
        max_polling_interval_s=min(seconds(section.get("maxPollingInterval", "00:00:02")), 2.0),
        base64=encoding == "base64",
    )
