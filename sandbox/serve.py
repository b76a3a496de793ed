"""One process, two TLS listeners on the loopback interface: the two tenants, until SIGTERM."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trustme
import uvicorn

from sandbox import bare, settings
from sandbox.front import Front
from sandbox.routing import load_areas
from sandbox.timing import DURATIONS, Timing
from sandbox.world import World, build

if TYPE_CHECKING:
    from sandbox.generate import Estate


@dataclass(frozen=True, slots=True)
class Options:
    data_dir: Path
    port: int = 8443
    """Source; the target listens on the next one. 0: two free ports."""
    seed: int = 1
    workspaces: int = 20
    time_scale: float = 0.02
    lag_minutes: tuple[float, float] = (0, 60)
    extras: bool = False
    """Also kinds that a PBIX does not carry: dashboards, dataflows, paginated and thin reports …"""
    every_kind: bool = False
    """All kinds, all obstacles: see everykind/."""
    graph: bool = False
    """Serve Microsoft Graph, and let the apps read it."""
    sizes: tuple[int, ...] = ()
    """Bytes of the first reports' files; the others are small."""
    distinct_files: bool = True
    until_stdin_closes: bool = False
    """End with the process that started this one, however that ends."""


def run(options: Options) -> None:
    options.data_dir.mkdir(parents=True, exist_ok=True)
    load_areas()
    sockets = _listen(options.port)
    world = _world(options, [item.getsockname()[1] for item in sockets])
    asyncio.run(_serve(world, sockets, watch_stdin=options.until_stdin_closes))


def _world(options: Options, ports: list[int]) -> World:
    lag = (options.lag_minutes[0] * 60, options.lag_minutes[1] * 60)
    timing = Timing(options.time_scale, options.seed, {**DURATIONS, "activity.lag": lag})
    estate = _estate(options)
    world = build(options.data_dir, timing, estate.tenants if estate else bare.two_tenants(), ports)
    if estate is not None:
        world.suggested_request, world.planted = estate.suggested_request(), estate.planted
        world.vault = settings.secrets_of(estate.credentials.values())
    if options.graph:
        world.open_graph()
    return world


def _estate(options: Options) -> "Estate | None":
    """None: only people and capacities."""
    if options.workspaces == 0 and not options.every_kind:
        return None
    from sandbox.generate import generate  # loads the PBIX builder, which a bare estate does not need

    return generate(
        options.data_dir,
        options.seed,
        options.workspaces,
        extras=options.extras,
        every_kind=options.every_kind,
        sizes=options.sizes,
        distinct_files=options.distinct_files,
    )


def _listen(port: int) -> list[socket.socket]:
    ports = [port, port + 1] if port else [0, 0]
    return [_bound(number) for number in ports]


def _bound(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
    )  # inherited; without it each call costs 40 ms
    listener.bind(("127.0.0.1", port))
    return listener


class _Server(uvicorn.Server):
    """Signals are handled once for both listeners."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


async def _serve(world: World, sockets: list[socket.socket], *, watch_stdin: bool) -> None:
    ca, certificate = _certificates(world.data_dir)
    servers = [_Server(_config(Front(service), certificate)) for service in world.services.values()]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, servers)
    if watch_stdin:
        loop.add_reader(sys.stdin.fileno(), _stop, servers)  # nobody writes to it: readable means closed
    pairs = zip(servers, sockets, strict=True)
    running = [asyncio.create_task(server.serve(sockets=[item])) for server, item in pairs]
    while not all(server.started for server in servers):
        await asyncio.sleep(0.01)
        if failed := [task for task in running if task.done()]:
            await asyncio.gather(*failed)
    _announce(world, ca)
    await asyncio.gather(*running)
    if watch_stdin:
        loop.remove_reader(sys.stdin.fileno())


def _stop(servers: list[_Server]) -> None:
    for server in servers:
        server.should_exit = True


def _config(app: Front, certificate: Path) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ssl_certfile=certificate,
        ssl_keyfile=certificate,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=1,
    )


def _certificates(data_dir: Path) -> tuple[Path, Path]:
    """A certificate authority of its own, made anew for each run."""
    authority = trustme.CA()
    ca, certificate = data_dir / "ca.pem", data_dir / "server.pem"
    authority.cert_pem.write_to_path(ca)
    certificate.touch(mode=0o600)
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    return ca, certificate


def _announce(world: World, ca: Path) -> None:
    """The files by which others find the service; endpoints.json last: it means ready."""
    _write(world.data_dir / "env.json", settings.environment(world, ca.resolve()))
    _write(world.data_dir / "endpoints.json", settings.endpoints(world))
    for name, endpoint in settings.endpoints(world).items():
        print(f"{name} on {endpoint['url']}", flush=True)
    print(f"The app's settings are in {world.data_dir / 'env.json'}", flush=True)


def _write(path: Path, content: dict[str, Any]) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(content, indent=2))
    unfinished.replace(path)
