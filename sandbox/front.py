"""The way every request takes: route, fault, latency, token, quota, handler, ledger, answer."""

import asyncio
import json
import logging
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from sandbox import control, routing
from sandbox.admission import admit, quota_key
from sandbox.calls import Call
from sandbox.faults import CUT, Effect, Seen
from sandbox.holds import Dropped
from sandbox.ledger import Entry
from sandbox.patience import Closed
from sandbox.replies import ApiError, Reply, fabric_error, graph_error, plain, refused
from sandbox.spoil import altered, replacement
from sandbox.state import new_id
from sandbox.timing import iso, now
from sandbox.waits import told
from sandbox.wire import Wire
from sandbox.world import Service

logger = logging.getLogger("sandbox")


class Front:
    """One tenant's listener."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        wire = Wire(receive, send)
        request = Request(scope, wire.receive)
        self._service.world.settle()
        if scope["path"].startswith(control.PREFIX):
            await wire.emit(await control.answer(self._service.world, request), None)
        else:
            await self._serve(request, wire)

    async def _serve(self, request: Request, wire: Wire) -> None:
        started = now()
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        found = routing.find(request.method, path)
        entry = self._entry(request, path, started)
        if found is None:
            reply, effect = refused(404, "UnknownOperation", "No such route").reply, None
            reply.headers["requestid"] = entry["requestId"]
        else:
            call = Call(self._service, request, found[0], found[1], entry["requestId"], started)
            reply, effect = await self._answer(call, path, entry)
        entry |= {"status": reply.status if reply else 0, "bytesIn": wire.bytes_in}
        self._service.world.ledger.add(entry)
        if reply is not None:
            await wire.emit(reply, effect)
        entry |= {"bytesOut": wire.bytes_out, "durationMs": round((now() - started) * 1000, 1)}

    def _entry(self, request: Request, path: str, started: float) -> Entry:
        return {
            "time": iso(started),
            "tenant": self._service.state.name,
            "operation": "unknown",
            "method": request.method,
            "path": path,
            "query": request.scope["query_string"].decode("latin-1"),
            "identity": None,
            "requestId": new_id(),
        }

    async def _answer(self, call: Call, path: str, entry: Entry) -> tuple[Reply | None, Effect | None]:
        """The reply (None where the client went away) and what a fault does to it."""
        operation, world = call.operation, call.service.world
        seen = _seen(call, path, entry["query"])
        entry |= {"operation": seen.operation, "template": operation.template}
        quota = quota_key(call)
        self._expect(call, quota)
        effect = world.faults.find(seen)
        await asyncio.sleep(call.service.timing.latency(operation.id) + (effect.delay if effect else 0))
        try:
            await self._hold(call, seen, effect, "before")
            world.settle()
            reply = await self._reply(call, effect)
            await self._hold(call, seen, effect, "after")
        except Dropped:
            reply, effect = Reply(0), CUT
        entry |= {"identity": call.identity.name if call.identity else None, **call.notes}
        if effect is not None:
            entry["fault"] = True
        if reply is not None and reply.status == 429:
            entry |= self._send_away(call, quota, reply)
        if world.ledger.record:
            entry |= await _bodies(call, reply)
        return reply, effect

    def _expect(self, call: Call, quota: str | None) -> None:
        """A call that comes before it may is written down; whether it is answered is another matter."""
        world = call.service.world
        early = world.patience.early(quota, call.arrived) if quota else None
        if early is not None:
            facts = {"tenant": call.service.state.name, "operation": call.operation.id, "quota": quota}
            facts |= {"requestId": call.request_id, **early}
            world.ledger.violate("early-call", time=iso(call.arrived), **facts)

    def _send_away(self, call: Call, quota: str | None, reply: Reply) -> Entry:
        """For the ledger: how long a 429 keeps the client from this quota."""
        moment = now()
        seconds = told(reply, moment)
        if quota and seconds:
            closed = Closed(moment, moment + seconds, call.request_id)
            call.service.world.patience.close(quota, closed)
        return {"quota": quota, "told": round(seconds, 3), "mayReturn": iso(moment + seconds)}

    async def _hold(self, call: Call, seen: Seen, effect: Effect | None, when: str) -> None:
        if effect is not None and effect.hold == when:
            if when == "before":
                await _take_in(call)
            await call.service.world.holds.wait(seen.to_dict() | {"when": when})

    async def _reply(self, call: Call, effect: Effect | None) -> Reply | None:
        instead = replacement(effect, call) if effect is not None and effect.replaces else None
        if effect is not None and instead is not None and effect.when != "after":
            return _stamp(instead, call)
        try:
            reply = await _handle(call)
        except ClientDisconnect:
            return None
        return _stamp(instead or (altered(effect, call, reply) if effect else reply), call)


async def _handle(call: Call) -> Reply:
    try:
        admit(call)
        return await call.operation.handler(call)
    except ApiError as error:
        if call.operation.family == "graph":
            return graph_error(error, call.request_id)
        fabric = call.operation.family == "fabric" and error.reply.body
        return fabric_error(error, call.request_id) if fabric else error.reply
    except ClientDisconnect:
        raise
    except Exception:
        logger.exception("operation %s failed", call.operation.id)
        return plain(500, "An error has occurred.").reply


def _seen(call: Call, path: str, query: str) -> Seen:
    operation, tenant = call.operation, call.service.state
    return Seen(
        tenant.name,
        operation.name(call.query, call.request.headers),
        operation.family,
        operation.method,
        path,
        query,
        call.params.get("groupId"),
        call.request_id,
    )


async def _take_in(call: Call) -> None:
    """A small body is read before the wait, so that the call can go on when its client is gone."""
    try:
        if (
            "multipart" not in call.request.headers.get("content-type", "")
            and call.operation.family != "blob"
        ):
            await call.request.body()
    except ClientDisconnect:
        return


def _stamp(reply: Reply, call: Call) -> Reply:
    """The correlation header of the family, on every answer."""
    name = "x-ms-request-id" if call.operation.family in ("blob", "entra") else "requestid"
    reply.headers = {name: call.request_id} | reply.headers
    return reply


async def _bodies(call: Call, reply: Reply | None) -> dict[str, Any]:
    """JSON of request and answer, for contract checks; never a form, so never a secret."""
    bodies: dict[str, Any] = {}
    sent = getattr(call.request, "_body", b"")
    if sent and "json" in call.request.headers.get("content-type", ""):
        bodies["requestBody"] = _json_or_none(sent)
    if (
        reply is not None
        and "json" in reply.headers.get("content-type", "")
        and call.operation.family != "entra"
    ):
        bodies["responseBody"] = _json_or_none(reply.body)
    return bodies


def _json_or_none(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
