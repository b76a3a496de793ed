"""Signed addresses under which one blob can be read, so that another storage account may fetch it by itself.

With the account's key where the settings hold it, else with a user delegation key, which the app's own identity may
be allowed to ask for (Storage Blob Delegator) or not. An address lasts as long as it says: nothing can revoke it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.clock import SystemClock

if TYPE_CHECKING:  # 300 ms to import
    from azure.storage.blob import BlobClient, BlobServiceClient

_SKEW = timedelta(minutes=15)  # between our clock and the account's
_LONGEST = timedelta(days=7) - 2 * _SKEW  # of a user delegation key, from its beginning by either clock
_REFUSED = frozenset({401, 403})


def read_url(service: BlobServiceClient, blob: BlobClient, hours: float) -> str | None:
    """The blob's address with a signature to read it, or None where there is nothing to sign with."""
    from azure.storage.blob import BlobSasPermissions, generate_blob_sas

    now = SystemClock().now()
    until = now + min(timedelta(hours=hours), _LONGEST)
    key: dict[str, Any] | None = _account_key(service) or _delegation_key(service, until)
    if key is None:
        return None
    signature = generate_blob_sas(
        str(blob.account_name),
        blob.container_name,
        str(blob.blob_name),
        permission=BlobSasPermissions(read=True),
        start=now - _SKEW,
        expiry=until,
        protocol="https" if blob.url.startswith("https:") else None,
        **key,
    )
    return f"{blob.url}?{signature}"


def _account_key(service: BlobServiceClient) -> dict[str, Any] | None:
    key = getattr(service.credential, "account_key", None)
    return {"account_key": key} if key else None


def _delegation_key(service: BlobServiceClient, until: datetime) -> dict[str, Any] | None:
    from azure.core.credentials import TokenCredential
    from azure.core.exceptions import HttpResponseError

    if not isinstance(service.credential, TokenCredential):  # a signature of its own can't sign
        return None
    try:
        return {"user_delegation_key": service.get_user_delegation_key(SystemClock().now() - _SKEW, until)}
    except HttpResponseError as error:
        if error.status_code in _REFUSED:
            return None
        raise
