"""Whose a target workspace is: claimed once, taken over by one successor only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from shared.ownership import Owned, Ownership
from shared.tables import Tables

TENANT, WORKSPACE = "fabrikam-tenant", "6A3BC0F8-0000-4000-8000-000000000001"
FIRST = Owned("first", "contoso-tenant", "source-workspace")


def test_of_many_successors_one_takes_over(tables: Tables) -> None:
    ownership = Ownership(tables)
    ownership.claim(TENANT, WORKSPACE, FIRST)
    successors = [Owned(f"later-{n}", FIRST.source_tenant, FIRST.source_workspace) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda each: ownership.succeed(TENANT, WORKSPACE, each, FIRST), successors))
    assert won.count(True) == 1
    assert ownership.owner(TENANT, WORKSPACE) == successors[won.index(True)]


def test_of_many_makers_one_has_made_it(tables: Tables) -> None:
    ownership = Ownership(tables)
    makers = [Owned(f"maker-{n}", FIRST.source_tenant, FIRST.source_workspace) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda each: ownership.claim("makers-tenant", WORKSPACE, each), makers))
    assert won.count(True) == 1
    first = makers[won.index(True)]
    assert ownership.owner("makers-tenant", WORKSPACE) == first
    assert ownership.claim("makers-tenant", WORKSPACE, first)  # said again by the same one


def test_nobody_takes_over_what_nobody_owns(tables: Tables) -> None:
    ownership = Ownership(tables)
    assert not ownership.succeed("another-tenant", WORKSPACE, FIRST, FIRST)
    assert ownership.owner("another-tenant", WORKSPACE) is None
