"""Lists that Fabric gives out page by page: a token and the whole address of the next page, both gone on the last."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote, urlencode

from sandbox import lies
from sandbox.calls import Call
from sandbox.replies import Reply, bad_request, json_reply

Json = dict[str, Any]
MOST = 10_000


def page(call: Call, rows: Sequence[Json], name: str = "value") -> Reply:
    """The page that was asked for, as honestly as the list is set to be."""
    world = call.service.world
    lie, size = world.lies.get(call.operation.id), world.fabric_page_size
    cuts = range(0, len(rows), size) or range(1)
    pages = lies.pages(lie, [list(rows[start : start + size]) for start in cuts])
    number = _number(call)
    after = lies.following(lie, number, len(pages))
    answer: Json = {name: pages[number] if number < len(pages) else []}
    return json_reply(answer if after is None else answer | _next(call, after))


def _next(call: Call, number: int) -> Json:
    """The token comes URL-encoded, as the service gives it."""
    token = quote(base64.b64encode(f",1,1000000,{number}".encode()).decode(), safe="")
    kept = {key: value for key, value in call.query.items() if key != "continuationToken"}
    query = urlencode(kept) + "&" * bool(kept) + f"continuationToken={token}"
    return {
        "continuationToken": token,
        "continuationUri": f"{call.service.base_url}{call.request.url.path}?{query}",
    }


def _number(call: Call) -> int:
    raw = call.query.get("continuationToken")
    if raw is None:
        return 0
    try:
        return int(base64.b64decode(unquote(raw.strip("'")), validate=True).decode().rpartition(",")[2])
    except (ValueError, binascii.Error):
        raise bad_request("The continuationToken is not valid", "InvalidContinuationToken") from None
