"""Apps and deployment pipelines as an administrator lists them; neither list tells what an app shows to whom."""

from sandbox import odata, views
from sandbox.calls import Call
from sandbox.holdings import Pipeline, PublishedApp
from sandbox.replies import Reply, bad_request, listing, not_found
from sandbox.routing import operation
from sandbox.scanned import Asked, ScanResult

MOST = 5000
EXPANDABLE = ("users", "stages")


@operation("Apps_GetAppsAsAdmin", "GET", "admin/apps", guard="admin", bucket="admin.other")
async def get_apps(call: Call) -> Reply:
    if "$top" not in call.query:
        raise bad_request("$top is required")
    return listing(call.page([_app(item) for item in call.service.state.apps.values()]), "apps")


@operation("Apps_GetAppUsersAsAdmin", "GET", "admin/apps/{appId}/users", guard="admin", bucket="admin.other")
async def get_app_users(call: Call) -> Reply:
    found = call.service.state.apps.get(call.params["appId"].lower())
    if found is None:
        raise not_found()
    people = ScanResult(call.service.state, Asked())
    rows = [people.person(user.principal_id) | {"appUserAccessRight": user.right} for user in found.users]
    for row in rows:  # the one list of users that has no such field
        row.pop("userType", None)
    return listing(rows, "users")


@operation("Pipelines_GetPipelinesAsAdmin", "GET", "admin/pipelines", guard="admin", bucket="admin.other")
async def get_pipelines(call: Call) -> Reply:
    wanted = [part.strip() for part in call.query.get("$expand", "").split(",") if part.strip()]
    if unknown := [part for part in wanted if part not in EXPANDABLE]:
        raise bad_request(f"$expand does not know {', '.join(unknown)}")
    odata.whole_number(call.query, "$top", MOST, 1, MOST)
    rows = [_pipeline(call, item, wanted) for item in call.service.state.pipelines.values()]
    return listing(call.page(rows), "pipelines")


@operation(
    "Pipelines_GetPipelineUsersAsAdmin",
    "GET",
    "admin/pipelines/{pipelineId}/users",
    guard="admin",
    bucket="admin.other",
)
async def getpipeline_users(call: Call) -> Reply:
    found = call.service.state.pipelines.get(call.params["pipelineId"].lower())
    if found is None:
        raise not_found()
    return listing(pipeline_users(call, found), "users")


def _app(item: PublishedApp) -> views.Json:
    fields: views.Json = {
        "id": item.id,
        "name": item.name,
        "description": item.description,
        "lastUpdate": item.last_update,
        "publishedBy": item.published_by,
        "workspaceId": item.workspace_id,
    }
    return views.present(fields)


def _pipeline(call: Call, item: Pipeline, wanted: list[str]) -> views.Json:
    fields: views.Json = {"id": item.id, "displayName": item.display_name, "description": item.description}
    if "users" in wanted:
        fields["users"] = pipeline_users(call, item)
    if "stages" in wanted:
        fields["stages"] = pipeline_stages(call, item)
    return fields


def pipeline_stages(call: Call, item: Pipeline) -> list[views.Json]:
    return [_stage(call, order, held) for order, held in enumerate(item.stages)]


def _stage(call: Call, order: int, workspace_id: str | None) -> views.Json:
    held = call.service.state.workspaces.get(workspace_id or "")
    fields = {"workspaceId": workspace_id, "workspaceName": held.name if held else None}
    return {"order": order} | views.present(fields)


def pipeline_users(call: Call, item: Pipeline) -> list[views.Json]:
    known = call.service.state.principals
    people = [known[user] for user in item.users if user in known]
    return [
        {
            "identifier": who.upn if who.kind == "User" else who.id,
            "principalType": who.kind,
            "accessRight": "Admin",
        }
        for who in people
    ]
