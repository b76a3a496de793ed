"""What the HTTP contract shows of a migration: JSON built from the manifest, page by page."""

from __future__ import annotations

from collections.abc import Iterator

from shared import csv_text
from shared.call_tally import outcome_of
from shared.listings import TOP, Json, Params, chained, each_page, listing, mapped, window
from shared.manifest import Listing
from shared.models import MAPPED, Finding, ItemRow, ItemState, Kind, Migration, WorkspaceRow
from shared.run_documents import summary_path
from shared.services import Services
from shared.statuses import VERBS, published

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
    return listing(services.manifest.migrations(*window(params)), migration_head)


def migration(services: Services, migration_id: str) -> Json:
    """The whole of one migration: progress, the first 100 workspaces and findings."""
    row = services.manifest.named(migration_id)
    workspaces_shown = services.manifest.workspaces(row.id, TOP).rows
    found = services.findings.page(row.id, TOP).rows
    summary = services.documents.read_json(summary_path(row.id)) or {}
    return {
        **migration_head(row),
        "cutoverAt": row.cutover_at or None,
        "error": _error(row.error_code, row.error_message),
        "progress": services.manifest.progress(row.id),
        "workspaces": [workspace_view(each) for each in workspaces_shown],
        "findings": [finding_view(each) for each in found],
        "planned": summary.get("outcomes") or {},
        "forecast": _forecast(summary),
        "outcome": outcome_of(services, row),
    }


def workspaces(services: Services, migration_id: str, params: Params) -> Json:
    identity = services.manifest.named(migration_id).id
    return listing(services.manifest.workspaces(identity, *window(params)), workspace_view)


def findings(services: Services, migration_id: str, params: Params) -> Json:
    identity = services.manifest.named(migration_id).id
    return listing(services.findings.page(identity, *window(params)), finding_view)


def mapping(services: Services, migration_id: str, params: Params) -> Json:
    identity = services.manifest.named(migration_id).id
    return listing(_mapping_page(services, identity, *window(params)), lambda row: row)


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
    """Workspaces first, then items."""

    def spaces(size: int, position: str | None) -> Listing[Json]:
        return mapped(services.manifest.workspaces(migration_id, size, position), workspace_mapping)

    def items(size: int, position: str | None) -> Listing[Json]:
        page = services.manifest.items(migration_id, size, position)
        return Listing([item_mapping(row) for row in page.rows if row.kind in MAPPED], page.token)

    return chained(spaces, items, top, token)


def mapping_csv(services: Services, migration_id: str) -> Iterator[str]:
    """All rows as CSV text, a piece per page; cells that a spreadsheet would run as a formula are quoted."""
    identity = services.manifest.named(migration_id).id
    yield csv_text.header(_MAPPING)
    for page in each_page(lambda top, token: _mapping_page(services, identity, top, token), _CSV_PAGE):
        yield "".join(csv_text.line(_MAPPING, row) for row in page.rows)


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


def _forecast(summary: Json) -> Json | None:
    """What its plan expected, to be held beside the outcome; None while there is no plan."""
    told = summary.get("forecast")
    if not told:
        return None
    shown = {name: told[name] for name in ("calls", "seconds", "expectedEnd")}
    return {**shown, "scale": told.get("scale", 1)}


def _workspace_state(row: WorkspaceRow) -> str:
    """Of the workspace itself, not of its contents: it is `done` once it stands in the target."""
    if not row.target_id and row.status in {"failed", "blocked"}:
        return ItemState.FAILED
    return row.state


def _error(code: str, message: str) -> Json | None:
    return {"code": code, "message": message} if code else None
