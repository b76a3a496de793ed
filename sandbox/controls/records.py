"""What was seen: calls, violations, and how the two tenants compare."""

from sandbox import judging
from sandbox.census import census
from sandbox.controls.routes import Answer, Json, Route
from sandbox.fingerprint import differences, fingerprint
from sandbox.world import World


def health(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return {"tenants": list(world.services)}


def get_totals(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return world.ledger.totals()


def get_ledger(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return world.ledger.since(int(query.get("since", 0)))


def get_writes(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return world.ledger.writes(world.service(rest).state.name if rest else "")


def delete_ledger(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    world.ledger.entries.clear()


def get_violations(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return world.ledger.violations


def delete_violations(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    """Also what clients were told so far: nobody is early any more."""
    world.ledger.violations.clear()
    world.patience.forget()


def get_request(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return world.suggested_request


def get_planted(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return world.planted


def get_census(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return census(world.service(rest).state)


def get_compare(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return judging.compare_tenants(world, body or world.suggested_request)


def get_fingerprint(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    return fingerprint(world.service(rest).state)


def post_untouched(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    """Fingerprints by tenant, taken before; a line for every fact that is not as it was."""
    return [
        line
        for tenant, before in body.items()
        for line in differences(before, fingerprint(world.service(tenant).state), tenant)
        if "/hash:" not in line
    ]


ROUTES: dict[Route, Answer] = {
    ("GET", "health"): health,
    ("GET", "totals"): get_totals,
    ("GET", "ledger"): get_ledger,
    ("DELETE", "ledger"): delete_ledger,
    ("GET", "writes"): get_writes,
    ("GET", "violations"): get_violations,
    ("DELETE", "violations"): delete_violations,
    ("GET", "request"): get_request,
    ("GET", "planted"): get_planted,
    ("GET", "census"): get_census,
    ("GET", "fingerprint"): get_fingerprint,
    ("POST", "untouched"): post_untouched,
    ("GET", "compare"): get_compare,
    ("POST", "compare"): get_compare,
}
