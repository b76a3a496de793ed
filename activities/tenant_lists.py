"""The tenants' own lists, each by its reader: what it asks, what of the answer is kept, how it makes do with less.

A reader raises what the service refuses; `activities/tenancy.py` turns that into "not read, because".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.assessment.obstacles_parts import Part
from shared.assessment.reading import text
from shared.errors import AppError, IdentityRefused, ServiceError, TerminalError
from shared.models import MigrationRequest
from shared.outcomes import Json
from shared.powerbi.connect import PowerBI

type Reader = Callable[[PowerBI], Part]
type Filler = Callable[[PowerBI, Json], Json]

# What the scanner and the lists of Power BI give with more detail.
_TOLD_ELSEWHERE = frozenset({"report", "paginatedreport", "dashboard", "semanticmodel", "datamart", "app"})
_SHARED_WORKSPACES = frozenset({"", "workspace", "group"})


def capacities_as_admin(tenant: PowerBI) -> Part:
    """Admin_GetCapacitiesAsAdmin, or without that right Capacities_GetCapacities."""
    try:
        return Part(tenant.capacities.list_as_admin())
    except (TerminalError, IdentityRefused) as refused:
        _raise_if_told_to_wait(refused)
        return Part(
            tenant.capacities.list(), f"{reason(refused)} Only the identity's own capacities are known."
        )


def capacities(tenant: PowerBI) -> Part:
    """Capacities_GetCapacities: those the identity may see, with its right on each."""
    return Part(tenant.capacities.list())


def apps(tenant: PowerBI) -> Part:
    return Part(list(tenant.apps.list_as_admin()))


def pipelines(tenant: PowerBI) -> Part:
    return Part(list(tenant.pipelines.list_as_admin()))


def fabric_items(tenant: PowerBI) -> Part:
    """The Fabric admin list of items, without what other lists tell better."""
    items = (row for row in tenant.fabric.items_as_admin() if _is_only_there(row))
    return Part([_fabric_item(row) for row in items])


def memberships(tenant: PowerBI) -> Part:
    """Groups_GetGroups of the main identity: where it is in, and whether it may only read there."""
    return Part([_kept(row, "id", "isReadOnly") for row in tenant.groups.list_groups()])


def workbooks(tenant: PowerBI) -> Part:
    """Groups_GetGroupsAsAdmin with workbooks, which no other list tells."""
    return Part(
        [
            {**workbook, "workspaceId": group["id"]}
            for group in tenant.groups.list_with_workbooks()
            for workbook in group.get("workbooks") or []
        ]
    )


def master_user(tenant: PowerBI) -> Part:
    """What the master user could do for us: `{"name", "fabricAdmin", "groups": {id: read | write}}`, one row."""
    groups = tenant.groups.list_as_user()
    rights = {str(row["id"]).lower(): "read" if row.get("isReadOnly") else "write" for row in groups}
    administers = tenant.groups.user_is_fabric_admin()
    return Part([{"name": tenant.user_name(), "fabricAdmin": administers, "groups": rights}])


def names(tenant: PowerBI) -> Part:
    """Groups_GetGroupsAsAdmin, or without that right Groups_GetGroups: whose names are taken."""
    try:
        return Part([_named(row) for row in tenant.groups.list_groups_as_admin() if _is_shared(row)])
    except (TerminalError, IdentityRefused) as refused:
        _raise_if_told_to_wait(refused)
        known = [_named(row) for row in tenant.groups.list_groups()]
        return Part(known, f"{reason(refused)} Only names of the identity's own workspaces are known.")


def gateways(tenant: PowerBI) -> Part:
    """Gateways_GetGateways: those the identity administers; their data sources are read afterwards."""
    return Part([_kept(row, "id", "name", "type") for row in tenant.gateways.list()])


def other_gateways(tenant: PowerBI, known: list[Json], request: MigrationRequest) -> list[Json]:
    """Of the target gateways that the request names and that are not `known`, those that are there all the same.

    Gateways_ListGateways of Fabric shows a gateway to everybody with a right on it, so it tells one that we do not
    administer from one that does not exist. Where it is refused, both look alike.
    """
    there = {str(row.get(name) or "").lower() for row in known for name in ("id", "name")}
    missing = {wanted.lower() for wanted in request.gateways.values()} - there
    if not missing:
        return []
    try:
        rows = list(tenant.fabric.gateways())
    except (TerminalError, IdentityRefused) as refused:
        _raise_if_told_to_wait(refused)
        return []
    found = ({"id": text(row, "id"), "name": text(row, "displayName"), "administered": False} for row in rows)
    return [row for row in found if missing & {row["id"].lower(), row["name"].lower()}]


def fill_data_sources(tenant: PowerBI, row: Json) -> Json:
    """Gateways_GetDatasources of one gateway, or why they can't be read."""
    return _filled(row, "datasources", tenant.gateways.datasources)


def fill_users(tenant: PowerBI, row: Json) -> Json:
    """Apps_GetAppUsersAsAdmin of one app, or why they can't be read."""
    return _filled(row, "users", tenant.apps.users_as_admin)


def _filled(row: Json, field: str, read: Callable[[str], list[Json]]) -> Json:
    try:
        return {**row, field: read(row["id"])}
    except (TerminalError, IdentityRefused) as refused:
        _raise_if_told_to_wait(refused)
        return {**row, field: [], "unread": reason(refused)}


READERS: Mapping[str, Reader] = {
    "source-capacities": capacities_as_admin,
    "source-apps": apps,
    "source-pipelines": pipelines,
    "source-gateways": gateways,
    "source-fabricItems": fabric_items,
    "source-memberships": memberships,
    "source-workbooks": workbooks,
    "source-masterUser": master_user,
    "target-capacities": capacities,
    "target-gateways": gateways,
    "target-groups": names,
}

# What is read of each row afterwards, by one call each: the field it fills, and how.
FILLERS: Mapping[str, tuple[str, Filler]] = {
    "source-gateways": ("datasources", fill_data_sources),
    "target-gateways": ("datasources", fill_data_sources),
    "source-apps": ("users", fill_users),
}


def reason(refused: AppError) -> str:
    """A sentence for people."""
    what = refused.message if refused.message != refused.code else ""
    sentence = (
        f"{getattr(refused, 'operation', '') or 'The service'} was refused: {refused.code} {what}".strip()
    )
    return sentence if sentence.endswith(".") else f"{sentence}."


def _raise_if_told_to_wait(refused: ServiceError) -> None:
    """The service takes no token at present, which says nothing about rights."""
    if refused.retry_at is not None:
        raise refused


def _kept(row: Mapping[str, Any], *fields: str) -> Json:
    return {name: row[name] for name in fields if name in row}


def _named(row: Mapping[str, Any]) -> Json:
    return _kept(row, "id", "name", "type", "state")


def _is_shared(row: Mapping[str, Any]) -> bool:
    return str(row.get("type") or "").lower() in _SHARED_WORKSPACES


def _is_only_there(row: Mapping[str, Any]) -> bool:
    return str(row.get("type") or "").lower() not in _TOLD_ELSEWHERE


def _fabric_item(row: Mapping[str, Any]) -> Json:
    return {
        "id": str(row.get("id") or ""),
        "type": str(row.get("type") or ""),
        "displayName": str(row.get("displayName") or row.get("name") or ""),
        "workspaceId": str(row.get("workspaceId") or ""),
    }
