"""No instance grows beyond 1,000 events or 256 KiB, however large a migration is.

The orchestrators are the real ones on the real engine; the activities are others of the same names that
answer at once, so that thousands of them take seconds. What they answer has the size of the real answers.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import durabletask.internal.orchestrator_service_pb2 as pb
import pytest
from azure.durable_functions.client import SyncDurableFunctionsClient

import activities
import orchestrators
from local.host import LocalHost
from local.hub import TaskHub
from local.settings import HostSettings

MAX_EVENTS, MAX_BYTES = 1000, 256 * 1024
WAITS = 3  # rounds that whatever is polled takes
POLLED = {"await_scan", "await_capacity", "await_import", "await_refresh", "read_item", "await_item"}
WITHIN_S = 120

type Answers = dict[str, Callable[[dict[str, Any]], dict[str, Any]]]


def guid(number: int) -> str:
    return f"{number:08d}-0000-4000-8000-000000000000"


class Sizes:
    """What the executions grew to: the most events, and the most bytes of one input or output."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, name: str, instance_id: str, events: tuple[pb.HistoryEvent, ...]) -> None:
        with self._lock:
            self.ended[name] += 1
            self.events[name] = max(self.events[name], len(events))
            self.bytes[name] = max(self.bytes[name], *map(pb.HistoryEvent.ByteSize, events))

    def within_bounds(self) -> bool:
        return max(self.events.values()) <= MAX_EVENTS and max(self.bytes.values()) <= MAX_BYTES


@pytest.fixture
def run_of() -> Iterator[Callable[..., Sizes]]:
    """`run_of(orchestrator, payload, answers)`: run it to its end; the sizes of all it started."""
    running: list[LocalHost] = []

    def run(orchestrator: str, payload: dict[str, Any], answers: Answers, waits: int = WAITS) -> Sizes:
        sizes = Sizes()
        settings = HostSettings.from_host_json({"extensions": {"durableTask": {"defaultVersion": "1"}}})
        hub = TaskHub(default_version="1", on_execution_end=sizes)
        host = LocalHost(_app(answers, waits), settings, hub=hub)
        running.append(host)
        host.start()
        client = SyncDurableFunctionsClient(host.client_configuration)
        instance = client.schedule_new_orchestration(orchestrator, input=payload, instance_id="it")
        state = client.wait_for_orchestration_completion(instance, timeout=WITHIN_S)
        client.close()
        assert state is not None
        assert state.failure_details is None
        return sizes

    yield run
    for host in running:
        host.stop()


def _app(answers: Answers, waits: int = WAITS) -> df.DFApp:
    app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
    for orchestrator in orchestrators.ALL:
        app.orchestration_trigger(context_name="context")(orchestrator)
    for activity in activities.ALL:
        app.activity_trigger(input_name="payload")(_stand_in(activity.__name__, answers, waits))
    return app


