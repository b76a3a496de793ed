"""Reports: list, read, delete, and the export of the file behind one as a stream."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from sandbox import views
from sandbox.access import right_of
from sandbox.calls import Call
from sandbox.files import CHUNK
from sandbox.live import without_model
from sandbox.replies import Reply, bad_request, json_reply, listing, not_found, refused
from sandbox.routing import operation
from sandbox.state import RIGHTS, Dataset, Report, Workspace

MODELESS = "ExportPBIX_ModelessWorkbookNotFound"
OF_DATA = (
    "ModelWithIncrementalRefresh",
    "ExportData_DisabledForModelWithDirectLake",
    "ServerError_PremiumFiles",
)
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
    """The .pbix or .rdl, streamed without a length; refused where the model forbids it.

    A report on a model of another workspace never brings that model along.
    """
    workspace = call.workspace("Contributor")
    item = call.report(workspace)
    if call.query.get("downloadType", "IncludeModel") not in ("IncludeModel", "LiveConnect"):
        raise bad_request("downloadType must be IncludeModel or LiveConnect")
    away = item.dataset_workspace_id not in (None, workspace.id)
    thin = item.dataset_id is not None and (away or call.query.get("downloadType") == "LiveConnect")
    _refuse_forbidden(_model(call, workspace, item), thin=thin)
    file = call.service.state.files.get(item.file_id or "")
    if file is None or item.extra.get("rebound"):
        raise refused(404, MODELESS)
    call.audit("ExportReport", workspace, report=item)
    if thin:
        return await _thin(call, item)
    call.notes |= {"sha256": file.sha256, "length": file.length}
    return Reply(200, b"", _headers(item), call.service.world.files.chunks(file.id), file.length)


@operation("Reports_RebindReportInGroup", "POST", "groups/{groupId}/reports/{reportId}/Rebind")
async def rebind(call: Call) -> Reply:
    """To a model anywhere in the tenant that the caller can build on. Its file is not given out any more."""
    body = await call.body()
    workspace = call.workspace("Contributor")
    item = call.report(workspace)
    if item.report_type == "PaginatedReport":
        raise bad_request("A paginated report cannot be bound to a dataset")
    wanted = str(body.get("datasetId", "")).lower()
    home = next((w for w in call.service.state.workspaces.values() if _has(w, wanted)), None)
    held = right_of(call.service.state, home, call.caller.id) if home else "None"
    if home is None or RIGHTS.index(held) < RIGHTS.index("Contributor"):
        raise not_found()
    item.dataset_id, item.dataset_workspace_id = wanted, None if home is workspace else home.id
    item.extra["rebound"] = True
    call.audit("RebindReport", workspace, report=item)
    return Reply()


def _has(workspace: Workspace, model_id: str) -> bool:
    return workspace.state == "Active" and any(model.id == model_id for model in workspace.datasets)


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


def _refuse_forbidden(model: Dataset | None, *, thin: bool) -> None:
    """What lies in the model's data does not matter to a file without it."""
    code = model.export_refusal if model else None
    if code and not (thin and code.startswith(OF_DATA)):
        raise refused(404 if code == MODELESS else 400, code)
    if model and model.target_storage_mode == "PremiumFiles" and not thin:
        raise refused(400, LARGE)


def _headers(item: Report) -> dict[str, str]:
    paginated = item.report_type == "PaginatedReport"
    name = quote(f"{item.name}.{'rdl' if paginated else 'pbix'}", safe="")
    kind = "application/octet-stream" if paginated else "application/zip"
    return {"content-type": kind, "content-disposition": f"attachment; filename*=UTF-8''{name}"}
