"""Semantic models: list, read, delete, take over."""

from sandbox import views
from sandbox.calls import Call
from sandbox.replies import Reply, json_reply, listing
from sandbox.routing import operation


@operation("Datasets_GetDatasetsInGroup", "GET", "groups/{groupId}/datasets")
async def get_datasets(call: Call) -> Reply:
    workspace = call.workspace()
    return listing([views.dataset(workspace, item) for item in workspace.datasets], "datasets")


@operation("Datasets_GetDatasetInGroup", "GET", "groups/{groupId}/datasets/{datasetId}")
async def get_dataset(call: Call) -> Reply:
    workspace = call.workspace()
    return json_reply(views.dataset(workspace, call.dataset(workspace)))


@operation("Datasets_DeleteDatasetInGroup", "DELETE", "groups/{groupId}/datasets/{datasetId}")
async def delete_dataset(call: Call) -> Reply:
    """The reports of the workspace that are bound to the model go with it."""
    workspace = call.workspace("Contributor")
    item = call.dataset(workspace)
    workspace.datasets.remove(item)
    workspace.reports = [report for report in workspace.reports if report.dataset_id != item.id]
    call.audit("DeleteDataset", workspace, dataset=item)
    return Reply()


@operation("Datasets_TakeOverInGroup", "POST", "groups/{groupId}/datasets/{datasetId}/Default.TakeOver")
async def take_over(call: Call) -> Reply:
    workspace = call.workspace("Contributor")
    item = call.dataset(workspace)
    item.configured_by = call.caller.name
    call.audit("TakeOverDataset", workspace, dataset=item)
    return Reply()
