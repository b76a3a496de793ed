"""The audit log: lag, quoting, one UTC day, pages with empty ones among them, tokens that must not be encoded twice."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from service_client import Client

from sandbox.server import Sandbox

DAY = {"startDateTime": "T00:00:00.000Z", "endDateTime": "T23:59:59.999Z"}


def day(offset: int = 0) -> dict[str, str]:
    date = (datetime.now(UTC) + timedelta(days=offset)).date().isoformat()
    return {key: f"'{date}{value}'" for key, value in DAY.items()}


def events(admin: Client, **query: str) -> list[dict[str, Any]]:
    """All pages, as a client should read them: following continuationUri as it is."""
    answer = admin.get("admin/activityevents", **day(), **query).json()
    found = list(answer["activityEventEntities"])
    while answer["continuationToken"] is not None:
        answer = admin.session.get(answer["continuationUri"], timeout=60).json()
        found += answer["activityEventEntities"]
    return found


def test_events_come_after_their_lag(sandbox: Sandbox, source: Client, admin: Client) -> None:
    sandbox.control.settings(durations={"activity.lag": 3600})
    workspace = source.workspace()
    assert events(admin) == []
    sandbox.control.advance()
    (event,) = events(admin)
    assert (event["Activity"], event["WorkspaceId"], event["WorkSpaceName"]) == (
        "CreateFolder",
        workspace,
        "Sales",
    )
    assert event["UserId"] == sandbox.control.state("contoso")["actors"]["migration"]


@pytest.mark.parametrize("empty_pages", [True, False])
def test_paging_returns_every_event_once(
    sandbox: Sandbox, source: Client, admin: Client, empty_pages: bool
) -> None:
    sandbox.control.settings(
        activity={"pageSize": 3, "emptyPages": empty_pages}, durations={"activity.lag": 0}
    )
    made = [source.workspace(f"w{number}") for number in range(10)]
    assert [event["WorkspaceId"] for event in events(admin)] == made
    pages = [e for e in sandbox.control.ledger() if e["operation"] == "Admin_GetActivityEvents"]
    assert len(pages) == (5 if empty_pages else 4)


def test_a_token_encoded_twice_is_refused(sandbox: Sandbox, source: Client, admin: Client) -> None:
    sandbox.control.settings(activity={"pageSize": 1}, durations={"activity.lag": 0})
    source.workspace("a"), source.workspace("b")
    token = admin.get("admin/activityevents", **day()).json()["continuationToken"]
    base = f"{admin.settings['API_URL']}/admin/activityevents?continuationToken="
    assert admin.session.get(f"{base}'{token}'", timeout=60).status_code == 200
    assert admin.session.get(f"{base}'{quote(token)}'", timeout=60).status_code == 400


def test_filters_are_by_activity_and_user(sandbox: Sandbox, source: Client, admin: Client) -> None:
    sandbox.control.settings(durations={"activity.lag": 0})
    workspace = source.workspace()
    sandbox.control.act(
        "contoso", "renameWorkspace", workspace=workspace, name="New", user="alice@contoso.com"
    )
    assert len(events(admin, **{"$filter": "UserId eq 'alice@contoso.com'"})) == 1
    assert len(events(admin, **{"$filter": "Activity eq 'CreateFolder'"})) == 1
    both = "Activity eq 'UpdateFolder' and UserId eq 'alice@contoso.com'"
    assert len(events(admin, **{"$filter": both})) == 1
    assert (
        admin.get("admin/activityevents", **day(), **{"$filter": both.replace("and", "or")}).status_code
        == 400
    )


@pytest.mark.parametrize(
    "query",
    [
        {},
        {key: value.strip("'") for key, value in day().items()},
        {"startDateTime": day(-1)["startDateTime"], "endDateTime": day()["endDateTime"]},
        day(-30),
        {"continuationToken": "'nonsense'"},
    ],
)
def test_wrong_windows_are_400(admin: Client, query: dict[str, str]) -> None:
    assert admin.get("admin/activityevents", **query).status_code == 400
