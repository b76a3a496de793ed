"""What the HTTP contract shows of a plan: verdicts, obstacles, the forecast, the inventory and the estate report.

A plan is a run like a migration and lies in the same tables under its run key; what its end has worked out of all
workspaces is one document, `summary.json`. Until that is there, the numbers are empty and the lists grow.
"""

from __future__ import annotations

from shared.listings import Json, Params, listing, window
from shared.models import Migration, plan_id
from shared.plan_files import plan_inventory, plan_report
from shared.plan_rows import FINDINGS, Places, published, read_plan, run_of, verdicts, workspace_row
from shared.services import Services
from shared.views import finding_view

__all__ = [
    "plan",
    "plan_findings",
    "plan_head",
    "plan_inventory",
    "plan_items",
    "plan_report",
    "plan_workspaces",
    "plans",
]

_MEANWHILE = 100  # findings shown with a plan that is being made, which somebody may ask for every second
_LINKS = ("findings", "items", "workspaces", "inventory", "report")


def links(identity: str) -> Json:
    base = f"/api/plans/{identity}"
    return {"self": base, **{name: f"{base}/{name}" for name in _LINKS}}


def plan_head(row: Migration) -> Json:
    """The short form of lists and of accepted requests."""
    identity = plan_id(row.id)
    return {
        "id": identity,
        "status": published(row.status),
        "source": row.source,
        "target": row.target or None,
        "created": row.created,
        "updated": row.updated,
        "links": links(identity),
    }


def plans(services: Services, params: Params) -> Json:
    return listing(services.manifest.migrations(*window(params), plans=True), plan_head)


def plan(services: Services, identity: str) -> Json:
    """The whole of one plan: counts by route, the forecast, and its findings, blockers first."""
    row, summary = read_plan(services, identity)
    top = _MEANWHILE if published(row.status) == "running" else FINDINGS
    found = services.findings.page(row.id, top).rows
    return {
        **plan_head(row),
        "error": {"code": row.error_code, "message": row.error_message} if row.error_code else None,
        "progress": services.manifest.progress(row.id),
        "findings": [finding_view(each) for each in found],
        "findingCounts": summary.get("findings") or {},
        "items": summary.get("items") or {},
        "kinds": summary.get("kinds") or {},
        "workspaces": summary.get("workspaces") or {},
        "minutes": summary.get("minutes") or 0,
        "principals": summary.get("principals") or 0,
        "waves": summary.get("waves") or [],
        "largest": summary.get("largest") or [],
        "unread": summary.get("unread") or [],
        "forecast": summary.get("forecast") or {"calls": {}, "seconds": None},
    }


def plan_findings(services: Services, identity: str, params: Params) -> Json:
    run = run_of(services, identity)
    return listing(services.findings.page(run, *window(params)), finding_view)


def plan_workspaces(services: Services, identity: str, params: Params) -> Json:
    run = run_of(services, identity)
    places = Places(services, run)
    return listing(services.manifest.workspaces(run, *window(params)), lambda row: workspace_row(row, places))


def plan_items(services: Services, identity: str, params: Params) -> Json:
    """Every verdict: those on the workspaces themselves, then those on what is in them."""
    run = run_of(services, identity)
    return listing(verdicts(services, run, *window(params), Places(services, run)), lambda row: row)
