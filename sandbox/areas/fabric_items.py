"""The few Fabric operations that go with a PBIX migration: list items of all kinds, rename a report or a model.

Two items of one kind may share a name, as they may after two imports; whoever wants
ItemDisplayNameAlreadyInUse plans a fault.
"""

from sandbox import continuation
from sandbox.calls import Call, find_in
from sandbox.replies import Reply, bad_request, json_reply
from sandbox.routing import operation
from sandbox.state import Workspace

LONGEST_NAME = 256


@operation(
    "Fabric_ListItems",
    "GET",
    "workspaces/{groupId}/items",
    bucket="fabric.platform",
    family="fabric",
)
async def list_items(call: Call) -> Reply:
    workspace = call.workspace()
    rows = [row for row in item_rows(workspace) if call.query.get("type", row["type"]) == row["type"]]
    return continuation.page(call, rows)


@operation(
    "Fabric_UpdateReport",
    "PATCH",
    "workspaces/{groupId}/reports/{reportId}",
    bucket="fabric.platform",
    family="fabric",
)
async def rename_report(call: Call) -> Reply:
    body = await call.body()
    workspace = call.workspace("Contributor")
    item = call.report(workspace)
    item.name = _name(body.get("displayName", item.name))
    item.description = body.get("description", item.description)
    call.audit("RenameReport", workspace, report=item)
    return json_reply(_item(workspace, "Report", item.id, item.name, item.description))


@operation(
    "Fabric_UpdateSemanticModel",
    "PATCH",
    "workspaces/{groupId}/semanticModels/{datasetId}",
    bucket="fabric.platform",
    family="fabric",
)
async def rename_model(call: Call) -> Reply:
    body = await call.body()
    workspace = call.workspace("Contributor")
    item = find_in(workspace.datasets, call.params["datasetId"])
    item.name = _name(body.get("displayName", item.name))
    item.description = body.get("description", item.description)
    call.audit("EditDataset", workspace, dataset=item)
    return json_reply(_item(workspace, "SemanticModel", item.id, item.name, item.description))


def _name(wanted: object) -> str:
    if not isinstance(wanted, str) or not 1 <= len(wanted.strip()) <= LONGEST_NAME:
        raise bad_request(f"displayName must have 1 to {LONGEST_NAME} characters", "InvalidInput")
    return wanted.strip()


def item_rows(workspace: Workspace) -> list[dict[str, str]]:
    """Everything in it, with the folder it lies in."""
    kinds = {"PaginatedReport": "PaginatedReport", "PowerBIReport": "Report"}
    reports = [_item(workspace, kinds[r.report_type], r.id, r.name, r.description) for r in workspace.reports]
    models = [_item(workspace, "SemanticModel", d.id, d.name, d.description) for d in workspace.datasets]
    boards = [_item(workspace, "Dashboard", b.id, b.display_name, "") for b in workspace.dashboards]
    flows = [_item(workspace, "Dataflow", f.object_id, f.name, f.description) for f in workspace.dataflows]
    marts = [_item(workspace, "Datamart", m.id, m.name, m.description) for m in workspace.datamarts]
    others = [_item(workspace, i.kind, i.id, i.name, i.description) for i in workspace.fabric_items]
    return reports + models + boards + flows + marts + others


def _item(workspace: Workspace, kind: str, item_id: str, name: str, description: str) -> dict[str, str]:
    fields = {
        "id": item_id,
        "type": kind,
        "displayName": name,
        "description": description,
        "workspaceId": workspace.id,
    }
    folder = workspace.placed.get(item_id)
    return fields | ({"folderId": folder} if folder else {})
