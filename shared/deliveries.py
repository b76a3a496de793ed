"""How often a message has been begun and never ended: the process died at it, which the host does not tell.

The host counts deliveries, and those may be many for good reasons (storage was away for a while). A delivery
that killed its process leaves its row behind, as nothing was there to take it back. A row that the same process
left behind tells of no death: storage went away before it could be taken back.
"""

from __future__ import annotations

import secrets

from shared.tables import Table, Tables, hashed

PROCESS = secrets.token_hex(8)  # of this process, for its life
_PARTITION = "message"


class Deliveries:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def deaths(self, message_id: str) -> int:
        """Get Entity: deliveries of this message that never ended, as far as that process lives no more."""
        found = self._table.get(_PARTITION, hashed(message_id))
        if found is None:
            return 0
        row = found[0]
        return int(row["open"]) - (row["process"] == PROCESS)

    def begin(self, message_id: str, deaths: int) -> None:
        """Insert Or Replace Entity, before anything else is done with the message."""
        self._table.put(_PARTITION, hashed(message_id), {"open": deaths + 1, "process": PROCESS})

    def give_back(self, message_id: str, deaths: int) -> None:
        """Insert Or Replace Entity: this delivery has failed, but not died."""
        self._table.put(_PARTITION, hashed(message_id), {"open": deaths, "process": ""})

    def end(self, message_id: str) -> None:
        """Delete Entity: the message will not come again."""
        self._table.delete(_PARTITION, hashed(message_id))

    @property
    def _table(self) -> Table:
        return self._tables["PbiDeliveries"]
