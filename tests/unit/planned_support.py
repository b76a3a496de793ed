"""A planned estate as the end of a plan leaves it: rows, findings and documents, in the real storage."""

from __future__ import annotations

from typing import Any

from shared.models import ItemRow, ItemState, Kind, Migration, WorkspaceRow, plan_key
from shared.services import Services

IMG = "<img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://example.invalid","x")'

SUMMARY: dict[str, Any] = {
    "workspaces": {"workspace": 2, "personal": 1},
    "items": {"recreate": 2, "pbix": 4, "byHand": 2, "staysBehind": 2},
    "kinds": {"report": {"pbix": 4}, "dashboard": {"byHand": 2}, "fabricItem": {"staysBehind": 2}},
    "minutes": 20,
    "principals": 7,
    "waves": [{"wave": 1, "workspaces": 2, "items": 8, "first": [IMG, FORMULA]}],
    "findings": {"blocker": {"access.source": 1}, "warning": {}, "info": {}},
    "largest": [{"id": "w-0", "name": IMG, "items": 4}],
    "forecast": {
        "calls": {"default": 120, "admin.getInfo": 1},
        "seconds": 600,
        "bytes": None,
        "longestPath": [{"what": f"workspace {IMG!r} is made", "seconds": 12.5}],
        "expectedEnd": "2026-11-21T13:00:00+00:00",
        "quotas": [
            {
                "quota": "default",
                "connection": IMG,
                "calls": 120,
                "limit": None,
                "window_s": 60,
                "seconds": 60.0,
            }
        ],
        "assumptions": ["Sizes are told by no API."],
    },
    "unread": [{"side": "source", "part": "gateways", "reason": f"refused: {IMG}"}],
}


def planned(services: Services, identity: str, status: str = "planned", target: str = "fabrikam") -> str:
    """A plan of two workspaces with awkward names, its run key."""
    run = plan_key(identity)
    services.manifest.create(Migration(run, status, "contoso", target, "hash", "2026-11-21T12:00:00", "then"))
    for number, name in enumerate((IMG, FORMULA)):
        _workspace(services, run, f"w-{number}", name)
    services.manifest.recount(run)
    about = {"kind": "workspace", "id": "w-0", "name": IMG, "workspace_id": "w-0"}
    services.findings.add(run, "access.source", message=f"no right in {IMG}", **about)
    services.documents.write_json(f"{run}/summary.json", SUMMARY)
    services.documents.write_json(f"{run}/waves.json", {"w-0": 1, "w-1": 2})
    return run


def _workspace(services: Services, run: str, identity: str, name: str) -> None:
    def row(kind: str, number: int, state: str, route: str, **more: Any) -> ItemRow:
        return ItemRow(identity, kind, f"{identity}-{kind}-{number}", name, state=state, route=route, **more)

    todo = f"Pin {name}"
    rows = [
        row(Kind.REPORT, 1, ItemState.PLANNED, "pbix"),
        row(Kind.REPORT, 2, ItemState.PLANNED, "pbix", lost="its label"),
        row(Kind.DASHBOARD, 1, ItemState.MANUAL, "byHand", todo=todo, minutes=10, reason="no API"),
        row(Kind.FABRIC_ITEM, 1, ItemState.SKIPPED, "staysBehind", note="nothing moves it"),
    ]
    services.manifest.plan_items(run, identity, rows)
    services.manifest.plan_workspace(run, WorkspaceRow(identity, name, target_name=name, route="recreate"))
    services.manifest.count_workspace(run, identity)
    document = {"id": identity, "name": name, "complete": True, "reports": [{"id": "r", "name": name}]}
    services.documents.write_json(f"{run}/inventory/{identity}.json", document)