def _stand_in(name: str, answers: Answers, waits: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def activity(payload: dict) -> dict:  # type: ignore[type-arg]
        polls = payload.get("polls", 0)
        if name in POLLED and polls < waits:
            now = datetime.now(UTC).isoformat()
            return {"outcome": "wait", "until": now, "state": {"since": now, "polls": polls + 1}}
        return {"outcome": "done", "value": answers[name](payload) if name in answers else {}}

    activity.__name__ = activity.__qualname__ = name
    return activity


def paged(key: str, values: list[Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A list given out by pages, the cursor being the place in it."""

    def answer(payload: dict[str, Any]) -> dict[str, Any]:
        begin = int(payload.get("cursor") or 0)
        end = begin + payload["page"]
        rest = {"again": False} if key == "workspaces" else {}
        return {key: values[begin:end], **rest, "cursor": str(end) if end < len(values) else None}

    return answer


def migration_of(workspaces: int, groups: list[list[str]], mode: str = "scanner", others: int = 0) -> Answers:
    """As many workspaces; `groups` are the reports of each, `others` the items of each phase without a PBIX."""
    statuses = iter(["planning"])
    batches = -(-workspaces // (100 if mode == "scanner" else 10))
    return {
        "current_status": lambda _: {"status": next(statuses)},
        "select_workspaces": lambda _: {
            "mode": mode,
            "batches": batches,
            "parts": [f"source-{number}" for number in range(12)],
            "later": ["target-graph"],
            "details": False,
        },
        "conclude_plan": lambda _: {"status": "running"},
        "next_workspaces": paged("workspaces", [guid(n) for n in range(workspaces)]),
        "next_linked": paged("workspaces", [guid(n) for n in range(workspaces)]),
        "begin_validation": lambda _: {"status": "validating"},
        "conclude_validation": lambda _: {"status": "ready"},
        "next_models": paged("groups", groups),
        "next_items": paged("items", [["dashboard", guid(n)] for n in range(others)]),
        "check_workspace": paged("datasets", [report for group in groups for report in group]),
    }


START = {"migration": "a" * 40, "scale": 0.001}
IN_WORKSPACE = {**START, "workspace": guid(0)}


def test_a_migration_of_many_workspaces(run_of: Callable[..., Sizes]) -> None:
    sizes = run_of("migration", START, migration_of(150, [[guid(1)]]))
    assert sizes.ended["workspace"] == 150
    assert sizes.within_bounds(), (sizes.events, sizes.bytes)


def test_an_inventory_of_many_batches(run_of: Callable[..., Sizes]) -> None:
    """1,500 workspaces read one by one: 150 batches."""
    answers = {
        **migration_of(1500, [], "member"),
        "next_workspaces": lambda _: {"workspaces": [], "again": False, "cursor": None},
        "next_linked": lambda _: {"workspaces": [], "cursor": None},
    }
    sizes = run_of("migration", START, answers)
    assert sizes.ended["scan_batch"] == 150
    assert sizes.within_bounds(), (sizes.events, sizes.bytes)


def test_a_workspace_with_many_reports(run_of: Callable[..., Sizes]) -> None:
    sizes = run_of("workspace", IN_WORKSPACE, migration_of(1, [[guid(n)] for n in range(65)]))
    assert sizes.ended["move_model"] == 65
    assert sizes.within_bounds(), (sizes.events, sizes.bytes)


@pytest.mark.parametrize(("models", "waits"), [(20, 8), (2, 90)])
def test_a_workspace_whose_refreshes_take_long(run_of: Callable[..., Sizes], models: int, waits: int) -> None:
    """Many that take a while, and some that take nearly as long as any is waited for."""
    sizes = run_of("workspace", IN_WORKSPACE, migration_of(1, [[guid(n)] for n in range(models)]), waits)
    assert sizes.within_bounds(), (sizes.events, sizes.bytes)


def test_a_workspace_whose_reports_all_have_one_name(run_of: Callable[..., Sizes]) -> None:
    sizes = run_of("workspace", IN_WORKSPACE, migration_of(1, [[guid(n) for n in range(65)]]))
    assert sizes.ended["move_model"] == 65
    assert sizes.within_bounds(), (sizes.events, sizes.bytes)


def test_a_workspace_with_many_items_that_come_without_a_pbix(run_of: Callable[..., Sizes]) -> None:
    sizes = run_of("workspace", IN_WORKSPACE, migration_of(1, [], others=45))
    assert sizes.ended["move_item"] == 4 * 45
    assert sizes.within_bounds(), (sizes.events, sizes.bytes)


def test_a_drift_watch_of_many_pages(run_of: Callable[..., Sizes]) -> None:
    pages = iter([*([True] * 250), False])
    answers: Answers = {
        "list_connections": lambda _: {"connections": ["contoso"]},
        "read_events": lambda _: {"more": next(pages)},
    }
    sizes = run_of("drift", {"scale": 0.001}, answers)
    assert sizes.ended["drift"] == 3
    assert sizes.within_bounds(), (sizes.events, sizes.bytes)
