"""Content that people change: a report published again, edited in the service, a model with one measure more.

Unlike an edit of which only the activity log and the date tell, these leave other bytes or other definition files.
"""

import hashlib
from typing import Any

from sandbox import definitions, pbix
from sandbox.activity import record
from sandbox.state import Dataset, File, Report, Workspace, new_id
from sandbox.timing import iso, now
from sandbox.world import Service

Json = dict[str, Any]


def change_report(service: Service, user: str, body: Json) -> Json:
    """`report` (id or name) of `workspace`: its file and that of its model, its RDL, or what the service has of it."""
    workspace = _workspace(service, body)
    report = next(item for item in workspace.reports if body["report"] in (item.id, item.name))
    if report.parts and report.report_type == "PaginatedReport":
        _rdl(service, report)
    elif report.file_id is not None:
        _file(service, workspace, report)
    else:
        report.parts = {}
        report.extra["edition"] = report.extra.get("edition", 0) + 1
    report.modified_by, report.modified_date_time = user, iso(now())
    record(service, "EditReport", user, new_id(), workspace, report=report)
    return {"id": report.id}


def change_model(service: Service, user: str, body: Json) -> Json:
    """`dataset` (id or name): a measure more. It is no longer what its file holds, so that is not given out."""
    workspace = _workspace(service, body)
    model = next(item for item in workspace.datasets if body["dataset"] in (item.id, item.name))
    table = dict(model.tables[0])
    measures = table.get("measures", [])
    text = {"name": f"Change {len(measures)}", "expression": "1 + 1", "isHidden": False}
    model.tables = [table | {"measures": [*measures, text]}, *model.tables[1:]]
    model.parts = {}
    model.export_refusal = model.export_refusal or "ModelExportActionDenied"
    record(service, "EditDataset", user, new_id(), workspace, dataset=model)
    return {"id": model.id}


def _file(service: Service, workspace: Workspace, report: Report) -> None:
    """Everything that was published from the old file is published from the new one."""
    store, old = service.world.files, report.file_id or ""
    made = pbix.edited(store.path(new_id()), store.path(old), new_id())
    service.state.files[made.id] = made
    held: list[Report | Dataset] = [*workspace.reports, *workspace.datasets]
    for item in held:
        if item.file_id == old:
            item.file_id = made.id
            if isinstance(item, Dataset):
                service.world.contents.by_hash[made.sha256] = item
    if links := report.extra.get("links"):
        service.world.contents.links[made.layout] = links


def _rdl(service: Service, report: Report) -> None:
    (content,) = definitions.decoded(report.parts).values()
    changed = content.replace(b"</Report>", f"  <!-- {new_id()} -->\r\n</Report>".encode())
    file = File(new_id(), hashlib.sha256(changed).hexdigest(), len(changed))
    service.world.files.path(file.id).write_bytes(changed)
    service.state.files[file.id] = file
    report.file_id, report.parts = file.id, definitions.encoded({definitions.RDL: changed})


def _workspace(service: Service, body: Json) -> Workspace:
    wanted = body["workspace"]
    found = service.state.workspaces.get(wanted.lower()) or service.workspace_named(wanted)
    if found is None:
        raise KeyError(f"no workspace {wanted}")
    return found
