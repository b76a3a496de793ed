"""How the app reaches its storage account: one pooled transport for tables and blobs.

The SDK's own pool holds ten connections; with sixteen activities at once the rest would be opened and thrown
away call by call.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

from shared.config import Settings

if TYPE_CHECKING:  # the storage SDK costs 300 ms to import, so only when storage is first opened
    from azure.core.pipeline.transport import RequestsTransport

# Modules whose cycles break where two threads import them for the first time at once.
_SDK = ("azure.core.pipeline.transport", "azure.data.tables", "azure.storage.blob")
_importing = Lock()

CONNECTIONS = 40  # at once: activities, triggers and some to spare


def load_sdk() -> None:
    """Import the storage SDK whole, one thread at a time: the first requests of a process come together."""
    with _importing:
        for module in _SDK:
            import_module(module)


def connect(settings: Settings, service: Any, kind: str, **options: Any) -> Any:
    """A service client (`TableServiceClient`, `BlobServiceClient`) for the account of the settings.

    By connection string, or by the identity the app runs under where only the account's name is given.
    """
    options["transport"] = _transport()
    if settings.storage_connection is not None:
        return service.from_connection_string(settings.storage_connection.reveal(), **options)
    with _importing:
        from azure.identity import DefaultAzureCredential

    address = f"https://{settings.storage_account}.{kind}.core.windows.net"
    return service(address, credential=DefaultAzureCredential(), **options)


@cache
def _transport() -> RequestsTransport:
    import requests
    from azure.core.pipeline.transport import RequestsTransport
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=CONNECTIONS, max_retries=0))
    return RequestsTransport(session=session, session_owner=False)
