"""The metadata scanner: asynchronous scans of up to 100 workspaces, 16 in flight; and changed workspaces."""

import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox import views
from sandbox.calls import Call
from sandbox.replies import Reply, bad_request, json_reply, not_found
from sandbox.routing import operation
from sandbox.scanned import Asked, ScanResult
from sandbox.state import new_id
from sandbox.timing import iso, now, utc
from sandbox.waits import throttled
from sandbox.world import Service

MOST_IDS = 100
JSON = {"content-type": "application/json; charset=utf-8"}
MODIFIED_LAG, MODIFIED_REACH = 30 * 60, 30 * 86_400


@dataclass(slots=True)
class Scan:
    workspace_ids: list[str]
    asked: Asked
    created: float
    id: str = field(default_factory=new_id)
    status: str = "NotStarted"
    result: bytes = b""
    """Compressed: a hundred of them are kept for a day."""
    kept_until: float = 0.0


@dataclass(slots=True)
class Scans:
    by_id: dict[str, Scan] = field(default_factory=dict[str, Scan])

    def in_flight(self) -> int:
        return sum(1 for scan in self.by_id.values() if scan.status != "Succeeded")


@operation(
    "WorkspaceInfo_PostWorkspaceInfo",
    "POST",
    "admin/workspaces/getInfo",
    guard="admin",
    bucket="admin.getInfo",
)
async def start_scan(call: Call) -> Reply:
    ids = (await call.body()).get("workspaces")
    if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_IDS:
        raise bad_request(f"workspaces must hold 1 to {MOST_IDS} ids")
    scans = call.service.recall(Scans)
    if scans.in_flight() >= call.service.quotas.scans:
        raise throttled(1, now())
    scan = Scan([str(item).lower() for item in ids], Asked.of(call.query), now())
    scans.by_id[scan.id] = scan
    _schedule(call.service, scan)
    return json_reply(_status(scan), 202, {"location": _link(call, "scanStatus", scan)})


@operation(
    "WorkspaceInfo_GetScanStatus",
    "GET",
    "admin/workspaces/scanStatus/{scanId}",
    guard="admin",
    bucket="admin.scanStatus",
)
async def scan_status(call: Call) -> Reply:
    scan = _scan(call)
    done = scan.status == "Succeeded"
    return json_reply(_status(scan), 200, {"location": _link(call, "scanResult", scan)} if done else {})


@operation(
    "WorkspaceInfo_GetScanResult",
    "GET",
    "admin/workspaces/scanResult/{scanId}",
    guard="admin",
    bucket="admin.scanResult",
)
async def scan_result(call: Call) -> Reply:
    scan = _scan(call)
    if not scan.result:
        raise bad_request("The scan has not succeeded yet")
    return Reply(200, zlib.decompress(scan.result), dict(JSON))


@operation(
    "WorkspaceInfo_GetModifiedWorkspaces",
    "GET",
    "admin/workspaces/modified",
    guard="admin",
    bucket="admin.modified",
)
async def modified(call: Call) -> Reply:
    since = _since(call)
    without_personal = call.query.get("excludePersonalWorkspaces", "").lower() == "true"
    without_inactive = call.query.get("excludeInActiveWorkspaces", "").lower() == "true"
    spaces = [
        w
        for w in call.service.state.workspaces.values()
        if not (without_personal and w.type.startswith("Personal"))
        and not (without_inactive and w.state != "Active")
        and (since is None or w.modified_date_time >= since)
    ]
    return json_reply([{"id": w.id} for w in spaces])


def _schedule(service: Service, scan: Scan) -> None:
    start = service.timing.draw("scan.start")

    def run() -> None:
        scan.status = "Running"

    def finish() -> None:
        scan.result = zlib.compress(json_reply(_result(service, scan)).body, 1)
        scan.status = "Succeeded"
        scan.kept_until = now() + service.timing.draw("scan.kept")

    service.later(start, run)
    service.later(start + service.timing.draw("scan.run"), finish)


def _scan(call: Call) -> Scan:
    scan = call.service.recall(Scans).by_id.get(call.params["scanId"].lower())
    if scan is None or (scan.kept_until and scan.kept_until < now()):
        raise not_found("ItemNotFound")
    return scan


def _status(scan: Scan) -> views.Json:
    return {"id": scan.id, "createdDateTime": iso(scan.created), "status": scan.status}


def _link(call: Call, step: str, scan: Scan) -> str:
    return f"{call.service.base_url}/v1.0/myorg/admin/workspaces/{step}/{scan.id}"


def _result(service: Service, scan: Scan) -> views.Json:
    known = service.state.workspaces
    wanted = [known[item] for item in scan.workspace_ids if item in known]
    return ScanResult(service.state, scan.asked).of(wanted)


def _since(call: Call) -> str | None:
    """modifiedSince as our own time text, if it is within the window that the service answers for."""
    raw = call.query.get("modifiedSince")
    if raw is None:
        return None
    try:
        since = datetime.fromisoformat(raw.strip("'"))
    except ValueError:
        raise bad_request("modifiedSince must be an ISO 8601 time") from None
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    youngest = utc(now() - MODIFIED_LAG * call.service.timing.scale)
    if not utc(now() - MODIFIED_REACH) <= since <= youngest:
        raise bad_request("modifiedSince must be between 30 days and 30 minutes ago")
    return iso(since.timestamp())
