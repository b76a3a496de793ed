"""The rules of an import once its bytes are here: conflicts at the door, and what it makes or replaces."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox import dataflow_imports, definitions, filling, folders
from sandbox.activity import record
from sandbox.importplans import Makes
from sandbox.live import connected_model
from sandbox.packages import Package
from sandbox.replies import ApiError, refused
from sandbox.state import Dataset, File, Import, Report, Workspace, new_id
from sandbox.timing import iso, now
from sandbox.world import Service

CONFLICTS = ("Ignore", "Abort", "Overwrite", "CreateOrOverwrite", "GenerateUniqueName")
RDL_CONFLICTS = ("Abort", "Overwrite")
BROKEN = "RequestedFileIsEncryptedOrCorrupted"


@dataclass(frozen=True, slots=True)
class Received:
    """What came in, and what it is."""

    file: File
    package: Package


def check_conflict(workspace: Workspace, name: str, conflict: str, package: Package) -> ApiError | None:
    """The refusal that the chosen nameConflict means for what the workspace holds now."""
    if package == "modelJson":
        return dataflow_imports.conflict_of(workspace, name, conflict)
    models = [] if package == "rdl" else [d for d in workspace.datasets if d.name == name]
    reports = [
        r
        for r in workspace.reports
        if r.name == name and (r.report_type == "PaginatedReport") == (package == "rdl")
    ]
    if conflict == "Abort" and (models or reports):
        return refused(400, "PbixAlreadyImported")
    if conflict == "Overwrite" and not models and not reports:
        return refused(404, "DuplicatePackageNotFoundError")
    if conflict in ("Overwrite", "CreateOrOverwrite") and len(models) > 1:
        return refused(409, "MoreThanOneDuplicatePackageFoundError")
    if conflict in ("Overwrite", "CreateOrOverwrite") and len(reports) > 1:
        return refused(409, "MoreThanOneDuplicateReportFoundError")
    return None


def publish(service: Service, workspace: Workspace, item: Import, received: Received) -> None:
    """The usual end of an import: items made or replaced, or why not."""
    if make(service, workspace, item, received, "all"):
        item.state = "Succeeded"
        facts = {"ImportId": item.id, "ImportDisplayName": item.name}
        record(service, "Import", item.created_by, item.id, workspace, **facts)


def make(service: Service, workspace: Workspace, item: Import, received: Received, makes: Makes) -> bool:
    """Items made or replaced; False, and the import failed, where it can't be (another may have come first)."""
    item.updated_date_time = iso(now())
    refusal = check_conflict(workspace, item.name, item.name_conflict, received.package)
    if received.package == "broken":
        refusal = refused(400, BROKEN)
    if workspace.state != "Active":
        refusal = refused(404, "PowerBIEntityNotFound")
    if refusal is not None:
        fail(item, refusal.code)
        return False
    home = _live_model(service, received)
    if received.package == "thin" and home is None and service.world.live_connect == "refuse":
        fail(item, "PowerBIEntityNotFound")
        return False
    overwrite = item.name_conflict in ("Overwrite", "CreateOrOverwrite")
    known = folders.item_ids(workspace)
    if received.package == "modelJson" and makes != "nothing":
        dataflow_imports.publish_dataflow(service, workspace, item, received.file)
    elif makes != "nothing":
        model = _publish_model(service, workspace, item, received, overwrite=overwrite)
        if makes == "all" and not item.skip_report:
            report = _publish_report(service, workspace, item, received, overwrite=overwrite)
            _bind(report, model, home or _unknown(service, received))
    folders.place(workspace, item.folder_id, folders.item_ids(workspace) - known)
    return True


def fail(item: Import, code: str, details: Sequence[Any] = ()) -> None:
    item.state, item.updated_date_time = "Failed", iso(now())
    item.error = {"code": code, "details": list(details)}


def _publish_model(
    service: Service, workspace: Workspace, item: Import, received: Received, *, overwrite: bool
) -> Dataset | None:
    """An overwritten model keeps its id; the importer becomes its owner either way."""
    if received.package != "pbix":
        return None
    same = [d for d in workspace.datasets if d.name == item.name] if overwrite else []
    model = same[0] if same else Dataset(new_id(), item.name, created_date=iso(now()))
    if not same:
        workspace.datasets.append(model)
    model.configured_by, model.file_id, model.parts = item.created_by, received.file.id, {}
    service.world.contents.fill(model, received.file.sha256)
    filling.trace(service.state, model)
    item.dataset_ids.append(model.id)
    event = "EditDataset" if same else "CreateDataset"
    record(service, event, item.created_by, item.id, workspace, dataset=model)
    return model


def _publish_report(
    service: Service, workspace: Workspace, item: Import, received: Received, *, overwrite: bool
) -> Report:
    same = [r for r in workspace.reports if r.name == item.name] if overwrite else []
    report = (
        same[0]
        if same
        else Report(new_id(), item.name, created_by=item.created_by, created_date_time=iso(now()))
    )
    if not same:
        workspace.reports.append(report)
    report.report_type = "PaginatedReport" if received.package == "rdl" else "PowerBIReport"
    report.file_id, report.modified_by = received.file.id, item.created_by
    report.modified_date_time, report.parts = iso(now()), {}
    _show(service, report, received)
    item.report_ids.append(report.id)
    event = "EditReport" if same else "CreateReport"
    record(service, event, item.created_by, item.id, workspace, report=report)
    return report


def _show(service: Service, report: Report, received: Received) -> None:
    """What the file has in it: the text of a paginated report, the links of another."""
    if received.package == "rdl":
        content = service.world.files.path(received.file.id).read_bytes()
        report.parts = definitions.encoded({definitions.RDL: content})
        return
    report.extra.pop("rebound", None)
    links = service.world.contents.links.get(received.file.layout)
    if links:
        report.extra["links"] = list(links)


def _bind(report: Report, model: Dataset | None, home: tuple[str, str] | None) -> None:
    """To the model that came along, or to the one (by workspace and id) that a thin file names."""
    if model is not None:
        report.dataset_id, report.dataset_workspace_id = model.id, None
    elif home is not None:
        report.dataset_workspace_id, report.dataset_id = home


def _unknown(service: Service, received: Received) -> tuple[str, str] | None:
    """Where the service is set to take what it does not know, it takes it as it is."""
    if received.package != "thin":
        return None
    return "", connected_model(service.world.files.path(received.file.id)) or ""


def _live_model(service: Service, received: Received) -> tuple[str, str] | None:
    """The model of this tenant that a thin file is connected to; one of another tenant is not found."""
    if received.package != "thin":
        return None
    wanted = connected_model(service.world.files.path(received.file.id))
    for workspace in service.state.workspaces.values():
        for model in workspace.datasets:
            if model.id == wanted:
                return workspace.id, model.id
    return None
