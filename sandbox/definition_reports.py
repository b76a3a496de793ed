"""Reports by definition: PBIR files that name the model they are bound to."""

from sandbox import definitions, pbir
from sandbox.access import right_of
from sandbox.definition_kind import Kind, Place, corrupted
from sandbox.definitions import Payloads
from sandbox.replies import refused
from sandbox.state import RIGHTS, Report, Workspace, new_id
from sandbox.timing import iso, now


def _reports(space: Workspace) -> list[Report]:
    return [item for item in space.reports if item.report_type == "PowerBIReport"]


def _report_payloads(place: Place, item: Report) -> Payloads:
    tenant = place.service.state
    return definitions.bound(tenant, place.workspace, item) | definitions.report_payloads(tenant, item)


def _check_report(payloads: Payloads) -> None:
    if not payloads.keys() & {"definition/report.json", "report.json"}:
        raise corrupted("definition/report.json is missing")
    try:
        pbir.bound_to(payloads.get(pbir.BINDING, b""))
    except pbir.Unbound as fault:
        raise corrupted(str(fault)) from fault


def _apply_report(place: Place, item: Report, payloads: Payloads) -> None:
    """Bound to the model that is named, wherever in the tenant it is; not found where the caller can't build on it."""
    wanted = pbir.bound_to(payloads[pbir.BINDING])
    home = _home_of(place, wanted)
    item.dataset_id = wanted
    item.dataset_workspace_id = None if home is place.workspace else home.id
    item.parts = definitions.encoded({path: data for path, data in payloads.items() if path != pbir.BINDING})
    item.file_id, item.modified_by, item.modified_date_time = None, place.caller.name, iso(now())


def _home_of(place: Place, model_id: str) -> Workspace:
    tenant = place.service.state
    for space in tenant.workspaces.values():
        if space.state == "Active" and any(model.id == model_id for model in space.datasets):
            held = right_of(tenant, space, place.caller.id)
            if RIGHTS.index(held) >= RIGHTS.index("Contributor"):
                return space
    raise refused(404, "ItemNotFound", message=f"The semantic model {model_id} was not found")


def add_report(place: Place, name: str) -> Report:
    made = Report(new_id(), name, created_by=place.caller.name, created_date_time=iso(now()))
    place.workspace.reports.append(made)
    return made


def remove_report(space: Workspace, item: Report) -> None:
    space.reports.remove(item)


REPORTS = Kind(
    "Report",
    "reports",
    _reports,
    _report_payloads,
    _check_report,
    _apply_report,
    add_report,
    remove_report,
    "CreateReport",
)
