"""What goes wrong on purpose: faults of calls, calls that are held, endings of imports."""

from sandbox.controls.routes import Answer, Json, Route
from sandbox.importplans import Plan
from sandbox.world import World


def get_faults(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return [fault.to_dict() for fault in world.faults.planned]


def post_faults(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return [fault.to_dict() for fault in world.faults.plan(body if isinstance(body, list) else [body])]


def delete_faults(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    world.faults.planned = [fault for fault in world.faults.planned if rest not in ("", fault.id)]


def get_holds(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return [hold.to_dict() for hold in world.holds.held.values()]


def delete_holds(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    """One (`holds/<id>`) or all go on; with `?drop=1` their connections are cut and nothing more happens."""
    return {"released": world.holds.release(rest, drop=query.get("drop") == "1")}


def get_imports(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return [plan.to_dict() for plan in world.import_plans.planned]


def post_imports(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    plan = Plan.from_dict(body)
    world.import_plans.planned.append(plan)
    return plan.to_dict()


def delete_imports(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    world.import_plans.planned = [plan for plan in world.import_plans.planned if rest not in ("", plan.id)]


ROUTES: dict[Route, Answer] = {
    ("GET", "faults"): get_faults,
    ("POST", "faults"): post_faults,
    ("DELETE", "faults"): delete_faults,
    ("GET", "holds"): get_holds,
    ("DELETE", "holds"): delete_holds,
    ("GET", "imports"): get_imports,
    ("POST", "imports"): post_imports,
    ("DELETE", "imports"): delete_imports,
}
