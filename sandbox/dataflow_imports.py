"""What an imported model.json makes: a dataflow of the name that stands in the file, with the file as it was sent.

Nothing in it is checked against the tenant: partitions of another tenant's storage and ids of dataflows that are not
here are taken over as they are, and show when the dataflow is refreshed or compared.
"""

from itertools import count

from sandbox.activity import record
from sandbox.dataflow_documents import Json, read_document, sources, upstream
from sandbox.holdings import DataSource, Origins
from sandbox.replies import ApiError, refused
from sandbox.state import Dataflow, File, Import, Tenant, Workspace, new_id
from sandbox.timing import iso, now
from sandbox.world import Service

CONFLICTS = ("Abort", "GenerateUniqueName")


def document_of(service: Service, file: File) -> Json:
    document = read_document(service.world.files.path(file.id))
    if document is None:
        raise ValueError(f"{file.id} is no model.json")
    return document


def conflict_of(workspace: Workspace, name: str, conflict: str) -> ApiError | None:
    """Abort refuses a name that is taken; the other way finds a free one."""
    taken = any(flow.name.casefold() == name.casefold() for flow in workspace.dataflows)
    return refused(400, "PbixAlreadyImported") if taken and conflict == "Abort" else None


def publish_dataflow(service: Service, workspace: Workspace, item: Import, file: File) -> None:
    """The importer becomes its owner."""
    document = document_of(service, file)
    made = Dataflow(new_id(), _free(workspace, item.name), str(document.get("description") or ""))
    made.configured_by, made.modified_date_time = item.created_by, iso(now())
    made.document = document
    made.origins = Origins(_instances(service.state, document), dataflows=upstream(document))
    workspace.dataflows.append(made)
    item.dataflow_ids.append(made.object_id)
    facts = {"DataflowId": made.object_id, "DataflowName": made.name, "DataflowType": "PowerBIDataflow"}
    record(service, "CreateDataflow", item.created_by, item.id, workspace, **facts)


def _free(workspace: Workspace, name: str) -> str:
    taken = {flow.name.casefold() for flow in workspace.dataflows}
    tries = (name if number == 0 else f"{name} ({number})" for number in count())
    return next(text for text in tries if text.casefold() not in taken)


def _instances(tenant: Tenant, document: Json) -> list[str]:
    """Data sources already known, or new ones without credentials."""
    return [_instance(tenant, kind, details).id for kind, details in sources(document)]


def _instance(tenant: Tenant, kind: str, details: dict[str, str]) -> DataSource:
    known = tenant.data_sources.values()
    found = next((item for item in known if item.kind == kind and item.details == details), None)
    if found is None:
        found = DataSource(new_id(), kind, details)
        tenant.data_sources[found.id] = found
    return found
