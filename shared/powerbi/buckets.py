"""Whose count a call goes into: admin quotas are counted per tenant, the others per tenant and identity.

"Each op" quotas count per operation, and a budget of one object (the refreshes of a model) per object. The key
holds only words and hashes, so that it can be a key of a table.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from shared.connections import Connection
from shared.powerbi.operations import Operation
from shared.powerbi.quotas import ADMIN, Quota

_EACH_OPERATION = frozenset({"admin.other", "admin.items"})
_EACH_ITEM = frozenset({"dataset.refresh"})
_UNTIL_ENDED = frozenset(
    {"admin.getInfo"}
)  # in flight until the scan has ended: a lease, not a matter of a call
LONGEST_CLOSE_S = 3600.0  # of a shared window; what is told beyond is about one object


@dataclass(frozen=True, slots=True)
class Bucket:
    """One count: the quota's name, the key of its rows, and the numbers this app may use of it."""

    name: str
    key: str
    quota: Quota

    @property
    def in_flight(self) -> int | None:
        """How many calls may be without an answer at once."""
        return None if self.name in _UNTIL_ENDED else self.quota.in_flight

    @property
    def of_item(self) -> bool:
        """A budget of one object."""
        return self.name in _EACH_ITEM

    @property
    def of_operation(self) -> bool:
        """A count of one operation alone."""
        return self.name in _EACH_OPERATION

    @property
    def longest_close_s(self) -> float:
        """A longer wait than this is not about the bucket."""
        whole = (self.quota.window_s or 0.0) if self.of_item else 0.0
        return max(LONGEST_CLOSE_S, whole)


def buckets_of(connection: Connection, operation: Operation, item: str = "") -> tuple[Bucket, ...]:
    """All that a call counts in, its own bucket last.

    A budget of one object is no rate: such a call is one of its identity's ordinary calls besides.
    """
    own = bucket_of(connection, operation, item)
    return (bucket_of(connection, replace(operation, quota="default")), own) if own.of_item else (own,)


def bucket_of(connection: Connection, operation: Operation, item: str = "") -> Bucket:
    """The bucket of a call's own quota; `item` is the object a budget is about."""
    name = operation.quota
    parts = [connection.tenant_id.lower()]
    if not name.startswith(ADMIN):
        parts.append(_identity(connection, operation))
    if name in _EACH_OPERATION:
        parts.append(operation.id)
    if name in _EACH_ITEM:
        parts.append(item.lower())
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
    return Bucket(name, f"{name}.{digest}", connection.quotas[name].left_to_us())


def _identity(connection: Connection, operation: Operation) -> str:
    """Who the service sees: a user, the admin reader, a profile, or the app itself."""
    if operation.identity == "user":
        return f"user {(connection.username or connection.user_client_id or connection.client_id).lower()}"
    if operation.identity == "admin":
        return f"app {(connection.admin_client_id or connection.client_id).lower()}"
    if operation.identity == "graph":  # another service: what it says of its own load is not about Power BI
        return f"graph {connection.client_id.lower()}"
    if connection.profile_id:
        return f"profile {connection.profile_id.lower()}"
    return f"app {connection.client_id.lower()}"
