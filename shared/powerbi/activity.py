"""Activity events: what happened in a tenant, read one UTC day per request and to the last continuation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from shared.errors import BadRequest
from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient
from shared.powerbi.paging import Page, continuation

Row = dict[str, Any]


class Activity:
    """Operations on the audit log of a tenant; all need the admin identity."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def events(self, start: datetime, end: datetime) -> Iterator[Row]:
        """Admin_GetActivityEvents between two times of the same UTC day, each event once."""
        seen: set[str] = set()
        for page in self.pages(start, end):
            for event in page.rows:
                key = str(event.get("Id", ""))
                if not key or key not in seen:
                    seen.add(key)
                    yield event

    def pages(self, start: datetime, end: datetime, resume: str | None = None) -> Iterator[Page]:
        """The same page by page; `resume` is the `next_uri` of a page where an earlier reader stopped."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if start.date() != end.date() or start > end:
            raise BadRequest(
                "activity.window", f"{start.isoformat()} to {end.isoformat()} is not within one UTC day"
            )
        query = {"startDateTime": _quoted(start), "endDateTime": _quoted(end)}
        return continuation(
            lambda: (
                self._follow(resume)
                if resume
                else self._page(self._client.call(op.GET_ACTIVITY_EVENTS, query=query).object())
            ),
            self._follow,
        )

    def _follow(self, uri: str) -> Page:
        return self._page(self._client.follow(op.GET_ACTIVITY_EVENTS, uri).object())

    def _page(self, document: Row) -> Page:
        rows = document.get("activityEventEntities") or []
        return Page(rows, _next_uri(document, self._client.connection.api_url))


def _quoted(moment: datetime) -> str:
    return f"'{moment.strftime('%Y-%m-%dT%H:%M:%S')}.{moment.microsecond // 1000:03d}Z'"


def _next_uri(document: Row, api_url: str) -> str | None:
    """The service's own link as it is: its token is already URL-encoded, encoding it again would spoil it."""
    token = document.get("continuationToken")
    if not token:
        return None
    uri = document.get("continuationUri")
    return uri or f"{api_url}/admin/activityevents?continuationToken='{token}'"
