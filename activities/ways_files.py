"""As a file of its own: the RDL of a paginated report, the model.json of a dataflow of the first generation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from typing import Any

from activities.context import Context
from activities.identities import ids_for
from activities.leftovers import name_links
from activities.making import Json, Refused, Row, Way, staged_bytes
from activities.master_user import let_in
from activities.places import folder_of, workspace_names, workspaces_called
from shared import writes
from shared.content import ids, jsontext, model_json, rdl
from shared.content.encoding import decode
from shared.errors import BadRequest, ContentError, EntityNotFound
from shared.models import ItemRow
from shared.powerbi.service_errors import parse

_MOST_BYTES = 64 * 1024 * 1024  # of an RDL or a model.json
_MODEL_JSON = "model.json"
_HOME = re.compile(r"PowerBIWorkspaceName>([^<]*)<")  # beside a data source that is a model, for the eye
_MODEL = re.compile(r"sobe_wowvirtualserver-([0-9A-Fa-f-]{36})")


class Bytes:
    """A small file as a request body; the last question is asked before its bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __len__(self) -> int:
        return len(self._content)

    def __iter__(self) -> Iterator[bytes]:
        writes.still_permitted()
        yield self._content


def _read_rdl(context: Context, item: ItemRow, state: dict[str, Any]) -> Iterable[bytes]:
    """Reports_ExportReportInGroup: checked to be an RDL before it is staged."""
    with context.source.reports.export(context.call.workspace, item.source_id) as response:
        content = bounded(response.iter_bytes(), "Move it by hand.")
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) != len(content):
        raise ContentError(
            "content.length", f"{len(content)} bytes came, {announced} were announced", transient=True
        )
    rdl.data_sources(content)  # raises ContentError where it is no RDL
    return [content]


def _rdl(context: Context, item: ItemRow) -> bytes:
    content = staged_bytes(context, item)
    known = _with_models(
        ids_for(context, _names_in_rdl(context, content), item.needs, with_tenant=True), content
    )
    rewritten = rdl.rewrite_rdl(content, known, workspace_names(context, [content]))
    name_links(context, item, {source: known.unmoved[source] for source in rewritten.left})
    return rewritten.content


def _names_in_rdl(context: Context, content: bytes) -> set[str]:
    """A model is named by its id alone, and where it is by the name of its workspace."""
    text, _ = decode(content, "the RDL file")
    return ids.guids(text) | workspaces_called(context, map(unescape, _HOME.findall(text)))


def _with_models(known: ids.IdMap, content: bytes) -> ids.IdMap:
    """Models that it reads and nobody knows stay those of the old tenant, which has to be said."""
    text, _ = decode(content, "the RDL file")
    read = {found.lower() for found in _MODEL.findall(text)} - known.targets.keys()
    return ids.IdMap(
        known.targets, dict.fromkeys(read, "a semantic model of the source") | dict(known.unmoved)
    )


def _send_rdl(context: Context, workspace: str, item: ItemRow, content: bytes) -> Json:
    name, folder = f"{item.source_name}.rdl", folder_of(context, item)
    made = context.target.imports.post_file(workspace, name, "Abort", Bytes(content), folder_id=folder)
    return {"import": made}


def _renew_rdl(context: Context, workspace: str, item: ItemRow, content: bytes) -> Json:
    """The service overwrites by name, so only where no other has it."""
    named = [row for row in _paginated(context, workspace) if row.get("name") == item.source_name]
    if [str(row["id"]).lower() for row in named] != [item.target_id.lower()]:
        raise BadRequest("item.nameTaken", f"{len(named)} paginated reports are called {item.source_name!r}")
    made = context.target.imports.post_file(workspace, f"{item.source_name}.rdl", "Overwrite", Bytes(content))
    return {"import": made}


def _paginated(context: Context, workspace: str) -> Iterable[Row]:
    return [
        row for row in context.target.reports.list(workspace) if row.get("reportType") == "PaginatedReport"
    ]


