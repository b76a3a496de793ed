"""What a client needs to reach the two tenants: the app settings as a person would type them in."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sandbox.world import Service, World


def endpoints(world: World) -> dict[str, Any]:
    """Where everything is."""
    return {
        name: {
            "tenantId": service.state.id,
            "url": service.base_url,
            "authority": f"{service.base_url}/{service.state.id}",
            "api": f"{service.base_url}/v1.0/myorg",
            "fabric": f"{service.base_url}/v1",
            **({"graph": f"{service.base_url}/graph/v1.0"} if world.graph else {}),
            "control": f"{service.base_url}/_sandbox",
        }
        for name, service in world.services.items()
    }


def environment(world: World, ca: Path) -> dict[str, str]:
    """App settings for both connections. Uploads go to another host name, which has to be allowed."""
    values = {"REQUESTS_CA_BUNDLE": str(ca), "ALLOWED_HOSTS": "127.0.0.1"}
    for service in world.services.values():
        prefix = f"PBI_CONNECTIONS__{service.state.name.upper()}__"
        values |= {prefix + key: value for key, value in _connection(service).items()}
    return values | {f"PBI_SECRETS__{_variable(name)}": secret for name, secret in world.vault.items()}


def secrets_of(names: Iterable[str]) -> dict[str, str]:
    """A login for every data source that the request names one for."""
    return {
        name: json.dumps({"credentialType": "Basic", "username": "loader", "password": f"{name}-password"})
        for name in names
    }


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _connection(service: Service) -> dict[str, str]:
    tenant = service.state
    app, reader, user = (
        tenant.principals[tenant.actors[who]] for who in ("migration", "adminReader", "masterUser")
    )
    return {
        "TENANT_ID": tenant.id,
        "CLIENT_ID": app.app_id or "",
        "CLIENT_SECRET": app.secret or "",
        "ADMIN_CLIENT_ID": reader.app_id or "",
        "ADMIN_CLIENT_SECRET": reader.secret or "",
        "USERNAME": user.upn or "",
        "PASSWORD": user.password or "",
        "AUTHORITY_URL": f"{service.base_url}/{tenant.id}",
        "API_URL": f"{service.base_url}/v1.0/myorg",
        "FABRIC_URL": f"{service.base_url}/v1",
    } | ({"GRAPH_URL": f"{service.base_url}/graph/v1.0"} if service.world.graph else {})
