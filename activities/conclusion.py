"""Step 1, the end: every chosen workspace is planned, the whole is judged, and it is decided whether it may run."""

from __future__ import annotations

from activities.assessment import assess
from activities.context import Context, open_context
from activities.frame import Call
from activities.inventory import plan_unread
from activities.selected import read_selection, selected
from shared.models import Migration, is_plan
from shared.outcomes import Done, Json, Outcome
from shared.services import Services
from shared.statuses import Status

_NOT_APPLIED = ("gateways", "parameters", "credentials", "freeze")


def conclude_plan(services: Services, call: Call) -> Outcome:
    """Blockers that concern everything end the migration here, before any write; else it may run.

    A plan ends here with whatever it has found.
    """
    context = open_context(services, call)
    _account_for_all(context)
    _name_what_is_not_applied(context)
    assess(context)
    blocker = services.findings.first_blocker(call.migration)

    def conclude(now: Migration) -> Json | None:
        if now.status != Status.PLANNING:  # paused or cancelled meanwhile, or concluded by an earlier try
            return None
        if is_plan(call.migration):
            return {"status": Status.PLANNED, "planned": True}
        if blocker is None:
            return {"status": Status.RUNNING, "planned": True}
        return {"status": Status.FAILED, "error_code": blocker.code, "error_message": blocker.message}

    return Done({"status": services.manifest.decide(call.migration, conclude).status})


def _account_for_all(context: Context) -> None:
    """A chosen workspace that no batch has planned is planned here: none may be lost on the way."""
    services, migration_id = context.services, context.call.migration
    services.manifest.recount(migration_id)
    chosen = read_selection(services, migration_id).workspaces
    if not chosen and services.findings.first_blocker(migration_id) is None:  # else that one is the reason
        context.finding(
            "inventory.empty", kind="migration", id=migration_id, name="", message="No workspace was found."
        )
    if services.manifest.progress(migration_id)["workspaces"]["total"] < chosen:
        missing = (
            entry
            for entry in selected(services, migration_id)
            if not services.manifest.has_workspace(migration_id, entry["id"])
        )
        plan_unread(context, missing, "its batch ended without a result.")
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
