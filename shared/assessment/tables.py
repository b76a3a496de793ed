"""An inventory as one table: a row per item, the columns a person sorts and filters an estate by.

The JSON lines of an inventory hold everything as the API gave it; this is what of it fits into a spreadsheet. What
an API does not tell is an empty cell, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.assessment.model import Json
from shared.models import Kind

INVENTORY = (
    "workspaceId", "workspaceName", "workspaceType", "workspaceState", "capacityId",
    "kind", "id", "name", "type", "description",
    "datasetId", "datasetWorkspaceId", "owner", "created", "modifiedBy", "modified",
    "storageMode", "contentProvider", "refresh", "parameters", "dataSources", "roles", "tiles",
    "sensitivityLabel", "endorsement", "users", "upstream",
)  # fmt: skip
VERDICTS = (
    "kind", "workspaceId", "workspaceName", "id", "name", "route", "automated",
    "reason", "lost", "todo", "minutes", "wave",
)  # fmt: skip

_LISTS = {
    "reports": Kind.REPORT,
    "datasets": Kind.DATASET,
    "dataflows": Kind.DATAFLOW,
    "dashboards": Kind.DASHBOARD,
    "datamarts": Kind.DATAMART,
    "workbooks": Kind.WORKBOOK,
    "apps": Kind.APP,
    "subscriptions": Kind.SUBSCRIPTION,
    "fabricItems": Kind.FABRIC_ITEM,
}


def inventory_rows(document: Mapping[str, Any]) -> Iterator[Json]:
    """The workspace itself, then everything its document lists, each once: Fabric lists some of it again."""
    place = {
        "workspaceId": document.get("id"),
        "workspaceName": document.get("name"),
        "workspaceType": document.get("type"),
        "workspaceState": document.get("state"),
        "capacityId": document.get("capacityId"),
    }
    yield {**place, **_workspace(document)}
    details = _dict(document.get("details"))
    seen: set[str] = set()
    for part, kind in _LISTS.items():
        for item in _dicts(document.get(part)):
            identity = _text(item.get("id") or item.get("objectId")).lower()
            if identity and identity in seen:
                continue
            seen.add(identity)
            yield {**place, **_item(kind, item, _dict(details.get(identity)))}


def tenant_rows(part: str, rows: Iterable[Any]) -> Iterator[Json]:
    """Of the tenant's own parts those with ids that move: deployment pipelines, gateway data sources."""
    for row in _dicts(list(rows)):
        if part == "pipelines":
            yield {**_common(Kind.PIPELINE, row), "users": len(_dicts(row.get("users"))) or None}
        elif part == "gateways":
            for source in _dicts(row.get("datasources")):
                owner = {"owner": row.get("name"), "type": source.get("datasourceType")}
                yield {**_common(Kind.GATEWAY_DATASOURCE, source), **owner}


def _workspace(document: Mapping[str, Any]) -> Json:
    return {
        "kind": Kind.WORKSPACE,
        "id": document.get("id"),
        "name": document.get("name"),
        "description": document.get("description"),
        "storageMode": document.get("defaultDatasetStorageFormat"),
        "users": len(_dicts(document.get("users"))) or None,
    }


def _item(kind: Kind, item: Json, details: Json) -> Json:
    if kind == Kind.REPORT and _text(item.get("reportType")).lower() == "paginatedreport":
        kind = Kind.PAGINATED_REPORT
    return {**_common(kind, item), **_authors(item), **_technique(item, details), **_marks(item)}


def _common(kind: Kind, item: Mapping[str, Any]) -> Json:
    return {
        "kind": kind,
        "id": item.get("id") or item.get("objectId"),
        "name": _first(item, "name", "displayName", "title", "datasourceName"),
        "type": _first(item, "reportType", "type", "artifactType"),
        "description": item.get("description"),
    }


def _authors(item: Mapping[str, Any]) -> Json:
    return {
        "owner": _first(item, "configuredBy", "createdBy", "publishedBy"),
        "created": _first(item, "createdDate", "CreatedDate", "createdDateTime", "startDate"),
        "modifiedBy": item.get("modifiedBy"),
        "modified": _first(item, "modifiedDateTime", "lastUpdate", "lastUpdatedDate"),
    }


def _technique(item: Mapping[str, Any], details: Json) -> Json:
    sources = item.get("datasourceUsages") or details.get("datasources")
    return {
        "datasetId": _first(item, "datasetId", "artifactId"),
        "datasetWorkspaceId": item.get("datasetWorkspaceId"),
        "storageMode": _first(item, "targetStorageMode", "storageMode"),
        "contentProvider": _first(item, "contentProviderType", "ContentProviderType"),
        "refresh": _refresh(item, details),
        "parameters": _count(details.get("parameters")) or _parameters(item),
        "dataSources": _count(sources),
        "roles": _count(item.get("roles")),
        "tiles": _count(item.get("tiles")),
    }


def _marks(item: Mapping[str, Any]) -> Json:
    label = _first(_dict(item.get("sensitivityLabel")), "displayName", "labelId")
    lineage = [
        _text(_first(up, "targetDatasetId", "targetDataflowId", "targetDatamartId"))
        for name in ("upstreamDatasets", "upstreamDataflows", "upstreamDatamarts")
        for up in _dicts(item.get(name))
    ]
    return {
        "sensitivityLabel": label,
        "endorsement": _dict(item.get("endorsementDetails")).get("endorsement"),
        "users": _count(item.get("users")),
        "upstream": " ".join(lineage) or None,
    }


def _refresh(item: Mapping[str, Any], details: Json) -> str | None:
    """`Monday Thursday 07:00 19:30 UTC`, with `off` before it where the schedule is disabled."""
    for name in ("refreshSchedule", "directQueryRefreshSchedule"):
        schedule = _dict(item.get(name)) or _dict(details.get(name))
        parts = [*_texts(schedule.get("days")), *_texts(schedule.get("times"))]
        if parts or schedule.get("frequency"):
            every = [f"every {schedule['frequency']} min"] if schedule.get("frequency") else []
            off = ["off"] if schedule.get("enabled") is False else []
            return " ".join([*off, *every, *parts, _text(schedule.get("localTimeZoneId"))]).strip()
    return _text(item.get("frequency")) or None


def _parameters(item: Mapping[str, Any]) -> int | None:
    """Parameters of a model are expressions in its schema, marked as such."""
    marked = [
        e for e in _dicts(item.get("expressions")) if "IsParameterQuery=true" in _text(e.get("expression"))
    ]
    return len(marked) or None


def _count(value: Any) -> int | None:
    return len(value) if isinstance(value, list) and value else None


def _first(item: Mapping[str, Any], *names: str) -> Any:
    return next((item[name] for name in names if item.get(name)), None)


def _dicts(value: Any) -> list[Json]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> list[str]:
    return [str(entry) for entry in value] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return "" if value is None else str(value)
