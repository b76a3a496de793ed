"""What becomes of every item of a source workspace. Pure: an inventory document in, manifest rows out.

This version moves PBIX reports together with their model. Everything else gets a row too, with the state
`manual` and the reason: nothing is left behind without saying so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.models import ItemRow, ItemState, Kind

type Json = Mapping[str, Any]


def classify(inventory: Json) -> list[ItemRow]:
    """The rows of one workspace, from `{"id", "reports", "datasets", "dashboards", "dataflows"}`.

    Reports that are an installed app's copies (`appId`) belong to the app and get no row.
    """
    workspace = str(inventory["id"])
    own = {str(d["id"]).lower(): d for d in inventory["datasets"]}
    reports = [report for report in inventory["reports"] if not report.get("appId")]
    leaders = _leaders(reports, own)
    rows = [_report(workspace, report, own, leaders) for report in reports]
    moved = {row.dataset_id.lower() for row in rows if row.state == ItemState.PLANNED}
    rows += [_dataset(workspace, dataset, identity in moved) for identity, dataset in own.items()]
    rows += [
        _manual(workspace, Kind.DASHBOARD, d, "dashboards have no import") for d in inventory["dashboards"]
    ]
    rows += [
        _manual(workspace, Kind.DATAFLOW, d, "dataflows are not moved yet") for d in inventory["dataflows"]
    ]
    return rows


def _leaders(reports: list[Json], own: Mapping[str, Json]) -> dict[str, str]:
    """For each model the one report it travels with: its namesake, else the first by id."""
    leaders: dict[str, str] = {}
    for dataset_id, dataset in own.items():
        bound = [r for r in reports if str(r.get("datasetId") or "").lower() == dataset_id and not _is_rdl(r)]
        bound.sort(key=lambda report: (report.get("name") != dataset.get("name"), str(report["id"])))
        if bound:
            leaders[dataset_id] = str(bound[0]["id"])
    return leaders


def _report(workspace: str, report: Json, own: Mapping[str, Json], leaders: Mapping[str, str]) -> ItemRow:
    dataset = str(report.get("datasetId") or "")
    if _is_rdl(report):
        return _manual(workspace, Kind.PAGINATED_REPORT, report, "paginated reports are not moved yet")
    if dataset.lower() not in own:
        return _manual(workspace, Kind.REPORT, report, "its model is not in this workspace", dataset)
    if leaders[dataset.lower()] != str(report["id"]):
        return _manual(workspace, Kind.REPORT, report, "it shares its model with another report", dataset)
    return ItemRow(
        workspace, Kind.REPORT, str(report["id"]), str(report.get("name") or ""), dataset_id=dataset
    )


def _dataset(workspace: str, dataset: Json, moves: bool) -> ItemRow:
    if not moves:
        return _manual(workspace, Kind.DATASET, dataset, "no report of this workspace carries it")
    return ItemRow(workspace, Kind.DATASET, str(dataset["id"]), str(dataset.get("name") or ""))


def _manual(workspace: str, kind: Kind, item: Json, why: str, dataset: str = "") -> ItemRow:
    identity = str(item.get("id") or item.get("objectId"))
    name = str(item.get("name") or item.get("displayName") or "")
    return ItemRow(workspace, kind, identity, name, state=ItemState.MANUAL, note=why, dataset_id=dataset)


def _is_rdl(report: Json) -> bool:
    return str(report.get("reportType") or "").lower() == "paginatedreport"
