"""What happens in both tenants after cutover: activity events, page by page, into findings per migration.

One checkpoint row per connection says which UTC day and continuation comes next; it moves only after a page's
findings are stored, and a finding's key is the event's own id. So a reader that dies in the middle of a page
reads it again and reports nothing twice. Every pass starts two hours before the end of the last one, because
events appear up to an hour late and out of order. All times here are the tenant's own: what it takes for "today"
decides which windows it answers, and its events carry its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from activities.frame import Call
from shared.errors import NotFound
from shared.models import Migration, WorkspaceRow
from shared.outcomes import Done, Outcome
from shared.services import Services
from shared.tables import hashed

OVERLAP = timedelta(hours=2)
REACH = timedelta(days=27, hours=23)  # the service keeps 28 days
WATCHED = timedelta(days=30)  # how long after cutover a migration is watched
MAX_PAGES = 10_000  # of one pass; more means the service gives continuations without end
LINKS_KNOWN = 1000  # of one pass; a circle of more of them ends with the pages
_TABLE, _ROW = "PbiCheckpoints", "activity"
_USES = ("View", "Get", "Read", "Print", "Analyze", "Export", "Download")
_NAMES = ("ReportName", "DatasetName", "DashboardName", "DataflowName", "ArtifactName", "ItemName")
_IDS = ("ReportId", "DatasetId", "DashboardId", "DataflowId", "ArtifactId", "ObjectId", "WorkspaceId")


@dataclass(frozen=True, slots=True)
class Watch:
    """One side of a migration that has cut over."""

    migration: Migration
    is_source: bool
    since: datetime

    @property
    def connection(self) -> str:
        return self.migration.source if self.is_source else self.migration.target


def list_connections(services: Services, call: Call) -> Outcome:
    """The connections at least one watched migration uses; each begins a new pass here."""
    names = sorted({watch.connection for watch in _watched(services)})
    for name in names:
        _begin(services, name)
    return Done({"connections": names})


def read_events(services: Services, call: Call) -> Outcome:
    """Admin_GetActivityEvents, one page: `{"more": true}` until the pass has reached its end."""
    found = services.tables[_TABLE].get(call.connection, _ROW)
    if found is None or not found[0]["at"]:
        return Done({"more": False})
    row = dict(found[0])
    start, end = datetime.fromisoformat(row["at"]), datetime.fromisoformat(row["to"])
    last = min(end, _end_of_day(start))
    page = next(services.power_bi(call.connection).activity.pages(start, last, row["link"] or None))
    watches = [watch for watch in _watched(services) if watch.connection == call.connection]
    for event in page.rows:
        _report(services, call.connection, watches, event)
    _advance(services, call.connection, row, page.next_uri, last, end)
    return Done({"more": True})


def record_unreadable(services: Services, call: Call) -> Outcome:
    """A tenant's events can't be read: a finding, and the next pass begins that day anew (a link may be too old)."""
    table = services.tables[_TABLE]
    found = table.get(call.connection, _ROW)
    if found is not None:
        row = found[0]
        table.put(call.connection, _ROW, _checkpoint(row["at"], row["to"], "", 0))
    _for_each_watch(services, call.connection, "drift.unreadable", f"{call.code}: {call.message}", call.code)
    return Done()


def _begin(services: Services, connection: str) -> None:
    """Set the window of a new pass; one that was interrupted goes on where it was, if the service still has it."""
    table, now = services.tables[_TABLE], services.power_bi(connection).now()
    found = table.get(connection, _ROW)
    # A pass whose end is still to come was begun by a wrong clock: how far it has read can't be known.
    known = found[0] if found is not None and datetime.fromisoformat(found[0]["to"]) <= now else None
    if known and known["at"] and datetime.fromisoformat(known["at"]) >= now - REACH:
        return
    since = min(watch.since for watch in _watched(services) if watch.connection == connection)
    if known:
        since = max(since, datetime.fromisoformat(known["to"]) - OVERLAP)
    start = min(max(since, now - REACH), now)
    table.put(connection, _ROW, _checkpoint(start.isoformat(), now.isoformat(), "", 0))


def _advance(
    services: Services,
    connection: str,
    row: Mapping[str, Any],
    link: str | None,
    last: datetime,
    end: datetime,
) -> None:
    """Move the checkpoint behind the page: to its continuation, the next day, or the end of the pass."""
    pages = row["pages"] + 1
    seen: list[str] = row.get("seen", [])
    if link and (hashed(link)[:8] in seen or pages > MAX_PAGES):
        _endless(services, connection, last)
        link = None
    if link:
        after = _checkpoint(row["at"], row["to"], link, pages)
        after["seen"] = [*seen, hashed(link)[:8]][-LINKS_KNOWN:]
    else:
        at = "" if last >= end else (last + timedelta(milliseconds=1)).isoformat()
        after = _checkpoint(at, row["to"], "", pages)
    services.tables[_TABLE].put(connection, _ROW, after)


def _checkpoint(at: str, to: str, link: str, pages: int) -> dict[str, Any]:
    return {"at": at, "to": to, "link": link, "pages": pages, "seen": list[str]()}


def _report(services: Services, connection: str, watches: list[Watch], event: Mapping[str, Any]) -> None:
    """A finding per migration the event's workspace belongs to, unless it is our own doing or before cutover."""
    workspace, happened = str(event.get("WorkspaceId") or ""), _time(event)
    if not workspace or happened is None or _is_own(services, connection, event):
        return
    for watch in watches:
        if happened < watch.since or (_is_use(event) and not watch.is_source):
            continue
        row = _workspace_of(services, watch, connection, workspace)
        if row is not None:
            _add(services, watch, row, event, happened)


