"""Deployment pipelines as their own users work with them: made, filled with workspaces, shared, deleted.

No deployment ever runs here, and none is active.
"""

from sandbox import views
from sandbox.access import find_workspace, right_of
from sandbox.areas.admin_apps import pipeline_stages, pipeline_users
from sandbox.calls import Call
from sandbox.holdings import Pipeline
from sandbox.replies import Reply, bad_request, json_reply, listing, not_found, unauthorized
from sandbox.routing import operation
from sandbox.state import Principal, new_id

ONE = "pipelines/{pipelineId}"
STAGE = f"{ONE}/stages/{{stageOrder}}"
STAGES = 3
"""Development, test and production: this API makes no others."""

LONGEST_NAME, LONGEST_DESCRIPTION = 256, 1024


@operation("Pipelines_GetPipelines", "GET", "pipelines")
async def get_pipelines(call: Call) -> Reply:
    mine = [item for item in call.service.state.pipelines.values() if _is_in(call, item)]
    return listing([_row(item) for item in mine], "pipelines")


@operation("Pipelines_CreatePipeline", "POST", "pipelines")
async def create(call: Call) -> Reply:
    """Whoever makes it is its first user."""
    body = await call.body()
    name, description = _texts(body.get("displayName"), body.get("description"))
    made = Pipeline(new_id(), name, description, [None] * STAGES, [call.caller.id])
    call.service.state.pipelines[made.id] = made
    call.audit("CreateAlmPipeline", DeploymentPipelineObjectId=made.id, DeploymentPipelineDisplayName=name)
    return json_reply(_row(made), 201)


@operation("Pipelines_GetPipeline", "GET", ONE)
async def get_pipeline(call: Call) -> Reply:
    item = _ours(call)
    wanted = call.query.get("$expand", "")
    if wanted not in ("", "stages"):
        raise bad_request("$expand may only be stages")
    return json_reply(_row(item) | ({"stages": _stages(call, item)} if wanted else {}))


@operation("Pipelines_UpdatePipeline", "PATCH", ONE)
async def update(call: Call) -> Reply:
    body, item = await call.body(), _ours(call)
    if not {"displayName", "description"} & body.keys():
        raise bad_request("displayName or description is required")
    texts = body.get("displayName", item.display_name), body.get("description", item.description)
    item.display_name, item.description = _texts(*texts)
    call.audit("UpdateAlmPipelineMetadata", DeploymentPipelineObjectId=item.id)
    return json_reply(_row(item))


@operation("Pipelines_DeletePipeline", "DELETE", ONE)
async def delete(call: Call) -> Reply:
    """Its workspaces stay."""
    item = _ours(call)
    del call.service.state.pipelines[item.id]
    call.audit("DeleteAlmPipeline", DeploymentPipelineObjectId=item.id)
    return Reply()


@operation("Pipelines_GetPipelineStages", "GET", f"{ONE}/stages")
async def get_stages(call: Call) -> Reply:
    return listing(_stages(call, _ours(call)), "stages")


@operation("Pipelines_AssignWorkspace", "POST", f"{STAGE}/assignWorkspace")
async def assign(call: Call) -> Reply:
    wanted = (await call.body()).get("workspaceId")
    item = _ours(call)
    order = _order(call, item)
    if not isinstance(wanted, str):
        raise bad_request("workspaceId is missing")
    workspace = find_workspace(call.service.state, wanted)
    if right_of(call.service.state, workspace, call.caller.id) != "Admin":
        raise unauthorized()
    if item.stages[order] is not None:
        raise bad_request("A workspace is assigned to this stage already")
    if any(workspace.id in other.stages for other in call.service.state.pipelines.values()):
        raise bad_request("The workspace is assigned to a deployment pipeline already")
    item.stages[order] = workspace.id
    call.audit("AssignWorkspaceToAlmPipeline", workspace, DeploymentPipelineObjectId=item.id)
    return Reply()


@operation("Pipelines_UnassignWorkspace", "POST", f"{STAGE}/unassignWorkspace")
async def unassign(call: Call) -> Reply:
    item = _ours(call)
    order = _order(call, item)
    if item.stages[order] is None:
        raise bad_request("No workspace is assigned to this stage")
    item.stages[order] = None
    call.audit("UnassignWorkspaceFromAlmPipeline", DeploymentPipelineObjectId=item.id)
    return Reply()


@operation("Pipelines_GetPipelineUsers", "GET", f"{ONE}/users")
async def get_users(call: Call) -> Reply:
    return listing(pipeline_users(call, _ours(call)), "users")


@operation("Pipelines_UpdatePipelineUser", "POST", f"{ONE}/users")
async def update_user(call: Call) -> Reply:
    """Adds one; whoever is in it stays in it."""
    body, item = await call.body(), _ours(call)
    if body.get("accessRight") != "Admin":
        raise bad_request("accessRight must be Admin")
    who = _principal(call, str(body.get("identifier", "")))
    if who is None or who.kind != body.get("principalType"):
        raise bad_request("No principal of this identifier and type is in the tenant")
    if who.id not in item.users:
        item.users.append(who.id)
    call.audit("UpdateAlmPipelineAccess", DeploymentPipelineObjectId=item.id)
    return Reply()


@operation("Pipelines_DeletePipelineUser", "DELETE", f"{ONE}/users/{{identifier}}")
async def delete_user(call: Call) -> Reply:
    item, who = _ours(call), _principal(call, call.params["identifier"])
    if who is None or who.id not in item.users:
        raise not_found()
    if item.users == [who.id]:
        raise bad_request("A pipeline must keep at least one admin")
    item.users.remove(who.id)
    call.audit("UpdateAlmPipelineAccess", DeploymentPipelineObjectId=item.id)
    return Reply()


def _stages(call: Call, item: Pipeline) -> list[views.Json]:
    """The name of a workspace only for those who are in it."""
    tenant, rows = call.service.state, pipeline_stages(call, item)
    for row in rows:
        held = tenant.workspaces.get(row.get("workspaceId", ""))
        if held is not None and right_of(tenant, held, call.caller.id) == "None":
            row.pop("workspaceName")
    return rows


def _ours(call: Call) -> Pipeline:
    """One that the caller is not in does not exist for them."""
    found = call.service.state.pipelines.get(call.params["pipelineId"].lower())
    if found is None or not _is_in(call, found):
        raise not_found()
    return found


def _is_in(call: Call, item: Pipeline) -> bool:
    known = call.service.state.principals
    holders = [known[user] for user in item.users if user in known]
    return any(call.caller.id in (who.id, *who.members) for who in holders)


def _order(call: Call, item: Pipeline) -> int:
    told = call.params["stageOrder"]
    if not told.isdigit() or int(told) >= len(item.stages):
        raise not_found()
    return int(told)


def _principal(call: Call, identifier: str) -> Principal | None:
    return call.service.state.principal_named(identifier) if identifier else None


def _texts(name: object, description: object) -> tuple[str, str]:
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise bad_request(f"displayName must have 1 to {LONGEST_NAME} characters")
    text = description if isinstance(description, str) else ""
    if len(text) > LONGEST_DESCRIPTION:
        raise bad_request(f"description may have {LONGEST_DESCRIPTION} characters")
    return name.strip(), text


def _row(item: Pipeline) -> views.Json:
    return {"id": item.id, "displayName": item.display_name, "description": item.description}
