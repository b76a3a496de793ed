"""Everything in a tenant that an assessment has to judge, once each: the truth against which its verdicts are counted.

Not in it: the copies of reports that installed apps show. Workbooks have no id: workspace and name tell them apart.
"""

from collections.abc import Iterator
from typing import Any

from sandbox.state import Tenant, Workspace

Row = dict[str, Any]


def census(tenant: Tenant) -> list[Row]:
    """{"kind", "id", "name", "workspaceId"}; of what is in a workspace also its `type` and `state`."""
    rows = [row for space in tenant.workspaces.values() for row in _workspace(space)]
    return [*rows, *_beside(tenant)]


def _workspace(space: Workspace) -> Iterator[Row]:
    where = {"workspaceId": space.id, "type": space.type, "state": space.state}
    for kind, item_id, name in _held(space):
        yield {"kind": kind, "id": item_id, "name": name} | where


def _held(space: Workspace) -> Iterator[tuple[str, str, str]]:
    yield "workspace", space.id, space.name
    for report in space.reports:
        if report.app_id is None:
            paginated = report.report_type == "PaginatedReport"
            yield "paginatedReport" if paginated else "report", report.id, report.name
    yield from (("dataset", item.id, item.name) for item in space.datasets)
    yield from (("dashboard", item.id, item.display_name) for item in space.dashboards)
    yield from (("dataflow", item.object_id, item.name) for item in space.dataflows)
    yield from (("datamart", item.id, item.name) for item in space.datamarts)
    yield from (("workbook", "", item.name) for item in space.workbooks)
    for item in space.fabric_items:  # the second generation of dataflows is Fabric's
        yield "dataflow" if item.kind == "Dataflow" else "fabricItem", item.id, item.name


def _beside(tenant: Tenant) -> Iterator[Row]:
    """What belongs to the tenant, or to a workspace that only its own list names."""
    for app in tenant.apps.values():
        yield {"kind": "app", "id": app.id, "name": app.name, "workspaceId": app.workspace_id}
    for pipeline in tenant.pipelines.values():
        yield {"kind": "pipeline", "id": pipeline.id, "name": pipeline.display_name, "workspaceId": ""}
    for gateway in tenant.gateways.values():
        for source in gateway.sources:
            yield {"kind": "gatewayDatasource", "id": source.id, "name": source.name, "workspaceId": ""}
    homes = {
        item.id: space.id
        for space in tenant.workspaces.values()
        for item in (*space.reports, *space.dashboards)
    }
    for mail in tenant.subscriptions:
        home = homes.get(mail.artifact_id, "")
        yield {"kind": "subscription", "id": mail.id, "name": mail.title, "workspaceId": home}
