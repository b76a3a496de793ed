"""The client against the simulated tenants: TLS, msal, every resource area, and no violation recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.server import Sandbox
from shared.clock import SystemClock
from shared.config import Settings, load
from shared.errors import AlreadyExists, EntityNotFound, NotAuthorized
from shared.powerbi.connect import PowerBI, Tenants
from shared.powerbi.datasets import find_refresh


class Body:
    """Bytes as a sized body."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[bytes]:
        yield self._data


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), workspaces=4) as running:
        yield running


@pytest.fixture(scope="module")
def settings(sandbox: Sandbox) -> Settings:
    return load(sandbox.env)


@pytest.fixture(scope="module")
def source(settings: Settings) -> PowerBI:
    return Tenants(settings).open("contoso")


@pytest.fixture(scope="module")
def target(settings: Settings) -> PowerBI:
    return Tenants(settings).open("FABRIKAM")


def until(probe: Any) -> Any:
    """Ask until the simulated service is done; what it is asked for always ends."""
    clock = SystemClock()
    while (found := probe()) is None:
        clock.sleep(0.05)
    return found


def any_report(source: PowerBI) -> tuple[str, dict[str, Any]]:
    for group in source.groups.list_groups():
        for report in source.reports.list(group["id"]):
            return group["id"], report
    raise AssertionError("the estate has no report")


def test_the_estate_is_read_in_both_ways(source: PowerBI) -> None:
    mine = {group["id"]: group["name"] for group in source.groups.list_groups()}
    everything = {group["id"] for group in source.groups.list_groups_as_admin()}
    assert set(mine) <= everything
    for identity, name in mine.items():
        assert [row["id"] for row in source.groups.find_by_name(name)] == [identity]
    scan = source.scanner.post_info(list(mine))
    until(lambda: source.scanner.status(scan)["status"] == "Succeeded" or None)
    scanned = {workspace["id"]: workspace["name"] for workspace in source.scanner.result(scan)["workspaces"]}
    assert scanned == mine


def test_identities(source: PowerBI, sandbox: Sandbox) -> None:
    me = source.principal_id()
    groups = source.groups
    assert all(me in {user["identifier"] for user in groups.users(row["id"])} for row in groups.list_groups())
    assert source.client.tokens.get("user")
    assert sandbox.control.violations() == []


def test_a_report_travels_and_its_bytes_are_the_same(
    source: PowerBI, target: PowerBI, sandbox: Sandbox
) -> None:
    group, report = any_report(source)
    with source.reports.export(group, report["id"]) as response:
        data = b"".join(response.iter_bytes())
    made = target.groups.create("Büro 'Nord' #1 50% & mehr")
    with pytest.raises(AlreadyExists):
        target.groups.create("Büro 'Nord' #1 50% & mehr")
    assert [row["id"] for row in target.groups.find_by_name(made["name"])] == [made["id"]]
    identity = target.imports.post_file(made["id"], "Umsätze / Q1.pbix", "Abort", Body(data))
    done = until(lambda: _ended(target.imports.get(made["id"], identity)))
    assert done["importState"] == "Succeeded"
    assert identity in {row["id"] for row in target.imports.list(made["id"])}
    with target.reports.export(made["id"], done["reports"][0]["id"]) as response:
        assert b"".join(response.iter_bytes()) == data
    dataset = done["datasets"][0]["id"]
    request_id = target.datasets.refresh(made["id"], dataset)
    row = until(lambda: _refreshed(target, made["id"], dataset, request_id))
    assert row["status"] == "Completed"
    assert sandbox.control.violations() == []


def test_a_large_file_goes_by_an_upload_location(source: PowerBI, target: PowerBI, sandbox: Sandbox) -> None:
    group, report = any_report(source)
    with source.reports.export(group, report["id"]) as response:
        data = b"".join(response.iter_bytes())
    workspace = target.groups.create("Large")["id"]
    capacity = next(row["id"] for row in target.capacities.list() if row["capacityUserAccessRight"] != "None")
    target.capacities.assign(workspace, capacity)
    until(lambda: _assigned(target.capacities.assignment_status(workspace), capacity))
    location = target.imports.create_upload_location(workspace)
    blocks = [
        target.imports.upload_block(location, number, data[start : start + 10_000])
        for number, start in enumerate(range(0, len(data), 10_000))
    ]
    target.imports.commit_blocks(location, blocks)
    identity = target.imports.post_file_url(workspace, "Large.pbix", "Abort", location.url)
    done = until(lambda: _ended(target.imports.get(workspace, identity)))
    assert done["importState"] == "Succeeded"
    assert sandbox.control.violations() == []


def test_users(target: PowerBI, sandbox: Sandbox) -> None:
    workspace = target.groups.create("Users")["id"]
    people = (each for each in sandbox.control.state("fabrikam")["principals"] if each["kind"] == "User")
    upn = next(people)["upn"]
    target.groups.add_user(workspace, upn, "User", "Viewer")
    with pytest.raises(AlreadyExists):
        target.groups.add_user(workspace, upn, "User", "Viewer")
    target.groups.update_user(workspace, upn, "User", "Member")
    rights = {user["identifier"]: user["groupUserAccessRight"] for user in target.groups.users(workspace)}
    assert rights[upn] == "Member"
    target.groups.remove_user(workspace, upn)
    with pytest.raises(EntityNotFound):
        target.groups.update_user(workspace, upn, "User", "Member")


def test_refusals_as_the_service_words_them(source: PowerBI) -> None:
    with pytest.raises((EntityNotFound, NotAuthorized)):
        source.groups.get("00000000-0000-4000-8000-000000000000")


def test_expired_tokens_are_renewed_unnoticed(source: PowerBI, sandbox: Sandbox) -> None:
    before = source.client.tokens.get("main")
    sandbox.control.expire_tokens()
    assert source.capacities.list()
    assert source.client.tokens.get("main") != before
    assert sandbox.control.violations() == []


def _assigned(status: dict[str, Any], capacity: str) -> bool | None:
    """The status may still be that of an older assignment."""
    ours = str(status.get("capacityId")).lower() == capacity.lower()
    return (ours and status["status"] == "CompletedSuccessfully") or None


def _ended(row: dict[str, Any]) -> dict[str, Any] | None:
    return None if row["importState"] == "Publishing" else row


def _refreshed(target: PowerBI, group: str, dataset: str, request_id: str) -> dict[str, Any] | None:
    row = find_refresh(target.datasets.refresh_history(group, dataset), request_id)
    return row if row and row["status"] != "Unknown" else None
