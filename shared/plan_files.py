"""The files of a plan: its inventory page by page, and the estate report for people, spreadsheets and machines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from shared import csv_text
from shared.assessment import report
from shared.assessment.report_figures import Figures
from shared.assessment.tables import INVENTORY, VERDICTS, inventory_rows, tenant_rows
from shared.errors import InvalidInput
from shared.listings import Download, Json, Params, Reader, each_page, fault, window
from shared.models import WorkspaceRow
from shared.plan_rows import FINDINGS, Places, published, read_plan, run_of, verdicts
from shared.run_documents import inventory_path, part_path
from shared.services import Services

_INVENTORY_TOP = 100  # workspaces of one page of an inventory at most, fewer where they are large
_INVENTORY_CHARS = 8_000_000
_STEP = 10  # documents read before a page's size is looked at again
_PAGE = 1000
_TENANT_PARTS = tuple(
    (side, part) for side in ("source", "target") for part in ("capacities", "gateways", "pipelines")
)


def plan_inventory(services: Services, identity: str, params: Params) -> Download:
    """JSON lines, a document per workspace as the API gave it; with `format=csv` a row per item.

    The last page ends with what belongs to the tenants: capacities, gateways, deployment pipelines.
    """
    write = _choice(params, {"jsonl": _json_lines, "csv": _csv_rows})
    run, (top, token) = run_of(services, identity), window(params, _INVENTORY_TOP)
    pieces: list[str] = [csv_text.header(INVENTORY)] if write is _csv_rows and token is None else []
    is_first, shown = token is None, 0
    while shown < top and sum(map(len, pieces)) < _INVENTORY_CHARS:
        page = services.manifest.workspaces(run, min(_STEP, top - shown), token)
        pieces += [write(_document(services, run, row)) for row in page.rows]
        shown, token = shown + len(page.rows), page.token
        if token is None:
            pieces += _tenant_pieces(services, run, write)
            break
    media, ending = ("text/csv", "csv") if write is _csv_rows else ("application/x-ndjson", "jsonl")
    return Download(pieces, media, f"inventory-{identity}.{ending}", token, is_first)


def plan_report(services: Services, identity: str, params: Params) -> Download:
    """The estate report: a page for people, or its figures as JSON, or every verdict as CSV."""
    make = _choice(params, {"html": _report_html, "json": _report_json, "csv": _report_csv})
    return make(services, identity)


def _report_html(services: Services, identity: str) -> Download:
    figures, head = _figures(services, identity)
    return Download([report.page(figures, head)], "text/html", f"estate-{identity}.html")


def _report_json(services: Services, identity: str) -> Download:
    figures, head = _figures(services, identity)
    text = json.dumps(report.document(figures, head), ensure_ascii=False)
    return Download([text], "application/json", f"estate-{identity}.json")


def _report_csv(services: Services, identity: str) -> Download:
    return Download(
        _verdict_lines(services, run_of(services, identity)), "text/csv", f"verdicts-{identity}.csv"
    )


def _verdict_lines(services: Services, run: str) -> Iterator[str]:
    places = Places(services, run)
    yield csv_text.header(VERDICTS)
    for page in each_page(lambda top, token: verdicts(services, run, top, token, places), _PAGE):
        yield "".join(csv_text.line(VERDICTS, row) for row in page.rows)


def _figures(services: Services, identity: str) -> tuple[Figures, report.Head]:
    """One pass over the rows of a plan; only sums and the first of each kind are kept."""
    row, summary = read_plan(services, identity)
    figures, places = Figures(summary), Places(services, row.id)
    for space in _all(lambda top, token: services.manifest.workspaces(row.id, top, token)):
        figures.add_workspace(space, places.wave(space.source_id))
    for item in _all(lambda top, token: services.manifest.items(row.id, top, token)):
        figures.add_item(item)
    for finding in services.findings.page(row.id, FINDINGS).rows:
        figures.add_finding(finding)
    head = report.Head(
        identity, published(row.status), row.source, row.target, row.created, row.updated, row.error_message
    )
    return figures, head


def _all[T](read: Reader[T]) -> Iterator[T]:
    return (row for page in each_page(read, _PAGE) for row in page.rows)


def _document(services: Services, run: str, row: WorkspaceRow) -> Json:
    """The inventory of a workspace; one that was not read (yet) is its id and name."""
    found = services.documents.read_json(inventory_path(run, row.source_id))
    return found or {"id": row.source_id, "name": row.source_name, "complete": False}


def _tenant_pieces(services: Services, run: str, write: Callable[[Json], str]) -> Iterator[str]:
    for side, part in _TENANT_PARTS:
        found = services.documents.read_json(part_path(run, f"{side}-{part}"))
        if found is not None:
            yield write(
                {"tenant": side, "part": part, "rows": found["rows"], "unread": found.get("unread") or ""}
            )


def _json_lines(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def _csv_rows(document: Json) -> str:
    if "tenant" in document:  # of the target nothing moves
        rows = tenant_rows(document["part"], document["rows"]) if document["tenant"] == "source" else iter([])
    else:
        rows = inventory_rows(document)
    return "".join(csv_text.line(INVENTORY, row) for row in rows)


def _choice[T](params: Params, formats: dict[str, T]) -> T:
    """What `format` names; the first one where nothing is said."""
    wanted = params.get("format") or next(iter(formats))
    if wanted not in formats:
        remedy = f"give one of {', '.join(formats)}"
        raise InvalidInput([fault("format", f"{wanted[:40]!r} is no format of this", remedy)])
    return formats[wanted]
