"""How long-running operations of Fabric end, and which there are."""

from sandbox.controls.routes import Answer, Json, Route
from sandbox.operationplans import OperationPlan
from sandbox.world import World


def get_operations(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return [plan.to_dict() for plan in world.operation_plans.planned]


def post_operations(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    plan = OperationPlan.from_dict(body)
    world.operation_plans.planned.append(plan)
    return plan.to_dict()


def delete_operations(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    planned = world.operation_plans.planned
    world.operation_plans.planned = [plan for plan in planned if rest not in ("", plan.id)]


ROUTES: dict[Route, Answer] = {
    ("GET", "operations"): get_operations,
    ("POST", "operations"): post_operations,
    ("DELETE", "operations"): delete_operations,
}
