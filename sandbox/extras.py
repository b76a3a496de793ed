"""What real estates also hold, added on request: kinds that need more than moving a PBIX.

Each is in a workspace of its own, so that a test can pick what it wants by name.
"""

import hashlib

from sandbox.definitions import RDL, encoded
from sandbox.generate import Making, add_report, new_id, users
from sandbox.state import Dashboard, Dataflow, Dataset, File, Report, Workspace

DASHBOARDS = "Extra dashboards"
DATAFLOWS = "Extra dataflows"
PAGINATED = "Extra paginated"
SHARED_MODEL = "Extra shared model"
THIN = "Extra thin reports"
UNEXPORTABLE = "Extra unexportable"
PERSONAL = "PersonalWorkspace Alice"
DELETED = "Extra deleted"

REFUSALS = (
    "ModelWithIncrementalRefreshIsNotDownloadable",
    "ExportData_DisabledForModelWithDirectLakeMode",
    "ServerError_PremiumFilesErrors_OperationIsNotSupportedForPremiumFilesModel",
    "ModelExportActionDenied",
)


def add_extras(making: Making) -> None:
    for add in (_dashboards, _dataflows, _paginated, _thin, _unexportable):
        add(making)
    personal = _space(making, PERSONAL)
    personal.type = "PersonalGroup"
    add_report(making, personal, "Private notes")
    _space(making, DELETED).state = "Deleted"


def _space(making: Making, name: str) -> Workspace:
    space = Workspace(new_id(making.draw), name, modified_date_time=making.moment(), users=users(making))
    making.tenant.workspaces[space.id] = space
    return space


def _dashboards(making: Making) -> None:
    space = _space(making, DASHBOARDS)
    report = add_report(making, space, "Pinned")
    tile = {
        "id": new_id(making.draw),
        "title": "Total",
        "reportId": report.id,
        "datasetId": report.dataset_id,
    }
    space.dashboards.append(Dashboard(new_id(making.draw), "Overview", tiles=[tile]))


def _dataflows(making: Making) -> None:
    space = _space(making, DATAFLOWS)
    owner = making.directory.by_name["alice"].upn or ""
    space.dataflows.append(Dataflow(new_id(making.draw), "Customers", "From the CRM", owner))


def _paginated(making: Making) -> None:
    space = _space(making, PAGINATED)
    report = Report(new_id(making.draw), "Invoice", "PaginatedReport", file_id=_rdl(making).id)
    report.parts = encoded({RDL: making.store.path(report.file_id or "").read_bytes()})
    report.created_date_time = report.modified_date_time = making.moment()
    space.reports.append(report)


def _thin(making: Making) -> None:
    """One report on the model of its own workspace's neighbour, one on the model beside it."""
    home, away = _space(making, SHARED_MODEL), _space(making, THIN)
    first = add_report(making, home, "Shared model")
    for space, name in ((home, "Second view"), (away, "View from afar")):
        view = Report(new_id(making.draw), name, dataset_id=first.dataset_id, file_id=first.file_id)
        view.dataset_workspace_id = home.id if space is away else None
        view.created_date_time = view.modified_date_time = making.moment()
        space.reports.append(view)


def _unexportable(making: Making) -> None:
    space = _space(making, UNEXPORTABLE)
    for code in REFUSALS:
        report = add_report(making, space, f"Refused {code[:40]}")
        model = next(d for d in space.datasets if d.id == report.dataset_id)
        model.export_refusal = code
    space.reports.append(
        Report(new_id(making.draw), "Authored in the service", dataset_id=space.datasets[0].id)
    )
    alone = Dataset(
        new_id(making.draw), "Model without a report", tables=making.templates.get("Sales").tables
    )
    space.datasets.append(alone)


def _rdl(making: Making) -> File:
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<Report xmlns="http://schemas.microsoft.com/sqlserver/reporting/2016/01/reportdefinition">'
        f"<Description>{new_id(making.draw)}</Description><ReportSections/></Report>\n"
    ).encode()
    file = File(new_id(making.draw), hashlib.sha256(text).hexdigest(), len(text))
    making.store.path(file.id).write_bytes(text)
    making.tenant.files[file.id] = file
    return file
