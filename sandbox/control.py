"""The control interface under `/_sandbox/`: no token, loopback only, JSON. For tests, demo, comparison."""

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from sandbox import act, judging
from sandbox.importplans import Plan
from sandbox.replies import Reply, json_reply
from sandbox.state import Tenant
from sandbox.world import World

PREFIX = "/_sandbox/"
Json = Any
Answer = Callable[[World, str, Json, dict[str, str]], Json]
"""(world, rest of the path, body, query) -> what is sent back; None for an empty 200."""


async def answer(world: World, request: Request) -> Reply:
    topic, _, rest = request.url.path.removeprefix(PREFIX).partition("/")
    handler = ROUTES.get((request.method, topic))
    if handler is None:
        return json_reply({"error": f"no {request.method} {topic}", "known": _known()}, 404)
    try:
        raw = await request.body()
        result = handler(world, rest, json.loads(raw) if raw else None, dict(request.query_params))
    except (ValueError, TypeError, KeyError) as error:
        return json_reply({"error": f"{type(error).__name__}: {error}"}, 400)
    return json_reply(result) if result is not None else Reply()


def _known() -> list[str]:
    return [f"{method} {topic}" for method, topic in ROUTES]


def health(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return {"tenants": list(world.services)}


def get_settings(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    quotas = next(iter(world.services.values())).quotas.to_dict()
    activity = {"pageSize": world.activity.page_size, "emptyPages": world.activity.empty_pages}
    settings = {"quotas": quotas, "activity": activity, "record": world.ledger.record}
    return world.timing.to_dict() | settings | {"grace": world.patience.grace}


def put_settings(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    """Any of: scale, durations, latency, quotas (of both tenants), activity, record, grace."""
    world.timing.change(body)
    for service in world.services.values():
        service.quotas.change(body.get("quotas", {}))
    world.ledger.record = bool(body.get("record", world.ledger.record))
    world.patience.grace = float(body.get("grace", world.patience.grace))
    activity = body.get("activity", {})
    world.activity.page_size = int(activity.get("pageSize", world.activity.page_size))
    world.activity.empty_pages = bool(activity.get("emptyPages", world.activity.empty_pages))
    return get_settings(world, rest, body, query)


def get_quotas(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    """What a client may be told of them, by tenant, as the app's QUOTAS setting words it."""
    return {name: service.quotas.told() for name, service in world.services.items()}


def put_quotas(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    """Of one tenant (`quotas/<tenant>`) or of both."""
    for service in [world.service(rest)] if rest else world.services.values():
        service.quotas.change(body)
    return get_quotas(world, rest, body, query)


def delete_quotas(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    """Nobody has called yet; the limits stay."""
    for service in world.services.values():
        service.quotas.forget()


def get_totals(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return world.ledger.totals()


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


def get_ledger(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return world.ledger.since(int(query.get("since", 0)))


def delete_ledger(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    world.ledger.entries.clear()


def get_violations(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return world.ledger.violations


def delete_violations(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    """Also what clients were told so far: nobody is early any more."""
    world.ledger.violations.clear()
    world.patience.forget()


def get_state(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return world.service(rest).state.to_dict()


def put_state(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    world.service(rest).replace_state(Tenant.from_dict(body))
    world.begin()


def post_act(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return act.perform(world.service(body["tenant"]), body)


def post_advance(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    """All work under way is done now, every event and right is visible now; or the next `steps` of work alone."""
    if steps := int((body or {}).get("steps", 0)):
        return {
            "done": sum(service.agenda.step() for service in world.services.values() for _ in range(steps))
        }
    for service in world.services.values():
        service.agenda.settle(float("inf"))
        for event in service.state.activity:
            event.visible_at = 0.0
        for workspace in service.state.workspaces.values():
            for item in [*workspace.users, *workspace.assignments]:
                _show(item)
    return None


def _show(item: Any) -> None:
    """Rights have `effective_at`, assignments `visible_at`."""
    setattr(item, "effective_at" if hasattr(item, "effective_at") else "visible_at", 0.0)


def post_expire(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    world.tokens.expire_all()


def get_request(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return world.suggested_request


def get_compare(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return judging.compare_tenants(world, body or world.suggested_request)


ROUTES: dict[tuple[str, str], Answer] = {
    ("GET", "health"): health,
    ("GET", "settings"): get_settings,
    ("PUT", "settings"): put_settings,
    ("GET", "quotas"): get_quotas,
    ("PUT", "quotas"): put_quotas,
    ("DELETE", "quotas"): delete_quotas,
    ("GET", "totals"): get_totals,
    ("GET", "faults"): get_faults,
    ("POST", "faults"): post_faults,
    ("DELETE", "faults"): delete_faults,
    ("GET", "holds"): get_holds,
    ("DELETE", "holds"): delete_holds,
    ("GET", "imports"): get_imports,
    ("POST", "imports"): post_imports,
    ("DELETE", "imports"): delete_imports,
    ("GET", "ledger"): get_ledger,
    ("DELETE", "ledger"): delete_ledger,
    ("GET", "violations"): get_violations,
    ("DELETE", "violations"): delete_violations,
    ("GET", "state"): get_state,
    ("PUT", "state"): put_state,
    ("POST", "act"): post_act,
    ("POST", "advance"): post_advance,
    ("POST", "expire-tokens"): post_expire,
    ("GET", "request"): get_request,
    ("GET", "compare"): get_compare,
    ("POST", "compare"): get_compare,
}
