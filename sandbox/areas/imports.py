"""Imports: accepted with 202, published later; by multipart, or by the URL of a temporary upload."""

import asyncio

from sandbox import dataflow_imports, endings, importing, views
from sandbox.areas.uploads import committed_file
from sandbox.calls import Call
from sandbox.folders import wanted_folder
from sandbox.importing import Received
from sandbox.multipart import LARGEST, receive_part, too_large
from sandbox.packages import classify
from sandbox.pbix import layout_of
from sandbox.replies import Reply, bad_request, json_reply, listing, not_found, refused, unauthorized
from sandbox.routing import operation
from sandbox.state import Import, Workspace, new_id
from sandbox.timing import iso, now

SLACK = 64 * 1024
"""Room for the multipart frame around a file of the largest size."""

EXTENSIONS = ("pbix", "rdl", "xlsx", "json")


@operation("Imports_PostImportInGroup", "POST", "groups/{groupId}/imports")
async def post_import(call: Call) -> Reply:
    workspace = call.workspace("Contributor")
    stem, extension = _name(call)
    conflict = _conflict(call, extension)
    received, sent_inline = await _receive(call)
    _check_kind(extension, received, sent_inline=sent_inline)
    if received.package == "modelJson":  # the file says what its dataflow is called
        stem = str(dataflow_imports.document_of(call.service, received.file)["name"])
    if (refusal := importing.check_conflict(workspace, stem, conflict, received.package)) is not None:
        raise refusal
    item = _accept(call, workspace, stem, conflict, received)
    return json_reply({"id": item.id}, 202)


@operation("Imports_GetImportInGroup", "GET", "groups/{groupId}/imports/{importId}")
async def get_import(call: Call) -> Reply:
    workspace = call.workspace()
    for item in workspace.imports:
        if item.id == call.params["importId"].lower() and not item.gone:
            return json_reply(views.import_(workspace, item))
    raise not_found()


@operation("Imports_GetImportsInGroup", "GET", "groups/{groupId}/imports")
async def get_imports(call: Call) -> Reply:
    workspace = call.workspace()
    rows = [views.import_(workspace, item) for item in workspace.imports if not item.gone]
    return listing(rows, "imports")


async def _receive(call: Call) -> tuple[Received, bool]:
    """The file, and whether its bytes came with the request."""
    service, request = call.service, call.request
    inline = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
    if inline:
        if int(request.headers.get("content-length", 0)) > LARGEST + SLACK:
            raise too_large()
        file = await receive_part(request, service.world.files)
    else:
        file = committed_file(call, (await call.body()).get("fileUrl"))
    service.state.files[file.id] = file
    call.notes |= {"sha256": file.sha256, "length": file.length}
    path = service.world.files.path(file.id)
    package = await asyncio.to_thread(classify, path)
    if package in ("pbix", "thin"):
        file.layout = await asyncio.to_thread(layout_of, path)
    return Received(file, package), inline


def _accept(call: Call, workspace: Workspace, stem: str, conflict: str, received: Received) -> Import:
    service, moment = call.service, iso(now())
    item = Import(
        new_id(),
        stem,
        call.query["datasetDisplayName"],
        conflict,
        call.caller.name,
        moment,
        moment,
        file_id=received.file.id,
        skip_report=call.query.get("skipReport", "").lower() == "true",
        folder_id=wanted_folder(workspace, call.query.get("subfolderObjectId")),
    )
    workspace.imports.append(item)
    call.notes["importId"] = item.id
    endings.begin(service, workspace, item, received)
    return item


def _name(call: Call) -> tuple[str, str]:
    """datasetDisplayName without its extension (which names model and report), and that extension."""
    name = call.query.get("datasetDisplayName", "")
    if not name.strip():
        raise bad_request("datasetDisplayName is required")
    stem, _, extension = name.rpartition(".")
    return (stem, extension.lower()) if stem and extension.lower() in EXTENSIONS else (name, "")


def _conflict(call: Call, extension: str) -> str:
    conflict = call.query.get("nameConflict", "Ignore")
    if conflict not in importing.CONFLICTS:
        raise bad_request(f"nameConflict must be one of {', '.join(importing.CONFLICTS)}")
    if extension == "json" and call.caller.is_app:
        raise unauthorized()
    if extension == "rdl" and conflict not in importing.RDL_CONFLICTS:
        raise bad_request("nameConflict of a paginated report must be Abort or Overwrite")
    if extension == "json" and call.query["datasetDisplayName"].lower() != "model.json":
        raise bad_request("datasetDisplayName of a dataflow must be model.json")
    if extension == "json" and conflict not in dataflow_imports.CONFLICTS:
        raise bad_request("nameConflict of a dataflow must be Abort or GenerateUniqueName")
    if extension != "json" and conflict == "GenerateUniqueName":
        raise bad_request("nameConflict GenerateUniqueName is for dataflows only")
    if call.query.get("skipReport", "true").lower() != "true":
        raise bad_request("skipReport may only be true")
    if "skipReport" in call.query and extension != "pbix":
        raise bad_request("skipReport is for .pbix files only")
    return conflict


def _check_kind(extension: str, received: Received, *, sent_inline: bool) -> None:
    """A bad file is refused at once where it came with the request, and fails the import where it did not."""
    right = {"pbix": ("pbix", "thin"), "rdl": ("rdl",), "json": ("modelJson",)}.get(extension, ())
    if received.package not in right and (sent_inline or received.package != "broken"):
        raise refused(400, importing.BROKEN)
