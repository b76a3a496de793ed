"""A reverse proxy in front of the storage emulator that can fail as a storage account fails.

`with StorageProxy(azurite) as proxy:` – `proxy.connection_string` is what the app gets. Requests pass as they
are (a shared key signs path and headers, not the host). `proxy.faults` spoils single requests; `down` and `up`
close and open the ports as a whole; `answering(503)` refuses everything while the block lasts.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from types import TracebackType
from typing import Any, Self

from storage_faults import Effect, Rule, StorageCall, StorageFaults

from local.azurite import Azurite, connection_string

_SERVICES = ("Blob", "Queue", "Table")
_WHOLE_BYTES = 1024 * 1024  # bodies up to this are read whole, so that inserts can be named by their keys
_HEAD_BYTES = 256 * 1024
_CHUNK = 256 * 1024


class StorageProxy:
    def __init__(self, azurite: Azurite) -> None:
        self.faults = StorageFaults()
        self._upstream = _ports(azurite.connection_string)
        self._ports: dict[str, int] = dict.fromkeys(_SERVICES, 0)
        self._servers: list[asyncio.Server] = []
        self._clients: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="storage-proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def connection_string(self) -> str:
        return connection_string(*(self._ports[name] for name in _SERVICES))

    def up(self) -> None:
        """Listen, on the same ports as before."""
        self._run(self._listen())

    def down(self) -> None:
        """Refuse connections, and cut those that are open."""
        self._run(self._close())

    @contextlib.contextmanager
    def answering(self, effect: Effect) -> Iterator[Rule]:
        """Every request meets the same effect while the block lasts."""
        rule = Rule(effect, match=lambda _: True)
        self.faults.rules.insert(0, rule)
        try:
            yield rule
        finally:
            self.faults.rules.remove(rule)

    # -- inside the loop --------------------------------------------------------------------------------

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> None:
        for service in _SERVICES:
            port = self._ports[service]
            server = await asyncio.start_server(
                lambda reader, writer, name=service: self._serve(name, reader, writer),
                "127.0.0.1",
                port,
                limit=_HEAD_BYTES,
            )
            self._ports[service] = server.sockets[0].getsockname()[1]
            self._servers.append(server)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()
        for client in list(self._clients):
            client.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, service: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            while await self._exchange(service, reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client, or the emulator, has gone; the other one hears it by the cut below
        finally:
            self._clients.discard(writer)
            writer.transport.abort()

    async def _exchange(
        self, service: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """One request and its answer; False where the connection is to be cut."""
        head = await reader.readuntil(b"\r\n\r\n")
        line, headers = _parse(head)
        size = int(headers.get("content-length", "0"))
        body = await reader.readexactly(size) if size <= _WHOLE_BYTES else b""
        method, target, _ = line.split(" ")
        call = StorageCall(service.lower(), method, target, headers, body)
        effect = self.faults.find(call)
        rest = _body(reader, headers, size - len(body))
        if effect is None:
            await self._forward(service, head, body, rest, writer)
            return True
        if effect.forward:
            await self._forward(service, head, body, rest, None)
        else:
            await _read(rest)  # a refusal comes once the upload is there: before, it would be a broken pipe
        if effect.hook is not None:
            await asyncio.to_thread(effect.hook)
        if effect.status and not effect.forward:
            writer.write(_refusal(call, effect))
            await writer.drain()
        return bool(effect.status)

    async def _forward(
        self,
        service: str,
        head: bytes,
        body: bytes,
        rest: AsyncIterator[bytes],
        client: asyncio.StreamWriter | None,
    ) -> None:
        """A connection to the emulator per request: kept ones could be closed by it at the wrong moment."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream[service])
        try:
            writer.write(_without_connection(head, b"Connection: close\r\n") + body)
            async for chunk in rest:
                writer.write(chunk)
                await writer.drain()
            answer = _without_connection(await reader.readuntil(b"\r\n\r\n"), b"")
            while answer:
                if client is not None:
                    client.write(answer)
                    await client.drain()
                answer = await reader.read(_CHUNK)
        finally:
            writer.transport.abort()


def _ports(connection: str) -> dict[str, int]:
    return {name: int(port) for name, port in re.findall(r"(\w+)Endpoint=http://[^:]+:(\d+)/", connection)}


def _parse(head: bytes) -> tuple[str, dict[str, str]]:
    line, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (each.partition(":") for each in lines)
    return line, {name.lower(): value.strip() for name, _, value in pairs}


async def _read(rest: AsyncIterator[bytes]) -> None:
    async for _ in rest:
        pass


async def _body(reader: asyncio.StreamReader, headers: dict[str, str], left: int) -> AsyncIterator[bytes]:
    """What is left of a body, as it is on the wire."""
    while left > 0:
        chunk = await reader.readexactly(min(left, _CHUNK))
        left -= len(chunk)
        yield chunk
    if headers.get("transfer-encoding", "").lower() == "chunked":
        size = 1
        while size:
            line = await reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            yield line + await reader.readexactly(size + 2)


def _without_connection(head: bytes, instead: bytes) -> bytes:
    """The head without its hop-by-hop headers."""
    lines = head[:-4].split(b"\r\n")
    kept = [each for each in lines if not each.lower().startswith((b"connection:", b"keep-alive:"))]
    return b"\r\n".join(kept) + b"\r\n" + instead + b"\r\n"


def _refusal(call: StorageCall, effect: Effect) -> bytes:
    """An error answer in the form of the service it is asked of."""
    text = f"refused on purpose: {call.kind}"
    if call.service == "table":
        body = f'{{"odata.error":{{"code":"{effect.code}","message":{{"lang":"en-US","value":"{text}"}}}}}}'
        kind = "application/json;odata=minimalmetadata;charset=utf-8"
    else:
        fault = f"<Error><Code>{effect.code}</Code><Message>{text}</Message></Error>"
        body = f'<?xml version="1.0" encoding="utf-8"?>{fault}'
        kind = "application/xml"
    content = b"" if call.method == "HEAD" else body.encode()
    lines = (
        f"HTTP/1.1 {effect.status} Refused",
        f"Content-Type: {kind}",
        f"Content-Length: {len(content)}",
        f"x-ms-error-code: {effect.code}",
        "x-ms-version: 2025-11-05",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content
