"""Step 1, the end: every chosen workspace is planned, and it is decided whether the migration may run."""

from __future__ import annotations

from activities.context import Context, open_context
from activities.frame import Call
from activities.inventory import plan_unread
from activities.planning import selection_path
from shared.models import Migration
from shared.outcomes import Done, Json, Outcome
from shared.services import Services
from shared.statuses import Status

_NOT_APPLIED = ("gateways", "parameters", "credentials", "freeze")


def conclude_plan(services: Services, call: Call) -> Outcome:
    """Blockers that concern everything end the migration here, before any write; else it may run."""
    context = open_context(services, call)
    _account_for_all(context)
    _name_what_is_not_applied(context)
    blocker = services.findings.first_blocker(call.migration)

    def conclude(now: Migration) -> Json | None:
        if now.status != Status.PLANNING:  # paused or cancelled meanwhile, or concluded by an earlier try
            return None
        if blocker is None:
            return {"status": Status.RUNNING, "planned": True}
        return {"status": Status.FAILED, "error_code": blocker.code, "error_message": blocker.message}

    return Done({"status": services.manifest.decide(call.migration, conclude).status})


def _account_for_all(context: Context) -> None:
    """A chosen workspace that no batch has planned is planned here: none may be lost on the way."""
    services, migration_id = context.services, context.call.migration
    services.manifest.recount(migration_id)
    selection: Json = services.documents.read_json(selection_path(migration_id)) or {"workspaces": []}
    chosen = selection["workspaces"]
    if not chosen and services.findings.first_blocker(migration_id) is None:  # else that one is the reason
        context.finding(
            "inventory.empty", kind="migration", id=migration_id, name="", message="No workspace was found."
        )
    if services.manifest.progress(migration_id)["workspaces"]["total"] < len(chosen):
        for entry in chosen:
            if not services.manifest.has_workspace(migration_id, entry["id"]):
                plan_unread(context, entry, "its batch ended without a result.")
        services.manifest.recount(migration_id)


def _name_what_is_not_applied(context: Context) -> None:
    for section in _NOT_APPLIED:
        if getattr(context.request, section):
            context.finding(
                "manual.notApplied",
                kind="request",
                id=section,
                name=section,
                message=f"This version does not apply {section}.",
            )
