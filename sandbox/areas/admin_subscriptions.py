"""E-mail subscriptions as an administrator reads them: of a report, a dashboard, a person. Nothing writes them."""

from sandbox import views
from sandbox.calls import Call
from sandbox.holdings import Subscription
from sandbox.replies import Reply, json_reply, listing, not_found
from sandbox.routing import operation
from sandbox.scanned import Asked, ScanResult


@operation(
    "Reports_GetReportSubscriptionsAsAdmin",
    "GET",
    "admin/reports/{reportId}/subscriptions",
    guard="admin",
    bucket="admin.other",
)
async def of_report(call: Call) -> Reply:
    spaces = call.service.state.workspaces.values()
    return _of_item(call, call.params["reportId"], {item.id for space in spaces for item in space.reports})


@operation(
    "Dashboards_GetDashboardSubscriptionsAsAdmin",
    "GET",
    "admin/dashboards/{dashboardId}/subscriptions",
    guard="admin",
    bucket="admin.other",
)
async def of_dashboard(call: Call) -> Reply:
    spaces = call.service.state.workspaces.values()
    known = {item.id for space in spaces for item in space.dashboards}
    return _of_item(call, call.params["dashboardId"], known)


@operation(
    "Users_GetUserSubscriptionsAsAdmin",
    "GET",
    "admin/users/{userId}/subscriptions",
    guard="admin",
    bucket="admin.other",
)
async def of_user(call: Call) -> Reply:
    """By Graph id or UPN; all on one page."""
    who = call.service.state.principal_named(call.params["userId"])
    if who is None:
        raise not_found()
    rows = [_shown(call, item) for item in call.service.state.subscriptions if who.id in item.users]
    return json_reply({"subscriptionEntities": rows, "continuationUri": None, "continuationToken": None})


def _of_item(call: Call, wanted: str, known: set[str]) -> Reply:
    if wanted.lower() not in known:
        raise not_found()
    found = [item for item in call.service.state.subscriptions if item.artifact_id == wanted.lower()]
    return listing([_shown(call, item) for item in found], "subscriptions")


def _shown(call: Call, item: Subscription) -> views.Json:
    people = ScanResult(call.service.state, Asked())
    fields: views.Json = {
        "id": item.id,
        "title": item.title,
        "artifactId": item.artifact_id,
        "artifactDisplayName": item.artifact_name,
        "subArtifactDisplayName": item.page,
        "artifactType": item.artifact_type,
        "isEnabled": item.is_enabled,
        "frequency": item.frequency,
        "startDate": item.start_date,
        "endDate": item.end_date,
        "linkToContent": True,
        "previewImage": True,
        "attachmentFormat": item.attachment_format,
        "users": [people.person(user) for user in item.users],
    }
    return views.present(fields)
