"""Capacities and the asynchronous assignment of workspaces to them."""

from sandbox import views
from sandbox.access import capacity_right
from sandbox.calls import Call
from sandbox.replies import Reply, bad_request, json_reply, listing, not_found, unauthorized
from sandbox.routing import operation
from sandbox.state import Assignment, Workspace, new_id
from sandbox.timing import iso, now
from sandbox.world import Service

OFF = "00000000-0000-0000-0000-000000000000"


@operation("Capacities_GetCapacities", "GET", "capacities")
async def get_capacities(call: Call) -> Reply:
    everything = call.service.state.capacities.values()
    mine = [item for item in everything if capacity_right(item, call.caller) != "None"]
    return listing([views.capacity(item, capacity_right(item, call.caller)) for item in mine], "capacities")


@operation("Admin_GetCapacitiesAsAdmin", "GET", "admin/capacities", guard="admin", bucket="admin.other")
async def get_all_capacities(call: Call) -> Reply:
    everything = call.service.state.capacities.values()
    return listing(
        [views.capacity(item, capacity_right(item, call.caller)) for item in everything], "capacities"
    )


@operation("Groups_AssignToCapacity", "POST", "groups/{groupId}/AssignToCapacity")
async def assign(call: Call) -> Reply:
    body = await call.body()
    workspace = call.workspace("Admin")
    wanted = str(body.get("capacityId", "")).lower()
    if wanted != OFF:
        _check_capacity(call, wanted)
    begin(call.service, workspace, wanted)
    call.audit("ModifyWorkspaceCapacity", workspace, CapacityId=wanted.upper())
    return Reply()


@operation("Groups_CapacityAssignmentStatus", "GET", "groups/{groupId}/CapacityAssignmentStatus")
async def assignment_status(call: Call) -> Reply:
    """The newest assignment that has become visible: for a while it may still be an older one."""
    workspace = call.workspace("Contributor")
    seen = [item for item in workspace.assignments if item.visible_at <= now()]
    if not seen:
        return json_reply(_never_assigned(workspace))
    latest = seen[-1]
    return json_reply(
        views.present(
            {
                "status": latest.status,
                "activityId": latest.activity_id,
                "startTime": latest.start_time,
                "endTime": latest.end_time,
                "capacityId": latest.capacity_id.upper(),
            }
        )
    )


def begin(service: Service, workspace: Workspace, capacity_id: str) -> None:
    """Pending now, in progress soon, done (or failed, where the capacity is not active then) later."""
    moment = now()
    visible = moment + service.timing.draw("capacity.visible")
    item = Assignment(new_id(), capacity_id, iso(moment), visible_at=visible)
    workspace.assignments.append(item)
    start = service.timing.draw("capacity.start")

    def progress() -> None:
        item.status = "InProgress"

    def finish() -> None:
        capacity = service.state.capacities.get(capacity_id)
        usable = capacity_id == OFF or (capacity is not None and capacity.state == "Active")
        item.status = "CompletedSuccessfully" if usable else "AssignmentFailed"
        item.end_time = iso(now())
        if usable and workspace.assignments[-1] is item:
            workspace.capacity_id = None if capacity_id == OFF else capacity_id

    service.later(start, progress)
    service.later(start + service.timing.draw("capacity.run"), finish)


def _never_assigned(workspace: Workspace) -> views.Json:
    """What a workspace shows that got its place before the history begins."""
    return {"status": "CompletedSuccessfully", "capacityId": (workspace.capacity_id or OFF).upper()}


def _check_capacity(call: Call, wanted: str) -> None:
    if not wanted:
        raise bad_request("capacityId is missing")
    capacity = call.service.state.capacities.get(wanted)
    if capacity is None:
        raise not_found()
    if capacity_right(capacity, call.caller) == "None":
        raise unauthorized()
