"""Random commands to the manifest on real storage, against a model of it: no divergence, whatever the order.

`make test` makes some 300 steps, `make chaos` 10,000.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from manifest_model import Model

from shared.errors import NotFound
from shared.manifest import Listing, Manifest
from shared.models import ItemRow, ItemState, Kind, WorkspaceRow, WorkspaceStatus
from shared.tables import Tables

SEED = int(os.environ.get("FUZZ_SEED", "4711"))
WORKSPACES = (
    "11111111-1111-1111-1111-111111111111",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "/ \\ # ?\n数据",
)
ITEMS = (*(f"0000000{number}-0000-0000-0000-000000000000" for number in range(2)), "an id / of # none?")
KINDS = (Kind.REPORT, Kind.DATASET)
STATES = (
    ItemState.CREATING,
    ItemState.DONE,
    ItemState.FAILED,
    ItemState.SKIPPED,
    ItemState.MANUAL,
    ItemState.DELETED,
)
_numbers = itertools.count(1)

some_workspace, some_item = st.sampled_from(WORKSPACES), st.sampled_from(ITEMS)
some_kind = st.sampled_from(KINDS)
any_case = st.sampled_from([str.lower, str.upper])


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("the manifest never waits")


class ManifestMachine(RuleBasedStateMachine):
    """Each run is a migration of its own; its neighbours, one letter away, must never show in it."""

    tables: Tables

    def __init__(self) -> None:
        super().__init__()
        self.manifest, self.model = Manifest(self.tables, FixedClock()), Model()
        self.migration = f"model{next(_numbers)}"
        neighbour = WorkspaceRow(WORKSPACES[0], "a neighbour's")
        for other in (f"{self.migration}-", f"{self.migration}a"):
            self.manifest.plan_workspace(other, neighbour)
            self.manifest.plan_items(
                other, WORKSPACES[0], [ItemRow(WORKSPACES[0], Kind.REPORT, ITEMS[0], "x")]
            )
            self.manifest.count_workspace(other, WORKSPACES[0])

    @rule(workspace=some_workspace)
    def plan_workspace(self, workspace: str) -> None:
        self.manifest.plan_workspace(self.migration, WorkspaceRow(workspace, f"name of {workspace}"))
        self.model.plan_workspace(workspace)

    @rule(workspace=some_workspace, items=st.lists(st.tuples(some_kind, some_item), min_size=2, max_size=6))
    def plan_items(self, workspace: str, items: list[tuple[Kind, str]]) -> None:
        rows = [ItemRow(workspace, kind, identity, f"name of {identity}") for kind, identity in items]
        self.manifest.plan_items(self.migration, workspace, rows)
        self.model.plan_items(workspace, [(str(kind), identity) for kind, identity in items])

    @rule(workspace=some_workspace, status=st.sampled_from(list(WorkspaceStatus)))
    def change_workspace(self, workspace: str, status: WorkspaceStatus) -> None:
        target = f"target-{next(_numbers)}"
        changes = {"status": status, "target_id": target}
        if workspace not in self.model.workspaces:
            with pytest.raises(NotFound):
                self.manifest.update_workspace(self.migration, workspace, **changes)
            return
        self.manifest.update_workspace(self.migration, workspace, **changes)
        self.model.change_workspace(workspace, status, target)

    @precondition(lambda self: self.model.items)
    @rule(data=st.data(), state=st.sampled_from(STATES), case=any_case)
    def change_item(self, data: st.DataObject, state: ItemState, case: Any) -> None:
        workspace, kind, identity = data.draw(st.sampled_from(sorted(self.model.items)))
        target = f"target-{next(_numbers)}" if state in {ItemState.CREATING, ItemState.DONE} else ""
        written = (
            case(identity) if identity.startswith("0") else identity
        )  # the service's ids come in any case
        self.manifest.update_item(
            self.migration, workspace, Kind(kind), written, state=state, target_id=target
        )
        self.model.change_item((workspace, kind, identity), state, target)

    @rule(workspace=some_workspace, kind=some_kind, identity=some_item)
    def change_what_is_not_there(self, workspace: str, kind: Kind, identity: str) -> None:
        if (workspace, kind, identity) not in self.model.items:
            with pytest.raises(NotFound):
                self.manifest.update_item(self.migration, workspace, kind, identity, state=ItemState.DONE)

    @rule(workspace=some_workspace)
    def retry_what_failed(self, workspace: str) -> None:
        for item in self.manifest.items_of(self.migration, workspace):
            if item.state == ItemState.FAILED:
                self.manifest.update_item(
                    self.migration,
                    workspace,
                    Kind(item.kind),
                    item.source_id,
                    state=ItemState.PLANNED,
                    target_id="",
                )
                self.model.change_item((workspace, item.kind, item.source_id), ItemState.PLANNED, "")

    @precondition(lambda self: self.model.workspaces)
    @rule(data=st.data())
    def count(self, data: st.DataObject) -> None:
        workspace = data.draw(st.sampled_from(sorted(self.model.workspaces)))
        self.manifest.count_workspace(self.migration, workspace)
        self.model.count(workspace)

    @rule()
    def recount(self) -> None:
        self.manifest.recount(self.migration)
        assert self.manifest.progress(self.migration) == self.model.progress()

    @rule(top=st.integers(1, 7))
    def list_everything(self, top: int) -> None:
        """Each source object once, each target once."""
        workspaces = list(_all(self.manifest.workspaces, self.migration, top))
        items = list(_all(self.manifest.items, self.migration, top))
        rows = [("workspace", row.source_id, row.source_id, row.status, row.target_id) for row in workspaces]
        rows += [(row.kind, row.workspace_id, row.source_id, row.state, row.target_id) for row in items]
        assert {row[:3]: row[3:] for row in rows} == self.model.mapping()
        assert len(rows) == len(self.model.mapping())
        targets = [row[4] for row in rows if row[4]]
        assert len(targets) == len(set(targets))

    @invariant()
    def a_single_row_is_what_the_list_says(self) -> None:
        for workspace, status in self.model.workspaces.items():
            assert self.manifest.workspace(self.migration, workspace).status == status
            return

    def teardown(self) -> None:
        for workspace in self.model.workspaces:
            self.manifest.count_workspace(self.migration, workspace)
            self.model.count(workspace)
        self.recount()
        self.list_everything(3)


def _all(listing: Any, migration: str, top: int) -> Iterator[Any]:
    token: str | None = None
    while True:
        page: Listing[Any] = listing(migration, top, token)
        assert len(page.rows) <= top
        yield from page.rows
        token = page.token
        if token is None:
            return


def run(tables: Tables, examples: int, steps: int) -> None:
    machine = type("Machine", (ManifestMachine,), {"tables": tables})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=checks,
    )
    run_state_machine_as_test(seed(SEED)(machine), settings=settings(chosen, derandomize=False))


def test_some_hundred_steps_without_a_divergence(tables: Tables) -> None:
    run(tables, 8, 40)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_ten_thousand_steps_without_a_divergence(tables: Tables) -> None:
    run(tables, 200, 50)
