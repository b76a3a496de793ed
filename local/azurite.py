"""Azurite, the storage emulator: one for development that outlives the host, one per test that does not.

It saves every five seconds, so a killed Azurite forgets acknowledged writes. The development one therefore
runs in a process group of its own: Ctrl-C or a kill of the host doesn't reach it.
"""

import logging
import re
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from local.errors import AzuriteError

LOG = logging.getLogger("local.azurite")
CHECKOUT = Path(__file__).resolve().parent.parent
BLOB_PORT, QUEUE_PORT, TABLE_PORT = 10000, 10001, 10002
# Every Azurite has this account and key; they are published and open nothing else.
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_START_TIMEOUT_S = 60.0


def connection_string(
    blob_port: int = BLOB_PORT, queue_port: int = QUEUE_PORT, table_port: int = TABLE_PORT
) -> str:
    """The connection string of an Azurite on this machine."""
    services = (("Blob", blob_port), ("Queue", queue_port), ("Table", table_port))
    endpoints = "".join(f"{name}Endpoint=http://127.0.0.1:{port}/{_ACCOUNT};" for name, port in services)
    return f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};{endpoints}"


def storage_connection(environment: Mapping[str, str], data_dir: Path) -> str | None:
    """Start Azurite where no storage is configured; its connection string, or None where one is."""
    if environment.get("AzureWebJobsStorage") or environment.get("AzureWebJobsStorage__accountName"):
        return None
    listening = [port for port in (BLOB_PORT, QUEUE_PORT, TABLE_PORT) if _answers(port)]
    if not listening:
        _start_detached(data_dir)
    elif len(listening) == 3:
        LOG.warning("Using the storage emulator that already answers on %d-%d", BLOB_PORT, TABLE_PORT)
    elif len(listening) < 3:
        raise AzuriteError(
            f"of the ports {BLOB_PORT}-{TABLE_PORT} only {listening} answer: is another program there?"
        )
    return connection_string()


class Azurite:
    """An Azurite of one's own, for a test: free ports, its data in the given folder, gone at the end."""

    def __init__(self, location: Path) -> None:
        self._location = location
        self._process: subprocess.Popen[bytes] | None = None
        self.connection_string = ""

    def __enter__(self) -> Self:
        self._location.mkdir(parents=True, exist_ok=True)
        log = self._location / "azurite.log"
        # Port 0 lets the system choose; the ports are then read from what Azurite prints.
        command = _command(self._location, (0, 0, 0))
        with log.open("wb") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        try:
            self.connection_string = connection_string(*self._ports(log))
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _ports(self, log: Path) -> tuple[int, int, int]:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            text = log.read_text(errors="replace")
            found = dict(
                re.findall(r"(Blob|Queue|Table) service is successfully listening at \S+?:(\d+)", text)
            )
            if len(found) == 3:
                return int(found["Blob"]), int(found["Queue"]), int(found["Table"])
            if self._process is not None and self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise AzuriteError(f"Azurite didn't start: {log.read_text(errors='replace')[-500:]}")

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _command(location: Path, ports: tuple[int, int, int], *, silent: bool = False) -> list[str]:
    program = CHECKOUT / "node_modules" / ".bin" / "azurite"
    if not program.exists():
        raise AzuriteError("Azurite isn't installed: run `npm ci`")
    command = [str(program), "--location", str(location), "--disableTelemetry"]
    command += ["--silent"] if silent else []
    for service, port in zip(("blob", "queue", "table"), ports, strict=True):
        command += [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(port)]
    return command


def _start_detached(data_dir: Path) -> None:
    location = data_dir / "azurite"
    location.mkdir(parents=True, exist_ok=True)
    log = location / "azurite.log"
    command = _command(location, (BLOB_PORT, QUEUE_PORT, TABLE_PORT), silent=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    (location / "azurite.pid").write_text(str(process.pid))
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        # Another host may have won the race for the ports; then its Azurite serves both.
        if all(_answers(port) for port in (BLOB_PORT, QUEUE_PORT, TABLE_PORT)):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AzuriteError(f"Azurite didn't start: {log.read_text(errors='replace')[-500:]}")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return True
    except OSError:
        return False
