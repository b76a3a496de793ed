"""On-premises gateways and their data sources: seen only by those who administer the gateway.

Fabric's list shows a gateway to whoever has any right on it, but not what it holds.
"""

import json

from sandbox import continuation, views
from sandbox.calls import Call
from sandbox.holdings import Gateway, GatewaySource
from sandbox.replies import Reply, json_reply, listing, not_found
from sandbox.routing import operation


@operation("Gateways_GetGateways", "GET", "gateways")
async def get_gateways(call: Call) -> Reply:
    mine = [item for item in call.service.state.gateways.values() if call.caller.id in item.admins]
    return listing([_gateway(item) for item in mine], "gateways")


@operation("Gateways_GetGateway", "GET", "gateways/{gatewayId}")
async def get_gateway(call: Call) -> Reply:
    item = _mine(call)
    return json_reply(_gateway(item) | {"gatewayStatus": item.status})


@operation("Gateways_GetDatasources", "GET", "gateways/{gatewayId}/datasources")
async def get_datasources(call: Call) -> Reply:
    item = _mine(call)
    return listing([_source(item, source) for source in item.sources], "datasources")


@operation("Gateways_GetDatasource", "GET", "gateways/{gatewayId}/datasources/{datasourceId}")
async def get_datasource(call: Call) -> Reply:
    item = _mine(call)
    for source in item.sources:
        if source.id == call.params["datasourceId"].lower():
            return json_reply(_source(item, source))
    raise not_found()


@operation("Fabric_ListGateways", "GET", "gateways", bucket="fabric.platform", family="fabric")
async def list_gateways(call: Call) -> Reply:
    seen = (
        item for item in call.service.state.gateways.values() if call.caller.id in (*item.admins, *item.users)
    )
    return continuation.page(call, [_fabric_gateway(item) for item in seen])


def _fabric_gateway(item: Gateway) -> views.Json:
    return {
        "id": item.id,
        "type": "OnPremises",
        "displayName": item.name,
        "publicKey": {"exponent": "AQAB", "modulus": item.modulus},
        "version": "3000.282.7",
        "numberOfMemberGateways": 1,
        "loadBalancingSetting": "Failover",
        "allowCloudConnectionRefresh": True,
        "allowCustomConnectors": False,
    }


def _mine(call: Call) -> Gateway:
    found = call.service.state.gateways.get(call.params["gatewayId"].lower())
    if found is None or call.caller.id not in found.admins:
        raise not_found()
    return found


def _gateway(item: Gateway) -> views.Json:
    key = {"exponent": "AQAB", "modulus": item.modulus}
    return {"id": item.id, "name": item.name, "type": "Resource", "publicKey": key}


def _source(item: Gateway, source: GatewaySource) -> views.Json:
    """Here the connection details are a JSON text."""
    return {
        "id": source.id,
        "gatewayId": item.id,
        "datasourceType": source.kind,
        "connectionDetails": json.dumps(source.details, separators=(",", ":"), ensure_ascii=False),
        "credentialType": source.credential_type,
        "datasourceName": source.name,
    }