def _add(
    services: Services, watch: Watch, row: WorkspaceRow, event: Mapping[str, Any], happened: datetime
) -> None:
    operation = _operation(event) or "an activity"
    side = "source" if watch.is_source else "target"
    failed = " (failed)" if event.get("IsSuccess") is False else ""
    services.findings.add(
        watch.migration.id,
        "drift.activity",
        kind=operation,
        id=_first(event, _IDS),
        name=_first(event, _NAMES) or str(event.get("WorkSpaceName") or row.source_name),
        workspace_id=row.source_id,
        message=f"{operation}{failed} in the {side} by {event.get('UserId')} at {happened.isoformat()}.",
        key=str(event.get("Id") or f"{operation} {happened.isoformat()}"),
    )


def _workspace_of(services: Services, watch: Watch, connection: str, workspace: str) -> WorkspaceRow | None:
    """The manifest row of an event's workspace: in the source by its own id, in the target by what came there."""
    if watch.is_source:
        return _row(services, watch, workspace)
    sources = services.ownership.sources(services.connection(connection).tenant_id, workspace)
    rows = (_row(services, watch, source) for source in sources)
    # Another migration may have brought the same source into a workspace of its own.
    return next((row for row in rows if row and row.target_id.lower() == workspace.lower()), None)


def _row(services: Services, watch: Watch, source: str) -> WorkspaceRow | None:
    try:
        return services.manifest.workspace(watch.migration.id, source)
    except NotFound:
        return None


def _operation(event: Mapping[str, Any]) -> str:
    return str(event.get("Operation") or event.get("Activity") or "")


def _is_use(event: Mapping[str, Any]) -> bool:
    """Looking changes nothing: in the source it shows who has not moved yet, in the target it is what it is for."""
    return _operation(event).startswith(_USES)


def _is_own(services: Services, connection: str, event: Mapping[str, Any]) -> bool:
    user = str(event.get("UserId") or "").lower()
    return user in services.own_principals(connection)


def _watched(services: Services) -> list[Watch]:
    """Both sides of every migration that cut over in the last `WATCHED` days and is still configured."""
    oldest = services.clock.now() - WATCHED
    found: list[Watch] = []
    for migration in services.manifest.each_migration():
        if not migration.cutover_at:
            continue
        since = datetime.fromisoformat(migration.cutover_at)
        if since >= oldest:
            found += [
                Watch(migration, is_source, _as_it_was_there(services, name, since))
                for name, is_source in ((migration.source, True), (migration.target, False))
                if services.settings.connection(name)
            ]
    return found


def _as_it_was_there(services: Services, connection: str, moment: datetime) -> datetime:
    """A time of ours by the clock of that tenant. Its events carry whole seconds: one made just after the cutover
    must not look older than it."""
    return (moment + services.power_bi(connection).ahead).replace(microsecond=0)


def _endless(services: Services, connection: str, day: datetime) -> None:
    message = f"The activity events of {day:%Y-%m-%d} have no end: the rest of that day was not read."
    _for_each_watch(services, connection, "drift.incomplete", message, f"{day:%Y-%m-%d}")


def _for_each_watch(services: Services, connection: str, code: str, message: str, key: str) -> None:
    """A finding about a connection, in every migration that is watched there."""
    for watch in _watched(services):
        if watch.connection == connection:
            services.findings.add(
                watch.migration.id,
                code,
                kind="connection",
                id=connection,
                name=connection,
                message=message,
                key=key,
            )


def _end_of_day(moment: datetime) -> datetime:
    day = moment.astimezone(UTC).date()
    return datetime.combine(day, time(23, 59, 59, 999000), UTC)


def _time(event: Mapping[str, Any]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(event.get("CreationTime")))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _first(event: Mapping[str, Any], fields: tuple[str, ...]) -> str:
    return next((str(event[name]) for name in fields if event.get(name)), "")
