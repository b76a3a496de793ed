"""Everything a person would notice of a tenant, in a canonical form: equal before and after means nothing was touched.

Left out is what no one sees or what the service writes by itself: activity, imports, assignments under way, times.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sandbox.holdings import Marks
from sandbox.state import Dashboard, Dataflow, Dataset, Report, Tenant, Workspace

Json = dict[str, Any]


def fingerprint(tenant: Tenant) -> Json:
    """{"hash", "workspaces", "capacities", "pipelines"}; the workspaces by id, so that a difference can be read."""
    content = {
        "workspaces": {space.id: _workspace(tenant, space) for space in _visible(tenant)},
        "capacities": {item.id: [item.display_name, item.state] for item in tenant.capacities.values()},
        "pipelines": {item.id: item.to_dict() for item in tenant.pipelines.values()},
    }
    return {"hash": hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest(), **content}


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """One line for each fact that is not the same, with its path."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from differences(before.get(key), after.get(key), f"{path}/{key}")
    elif before != after:
        yield f"{path}: {json.dumps(before, ensure_ascii=False)} -> {json.dumps(after, ensure_ascii=False)}"


def _visible(tenant: Tenant) -> list[Workspace]:
    return [space for space in tenant.workspaces.values() if space.state == "Active"]


def _workspace(tenant: Tenant, space: Workspace) -> Json:
    return {
        "name": space.name,
        "type": space.type,
        "description": space.description,
        "capacity": space.capacity_id,
        "storageFormat": space.default_dataset_storage_format,
        "dataflowStorage": space.dataflow_storage_id,
        "folders": {item.id: [item.name, item.parent_id] for item in space.folders},
        "placed": space.placed,
        "users": sorted([access.principal_id, access.right] for access in space.users),
        "reports": {item.id: _report(tenant, item) for item in space.reports},
        "datasets": {item.id: _dataset(tenant, item) for item in space.datasets},
        "dashboards": {item.id: _dashboard(item) for item in space.dashboards},
        "dataflows": {item.object_id: _dataflow(item) for item in space.dataflows},
        "others": [item.to_dict() for item in (*space.datamarts, *space.workbooks, *space.fabric_items)],
        "extra": space.extra,
    }


def _report(tenant: Tenant, item: Report) -> Json:
    return {
        "name": item.name,
        "type": item.report_type,
        "dataset": [item.dataset_workspace_id, item.dataset_id],
        "description": item.description,
        "content": _hash(tenant, item.file_id),
        "parts": item.parts,
        "marks": _marks(item.marks),
        "extra": item.extra,
    }


def _dataset(tenant: Tenant, item: Dataset) -> Json:
    return {
        "name": item.name,
        "owner": item.configured_by,
        "storageMode": item.target_storage_mode,
        "description": item.description,
        "content": _hash(tenant, item.file_id),
        "parts": item.parts,
        "roles": item.roles,
        "pushed": [item.tables, item.relationships] if item.add_rows_api_enabled else [],
        "expressions": item.expressions,
        "parameters": item.parameters,
        "schedules": [item.refresh_schedule, item.direct_query_schedule],
        "marks": _marks(item.marks),
        "refreshes": [[row.refresh_type, row.status] for row in item.refreshes],
        "extra": item.extra,
    }


def _dashboard(item: Dashboard) -> Json:
    return {"name": item.display_name, "tiles": item.tiles, "marks": _marks(item.marks), "extra": item.extra}


def _dataflow(item: Dataflow) -> Json:
    return {
        "name": item.name,
        "description": item.description,
        "owner": item.configured_by,
        "document": item.document,
        "schedule": item.refresh_schedule,
        "refreshes": [[row.id, row.status] for row in item.transactions],
        "marks": _marks(item.marks),
        "extra": item.extra,
    }


def _marks(marks: Marks | None) -> Json | None:
    return marks.to_dict() if marks else None


def _hash(tenant: Tenant, file_id: str | None) -> str | None:
    file = tenant.files.get(file_id or "")
    return file.sha256 if file else None
