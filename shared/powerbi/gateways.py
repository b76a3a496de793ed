"""On-premises gateways and their data sources, as far as the identity administers them."""

from __future__ import annotations

import builtins
from typing import Any

from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient

Row = dict[str, Any]


class Gateways:
    """Operations on gateways; the service shows only those the identity is an administrator of."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def list(self) -> builtins.list[Row]:
        """Gateways_GetGateways: `id`, `name`, `type`; of a cluster the id is its first member's."""
        return self._client.call(op.LIST_GATEWAYS).rows()

    def datasources(self, gateway_id: str) -> builtins.list[Row]:
        """Gateways_GetDatasources: `id`, `datasourceName`, `datasourceType`, `connectionDetails` as JSON text."""
        return self._client.call(op.LIST_GATEWAY_DATASOURCES, {"gateway": gateway_id}).rows()
