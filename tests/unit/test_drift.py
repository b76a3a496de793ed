"""Drift: every event after cutover becomes one finding, however late, doubled, paged or interrupted.

The audit log here is scripted, since days have to pass; its rules (one UTC day per request, events that show
after a while, empty pages that have a continuation) are those of the service. Findings and checkpoints are real.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from core_support import CONNECTIONS, START, HandClock, next_id
from hypothesis import given, settings
from hypothesis import strategies as st

from activities import drift
from activities.frame import Call
from shared.config import Settings, load
from shared.errors import NotAuthorized
from shared.models import Migration, WorkspaceRow
from shared.outcomes import Done
from shared.ownership import Owned
from shared.powerbi.paging import Page
from shared.services import Services

CUTOVER = START.replace(hour=22, microsecond=700_000)  # two hours before the end of a day
OURS = "our-own-app"


class Died(Exception):
    """The process ends in the middle of a page."""


@dataclass
class AuditLog:
    """A tenant's events: what is asked for is what had arrived when the first page was."""

    clock: HandClock
    page_size: int = 100
    endless: bool = False
    ahead: timedelta = timedelta()  # of its clock before ours
    events: list[tuple[dict[str, Any], datetime]] = field(default_factory=list[Any])
    asked: list[tuple[datetime, datetime]] = field(default_factory=list[Any])

    def happen(
        self, workspace: str, *, after_s: float = 0, lag_s: float = 0, user: str = "alice@x", **more: Any
    ) -> str:
        """An event, so many seconds from now; its id."""
        moment = self.now() + timedelta(seconds=after_s)
        event = {
            "Id": next_id("event-"),
            "CreationTime": moment.strftime("%Y-%m-%dT%H:%M:%S"),
            "Operation": "EditReport",
            "UserId": user,
            "WorkspaceId": workspace,
            **more,
        }
        self.events.append((event, moment + timedelta(seconds=lag_s)))
        return event["Id"]

    def now(self) -> datetime:
        return self.clock.now() + self.ahead

    def pages(self, start: datetime, end: datetime, resume: str | None = None) -> Iterator[Page]:
        assert start.date() == end.date()
        assert start <= end <= self.now(), "the service knows no events that are to come"
        self.asked.append((start, end))
        until, number = resume.split("#") if resume else (self.now().isoformat(), "0")
        rows = [
            event
            for event, visible in self.events
            if visible <= datetime.fromisoformat(until)
            and start <= datetime.fromisoformat(event["CreationTime"] + "+00:00") <= end
        ]
        # Each page is followed by an empty one that has a continuation, and begins with the last event again.
        at = int(number)
        shown = [] if at % 2 else rows[max(0, at // 2 * self.page_size - 1) : (at // 2 + 1) * self.page_size]
        more = self.endless or (at // 2 + 1) * self.page_size < len(rows)
        yield Page(shown, f"{until}#{0 if self.endless else at + 1}" if more else None)


class Watched(Services):
    """Real storage, two scripted audit logs, and connections no other test has."""

    def __init__(self, storage: Settings, clock: HandClock) -> None:
        assert storage.storage_connection is not None
        self.names = {side: next_id(side) for side in ("source", "target")}
        values = {
            key.replace("contoso", self.names["source"]).replace("fabrikam", self.names["target"]): value
            for key, value in CONNECTIONS.items()
        }
        super().__init__(load({**values, "AzureWebJobsStorage": storage.storage_connection.reveal()}), clock)
        self.logs = {name: AuditLog(clock) for name in self.names.values()}

    @property
    def source(self) -> AuditLog:
        return self.logs[self.names["source"]]

    @property
    def target(self) -> AuditLog:
        return self.logs[self.names["target"]]

    def power_bi(self, name: str) -> Any:
        log = self.logs[name]
        return SimpleNamespace(activity=log, now=log.now, ahead=log.ahead)

    def own_principals(self, connection: str) -> frozenset[str]:
        return frozenset({OURS})

    def cut_over(self, workspace: str = "w", target: str = "t") -> str:
        """A migration of one workspace that cut over at `CUTOVER`; its id."""
        migration, source_tenant = next_id("drift-"), self.connection(self.names["source"]).tenant_id
        row = Migration(migration, "succeeded", self.names["source"], self.names["target"], "h", "t", "t")
        self.manifest.create(Migration(**{**row.to_dict(), "cutover_at": CUTOVER.isoformat()}))
        self.manifest.plan_workspace(migration, WorkspaceRow(workspace, "Sales", target_id=target))
        tenant = self.connection(self.names["target"]).tenant_id
        self.ownership.claim(tenant, target, Owned(migration, source_tenant, workspace))
        return migration

    def found(self, migration: str) -> list[str]:
        """The ids of the events that findings name, each as often as it is named."""
        return sorted(
            row.key for row in self.findings.page(migration, 1000).rows if row.code == "drift.activity"
        )


@pytest.fixture
def watched(storage: Settings) -> Watched:
    return Watched(storage, HandClock(CUTOVER))


def clock_of(services: Watched) -> HandClock:
    assert isinstance(services.clock, HandClock)
    return services.clock


def one_pass(services: Watched) -> None:
    """As the orchestration does it: every connection, page by page."""
    begun = drift.list_connections(services, Call())
    assert isinstance(begun, Done)
    for name in begun.value["connections"]:
        for _ in range(500):
            outcome = drift.read_events(services, Call(connection=name))
            assert isinstance(outcome, Done)
            if not outcome.value["more"]:
                break
        else:
            raise AssertionError("a pass without end")


def passes(services: Watched, number: int, every_s: float = 1800) -> None:
    for _ in range(number):
        clock_of(services).move(every_s)
        one_pass(services)


def test_changes_in_both_tenants_are_found_once(watched: Watched) -> None:
    migration = watched.cut_over()
    watched.source.happen("W", after_s=60, ReportName="Revenue", ReportId="r1", Id="in-source")
    watched.target.happen("t", after_s=61, IsSuccess=False, Id="in-target")
    passes(watched, 4)
    assert watched.found(migration) == ["in-source", "in-target"]
    rows = {row.key: row for row in watched.findings.page(migration, 10).rows}
    changed = rows["in-source"]
    assert (changed.name, changed.id, changed.workspace_id) == ("Revenue", "r1", "w")
    assert changed.message.startswith("EditReport in the source by alice@x at 2026-11-21T22:01:00")
    assert "(failed) in the target" in rows["in-target"].message


def test_only_changes_of_others_in_moved_workspaces_after_cutover_count(watched: Watched) -> None:
    migration = watched.cut_over()
    watched.source.happen("w", after_s=-5)
    watched.source.happen("w", after_s=-86_400)
    watched.source.happen("elsewhere", after_s=5)
    watched.source.happen("", after_s=5)
    watched.source.happen("w", after_s=5, user=OURS.upper())
    watched.target.happen("w", after_s=5)  # a source workspace's id means nothing in the target
    kept = watched.source.happen("w", after_s=0)  # in the very second of the cutover
    passes(watched, 3)
    assert watched.found(migration) == [kept]


def test_an_event_that_shows_late_is_found_once(watched: Watched) -> None:
    migration = watched.cut_over()
    made = [watched.source.happen("w", after_s=minutes * 60, lag_s=3600) for minutes in range(0, 200, 7)]
    passes(watched, 12)
    assert watched.found(migration) == sorted(made)


@pytest.mark.parametrize("second", ["23:59:58", "23:59:59", "00:00:00", "00:00:01"])
def test_nothing_falls_between_two_days(watched: Watched, second: str) -> None:
    migration = watched.cut_over()
    day = CUTOVER.date() + timedelta(days=second.startswith("00"))
    moment = datetime.fromisoformat(f"{day}T{second}+00:00")
    made = watched.source.happen("w", after_s=(moment - clock_of(watched).now()).total_seconds())
    passes(watched, 12)
    assert watched.found(migration) == [made]


def test_a_reader_that_was_away_for_days_reads_them_all(watched: Watched) -> None:
    migration = watched.cut_over()
    made = [watched.target.happen("t", after_s=hours * 3600) for hours in range(1, 100, 9)]
    passes(watched, 1, every_s=100 * 3600)
    assert watched.found(migration) == sorted(made)
    days = {(start.date(), end.date()) for start, end in watched.target.asked}
    assert len(days) == 6


def test_only_what_the_service_keeps_is_asked_for(watched: Watched) -> None:
    watched.cut_over()
    clock_of(watched).move(29 * 86_400)
    one_pass(watched)
    oldest = min(start for start, _ in watched.source.asked)
    assert clock_of(watched).now() - oldest < timedelta(days=28)
    clock_of(watched).move(2 * 86_400)  # 31 days after cutover nobody watches any more
    begun = drift.list_connections(watched, Call())
    assert begun == Done({"connections": []})


def test_the_same_source_moved_twice_reports_target_changes_to_its_own_migration(watched: Watched) -> None:
    first, second = watched.cut_over(target="t1"), watched.cut_over(target="t2")
    shared = watched.source.happen("w", after_s=5)
    one, other = watched.target.happen("t1", after_s=6), watched.target.happen("t2", after_s=7)
    passes(watched, 2)
    assert watched.found(first) == sorted([shared, one])
    assert watched.found(second) == sorted([shared, other])


@pytest.mark.parametrize("hours", [26, -26])
def test_a_tenant_whose_clock_is_a_day_off_loses_and_doubles_nothing(watched: Watched, hours: int) -> None:
    migration = watched.cut_over()
    watched.source.ahead = timedelta(hours=hours)
    watched.source.happen("w", after_s=-60, Id="before the cutover")
    made = {
        watched.source.happen("w", after_s=1),
        watched.source.happen("w", after_s=1800, lag_s=3600),
        watched.source.happen("w", after_s=4 * 3600),
        watched.target.happen("t", after_s=2),
    }
    passes(watched, 16)
    assert set(watched.found(migration)) == made
    assert len(watched.found(migration)) == len(made)


@pytest.mark.parametrize("interrupted", [True, False])
def test_a_pass_that_a_wrong_clock_began_is_read_again_from_the_cutover_on(
    watched: Watched, interrupted: bool
) -> None:
    migration = watched.cut_over()
    made = watched.source.happen("w", after_s=600)
    clock_of(watched).move(6 * 3600)
    wrong = (clock_of(watched).now() + timedelta(hours=26)).isoformat()
    row = {"at": CUTOVER.isoformat() if interrupted else "", "to": wrong, "link": "", "pages": 0}
    watched.tables["PbiCheckpoints"].put(watched.names["source"], "activity", row)
    passes(watched, 2)
    assert watched.found(migration) == [made]


def test_links_that_go_in_a_circle_are_noticed_at_once(watched: Watched) -> None:
    migration = watched.cut_over()
    log, circle = watched.source, itertools.cycle(["a", "b", "c"])

    def pages(start: datetime, end: datetime, resume: str | None = None) -> Iterator[Page]:
        log.asked.append((start, end))
        yield Page([], next(circle))

    log.pages = pages
    passes(watched, 1)
    assert [row.code for row in watched.findings.page(migration, 10).rows] == ["drift.incomplete"]
    assert len(log.asked) <= 2 * 4  # the three of the circle and the one that shows it, in each of two days


def test_a_list_without_end_is_named_and_left(watched: Watched) -> None:
    migration = watched.cut_over()
    watched.source.endless = True
    watched.source.happen("w", after_s=5)
    kept = watched.target.happen("t", after_s=5)
    passes(watched, 2)
    codes = [row.code for row in watched.findings.page(migration, 10).rows]
    assert codes.count("drift.incomplete") == 1
    assert kept in watched.found(migration)


def test_a_tenant_that_can_not_be_read_is_named_and_read_anew_later(watched: Watched) -> None:
    migration = watched.cut_over()
    watched.source.page_size = 1
    made = [watched.source.happen("w", after_s=number) for number in range(3)]
    clock_of(watched).move(60)
    drift.list_connections(watched, Call())
    drift.read_events(watched, Call(connection=watched.names["source"]))
    failure = Call(
        connection=watched.names["source"], code="BadRequest", message="the continuation is too old"
    )
    drift.record_unreadable(watched, failure)
    one_pass(watched)
    assert watched.found(migration) == sorted(made)
    assert "drift.unreadable" in [row.code for row in watched.findings.page(migration, 10).rows]


steps = st.tuples(st.sampled_from(["source", "target"]), st.integers(0, 7200), st.integers(0, 3600))


@settings(max_examples=6)
@given(
    st.lists(steps, max_size=8),
    st.integers(1, 4),
    st.lists(st.integers(0, 6), max_size=3),
)
def test_whenever_the_reader_dies_every_event_is_found_once(
    storage: Settings, happenings: list[tuple[str, int, int]], page_size: int, deaths: list[int]
) -> None:
    services = Watched(storage, HandClock(CUTOVER))
    migration = services.cut_over()
    made: list[str] = []
    for side, after, lag in happenings:
        log, workspace = (services.source, "w") if side == "source" else (services.target, "t")
        log.page_size = page_size
        made.append(log.happen(workspace, after_s=after, lag_s=lag))
    for death in [*deaths, None]:
        clock_of(services).move(1800)
        _pass_until(services, death)
    passes(services, 4, every_s=3600)
    assert services.found(migration) == sorted(made)


def _pass_until(services: Watched, death: int | None) -> None:
    """One pass whose process dies before it stores its n-th finding."""
    counter, add = itertools.count(), services.findings.add

    def dying(*args: Any, **facts: Any) -> None:
        if next(counter) == death:
            raise Died
        add(*args, **facts)

    services.findings.add = dying  # pyright: ignore[reportAttributeAccessIssue]
    try:
        one_pass(services)
    except Died:
        return
    finally:
        del services.findings.add


def test_a_tenant_that_was_closed_for_a_month_is_read_again_from_where_the_service_still_knows(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*window: Any) -> Iterator[Page]:
        raise NotAuthorized("PowerBINotAuthorizedException")

    migration, clock, name = watched.cut_over(), clock_of(watched), watched.names["source"]
    clock.move(3600)
    with monkeypatch.context() as patched:
        patched.setattr(watched.source, "pages", closed)
        drift.list_connections(watched, Call())
        with pytest.raises(NotAuthorized):
            drift.read_events(watched, Call(connection=name))
        drift.record_unreadable(watched, Call(connection=name, code="c", message="m"))
    clock.move(timedelta(days=28, hours=12).total_seconds())
    seen = watched.source.happen("w")
    clock.move(3600)
    one_pass(watched)
    assert clock.now() - watched.source.asked[0][0] < timedelta(days=28)
    assert watched.found(migration) == [seen]
