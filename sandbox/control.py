"""The control interface under `/_sandbox/`: no token, loopback only, JSON. For tests, demo, comparison."""

import json

from starlette.requests import Request

from sandbox.controls import estate, faults, operations, records, settings
from sandbox.controls.routes import Answer, Route
from sandbox.replies import Reply, json_reply
from sandbox.world import World

PREFIX = "/_sandbox/"
ROUTES: dict[Route, Answer] = settings.ROUTES | faults.ROUTES | records.ROUTES | estate.ROUTES
ROUTES |= operations.ROUTES


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
