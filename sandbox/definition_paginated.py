"""Paginated reports by definition: one RDL file, kept as bytes so that the older export gives it out too."""

import hashlib
import re
from xml.etree import ElementTree

from sandbox import definitions
from sandbox.definition_kind import Kind, Place, corrupted
from sandbox.definition_reports import add_report, remove_report
from sandbox.definitions import Payloads
from sandbox.state import File, Report, Workspace, new_id
from sandbox.timing import iso, now

_DECLARED = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


def _paginated(space: Workspace) -> list[Report]:
    return [item for item in space.reports if item.report_type == "PaginatedReport"]


def _paginated_payloads(place: Place, item: Report) -> Payloads:
    return definitions.paginated_payloads(item)


def _check_paginated(payloads: Payloads) -> None:
    files = [content for path, content in payloads.items() if path.endswith(".rdl")]
    if len(files) != 1:
        raise corrupted("one .rdl file is expected")
    if _DECLARED.search(files[0]):
        raise corrupted("a document type is not taken")
    try:
        root = ElementTree.fromstring(files[0])  # noqa: S314 - nothing can be declared, checked above
    except ElementTree.ParseError as fault:
        raise corrupted("the .rdl file is no XML") from fault
    if not root.tag.endswith("}Report"):
        raise corrupted("the .rdl file is no report")


def _apply_paginated(place: Place, item: Report, payloads: Payloads) -> None:
    (content,) = [content for path, content in payloads.items() if path.endswith(".rdl")]
    item.parts = definitions.encoded({definitions.RDL: content})
    file = File(new_id(), hashlib.sha256(content).hexdigest(), len(content))
    place.service.world.files.path(file.id).write_bytes(content)
    place.service.state.files[file.id] = file
    item.file_id, item.modified_by, item.modified_date_time = file.id, place.caller.name, iso(now())


def _add_paginated(place: Place, name: str) -> Report:
    made = add_report(place, name)
    made.report_type = "PaginatedReport"
    return made


PAGINATED = Kind(
    "PaginatedReport",
    "paginatedReports",
    _paginated,
    _paginated_payloads,
    _check_paginated,
    _apply_paginated,
    _add_paginated,
    remove_report,
    "CreateReport",
)
