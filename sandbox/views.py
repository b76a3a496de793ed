"""How records look on the API: names of the official contract, absent where the service leaves them out."""

from typing import Any

from sandbox.access import CapacityRight
from sandbox.state import (
    Access,
    Capacity,
    Dashboard,
    Dataflow,
    Dataset,
    Import,
    Principal,
    Report,
    Tenant,
    Workspace,
)

APP = "https://app.powerbi.com"
Json = dict[str, Any]


def present(fields: Json) -> Json:
    """Without the fields that have no value."""
    return {key: value for key, value in fields.items() if value not in (None, "")}


def group(workspace: Workspace) -> Json:
    dedicated = workspace.capacity_id is not None
    fields: Json = {
        "id": workspace.id,
        "name": workspace.name,
        "isReadOnly": workspace.is_read_only,
        "isOnDedicatedCapacity": dedicated,
        "capacityId": workspace.capacity_id.upper() if workspace.capacity_id else None,
        "dataflowStorageId": workspace.dataflow_storage_id,
        "defaultDatasetStorageFormat": workspace.default_dataset_storage_format if dedicated else None,
    }
    return present(fields)


def admin_group(workspace: Workspace) -> Json:
    fields: Json = {
        "description": workspace.description,
        "type": workspace.type,
        "state": workspace.state,
        "hasWorkspaceLevelSettings": False,
    }
    return group(workspace) | present(fields)


def group_user(tenant: Tenant, access: Access, *, admin: bool = False) -> Json:
    who = tenant.principals.get(access.principal_id) or Principal(access.principal_id, "User", "")
    return {"groupUserAccessRight": access.right} | person(who, admin=admin)


def person(who: Principal, *, admin: bool) -> Json:
    """A principal as every list of users names one; admin lists tell the Graph id and the kind of user."""
    guest = "#EXT#" in (who.upn or "")
    fields: Json = {
        "emailAddress": who.upn,
        "displayName": who.display_name,
        "identifier": (who.upn or who.id) if who.kind == "User" else who.id,
        "principalType": who.kind,
        "graphId": who.id if admin else None,
        "userType": ("Guest" if guest else "Member") if admin and who.kind == "User" else None,
    }
    return present(fields)


def report(workspace: Workspace, item: Report) -> Json:
    kind = "rdlreports" if item.report_type == "PaginatedReport" else "reports"
    embed = f"{APP}/reportEmbed?reportId={item.id}&groupId={workspace.id}"
    links: Json = {"webUrl": f"{APP}/groups/{workspace.id}/{kind}/{item.id}", "embedUrl": embed}
    return report_base(item) | links


def admin_report(workspace: Workspace, item: Report) -> Json:
    return report(workspace, item) | authoring(item) | {"workspaceId": workspace.id}


def report_base(item: Report) -> Json:
    fields: Json = {
        "id": item.id,
        "name": item.name,
        "reportType": item.report_type,
        "datasetId": item.dataset_id,
        "originalReportId": item.original_report_id,
        "appId": item.app_id,
        "description": item.description,
    }
    return present(fields)


def authoring(item: Report) -> Json:
    fields: Json = {
        "createdBy": item.created_by,
        "modifiedBy": item.modified_by,
        "createdDateTime": item.created_date_time,
        "modifiedDateTime": item.modified_date_time,
    }
    return present(fields)


def dataset(workspace: Workspace, item: Dataset) -> Json:
    embed = f"{APP}/reportEmbed?datasetId={item.id}&groupId={workspace.id}"
    fields: Json = {
        "webUrl": f"{APP}/groups/{workspace.id}/datasets/{item.id}",
        "createReportEmbedURL": embed,
        "addRowsAPIEnabled": item.add_rows_api_enabled,
        "isRefreshable": item.is_refreshable,
        "isEffectiveIdentityRequired": item.is_effective_identity_required,
        "isEffectiveIdentityRolesRequired": bool(item.roles),
        "isOnPremGatewayRequired": item.is_on_prem_gateway_required,
    }
    return dataset_base(item) | fields


def admin_dataset(workspace: Workspace, item: Dataset) -> Json:
    return dataset(workspace, item) | {"workspaceId": workspace.id}


def dataset_base(item: Dataset) -> Json:
    fields: Json = {
        "id": item.id,
        "name": item.name,
        "configuredBy": item.configured_by,
        "createdDate": item.created_date,
        "targetStorageMode": item.target_storage_mode,
        "description": item.description,
    }
    return present(fields)


def dashboard(workspace: Workspace, item: Dashboard) -> Json:
    links: Json = {
        "webUrl": f"{APP}/groups/{workspace.id}/dashboards/{item.id}",
        "embedUrl": f"{APP}/dashboardEmbed?dashboardId={item.id}&groupId={workspace.id}",
    }
    return {"id": item.id, "displayName": item.display_name, "isReadOnly": False} | links


def admin_dashboard(workspace: Workspace, item: Dashboard) -> Json:
    return dashboard(workspace, item) | {"workspaceId": workspace.id}


def dataflow(item: Dataflow) -> Json:
    fields: Json = {
        "objectId": item.object_id,
        "name": item.name,
        "description": item.description,
        "configuredBy": item.configured_by,
    }
    return present(fields)


def admin_dataflow(workspace: Workspace, item: Dataflow) -> Json:
    return dataflow(item) | {"workspaceId": workspace.id}


def capacity(item: Capacity, right: CapacityRight) -> Json:
    return {
        "id": item.id.upper(),
        "displayName": item.display_name,
        "admins": item.admins,
        "sku": item.sku,
        "state": item.state,
        "capacityUserAccessRight": right,
        "region": item.region,
    }


def import_(workspace: Workspace, item: Import) -> Json:
    made = set[str]() if item.hides else {*item.dataset_ids, *item.report_ids, *item.dataflow_ids}
    flows = [dataflow(flow) for flow in workspace.dataflows if flow.object_id in made]
    fields: Json = {
        "id": item.id,
        "importState": item.state,
        "name": item.name,
        "createdDateTime": item.created_date_time,
        "updatedDateTime": item.updated_date_time,
        "datasets": [_imported_dataset(workspace, d) for d in workspace.datasets if d.id in made],
        "reports": [report(workspace, r) for r in workspace.reports if r.id in made],
    }
    fields |= {"dataflows": flows} if flows else {}
    return fields | ({"error": item.error} if item.error else {})


def _imported_dataset(workspace: Workspace, item: Dataset) -> Json:
    link = f"{APP}/groups/{workspace.id}/datasets/{item.id}"
    return present(
        {"id": item.id, "name": item.name, "webUrl": link, "targetStorageMode": item.target_storage_mode}
    )
