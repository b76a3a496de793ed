"""Deployment pipelines: as the admin list tells them, and made anew with stages and administrators.

A pipeline has three stages, by their order: development 0, test 1, production 2.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient
from shared.powerbi.groups import PrincipalType
from shared.powerbi.paging import skip_paging

Row = dict[str, Any]

PAGE = 5000  # the most the service takes


class Pipelines:
    """Operations on deployment pipelines; what is not the admin list is about those the identity is in."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def list_as_admin(self) -> Iterator[Row]:
        """Pipelines_GetPipelinesAsAdmin with users and stages (`order`, `workspaceId`)."""
        return skip_paging(self._page, PAGE, lambda row: str(row["id"]).lower(), until_empty=True)

    def list(self) -> list[Row]:
        """Pipelines_GetPipelines: `id`, `displayName`, `description`. Names may repeat."""
        return self._client.call(op.LIST_PIPELINES).rows()

    def create(self, name: str, description: str = "") -> Row:
        """Pipelines_CreatePipeline: the new pipeline; the identity administers it. Look before asking again."""
        body = {"displayName": name, **({"description": description} if description else {})}
        answer = self._client.call(op.CREATE_PIPELINE, json=body)
        answer.id()
        return answer.object()

    def stages(self, pipeline_id: str) -> builtins.list[Row]:
        """Pipelines_GetPipelineStages: `order`, and `workspaceId` where one is assigned."""
        return self._client.call(op.LIST_PIPELINE_STAGES, {"pipeline": pipeline_id}).rows()

    def assign(self, pipeline_id: str, stage: int, group_id: str) -> None:
        """Pipelines_AssignWorkspace: to a stage that is empty, of a workspace that is in no pipeline."""
        parameters = {"pipeline": pipeline_id, "stage": str(stage)}
        self._client.call(op.ASSIGN_TO_STAGE, parameters, json={"workspaceId": group_id})

    def users(self, pipeline_id: str) -> builtins.list[Row]:
        """Pipelines_GetPipelineUsers: `identifier`, `principalType`, `accessRight`."""
        return self._client.call(op.LIST_PIPELINE_USERS, {"pipeline": pipeline_id}).rows()

    def add_user(self, pipeline_id: str, identifier: str, principal_type: PrincipalType) -> None:
        """Pipelines_UpdatePipelineUser: as an administrator, the only right there is."""
        body = {"identifier": identifier, "principalType": principal_type, "accessRight": "Admin"}
        self._client.call(op.ADD_PIPELINE_USER, {"pipeline": pipeline_id}, json=body)

    def delete(self, pipeline_id: str) -> None:
        """Pipelines_DeletePipeline: the workspaces of its stages stay."""
        self._client.call(op.DELETE_PIPELINE, {"pipeline": pipeline_id})

    def _page(self, top: int, skip: int) -> builtins.list[Row]:
        query: dict[str, str | int | bool] = {"$expand": "users,stages", "$top": top}
        if skip:
            query["$skip"] = skip
        return self._client.call(op.LIST_PIPELINES_AS_ADMIN, query=query).rows(paged=True)
