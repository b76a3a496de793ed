"""10,000 workspaces in the manifest: how quickly a status, a page of the lists and the counters answer.

Measured on the storage emulator, which reads a whole table for every range; the real service does not.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

from local.azurite import Azurite
from shared import views
from shared.config import load
from shared.manifest import count_items
from shared.models import ItemRow, Kind, Migration, WorkspaceRow
from shared.services import Services
from shared.statuses import Status

WORKSPACES = 10_000
REPORTS = 2  # per workspace, each with its model
_ID = "many"
_RUNS = 5


def measure(folder: Path) -> list[str]:
    with Azurite(folder) as storage:
        services = Services(load({"AzureWebJobsStorage": storage.connection_string}))
        services.manifest.create(Migration(_ID, Status.RUNNING, "a", "b", "hash", "now", "now"))
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda number: _plan(services, number), range(WORKSPACES)))
        services.manifest.recount(_ID)
        items = WORKSPACES * REPORTS * 2
        return [
            f"{WORKSPACES} workspaces, {items} items on the storage emulator; median of {_RUNS}",
            _timed("status with progress", lambda: views.migration(services, _ID)),
            _timed("100 workspaces", lambda: views.workspaces(services, _ID, {})),
            _timed("1,000 mapping rows", lambda: views.mapping(services, _ID, {"top": "1000"})),
            _timed(
                "counting one workspace anew", lambda: services.manifest.count_workspace(_ID, _workspace(7))
            ),
        ]


def _plan(services: Services, number: int) -> None:
    workspace = _workspace(number)
    rows = [
        ItemRow(workspace, kind, str(UUID(int=number * 100 + index * 10 + len(kind))), f"item {index}")
        for index in range(REPORTS)
        for kind in (Kind.REPORT, Kind.DATASET)
    ]
    services.manifest.plan_items(_ID, workspace, rows)
    name = f"workspace {number}"
    services.manifest.plan_workspace(_ID, WorkspaceRow(workspace, name, counts=count_items(rows)))


def _workspace(number: int) -> str:
    return str(UUID(int=(number + 1) * 2**96))


def _timed(what: str, run: Callable[[], object]) -> str:
    taken: list[float] = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return f"{what}: {statistics.median(taken) * 1000:.0f} ms"
