"""The audit log as the admin API serves it: one UTC day, quoted times, tokens already URL-encoded."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sandbox import lies, odata, views
from sandbox.calls import Call
from sandbox.replies import Reply, bad_request, json_reply
from sandbox.routing import operation
from sandbox.state import ActivityEvent
from sandbox.timing import now, utc
from sandbox.world import ActivitySettings, Service

REACH_DAYS = 28
FIELDS = frozenset({"Activity", "UserId"})


@operation(
    "Admin_GetActivityEvents", "GET", "admin/activityevents", guard="admin", bucket="admin.activityEvents"
)
async def get_events(call: Call) -> Reply:
    raw = call.query.get("continuationToken")
    cursor = _resume(raw) if raw is not None else _begin(call)
    return json_reply(_page(call, cursor))


def _begin(call: Call) -> dict[str, Any]:
    start, end = (_time(call, name) for name in ("startDateTime", "endDateTime"))
    if start.date() != end.date() or start > end:
        raise bad_request("startDateTime and endDateTime must be in the same UTC day")
    if (utc(now()).date() - start.date()).days > REACH_DAYS:
        raise bad_request(f"startDateTime must be within the last {REACH_DAYS} days")
    chosen = call.query.get("$filter", "")
    if " or " in chosen.lower():
        raise bad_request("The $filter takes only eq and and")
    if chosen:
        odata.parse(chosen, FIELDS)
    return {"start": _text(start), "end": _text(end), "filter": chosen, "until": now(), "page": 0}


def _time(call: Call, name: str) -> datetime:
    raw = call.query.get(name, "")
    if len(raw) < 3 or raw[0] != "'" or raw[-1] != "'":
        raise bad_request(f"{name} is required, in single quotes")
    try:
        moment = datetime.fromisoformat(raw[1:-1])
    except ValueError:
        raise bad_request(f"{name} must be an ISO 8601 time") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")


def _page(call: Call, cursor: dict[str, Any]) -> views.Json:
    service, lie = call.service, call.service.world.lies.get(call.operation.id)
    pages = lies.pages(lie, _pages(_visible(service, cursor), service.world.activity))
    number = cursor["page"]
    rows = pages[number] if number < len(pages) else []
    after = lies.following(lie, number, len(pages))
    token = None if after is None else _token(cursor | {"page": after})
    link = f"{service.base_url}/v1.0/myorg/admin/activityevents?continuationToken='{token}'"
    return {
        "activityEventEntities": [_entity(service, event) for event in rows],
        "continuationUri": link if token else None,
        "continuationToken": token,
    }


def _visible(service: Service, cursor: dict[str, Any]) -> list[ActivityEvent]:
    """Events of the window that had arrived when the first page was asked for, so that pages do not shift."""
    keep = odata.parse(cursor["filter"]) if cursor["filter"] else None
    return [
        event
        for event in service.state.activity
        if event.visible_at <= cursor["until"]
        and cursor["start"] <= f"{event.creation_time}.000" <= cursor["end"]
        and (keep is None or keep({"Activity": event.operation, "UserId": event.user_id}))
    ]


def _pages(events: list[ActivityEvent], settings: ActivitySettings) -> list[list[ActivityEvent]]:
    size = settings.page_size
    pages = [events[start : start + size] for start in range(0, len(events), size)] or [[]]
    if len(pages) > 1 and settings.empty_pages:
        pages.insert(1, [])
    return pages


def _entity(service: Service, event: ActivityEvent) -> views.Json:
    fixed: views.Json = {
        "Id": event.id,
        "RecordType": 20,
        "CreationTime": event.creation_time,
        "Operation": event.operation,
        "Activity": event.operation,
        "OrganizationId": service.state.id,
        "UserType": 0,
        "UserKey": event.user_id,
        "UserId": event.user_id,
        "Workload": "PowerBI",
        "ClientIP": "127.0.0.1",
    }
    return fixed | event.fields


def _token(cursor: dict[str, Any]) -> str:
    """Base64 has + / =, so the encoded form differs from the plain one: encoding it twice breaks it."""
    return quote("+RID:" + base64.b64encode(json.dumps(cursor).encode()).decode() + "=", safe="")


def _resume(raw: str) -> dict[str, Any]:
    if not raw.startswith("'+RID:") or not raw.endswith("='"):
        raise bad_request("The continuationToken is not valid: pass it in single quotes, as it was given")
    try:
        return json.loads(base64.b64decode(raw.removeprefix("'+RID:").removesuffix("='"), validate=True))
    except ValueError:
        raise bad_request("The continuationToken is not valid") from None
