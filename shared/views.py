"""What the HTTP contract shows of a migration: JSON built from the manifest, page by page."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shared.errors import InvalidInput
from shared.manifest import Listing
from shared.models import Finding, ItemRow, ItemState, Kind, Migration, WorkspaceRow
from shared.services import Services
from shared.statuses import VERBS, published

type Json = dict[str, Any]
type Params = Mapping[str, str]

TOP = 100  # rows shown unless asked otherwise
MAX_TOP = 1000
_CSV_PAGE = 1000
_MAPPING = (
    "kind",
    "workspaceId",
    "sourceId",
    "sourceName",
    "targetId",
    "targetName",
    "state",
    "note",
)
_SIZE = re.compile(r"[1-9][0-9]{0,3}")
_FORMULA = frozenset("=+-@＝＋－＠")  # the wide ones count as formulas in some language versions


def links(migration_id: str) -> Json:
    base = f"/api/migrations/{migration_id}"
    names = ("workspaces", "findings", "mapping", *VERBS)
    return {"self": base, **{name: f"{base}/{name}" for name in names}}


def migration_head(migration: Migration) -> Json:
    """The short form of lists and of accepted requests."""
    return {
        "id": migration.id,
        "status": published(migration.status),
        "source": migration.source,
        "target": migration.target,
        "created": migration.created,
        "updated": migration.updated,
        "links": links(migration.id),
    }


def migrations(services: Services, params: Params) -> Json:
    return _listing(services.manifest.migrations(*_window(params)), migration_head)


def migration(services: Services, migration_id: str) -> Json:
    """The whole of one migration: progress, the first 100 workspaces and findings."""
    row = services.manifest.migration(migration_id)
    workspaces_shown = services.manifest.workspaces(row.id, TOP).rows
    found = services.findings.page(row.id, TOP).rows
    return {
        **migration_head(row),
        "cutoverAt": row.cutover_at or None,
        "error": _error(row.error_code, row.error_message),
        "progress": services.manifest.progress(row.id),
        "workspaces": [workspace_view(each) for each in workspaces_shown],
        "findings": [finding_view(each) for each in found],
    }


def workspaces(services: Services, migration_id: str, params: Params) -> Json:
    identity = services.manifest.migration(migration_id).id
    return _listing(services.manifest.workspaces(identity, *_window(params)), workspace_view)


def findings(services: Services, migration_id: str, params: Params) -> Json:
    identity = services.manifest.migration(migration_id).id
    return _listing(services.findings.page(identity, *_window(params)), finding_view)


def mapping(services: Services, migration_id: str, params: Params) -> Json:
    identity = services.manifest.migration(migration_id).id
    return _listing(_mapping_page(services, identity, *_window(params)), lambda row: row)


def workspace_view(row: WorkspaceRow) -> Json:
    return {
        "sourceId": row.source_id,
        "sourceName": row.source_name,
        "targetId": row.target_id or None,
        "status": row.status,
        "step": row.step,
        "error": _error(row.error_code, row.error_message),
    }


def finding_view(finding: Finding) -> Json:
    return {
        "severity": finding.severity,
        "code": finding.code,
        "kind": finding.kind,
        "id": finding.id,
        "name": finding.name,
        "workspaceId": finding.workspace_id or None,
        "message": finding.message,
        "remedy": finding.remedy,
    }


def _mapping_page(services: Services, migration_id: str, top: int, token: str | None) -> Listing[Json]:
    """Workspaces first, then items; the token says in which of the two lists the next page begins."""
    part, _, position = (token or "w").partition(":")
    if part == "w":
        page = services.manifest.workspaces(migration_id, top, position or None)
        rows = [workspace_mapping(row) for row in page.rows]
        if page.token or len(rows) == top:
            return Listing(rows, f"w:{page.token}" if page.token else "i")
        items = services.manifest.items(migration_id, top - len(rows))
        return Listing(rows + [item_mapping(item) for item in items.rows], _item_token(items.token))
    if part != "i":
        remedy = "leave it out for the first page, then send the one the last page gave"
        raise InvalidInput([_fault("continuationToken", "is not of this list", remedy)])
    items = services.manifest.items(migration_id, top, position or None)
    return Listing([item_mapping(item) for item in items.rows], _item_token(items.token))


def mapping_csv(services: Services, migration_id: str) -> Iterator[str]:
    """All rows as CSV text, a piece per page; cells that a spreadsheet would run as a formula are quoted."""
    identity = services.manifest.migration(migration_id).id
    token: str | None = None
    yield _csv_line(dict(zip(_MAPPING, _MAPPING, strict=True)))
    while True:
        page = _mapping_page(services, identity, _CSV_PAGE, token)
        yield "".join(_csv_line(row) for row in page.rows)
        token = page.token
        if token is None:
            return


def workspace_mapping(row: WorkspaceRow) -> Json:
    values = (
        Kind.WORKSPACE,
        row.source_id,
        row.source_id,
        row.source_name,
        row.target_id or None,
        row.target_name if row.target_id else None,
        _workspace_state(row),
        row.note or row.error_message,
    )
    return dict(zip(_MAPPING, values, strict=True))


def item_mapping(row: ItemRow) -> Json:
    values = (
        row.kind,
        row.workspace_id,
        row.source_id,
        row.source_name,
        row.target_id or None,
        row.target_name or None,
        row.state,
        row.note,
    )
    return dict(zip(_MAPPING, values, strict=True))


def _listing[T](page: Listing[T], view: Callable[[T], Json]) -> Json:
    """`{"value": […], "continuationToken"?}`."""
    body: Json = {"value": [view(row) for row in page.rows]}
    return {**body, "continuationToken": page.token} if page.token else body


def _window(params: Params) -> tuple[int, str | None]:
    """Page size and token of a list request; InvalidInput for a size outside 1 to 1,000."""
    text = params.get("top") or str(TOP)
    if not (_SIZE.fullmatch(text) and int(text) <= MAX_TOP):
        raise InvalidInput([_fault("top", f"{text[:40]!r} is no page size", "give 1 to 1000")])
    return int(text), params.get("continuationToken") or None


def _fault(field: str, message: str, remedy: str) -> dict[str, str]:
    return {"field": field, "message": message, "remedy": remedy}


def _item_token(token: str | None) -> str | None:
    return f"i:{token}" if token else None


def _workspace_state(row: WorkspaceRow) -> str:
    """Of the workspace itself, not of its contents: it is `done` once it stands in the target."""
    if not row.target_id and row.status in {"failed", "blocked"}:
        return ItemState.FAILED
    return row.state


def _error(code: str, message: str) -> Json | None:
    return {"code": code, "message": message} if code else None


def _csv_line(row: Json) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([_cell(row[name]) for name in _MAPPING])
    return line.getvalue()


def _cell(value: Any) -> str:
    """A spreadsheet passes over blanks and what it can't show before it looks for a formula, so this does too."""
    text = "" if value is None else str(value).replace("\x00", "")
    first = next((letter for letter in text if letter.isprintable() and not letter.isspace()), "")
    return f"'{text}" if first in _FORMULA or text.startswith(("\t", "\r", "\n")) else text
