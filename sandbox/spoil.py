"""The answers that faults put in the place of the service's own."""

from sandbox.calls import Call
from sandbox.faults import Effect
from sandbox.replies import Reply, fabric_error, json_reply
from sandbox.timing import now
from sandbox.waits import header, throttled


def replacement(effect: Effect, call: Call) -> Reply:
    extra = {key.lower(): value for key, value in effect.headers.items()}
    if effect.status == 429 and effect.body is None:
        reply = _throttling(effect, call)
        reply.headers |= extra
        return reply
    status, extra = effect.status or 500, header(effect.retry_after, now()) | extra
    if isinstance(effect.body, dict | list):
        return json_reply(effect.body, status, extra)
    return Reply(status, (effect.body or "").encode(), extra)


def _throttling(effect: Effect, call: Call) -> Reply:
    error = throttled(effect.retry_after, now())
    return fabric_error(error, call.request_id) if call.operation.family == "fabric" else error.reply
