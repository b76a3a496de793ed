"""Lists that repeat, overlap, lead nowhere or never end."""

from datetime import UTC, datetime
from typing import Any

import pytest
from service_client import Client

from sandbox.lies import Lie
from sandbox.server import Sandbox

COUNT = 7


@pytest.fixture
def made(sandbox: Sandbox, source: Client) -> list[str]:
    sandbox.control.settings(durations={"activity.lag": 0}, activity={"pageSize": 3, "emptyPages": False})
    return [source.workspace(f"w{number}") for number in range(COUNT)]


def skipped(client: Client, path: str, pages: int) -> list[list[str]]:
    found = [client.get(path, **{"$top": 3, "$skip": 3 * page}).json()["value"] for page in range(pages)]
    return [[row["id"] for row in page] for page in found]


def followed(admin: Client, most: int) -> list[tuple[str | None, list[str]]]:
    """(continuation, workspaces) of each page, at most so many."""
    today = datetime.now(UTC).date().isoformat()
    query = {"startDateTime": f"'{today}T00:00:00Z'", "endDateTime": f"'{today}T23:59:59Z'"}
    answer: dict[str, Any] = admin.get("admin/activityevents", **query).json()
    pages = list[tuple[str | None, list[str]]]()
    while True:
        token = answer["continuationToken"]
        pages.append((token, [event["WorkspaceId"] for event in answer["activityEventEntities"]]))
        if token is None or len(pages) == most:
            return pages
        answer = admin.session.get(answer["continuationUri"], timeout=60).json()


@pytest.mark.parametrize("path", ["groups", "admin/groups"])
def test_lists_that_lie_about_skip(
    sandbox: Sandbox, source: Client, admin: Client, made: list[str], path: str
) -> None:
    client = source if path == "groups" else admin
    operation = "Groups_GetGroups" if path == "groups" else "Groups_GetGroupsAsAdmin"
    sandbox.control.paging(**{operation: "ignore-skip"})
    assert skipped(client, path, 3) == [made[:3]] * 3
    sandbox.control.paging(**{operation: "repeat-page"})
    assert skipped(client, path, 4) == [made[:3], made[:3], made[3:6], made[6:]]
    sandbox.control.paging(**{operation: "overlap"})
    assert skipped(client, path, 3) == [made[:3], made[2:5], made[5:]]
    sandbox.control.paging()
    assert skipped(client, path, 3) == [made[:3], made[3:6], made[6:]]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("repeat-page", [(0, 3), (0, 3), (3, 6), (6, 7)]),
        ("overlap", [(0, 3), (2, 6), (5, 7)]),
        ("empty-pages", [(0, 0), (0, 3), (0, 0), (3, 6), (0, 0), (6, 7)]),
    ],
)
def test_events_that_come_twice_or_late(
    sandbox: Sandbox, admin: Client, made: list[str], how: Lie, expected: list[tuple[int, int]]
) -> None:
    sandbox.control.paging(Admin_GetActivityEvents=how)
    pages = followed(admin, 99)
    assert [page for _, page in pages] == [made[start:end] for start, end in expected]


def test_a_continuation_that_leads_to_itself(sandbox: Sandbox, admin: Client, made: list[str]) -> None:
    sandbox.control.paging(Admin_GetActivityEvents="same-continuation")
    pages = followed(admin, 6)
    assert [page for _, page in pages] == [made[:3]] + [made[3:6]] * 5
    assert len({token for token, _ in pages}) == 1


def test_continuations_without_end(sandbox: Sandbox, admin: Client, made: list[str]) -> None:
    sandbox.control.paging(Admin_GetActivityEvents="endless")
    pages = followed(admin, 20)
    assert [page for _, page in pages[:4]] == [made[:3], made[3:6], made[6:], []]
    assert len({token for token, _ in pages}) == 20


def test_an_unknown_lie_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="400"):
        sandbox.control.call("PUT", "settings", {"paging": {"Groups_GetGroups": "shuffle"}})
