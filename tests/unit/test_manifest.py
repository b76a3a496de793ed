"""The manifest: nothing planned twice, nothing listed twice, no progress lost, counters equal to the rows."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from core_support import START, HandClock, at_once, items, next_id, pages
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import Conflict, InvalidInput, NotFound
from shared.manifest import Manifest, count_items, shard_of
from shared.models import ItemRow, ItemState, Kind, Migration, WorkspaceRow, WorkspaceStatus
from shared.statuses import FOLLOWS, Status
from shared.tables import Tables


def new(identity: str, status: str = "planning") -> Migration:
    return Migration(identity, status, "contoso", "fabrikam", "hash", "then", "then")


def item(number: int, workspace: str = "w", kind: Kind = Kind.REPORT) -> ItemRow:
    return ItemRow(workspace, kind, f"item-{number}", f"Name {number}")


def planned(manifest: Manifest, migration: str, workspaces: int, reports: int) -> list[str]:
    """Workspaces with reports, all planned; their ids."""
    ids = [f"workspace-{number}" for number in range(workspaces)]
    for identity in ids:
        manifest.plan_workspace(migration, WorkspaceRow(identity, f"Name of {identity}"))
        manifest.plan_items(migration, identity, [item(number, identity) for number in range(reports)])
    return ids


def test_a_migration_is_created_once_even_from_many_threads(manifest: Manifest, migration: str) -> None:
    jobs = [
        lambda number=number: manifest.create(replace(new(migration), source=f"s{number}"))
        for number in range(8)
    ]
    results = at_once(*jobs)
    assert sorted(results) == [False] * 7 + [True]
    assert manifest.migration(migration).source == f"s{results.index(True)}"


@pytest.mark.parametrize("identity", ["unknown", "", "UPPER", "a/b", "a\n", "ä", "x" * 65, "' or 1 eq 1"])
def test_an_unknown_migration_is_not_found_whatever_its_id(manifest: Manifest, identity: str) -> None:
    assert manifest.find(identity) is None
    with pytest.raises(NotFound):
        manifest.migration(identity)


@pytest.mark.parametrize("now", sorted(Status))
@pytest.mark.parametrize("then", sorted(Status))
def test_a_status_changes_along_the_table_only(
    manifest: Manifest, clock: HandClock, now: Status, then: Status
) -> None:
    migration = next_id()
    manifest.create(new(migration, now))
    clock.move(1)
    if then == now:
        assert manifest.move_to(migration, then, error_code="x") == new(migration, now)
    elif then in FOLLOWS[now]:
        moved = manifest.move_to(migration, then, error_code="x")
        assert (moved.status, moved.error_code, moved.updated) == (then, "x", clock.now().isoformat())
        assert manifest.migration(migration) == moved
    else:
        with pytest.raises(Conflict):
            manifest.move_to(migration, then)
        assert manifest.migration(migration) == new(migration, now)


def test_of_many_that_move_a_status_one_does_and_the_others_see_it(
    manifest: Manifest, migration: str
) -> None:
    manifest.create(new(migration, "ready"))
    jobs = [
        lambda number=number: manifest.move_to(migration, Status.CUTOVER, cutover_reason=f"r{number}")
        for number in range(6)
    ]
    assert len({moved.cutover_reason for moved in at_once(*jobs)}) == 1


def test_planning_again_keeps_the_progress_made(manifest: Manifest, migration: str) -> None:
    (workspace,) = planned(manifest, migration, 1, 3)
    manifest.update_workspace(migration, workspace, target_id="t", status=WorkspaceStatus.RUNNING)
    manifest.update_item(migration, workspace, Kind.REPORT, "ITEM-1", state=ItemState.DONE, length=5 * 2**30)
    planned(manifest, migration, 1, 5)
    assert manifest.workspace(migration, workspace.upper()).target_id == "t"
    rows = {row.source_id: row for row in manifest.items_of(migration, workspace)}
    assert len(rows) == 5
    assert (rows["item-1"].state, rows["item-1"].length) == ("done", 5 * 2**30)


def test_a_list_that_repeats_an_item_plans_it_once(manifest: Manifest, migration: str) -> None:
    manifest.plan_items(migration, "w", [item(1), item(2), item(1), replace(item(1), source_id="ITEM-1")])
    assert len(manifest.items_of(migration, "w")) == 2


def test_two_that_plan_at_once_lose_no_progress(manifest: Manifest, migration: str) -> None:
    """While several plan, one of them already finishes items: none may fall back to planned."""
    rows = [item(number) for number in range(40)]
    manifest.plan_items(migration, "w", rows[:1])

    def finish() -> None:
        for number in range(40):
            manifest.plan_items(migration, "w", [rows[number]])
            manifest.update_item(migration, "w", Kind.REPORT, f"item-{number}", state=ItemState.DONE)

    results = at_once(finish, *[lambda: manifest.plan_items(migration, "w", rows[::-1])] * 3)
    assert results == [None] * 4
    assert {row.state for row in manifest.items_of(migration, "w")} == {"done"}


def test_updates_from_many_threads_all_arrive(manifest: Manifest, migration: str) -> None:
    (workspace,) = planned(manifest, migration, 1, 1)
    names = ["target_id", "target_name", "note", "blob", "sha256", "import_id"]
    jobs = [
        lambda name=name: manifest.update_item(migration, workspace, Kind.REPORT, "item-0", **{name: name})
        for name in names
    ]
    at_once(*jobs)
    row = manifest.item(migration, workspace, Kind.REPORT, "item-0").to_dict()
    assert {name: row[name] for name in names} == {name: name for name in names}


def test_what_is_not_in_the_manifest_is_not_found(manifest: Manifest, migration: str) -> None:
    for ask in (
        lambda: manifest.workspace(migration, "w"),
        lambda: manifest.update_workspace(migration, "w", note="x"),
        lambda: manifest.item(migration, "w", Kind.REPORT, "r"),
        lambda: manifest.update_item(migration, "w", Kind.REPORT, "r", note="x"),
        lambda: manifest.move_to(migration, Status.RUNNING),
    ):
        with pytest.raises(NotFound):
            ask()
    assert manifest.progress(migration) == {"workspaces": {"total": 0, "done": 0, "failed": 0}, "items": {}}


@settings(max_examples=8)
@given(st.integers(0, 25), st.integers(0, 3), st.lists(st.integers(1, 40), min_size=1, max_size=3))
def test_paging_lists_every_workspace_and_item_once_for_any_sizes(
    tables: Tables, workspaces: int, reports: int, sizes: list[int]
) -> None:
    manifest, migration = Manifest(tables, HandClock()), next_id()
    ids = planned(manifest, migration, workspaces, reports)
    planned(manifest, f"{migration}-2", 2, 1)  # a neighbour whose id begins alike
    turn = iter(range(10_000))

    def read_with(listing: object):
        def read(token: str | None) -> tuple[list[str], str | None]:
            page = listing(migration, sizes[next(turn) % len(sizes)], token)  # pyright: ignore[reportCallIssue]
            return [f"{getattr(row, 'workspace_id', '')}/{row.source_id}" for row in page.rows], page.token

        return read

    shown = [row for page in pages(read_with(manifest.workspaces)) for row in page]
    assert sorted(shown) == sorted(f"/{identity}" for identity in ids)
    listed = [row for page in pages(read_with(manifest.items)) for row in page]
    assert sorted(listed) == sorted(
        f"{identity}/item-{number}" for identity in ids for number in range(reports)
    )


def test_migrations_are_listed_page_by_page(manifest: Manifest) -> None:
    made = {next_id("listed-") for _ in range(5)}
    for identity in made:
        manifest.create(new(identity))

    def read(token: str | None) -> tuple[list[str], str | None]:
        page = manifest.migrations(2, token)
        return [row.id for row in page.rows], page.token

    shown = [identity for page in pages(read) for identity in page]
    assert len(set(shown)) == len(shown)
    assert made <= set(shown) == {row.id for row in manifest.each_migration()}


def test_a_token_of_one_migration_is_not_of_another(manifest: Manifest, migration: str) -> None:
    planned(manifest, migration, 3, 0)
    other = next_id()
    token = manifest.workspaces(migration, 1).token
    for listing in (manifest.items, manifest.workspaces):
        with pytest.raises(InvalidInput):
            listing(other, 1, token)


def progress_by_rows(manifest: Manifest, migration: str, ids: list[str]) -> dict[str, object]:
    statuses = Counter(manifest.workspace(migration, identity).status for identity in ids)
    rows = [row for identity in ids for row in manifest.items_of(migration, identity)]
    failed = statuses["failed"] + statuses["blocked"]
    return {
        "workspaces": {"total": len(ids), "done": statuses["done"], "failed": failed},
        "items": count_items(rows),
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_counters_equal_the_rows_after_any_interleaving(
    manifest: Manifest, migration: str, seed: int
) -> None:
    """Threads change and count the same workspaces; whoever comes last, the numbers are those of the rows."""
    ids = planned(manifest, migration, 3, 6)

    def work(thread: int) -> None:
        dice = random.Random(seed * 100 + thread)
        for _ in range(6):
            workspace, number = dice.choice(ids), dice.randrange(6)
            state = dice.choice([ItemState.DONE, ItemState.FAILED, ItemState.MANUAL, ItemState.CREATING])
            manifest.update_item(migration, workspace, Kind.REPORT, f"item-{number}", state=state)
            status = dice.choice(list(WorkspaceStatus))
            manifest.update_workspace(migration, workspace, status=status)
            manifest.count_workspace(migration, workspace)

    assert at_once(*[lambda thread=thread: work(thread) for thread in range(4)]) == [None] * 4
    for identity in ids:  # each was counted at least once after its last change, if it was changed at all
        manifest.count_workspace(migration, identity)
    settled = progress_by_rows(manifest, migration, ids)
    assert manifest.progress(migration) == settled
    manifest.recount(migration)
    assert manifest.progress(migration) == settled


def test_of_two_counts_at_once_the_older_never_wins(manifest: Manifest, migration: str) -> None:
    (workspace,) = planned(manifest, migration, 1, 8)

    def finish(number: int) -> None:
        manifest.update_item(migration, workspace, Kind.REPORT, f"item-{number}", state=ItemState.DONE)
        manifest.count_workspace(migration, workspace)

    at_once(*[lambda number=number: finish(number) for number in range(8)])
    assert manifest.workspace(migration, workspace).counts["report"]["done"] == 8
    assert manifest.progress(migration)["items"]["report"]["done"] == 8


@given(st.lists(items, max_size=12))
def test_counts_add_up(rows: list[ItemRow]) -> None:
    counts = count_items(rows)
    assert sum(of_kind["total"] for of_kind in counts.values()) == len(rows)
    assert set(counts) == {row.kind for row in rows}
    for of_kind in counts.values():
        assert of_kind["done"] + of_kind["failed"] + of_kind["manual"] <= of_kind["total"]


def test_workspaces_are_spread_over_the_shards() -> None:
    found = Counter(shard_of(f"0000-{number}") for number in range(3200))
    assert len(found) == 32
    assert max(found.values()) < 200


def test_times_come_from_the_clock(manifest: Manifest, migration: str) -> None:
    manifest.create(new(migration))
    assert manifest.move_to(migration, Status.RUNNING).updated == START.isoformat()
