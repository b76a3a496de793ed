"""Calls the comparison of the two tenants with the state that is served, and gives its verdict as JSON."""

from typing import Any

from sandbox.world import World


def compare_tenants(world: World, request: dict[str, Any]) -> Any:
    from sandbox.compare import compare  # the comparison is loaded only when asked for

    source, target = (service.state for service in world.services.values())
    return compare(source, target, request, world.target_before).to_dict()
