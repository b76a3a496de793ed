"""The last yard to the socket: counts bytes both ways, and can cut, shorten or spoil an answer.

ASGI has no way to break a connection on purpose, so this one file reaches for uvicorn's connection objects.
"""

import asyncio
import http
from collections.abc import Iterator
from typing import Any

from starlette.types import Message, Receive, Send

from sandbox.faults import Effect
from sandbox.replies import Reply


class Wire:
    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.bytes_in = 0
        self.bytes_out = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self.bytes_in += len(message.get("body", b""))
        return message

    async def emit(self, reply: Reply, effect: Effect | None) -> None:
        """Send the answer, spoilt where a fault says so."""
        if effect is not None and effect.cuts:
            await self._cut()
        elif effect is not None and effect.close_without_length:
            await self._bare(reply, effect)
        else:
            await self._framed(reply, effect)

    async def _framed(self, reply: Reply, effect: Effect | None) -> None:
        headers = reply.headers | _length(reply, effect)
        raw = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
        await self._send({"type": "http.response.start", "status": reply.status, "headers": raw})
        for chunk in _spoilt(_chunks(reply), effect):
            self.bytes_out += len(chunk)
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(0)
        if effect is not None and effect.truncate is not None:
            await self._cut()
        else:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _bare(self, reply: Reply, effect: Effect) -> None:
        """An answer without any length, ended by an orderly close: HTTP/1.0 style."""
        cycle = self._cycle
        lines = [f"HTTP/1.1 {reply.status} {http.HTTPStatus(reply.status).phrase}", "connection: close"]
        lines += [f"{key}: {value}" for key, value in reply.headers.items()]
        cycle.transport.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        for chunk in _spoilt(_chunks(reply), effect):
            self.bytes_out += len(chunk)
            cycle.transport.write(chunk)
            if cycle.flow.write_paused:
                await cycle.flow.drain()
        cycle.transport.close()
        await self._gone()

    async def _cut(self) -> None:
        self._cycle.transport.abort()
        await self._gone()

    async def _gone(self) -> None:
        while not self._cycle.disconnected:
            await self._receive()

    @property
    def _cycle(self) -> Any:
        return getattr(self._send, "__self__")  # noqa: B009 - uvicorn's request cycle, the owner of the socket


def _length(reply: Reply, effect: Effect | None) -> dict[str, str]:
    if reply.stream is None:
        return {} if reply.status == 204 else {"content-length": str(len(reply.body))}
    wanted = effect is not None and effect.with_length and reply.length is not None
    return {"content-length": str(reply.length)} if wanted else {}


def _chunks(reply: Reply) -> Iterator[bytes]:
    if reply.stream is not None:
        yield from reply.stream
    elif reply.body:
        yield reply.body


def _spoilt(chunks: Iterator[bytes], effect: Effect | None) -> Iterator[bytes]:
    left = None if effect is None else effect.truncate
    corrupt = effect is not None and effect.corrupt
    for whole in chunks:
        chunk = _flip(whole) if corrupt else whole
        corrupt = False
        if left is not None:
            chunk = chunk[:left]
            left -= len(chunk)
        if chunk:
            yield chunk
        if left == 0:
            return


def _flip(chunk: bytes) -> bytes:
    middle = len(chunk) // 2
    return chunk[:middle] + bytes([chunk[middle] ^ 0xFF]) + chunk[middle + 1 :]
