"""How often a message has been begun and never ended: the process died at it, which the host does not tell.

The host counts deliveries, and those may be many for good reasons (storage was away for a while). A delivery
that killed its process leaves its row behind, as nothing was there to take it back.
"""

from __future__ import annotations

from shared.tables import Table, Tables, hashed

_PARTITION = "message"


class Deliveries:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def deaths(self, message_id: str) -> int:
        """Get Entity: deliveries of this message that never ended."""
        found = self._table.get(_PARTITION, hashed(message_id))
        return int(found[0]["open"]) if found else 0

    def begin(self, message_id: str, deaths: int) -> None:
        """Insert Or Replace Entity, before anything else is done with the message."""
        self._table.put(_PARTITION, hashed(message_id), {"open": deaths + 1})

    def give_back(self, message_id: str, deaths: int) -> None:
        """Insert Or Replace Entity: this delivery has failed, but not died."""
        self._table.put(_PARTITION, hashed(message_id), {"open": deaths})

    def end(self, message_id: str) -> None:
        """Delete Entity: the message will not come again."""
        self._table.delete(_PARTITION, hashed(message_id))

    @property
    def _table(self) -> Table:
        return self._tables["PbiDeliveries"]
