"""What only the Fabric API can do: rename models and reports."""

from __future__ import annotations

from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient


class Fabric:
    """Operations of the Fabric API; BadRequest `connection.noFabric` where its address is not known."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def rename_semantic_model(self, group_id: str, dataset_id: str, name: str) -> None:
        """SemanticModels_UpdateSemanticModel."""
        parameters = {"group": group_id, "dataset": dataset_id}
        self._client.call(op.UPDATE_SEMANTIC_MODEL, parameters, json={"displayName": name})

    def rename_report(self, group_id: str, report_id: str, name: str) -> None:
        """Reports_UpdateReport."""
        parameters = {"group": group_id, "report": report_id}
        self._client.call(op.UPDATE_FABRIC_REPORT, parameters, json={"displayName": name})
