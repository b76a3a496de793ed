"""Reports: list, read, delete, and the export of the file behind one as a stream."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from sandbox import views
from sandbox.calls import Call
from sandbox.files import CHUNK
from sandbox.live import without_model
from sandbox.replies import Reply, bad_request, json_reply, listing, refused
from sandbox.routing import operation
from sandbox.state import Dataset, Report, Workspace

LARGE = "ServerError_PremiumFilesErrors_ExportOperationIsNotSupportedForPremiumFilesModel"


@operation("Reports_GetReportsInGroup", "GET", "groups/{groupId}/reports")
async def get_reports(call: Call) -> Reply:
    workspace = call.workspace()
    return listing([views.report(workspace, item) for item in workspace.reports], "reports")


@operation("Reports_GetReportInGroup", "GET", "groups/{groupId}/reports/{reportId}")
async def get_report(call: Call) -> Reply:
    workspace = call.workspace()
    return json_reply(views.report(workspace, call.report(workspace)))


@operation("Reports_DeleteReportInGroup", "DELETE", "groups/{groupId}/reports/{reportId}")
async def delete_report(call: Call) -> Reply:
    workspace = call.workspace("Contributor")
    item = call.report(workspace)
    workspace.reports.remove(item)
    call.audit("DeleteReport", workspace, report=item)
    return Reply()


@operation("Reports_ExportReportInGroup", "GET", "groups/{groupId}/reports/{reportId}/Export")
async def export_report(call: Call) -> Reply:
    """The .pbix or .rdl, streamed without a length; refused where the model forbids it."""
    workspace = call.workspace("Contributor")
    item = call.report(workspace)
    if call.query.get("downloadType", "IncludeModel") not in ("IncludeModel", "LiveConnect"):
        raise bad_request("downloadType must be IncludeModel or LiveConnect")
    _refuse_forbidden(_model(call, workspace, item))
    file = call.service.state.files.get(item.file_id or "")
    if file is None:
        raise refused(404, "ExportPBIX_ModelessWorkbookNotFound")
    call.audit("ExportReport", workspace, report=item)
    if call.query.get("downloadType") == "LiveConnect" and item.dataset_id:
        return await _thin(call, item)
    call.notes |= {"sha256": file.sha256, "length": file.length}
    return Reply(200, b"", _headers(item), call.service.world.files.chunks(file.id), file.length)


async def _thin(call: Call, item: Report) -> Reply:
    """The report without its model; the file made for it goes once it has been read."""
    store = call.service.world.files
    made = store.folder / f"thin-{call.request_id}"
    await asyncio.to_thread(without_model, store.path(item.file_id or ""), made, item.dataset_id or "")
    return Reply(200, b"", _headers(item), _read_away(made), made.stat().st_size)


def _read_away(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        path.unlink()
        while chunk := source.read(CHUNK):
            yield chunk


def _model(call: Call, workspace: Workspace, item: Report) -> Dataset | None:
    home = call.service.state.workspaces.get(item.dataset_workspace_id or workspace.id, workspace)
    return next((d for d in home.datasets if d.id == item.dataset_id), None)


def _refuse_forbidden(model: Dataset | None) -> None:
    if model is None:
        return
    if model.export_refusal:
        status = 404 if model.export_refusal == "ExportPBIX_ModelessWorkbookNotFound" else 400
        raise refused(status, model.export_refusal)
    if model.target_storage_mode == "PremiumFiles":
        raise refused(400, LARGE)


def _headers(item: Report) -> dict[str, str]:
    paginated = item.report_type == "PaginatedReport"
    name = quote(f"{item.name}.{'rdl' if paginated else 'pbix'}", safe="")
    kind = "application/octet-stream" if paginated else "application/zip"
    return {"content-type": kind, "content-disposition": f"attachment; filename*=UTF-8''{name}"}
