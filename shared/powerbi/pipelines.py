"""Deployment pipelines as the admin list tells them: their stages, and who administers them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient
from shared.powerbi.paging import skip_paging

Row = dict[str, Any]

PAGE = 5000  # the most the service takes


class Pipelines:
    """Operations on deployment pipelines."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def list_as_admin(self) -> Iterator[Row]:
        """Pipelines_GetPipelinesAsAdmin with users and stages (`order`, `workspaceId`)."""
        return skip_paging(self._page, PAGE, lambda row: str(row["id"]).lower(), until_empty=True)

    def _page(self, top: int, skip: int) -> list[Row]:
        query: dict[str, str | int | bool] = {"$expand": "users,stages", "$top": top}
        if skip:
            query["$skip"] = skip
        return self._client.call(op.LIST_PIPELINES_AS_ADMIN, query=query).rows(paged=True)