def imports_of(context: Context, workspace: str, item: ItemRow, extension: str) -> Iterable[Row]:
    """The imports that are called after the item, or after its file."""
    names = {item.source_name.casefold(), f"{item.source_name}{extension}".casefold()}
    return [row for row in context.target.imports.list(workspace) if str(row.get("name")).casefold() in names]


def _rdl_imports(context: Context, workspace: str, item: ItemRow) -> Iterable[Row]:
    return imports_of(context, workspace, item, ".rdl")


def _rdl_ended(context: Context, workspace: str, item: ItemRow, made: Json) -> Row | None:
    return imported(context, workspace, made, "reports")


def _read_model_json(context: Context, item: ItemRow, state: dict[str, Any]) -> Iterable[bytes]:
    """Dataflows_GetDataflow."""
    return [context.source.dataflows.export(context.call.workspace, item.source_id)]


def _model_json(context: Context, item: ItemRow) -> bytes:
    content = staged_bytes(context, item)
    known = ids_for(context, _names(context, content), item.needs)
    rewritten = model_json.rewrite_model_json(jsontext.load_object(content, _MODEL_JSON), known)
    name_links(context, item, {source: known.unmoved[source] for source in rewritten.left})
    return jsontext.dump(rewritten.content)


def _send_model_json(context: Context, workspace: str, item: ItemRow, content: bytes) -> Json:
    made = context.target.imports.post_file(workspace, _MODEL_JSON, "Abort", Bytes(content), as_user=True)
    return {"import": made}


def _names(context: Context, content: bytes) -> Iterable[str]:
    return ids.guids(content.decode("utf-8", errors="replace"))


def _dataflows(context: Context, workspace: str) -> Iterable[Row]:
    return context.target.dataflows.list(workspace)


def _dataflow_ended(context: Context, workspace: str, item: ItemRow, made: Json) -> Row | None:
    return imported(context, workspace, made, "dataflows", as_user=True)


def imported(
    context: Context, workspace: str, made: Json, made_what: str, *, as_user: bool = False
) -> Row | None:
    """What came of an import; empty where it does not say or is forgotten, None while it is being published."""
    try:
        return import_made(context, workspace, made["import"], made_what, as_user=as_user)
    except EntityNotFound:
        return {}


def import_made(
    context: Context, workspace: str, identity: str, made_what: str, *, as_user: bool = False
) -> Row | None:
    """Imports_GetImportInGroup: what came of it; empty where it does not say, None while it is being published."""
    found = context.target.imports.get(workspace, identity, as_user=as_user)
    if found.get("importState") == "Failed":
        fault = parse(0, {}, json.dumps(found.get("error") or {}).encode())
        code = fault.codes[0] if fault.codes else "import.failed"
        raise BadRequest(code, fault.message or "The service could not import it.", codes=fault.codes)
    if found.get("importState") != "Succeeded":
        return None
    objects: Any = found.get(made_what) or [{}]
    return objects[0] if isinstance(objects[0], Mapping) else {}


def bounded(chunks: Iterable[bytes], todo: str) -> bytes:
    """A small file whole; Refused with `todo` where it is none."""
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > _MOST_BYTES:
            raise Refused(f"The file has more than {_MOST_BYTES} bytes.", "content.tooLarge", todo)
    return bytes(content)


RDL = Way(
    operation="Imports_PostImportInGroup",
    listed=_paginated,
    read=_read_rdl,
    names=_names_in_rdl,
    content=_rdl,
    send=_send_rdl,
    is_placed=True,
    renew=_renew_rdl,
    ended=_rdl_ended,
    pending=_rdl_imports,
)
MODEL_JSON = Way(
    operation="Imports_PostImportInGroup",
    listed=_dataflows,
    read=_read_model_json,
    content=_model_json,
    names=_names,
    send=_send_model_json,
    ended=_dataflow_ended,
    prepare=let_in,
)
