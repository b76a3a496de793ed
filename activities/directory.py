"""Step 1, at its end: does the target's directory know those whom the request gives rights? Microsoft Graph tells.

Asked once the inventory is there, since only then it is known who has rights at all. Kept is whom it does not know,
and whom it would not tell about.
"""

from __future__ import annotations

from typing import cast

from activities import tenant_lists
from activities.context import Context, open_context
from activities.frame import Call
from activities.inventory import stored_extracts
from activities.tenancy import GRAPH
from shared.assessment.obstacles_principals import seen_in, target_of
from shared.errors import IdentityRefused, TerminalError
from shared.outcomes import Done, Json, Outcome, Wait
from shared.powerbi.graph import BATCH, PrincipalKind
from shared.principal_rules import rules_of
from shared.run_documents import part_path
from shared.services import Services

# Principals one activity asks for: 25 requests, twice as many where all were applications.
_PER_CALL = 25 * BATCH


def look_up_principals(services: Services, call: Call) -> Outcome:
    """Every mapped principal of the target, in the order of their names; `{"identifier", "known", "reason"}` rows."""
    context = open_context(services, call)
    path, attempt = part_path(call.migration, GRAPH), services.manifest.migration(call.migration).attempt
    held: Json | None = services.documents.read_json(path)
    if held is None or held["attempt"] != attempt:
        held = {"rows": [], "unread": "", "attempt": attempt, "complete": False, "after": ""}
    if not held["complete"]:
        held = _next(context, held)
        services.documents.write_json(path, held)
    return Done() if held["complete"] else Wait(services.clock.now())


def _next(context: Context, held: Json) -> Json:
    wanted = sorted(item for item in _wanted(context).items() if item[0] > held["after"])
    page = wanted[:_PER_CALL]
    try:
        found = list(context.target.graph.look_up(page))
    except (TerminalError, IdentityRefused) as refused:
        if refused.retry_at is not None:
            raise
        return {**held, "unread": tenant_lists.reason(refused), "complete": True}
    silent = [each for each in found if each.known is None]
    rows = [{"identifier": e.identifier, "known": e.known, "reason": e.reason} for e in found if not e.known]
    unread = held["unread"] or (
        f"Microsoft Graph did not tell about all of them: {silent[0].reason}." if silent else ""
    )
    done = len(page) == len(wanted)
    return {
        **held,
        "rows": held["rows"] + rows,
        "unread": unread,
        "complete": done,
        "after": page[-1][0] if page else "",
    }


def _wanted(context: Context) -> dict[str, PrincipalKind]:
    """Who of the target stands for anybody of the source, in lower case, and what they are."""
    rules = rules_of(context.request.principals)
    own = context.services.own_principals(context.request.source)
    found: dict[str, PrincipalKind] = {}
    for seen in seen_in(stored_extracts(context.services, context.call.migration), own).values():
        known, target = target_of(seen, rules)
        if known and target is not None:
            found.setdefault(target.lower(), cast(PrincipalKind, seen.kind))
    return found
