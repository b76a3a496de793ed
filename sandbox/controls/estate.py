"""The tenants themselves: their whole state, a person's changes, and time that passes at once."""

import json
from typing import Any

from sandbox import act
from sandbox.controls.routes import Answer, Json, Route
from sandbox.signatures import signatures
from sandbox.state import Tenant, new_id
from sandbox.world import World

INVALID_SECRET, EXPIRED_SECRET = 7_000_215, 7_000_222
"""How Entra refuses a secret it does not know, and one whose time is over."""


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
    """Of one tenant (`expire-tokens/<tenant>`) or of both."""
    world.tokens.expire(world.service(rest).state.id if rest else None)


def post_secret(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    """A new secret for an actor of the tenant; the old one is refused with `number` from now on."""
    tenant = world.service(rest).state
    app = tenant.principals[tenant.actors[body.get("actor", "migration")]]
    if app.secret is not None:
        app.retired_secrets[app.secret] = int(body.get("number", INVALID_SECRET))
    app.secret = f"{tenant.name}-{body.get('actor', 'migration')}-secret-{new_id()}"
    return {"secret": app.secret}


def get_secrets(world: World, rest: str, body: Json, query: dict[str, str]) -> Json:
    """Everything that must never be found anywhere else, by kind."""
    people = [who for service in world.services.values() for who in service.state.principals.values()]
    return {
        "accessTokens": list(world.tokens.access),
        "refreshTokens": list(world.tokens.refresh),
        "clientSecrets": [text for who in people for text in (who.secret, *who.retired_secrets) if text],
        "passwords": [who.password for who in people if who.password]
        + [json.loads(secret)["password"] for secret in world.vault.values()],
        "signatures": [text for service in world.services.values() for text in signatures(service)],
    }


ROUTES: dict[Route, Answer] = {
    ("GET", "state"): get_state,
    ("PUT", "state"): put_state,
    ("POST", "act"): post_act,
    ("POST", "advance"): post_advance,
    ("POST", "expire-tokens"): post_expire,
    ("POST", "secrets"): post_secret,
    ("GET", "secrets"): get_secrets,
}
