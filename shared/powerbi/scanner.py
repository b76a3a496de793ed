"""The admin scanner: asks for the metadata of up to 100 workspaces, reads the result within 24 hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from shared.errors import BadRequest
from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient

Row = dict[str, Any]
MAX_WORKSPACES = 100
_DETAILS: tuple[str, ...] = (  # the tenant's settings decide how much of it is told
    "lineage",
    "datasourceDetails",
    "datasetSchema",
    "datasetExpressions",
    "getArtifactUsers",
)


class Scanner:
    """Operations of the scanner; all need the admin identity."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def post_info(self, workspace_ids: Sequence[str]) -> str:
        """WorkspaceInfo_PostWorkspaceInfo: starts a scan, gives its id. At most 16 may run at once."""
        if not 1 <= len(workspace_ids) <= MAX_WORKSPACES:
            raise BadRequest(
                "scan.size", f"a scan takes 1 to {MAX_WORKSPACES} workspaces, not {len(workspace_ids)}"
            )
        query = {detail: True for detail in _DETAILS}
        body = {"workspaces": list(workspace_ids)}
        return self._client.call(op.POST_WORKSPACE_INFO, query=query, json=body).id()

    def begin(self, holder: str, seconds: float) -> bool:
        """One of the tenant's places for scans, until `end` or for so long from now on; asked for again by its
        holder it is prolonged. False where all are taken."""
        return self._client.lease(op.POST_WORKSPACE_INFO, holder, seconds)

    def end(self, holder: str) -> None:
        """The holder's scan no longer runs."""
        self._client.release(op.POST_WORKSPACE_INFO, holder)

    def status(self, scan_id: str) -> Row:
        """WorkspaceInfo_GetScanStatus: `status` NotStarted, Running, Succeeded or Failed (with `error`)."""
        return self._client.call(op.GET_SCAN_STATUS, {"scan": scan_id}).object()

    def result(self, scan_id: str) -> Row:
        """WorkspaceInfo_GetScanResult: `workspaces[]`, `datasourceInstances[]`, …; only after Succeeded."""
        return self._client.call(op.GET_SCAN_RESULT, {"scan": scan_id}).object()

    def modified(self, since: datetime | None = None) -> list[str]:
        """WorkspaceInfo_GetModifiedWorkspaces: ids changed since then (30 minutes to 30 days ago), or all."""
        query: dict[str, str | int | bool] = {"excludePersonalWorkspaces": True}
        if since is not None:
            query["modifiedSince"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
        return [row["id"] for row in self._client.call(op.GET_MODIFIED_WORKSPACES, query=query).rows()]
