"""What the tests of the app's core share: a clock moved by hand, example values, threads that start together."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from shared.models import Finding, ItemRow, Kind, Migration, MigrationRequest, WorkspaceRow

CONNECTIONS = {
    f"PBI_CONNECTIONS__{name}__{field}": value
    for name, number in (("contoso", "1"), ("fabrikam", "2"))
    for field, value in {
        "TENANT_ID": "-".join(number * length for length in (8, 4, 4, 4, 12)),
        "CLIENT_ID": f"app-of-{name}",
        "CLIENT_SECRET": f"secret-of-{name}",
    }.items()
}
START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AWKWARD = (
    'quo"te',
    "semi;colon, comma",
    "back\\slash/slash",
    "=1+1",
    "line\nbreak",
    "Größe 数据 🚀",
    "\u202eright to left",
    " blanks ",
    "x" * 200,
)
_numbers = itertools.count(1)


def next_id(prefix: str = "m") -> str:
    return f"{prefix}{next(_numbers)}"


class HandClock:
    """Stands still until a test moves it."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def sleep(self, seconds: float) -> None:
        self.move(seconds)

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs in threads that begin together; their results, or the exceptions they raised."""
    barrier = threading.Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def run(number: int, job: Callable[[], Any]) -> None:
        barrier.wait(30)
        try:
            results[number] = job()
        except Exception as error:  # noqa: BLE001 - handed to the test, which judges it
            results[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return results


def pages[T](read: Callable[[str | None], tuple[Sequence[T], str | None]]) -> list[Sequence[T]]:
    """Every page of a list; a list that gives the same token twice would never end."""
    found: list[Sequence[T]] = []
    seen: set[str | None] = set()
    token: str | None = None
    while True:
        rows, token = read(token)
        found.append(rows)
        if token is None:
            return found
        assert token not in seen
        seen.add(token)


names = st.text(max_size=60) | st.sampled_from(AWKWARD)
guids = st.uuids().map(str)
counts = st.fixed_dictionaries({name: st.integers(0, 9) for name in ("total", "done", "failed", "manual")})

items = st.builds(
    ItemRow,
    workspace_id=guids,
    kind=st.sampled_from([str(kind) for kind in Kind]),
    source_id=guids | names,
    source_name=names,
    target_id=guids,
    note=names,
    length=st.integers(0, 2**40),
    sha256=st.text("0123456789abcdef", max_size=64),
)
workspaces = st.builds(
    WorkspaceRow,
    source_id=guids,
    source_name=names,
    target_id=guids,
    target_name=names,
    error_message=names,
    counts=st.dictionaries(st.sampled_from([str(kind) for kind in Kind]), counts),
)
findings = st.builds(
    Finding,
    severity=st.sampled_from(["blocker", "warning", "info"]),
    code=st.just("area.what"),
    kind=names,
    id=names,
    name=names,
    workspace_id=guids,
    message=names,
    remedy=names,
    key=names,
)
migrations = st.builds(
    Migration,
    id=st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True),
    status=st.sampled_from(["planning", "ready"]),
    source=names,
    target=names,
    body_hash=names,
    created=names,
    updated=names,
)
texts = st.text(min_size=1, max_size=20)
scalars = st.text(max_size=10) | st.booleans() | st.integers(-(2**40), 2**40)
requests = st.builds(
    MigrationRequest,
    source=texts,
    target=texts,
    workspaces=st.lists(texts, min_size=1),
    capacities=st.dictionaries(texts, texts),
    gateways=st.dictionaries(texts, texts),
    principals=st.dictionaries(texts, texts | st.none()),
    parameters=st.dictionaries(texts, scalars | st.dictionaries(texts, scalars)),
    credentials=st.dictionaries(texts, texts),
    freeze=st.booleans(),
)
