"""Writing the audit trail: one event per write and export, visible to the admin API only after its lag."""

from typing import Any

from sandbox.state import ActivityEvent, Workspace, new_id
from sandbox.timing import iso, now
from sandbox.world import Service

ITEM_KEYS = {"report": ("ReportName", "ReportId"), "dataset": ("DatasetName", "DatasetId")}


def record(
    service: Service, event: str, user: str, request_id: str, workspace: Workspace | None = None, **facts: Any
) -> None:
    """`facts`: report= and dataset= records, or further fields by the names the service serves them under."""
    moment = now()
    fields = (
        _where(workspace)
        | _items(facts)
        | {"IsSuccess": True, "RequestId": request_id, "ActivityId": new_id()}
    )
    seen_from = moment + service.timing.draw("activity.lag")
    created = iso(moment, "seconds").removesuffix("Z")
    service.state.activity.append(ActivityEvent(new_id(), created, event, user, seen_from, fields))
    if workspace is not None:
        workspace.modified_date_time = iso(moment)


def _where(workspace: Workspace | None) -> dict[str, Any]:
    if workspace is None:
        return {}
    capacity = {"CapacityId": workspace.capacity_id.upper()} if workspace.capacity_id else {}
    return {"WorkSpaceName": workspace.name, "WorkspaceId": workspace.id} | capacity


def _items(facts: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in facts.items():
        if key in ITEM_KEYS:
            name, identity = ITEM_KEYS[key]
            fields |= {name: value.name, identity: value.id, "ItemName": value.name}
            fields |= {"ObjectId": value.id, "ArtifactId": value.id}
        else:
            fields[key] = value
    return fields
