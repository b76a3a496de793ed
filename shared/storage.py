"""How the app reaches its storage account, and how it knows that the account is away.

One pooled transport for tables and blobs: the SDK's own pool holds ten connections; with sixteen activities at
once the rest would be opened and thrown away call by call. The SDK tries a request again only briefly: its own
patience (over a minute in a sleeping thread, five minutes for a silent connection) belongs to durable timers.
No generator is ever sent by it, which a retry would send empty: bodies are whole blocks of bytes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

from shared.config import Settings
from shared.errors import Away

if TYPE_CHECKING:  # the storage SDK costs 300 ms to import, so only when storage is first opened
    from azure.core.pipeline.transport import RequestsTransport
    from azure.identity import DefaultAzureCredential

# Modules whose cycles break where two threads import them for the first time at once.
_SDK = ("azure.core.pipeline.transport", "azure.data.tables", "azure.storage.blob")
_importing = Lock()

CONNECTIONS = 40  # at once: activities, triggers and some to spare
CONNECT_S, READ_S = 5, 30  # the account answers or refuses within seconds; its own limit for a table is 30 s
PAUSES_S = (0.1, 1.0)  # between the tries of one request; an outage longer than that is waited for elsewhere
_RETRIES: dict[str, dict[str, float]] = {
    "table": {"retry_backoff_factor": PAUSES_S[-1] / 2, "retry_backoff_max": PAUSES_S[-1]},
    "blob": {"initial_backoff": PAUSES_S[0], "increment_base": 1, "random_jitter_range": 0.3},
}
_BUSY = frozenset({408, 429})


def load_sdk() -> None:
    """Import the storage SDK whole, one thread at a time: the first requests of a process come together."""
    with _importing:
        for module in _SDK:
            import_module(module)


def connect(settings: Settings, service: Any, kind: str, **options: Any) -> Any:
    """A service client (`TableServiceClient`, `BlobServiceClient`) for the account of the settings.

    By connection string, or by the identity the app runs under where only the account's name is given.
    """
    options |= {"transport": _transport(), "retry_total": len(PAUSES_S), **_RETRIES[kind]}
    if settings.storage_connection is not None:
        return service.from_connection_string(settings.storage_connection.reveal(), **options)
    address = f"https://{settings.storage_account}.{kind}.core.windows.net"
    return service(address, credential=_identity(), **options)


@cache
def _identity() -> DefaultAzureCredential:
    with _importing:
        from azure.identity import DefaultAzureCredential
    return DefaultAzureCredential()


def tries() -> Iterator[bool]:
    """The tries of one request, with pauses between them; True where it is the last."""
    for pause in PAUSES_S:
        yield False
        time.sleep(pause)
    yield True


def is_outage(error: BaseException) -> bool:
    """True where storage (or the task hub upon it) is away or overloaded: the same request works later.

    Everything that is no answer, or none that can be read; of the answers 5xx, 408 and 429. A TimeoutError is
    our own: a row that others kept changing.
    """
    from azure.core.exceptions import (
        DecodeError,
        HttpResponseError,
        ServiceRequestError,
        ServiceResponseError,
    )

    if isinstance(error, Away | TimeoutError | ServiceRequestError | ServiceResponseError | DecodeError):
        return True
    if not isinstance(error, HttpResponseError):
        return False
    # Without a status no service has answered: there was no token to ask it with.
    return error.status_code is None or error.status_code in _BUSY or error.status_code >= 500


@cache
def _transport() -> RequestsTransport:
    import requests
    from azure.core.pipeline.transport import RequestsTransport
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=CONNECTIONS, max_retries=0))
    return RequestsTransport(
        session=session, session_owner=False, connection_timeout=CONNECT_S, read_timeout=READ_S
    )
