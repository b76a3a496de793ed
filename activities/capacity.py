"""Step 3: the target workspace onto its capacity, asked for once and waited for."""

from __future__ import annotations

from activities.context import Context, open_context
from activities.frame import Call
from shared.errors import TerminalError
from shared.outcomes import Done, Failed, Outcome
from shared.polling import CAPACITY
from shared.services import Services


def assign_capacity(services: Services, call: Call) -> Outcome:
    """Groups_AssignToCapacity, unless the workspace lies there already or stays on shared capacity."""
    context = open_context(services, call)
    row = context.update_workspace(step="capacity")
    if not row.target_capacity or row.origin == "merged":
        return Done()
    if _lies_there(context, row.target_id, row.target_capacity):
        return Done()
    try:
        services.gate.write(
            context.intent("capacity", call.workspace, "Groups_AssignToCapacity", row.target_name),
            look=lambda before: _assignment(context, row.target_id, row.target_capacity),
            act=lambda: _assign(context, row.target_id, row.target_capacity),
            repeatable=True,
        )
    except TerminalError as refused:
        return Failed("capacity.failed", f"{refused.code}: {refused.message}")
    return Done()


def await_capacity(services: Services, call: Call) -> Outcome:
    """Groups_CapacityAssignmentStatus until it has completed for this capacity.

    The status may still be that of an older assignment, so only one that names our capacity counts.
    """
    context = open_context(services, call)
    row = context.workspace()
    if not row.target_capacity or row.origin == "merged":
        return Done()
    status = context.target.capacities.assignment_status(row.target_id)
    if _is(status.get("capacityId"), row.target_capacity):
        if status.get("status") == "CompletedSuccessfully":
            return Done()
        if status.get("status") == "AssignmentFailed":
            return Failed("capacity.failed", f"The service could not assign capacity {row.target_capacity}.")
    elif _lies_there(context, row.target_id, row.target_capacity):
        return Done()
    again = CAPACITY.again(call.state, services.clock.now(), call.scale)
    return again or Failed("capacity.failed", "The assignment did not end in time.")


def _assign(context: Context, workspace: str, capacity: str) -> dict[str, str]:
    context.target.capacities.assign(workspace, capacity)
    return {"capacity": capacity}


def _assignment(context: Context, workspace: str, capacity: str) -> dict[str, str] | None:
    """What an earlier try brought under way, if it was this assignment and it has not failed."""
    status = context.target.capacities.assignment_status(workspace)
    ours = _is(status.get("capacityId"), capacity) and status.get("status") != "AssignmentFailed"
    return {"capacity": capacity} if ours else None


def _lies_there(context: Context, workspace: str, capacity: str) -> bool:
    group = context.target.groups.get(workspace)
    return _is(group.get("capacityId"), capacity)


def _is(value: object, capacity: str) -> bool:
    return str(value or "").lower() == capacity.lower()
