"""Dataflows (Gen1): what there is, the model.json behind one, what it depends on, and refreshing it.

They are created by an import (`Imports.post_file`) of a model.json, which only a user may send.
"""

from __future__ import annotations

import builtins
import json
from typing import Any

from shared.errors import ContentError
from shared.powerbi import operations as op
from shared.powerbi.client import Answer, PowerBIClient
from shared.powerbi.transport import Response

Row = dict[str, Any]

EXPORT_LIMIT = 64 * 1024 * 1024  # bytes of a model.json: text about tables, never their rows


class Dataflows:
    """Operations on dataflows of a workspace."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def list(self, group_id: str) -> list[Row]:
        """Dataflows_GetDataflows: `objectId`, `name`, `description`."""
        return self._client.call(op.LIST_DATAFLOWS, {"group": group_id}).rows()

    def export(self, group_id: str, dataflow_id: str) -> bytes:
        """Dataflows_GetDataflow: the model.json as it is, of at most `EXPORT_LIMIT` bytes.

        Raises ContentError `content.notFile` where it is no JSON object, `content.tooLarge` beyond the limit.
        """
        with self._client.stream(op.EXPORT_DATAFLOW, _named(group_id, dataflow_id)) as response:
            content = _limited(response)
        _check(content)
        return content

    def upstream(self, group_id: str, dataflow_id: str) -> builtins.list[Row]:
        """Dataflows_GetUpstreamDataflowsInGroup: `targetDataflowId` and its `groupId`, of each it reads from."""
        return self._call(op.LIST_UPSTREAM_DATAFLOWS, group_id, dataflow_id).rows()

    def refresh(self, group_id: str, dataflow_id: str) -> None:
        """Dataflows_RefreshDataflow: begins one, and gives no id; `transactions` tell how it goes."""
        self._call(op.REFRESH_DATAFLOW, group_id, dataflow_id, {"notifyOption": "NoNotification"})

    def transactions(self, group_id: str, dataflow_id: str) -> builtins.list[Row]:
        """Dataflows_GetDataflowTransactions: `id`, `status` (not enumerated), `startTime`, `endTime` of refreshes."""
        return self._call(op.LIST_DATAFLOW_TRANSACTIONS, group_id, dataflow_id).rows()

    def update(self, group_id: str, dataflow_id: str, **fields: Any) -> None:
        """Dataflows_UpdateDataflow: `name`, `description`, `allowNativeQueries`, `computeEngineBehavior`."""
        self._call(op.UPDATE_DATAFLOW, group_id, dataflow_id, fields)

    def delete(self, group_id: str, dataflow_id: str) -> None:
        """Dataflows_DeleteDataflow."""
        self._call(op.DELETE_DATAFLOW, group_id, dataflow_id)

    def _call(self, operation: op.Operation, group_id: str, dataflow_id: str, body: Any = None) -> Answer:
        return self._client.call(operation, _named(group_id, dataflow_id), json=body)


def _named(group_id: str, dataflow_id: str) -> dict[str, str]:
    return {"group": group_id, "dataflow": dataflow_id}


def _limited(response: Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > EXPORT_LIMIT:
            raise ContentError("content.tooLarge", f"the dataflow's file is over {EXPORT_LIMIT} bytes")
    return bytes(content)


def _check(content: bytes) -> None:
    """An object to its last bracket. What began as one and did not end was cut off: it may come whole next time."""
    try:
        whole = isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        whole = False
    if not whole:
        text = content.removeprefix(b"\xef\xbb\xbf").strip()
        cut_off = text.startswith(b"{") and not text.endswith(b"}")
        raise ContentError("content.notFile", "the service gave no model.json", transient=cut_off)
