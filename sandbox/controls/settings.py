"""How fast time runs, how much is allowed, how pages are cut: what a test sets before a run."""

from typing import get_args

from sandbox.controls.routes import Answer, Json, Route
from sandbox.lies import checked
from sandbox.operationplans import Length
from sandbox.world import World


def get_settings(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    quotas = next(iter(world.services.values())).quotas.to_dict()
    activity = {"pageSize": world.activity.page_size, "emptyPages": world.activity.empty_pages}
    settings = {"quotas": quotas, "activity": activity, "record": world.ledger.record}
    settings |= {"grace": world.patience.grace, "paging": world.lies, "unseenStatus": world.unseen_status}
    settings |= {"fabricPageSize": world.fabric_page_size, "longRunning": world.operation_plans.length}
    settings |= {"liveConnect": world.live_connect}
    return world.timing.to_dict() | settings


def put_settings(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    """Any of: scale, durations, latency, quotas (of both tenants), activity, record, grace, paging, unseenStatus,
    fabricPageSize, longRunning (mix, always, never), liveConnect (refuse, accept)."""
    world.timing.change(body)
    for service in world.services.values():
        service.quotas.change(body.get("quotas", {}))
    world.ledger.record = bool(body.get("record", world.ledger.record))
    world.lies = checked(body.get("paging", world.lies))
    world.unseen_status = int(body.get("unseenStatus", world.unseen_status))
    world.fabric_page_size = int(body.get("fabricPageSize", world.fabric_page_size))
    world.live_connect = _one_of(body.get("liveConnect", world.live_connect), ("refuse", "accept"))
    length = _one_of(body.get("longRunning", world.operation_plans.length), get_args(Length))
    world.operation_plans.length = length
    world.patience.grace = float(body.get("grace", world.patience.grace))
    activity = body.get("activity", {})
    world.activity.page_size = int(activity.get("pageSize", world.activity.page_size))
    world.activity.empty_pages = bool(activity.get("emptyPages", world.activity.empty_pages))
    return get_settings(world, rest, body, query)


def _one_of[T](value: T, known: tuple[T, ...]) -> T:
    if value not in known:
        raise ValueError(f"{value} is none of {known}")
    return value


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


ROUTES: dict[Route, Answer] = {
    ("GET", "settings"): get_settings,
    ("PUT", "settings"): put_settings,
    ("GET", "quotas"): get_quotas,
    ("PUT", "quotas"): put_quotas,
    ("DELETE", "quotas"): delete_quotas,
}
