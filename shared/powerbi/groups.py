"""Workspaces (the API calls them groups) and who is in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from shared.errors import NotAuthorized
from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient
from shared.powerbi.paging import skip_paging

Row = dict[str, Any]
PrincipalType = Literal["User", "Group", "App", "None"]
AccessRight = Literal["Admin", "Member", "Contributor", "Viewer", "None"]

PAGE = 1000
ADMIN_PAGE = 5000  # the most the service takes


class Groups:
    """Operations on workspaces."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def list_groups(self, filter: str | None = None) -> Iterator[Row]:
        """Groups_GetGroups: the workspaces the identity is in."""
        return skip_paging(
            lambda top, skip: self._page(op.LIST_GROUPS, {}, top, skip, filter), PAGE, _id, until_empty=True
        )

    def find_by_name(self, name: str) -> list[Row]:
        """Groups_GetGroups with `$filter=name eq '…'`: those of that name the identity is in.

        Names are compared as the service compares them, without regard to case.
        """
        quoted = name.replace("'", "''")
        wanted = f"name eq '{quoted}'"
        rows = skip_paging(lambda top, skip: self._page(op.LIST_GROUPS, {}, top, skip, wanted), PAGE, _id)
        return [row for row in rows if str(row.get("name", "")).casefold() == name.casefold()]

    def get(self, group_id: str) -> Row:
        """Groups_GetGroup. Raises EntityNotFound or NotAuthorized where the identity is not in it."""
        return self._client.call(op.GET_GROUP, {"group": group_id}).object()

    def get_as_admin(self, group_id: str) -> Row:
        """Groups_GetGroupAsAdmin: also one that is deleted (`state`) or that the identity is not in."""
        return self._client.call(op.GET_GROUP_AS_ADMIN, {"group": group_id}).object()

    def create(self, name: str) -> Row:
        """Groups_CreateGroup: the new workspace; the identity becomes its admin. Raises AlreadyExists."""
        return _single(
            self._client.call(op.CREATE_GROUP, query={"workspaceV2": True}, json={"name": name}).object()
        )

    def update(self, group_id: str, **fields: Any) -> None:
        """Groups_UpdateGroup: `name`, and on a capacity `defaultDatasetStorageFormat` (Small, Large)."""
        self._client.call(op.UPDATE_GROUP, {"group": group_id}, json=fields)

    def dataflow_storages(self) -> list[Row]:
        """DataflowStorageAccounts_GetDataflowStorageAccounts: `id`, `name`, `isEnabled` of those in reach."""
        return self._client.call(op.LIST_DATAFLOW_STORAGES).rows()

    def assign_dataflow_storage(self, group_id: str, storage_id: str) -> None:
        """Groups_AssignToDataflowStorage; the identity must be an admin of the workspace."""
        body = {"dataflowStorageId": storage_id}
        self._client.call(op.ASSIGN_DATAFLOW_STORAGE, {"group": group_id}, json=body)

    def delete(self, group_id: str) -> None:
        """Groups_DeleteGroup."""
        self._client.call(op.DELETE_GROUP, {"group": group_id})

    def users(self, group_id: str) -> Iterator[Row]:
        """Groups_GetGroupUsers: `identifier`, `principalType`, `groupUserAccessRight` of each."""
        parameters = {"group": group_id}
        return skip_paging(
            lambda top, skip: self._page(op.LIST_GROUP_USERS, parameters, top, skip), PAGE, _principal
        )

    def add_user(
        self,
        group_id: str,
        identifier: str,
        principal_type: PrincipalType,
        right: AccessRight,
        profile_id: str | None = None,
    ) -> None:
        """Groups_AddGroupUser: UPN for a User, else object id. AlreadyExists where it is in."""
        body = _user(identifier, principal_type, right, profile_id)
        self._client.call(op.ADD_GROUP_USER, {"group": group_id}, json=body)

    def update_user(
        self,
        group_id: str,
        identifier: str,
        principal_type: PrincipalType,
        right: AccessRight,
        profile_id: str | None = None,
    ) -> None:
        """Groups_UpdateGroupUser. Raises EntityNotFound where the principal is not in."""
        body = _user(identifier, principal_type, right, profile_id)
        self._client.call(op.UPDATE_GROUP_USER, {"group": group_id}, json=body)

    def remove_user(self, group_id: str, identifier: str) -> None:
        """Groups_DeleteUserInGroup: e-mail address or object id."""
        self._client.call(op.DELETE_GROUP_USER, {"group": group_id, "user": identifier})

    def refresh_permissions(self) -> None:
        """Users_RefreshUserPermissions: once an hour; takes effect after about two minutes."""
        self._client.call(op.REFRESH_USER_PERMISSIONS)

    def list_groups_as_admin(self, filter: str | None = None) -> Iterator[Row]:
        """Groups_GetGroupsAsAdmin: every workspace of the tenant. 50 calls an hour, 15 a minute."""
        return skip_paging(
            lambda top, skip: self._page(op.LIST_GROUPS_AS_ADMIN, {}, top, skip, filter),
            ADMIN_PAGE,
            _id,
            until_empty=True,
        )

    def list_with_workbooks(self) -> Iterator[Row]:
        """Groups_GetGroupsAsAdmin with `$expand=workbooks`: `name`, `datasetId` of what has no list of its own."""
        return skip_paging(
            lambda top, skip: self._page(op.LIST_GROUPS_AS_ADMIN, {}, top, skip, expand="workbooks"),
            PAGE,  # of a call that the service gives 30 seconds
            _id,
            until_empty=True,
        )

    def list_as_user(self) -> Iterator[Row]:
        """Groups_GetGroups by the master user: the workspaces it is in."""
        return skip_paging(
            lambda top, skip: self._page(op.LIST_GROUPS_AS_USER, {}, top, skip), PAGE, _id, until_empty=True
        )

    def user_is_fabric_admin(self) -> bool:
        """Groups_GetGroupsAsAdmin for one row by the master user: only a Fabric administrator gets an answer."""
        try:
            self._page(op.LIST_GROUPS_AS_FABRIC_ADMIN, {}, 1, 0)
        except NotAuthorized:
            return False
        return True

    def _page(
        self,
        operation: op.Operation,
        parameters: dict[str, str],
        top: int,
        skip: int,
        filter: str | None = None,
        expand: str | None = None,
    ) -> list[Row]:
        query: dict[str, str | int | bool] = {"$top": top, "$skip": skip}
        if expand:
            query["$expand"] = expand
        if filter:
            query["$filter"] = filter
        return self._client.call(operation, parameters, query).rows(paged=True)


def _id(row: Row) -> str:
    return str(row["id"]).lower()


def _principal(row: Row) -> tuple[str, str]:
    profile = row.get("profile") or {}
    return str(row.get("identifier") or row.get("emailAddress")).lower(), str(profile.get("id", ""))


def _single(document: Any) -> Row:
    """The service answers with the workspace; its documentation shows it wrapped in a list."""
    return document["value"][0] if isinstance(document.get("value"), list) else document


def _user(identifier: str, principal_type: str, right: str, profile_id: str | None) -> Row:
    body: Row = {"identifier": identifier, "principalType": principal_type, "groupUserAccessRight": right}
    return {**body, "profile": {"id": profile_id}} if profile_id else body
