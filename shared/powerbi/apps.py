"""Apps as the admin list tells them: what is published, by whom, from which workspace. There is no way to write one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient
from shared.powerbi.paging import skip_paging

Row = dict[str, Any]

PAGE = 5000


class Apps:
    """Operations on apps; the admin identity only, since a service principal may not ask for its own."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def list_as_admin(self) -> Iterator[Row]:
        """Apps_GetAppsAsAdmin: `id`, `name`, `workspaceId`, `publishedBy`, `lastUpdate`. No audiences, no contents."""
        return skip_paging(self._page, PAGE, lambda row: str(row["id"]).lower(), until_empty=True)

    def users_as_admin(self, app_id: str) -> list[Row]:
        """Apps_GetAppUsersAsAdmin: who may see the app; 200 calls an hour."""
        return self._client.call(op.LIST_APP_USERS_AS_ADMIN, {"app": app_id}).rows()

    def _page(self, top: int, skip: int) -> list[Row]:
        """The contract wants `$top` always, and a `$skip` of at least one."""
        query = {"$top": top, "$skip": skip} if skip else {"$top": top}
        return self._client.call(op.LIST_APPS_AS_ADMIN, query=query).rows(paged=True)
