"""The answers that faults put in the place of the service's own, and what they do to a file on its way out."""

import itertools
from collections.abc import Callable, Iterator

from sandbox.calls import Call
from sandbox.faults import Effect
from sandbox.replies import (
    ApiError,
    Reply,
    fabric_error,
    json_reply,
    not_for_applications,
    refused,
    token_refused,
)
from sandbox.state import File
from sandbox.timing import now
from sandbox.waits import header, throttled

JUNK = b"\0" * 4096

STATUSES = {
    "PowerBINotAuthorizedException": 401,
    "GroupNotAccessible": 401,
    "PowerBIEntityNotFound": 404,
    "ItemNotFound": 404,
    "TokenExpiredInBody": 403,
}
"""Of codes in the usual envelope; any other is a 400 unless the fault says otherwise."""


def replacement(effect: Effect, call: Call) -> Reply:
    """The whole answer that the fault gives."""
    extra = {key.lower(): value for key, value in effect.headers.items()}
    error = _error(effect)
    if error is not None:
        fabric = call.operation.family == "fabric" and error.reply.body
        reply = fabric_error(error, call.request_id) if fabric else error.reply
        reply.headers |= extra
        return reply
    status, extra = effect.status or 500, header(effect.retry_after, now()) | extra
    if isinstance(effect.body, dict | list):
        return json_reply(effect.body, status, extra)
    return Reply(status, (effect.body or "").encode(), extra)


def _error(effect: Effect) -> ApiError | None:
    """As the service words it: by code, or a 429 that has no body of its own."""
    if effect.code in REFUSALS:
        return REFUSALS[effect.code]()
    if effect.code is not None:
        return refused(effect.status or STATUSES.get(effect.code, 400), effect.code.removesuffix("InBody"))
    return throttled(effect.retry_after, now()) if effect.status == 429 and effect.body is None else None


def _challenge() -> ApiError:
    """Conditional access wants more than the token shows."""
    value = 'Bearer authorization_uri="https://login.example/", error="insufficient_claims", claims="eyJhY2Nlc3MifQ"'
    return ApiError(Reply(401, b"", {"www-authenticate": value}), "insufficient_claims")


REFUSALS: dict[str, Callable[[], ApiError]] = {
    "TokenExpired": lambda: token_refused("TokenExpired"),
    "InvalidToken": lambda: token_refused("InvalidToken"),
    "ApiNotAccessible": not_for_applications,
    "ConditionalAccess": _challenge,
}


def altered(effect: Effect, call: Call, reply: Reply) -> Reply:
    """The service's own answer with another file in it, with more bytes than the file has, or by address."""
    if not 200 <= reply.status < 300:
        return reply
    if effect.swap:
        reply = _other_file(call, reply)
    if effect.surplus:
        reply = _longer(reply, effect.surplus)
    if effect.as_url:
        from sandbox.areas.downloads import put_aside  # an area: it declares its operation when it is loaded

        reply = put_aside(call.service, reply, effect.as_url)
    return reply


def _other_file(call: Call, reply: Reply) -> Reply:
    """Of another report: of the same workspace if it has one."""
    asked = call.notes.get("sha256")
    file = next((file for file in _files(call) if file.sha256 != asked), None)
    if file is None:
        raise ValueError("the tenant has no other file to give out")
    call.notes |= {"sha256": file.sha256, "length": file.length}
    return Reply(reply.status, b"", reply.headers, call.service.world.files.chunks(file.id), file.length)


def _files(call: Call) -> Iterator[File]:
    state, here = call.service.state, call.params.get("groupId", "").lower()
    spaces = sorted(state.workspaces.values(), key=lambda space: space.id != here)
    for report in itertools.chain.from_iterable(space.reports for space in spaces):
        if report.file_id in state.files:
            yield state.files[report.file_id]


def _longer(reply: Reply, surplus: int) -> Reply:
    body = reply.stream or iter((reply.body,))
    length = (len(reply.body) if reply.length is None else reply.length) + surplus
    return Reply(reply.status, b"", reply.headers, itertools.chain(body, _junk(surplus)), length)


def _junk(length: int) -> Iterator[bytes]:
    for start in range(0, length, len(JUNK)):
        yield JUNK[: length - start]
