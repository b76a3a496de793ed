"""What one inventory document holds, each item once.

Lists repeat items across pages, and the lists of Fabric repeat what the other lists have. Here every id is kept
once, and an item that only Fabric told is put with its kind: a semantic model is a dataset wherever it was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.assessment.model import Json
from shared.assessment.reading import identity, lower, rows, text
from shared.models import Kind

# The order decides which of two items with one id is kept, should the service ever give two.
_PARTS = (
    (Kind.DATASET, "datasets"),
    (Kind.REPORT, "reports"),
    (Kind.DASHBOARD, "dashboards"),
    (Kind.DATAFLOW, "dataflows"),
    (Kind.DATAMART, "datamarts"),
    (Kind.WORKBOOK, "workbooks"),
    (Kind.APP, "apps"),
    (Kind.SUBSCRIPTION, "subscriptions"),
    (Kind.FABRIC_ITEM, "fabricItems"),
)
_OF_FABRIC: dict[str, Kind] = {
    "semanticmodel": Kind.DATASET,
    "dataset": Kind.DATASET,
    "report": Kind.REPORT,
    "paginatedreport": Kind.PAGINATED_REPORT,
    "dashboard": Kind.DASHBOARD,
    "dataflow": Kind.DATAFLOW,
    "datamart": Kind.DATAMART,
}


@dataclass(frozen=True, slots=True)
class Item:
    kind: Kind
    id: str
    raw: Json

    @property
    def key(self) -> str:
        return self.id.lower()


@dataclass(frozen=True, slots=True)
class Contents:
    """The items of one workspace by kind, in the order of their ids."""

    of: dict[Kind, list[Item]] = field(default_factory=dict[Kind, list[Item]])

    def __getitem__(self, kind: Kind) -> list[Item]:
        return self.of.get(kind, [])


def contents(document: Mapping[str, Any]) -> Contents:
    """Every item once. Copies that belong to an installed app (`appId`) are the app's, not the workspace's."""
    seen = _apps_copies(document)
    found: dict[Kind, list[Item]] = {}
    for item in _items(document):
        if item.key not in seen:
            seen.add(item.key)
            found.setdefault(item.kind, []).append(item)
    for items in found.values():
        items.sort(key=lambda one: one.id)
    return Contents(found)


def is_apps_copy(raw: Mapping[str, Any]) -> bool:
    return bool(text(raw, "appId"))


def _apps_copies(document: Mapping[str, Any]) -> set[str]:
    """Their ids are left out wherever they come up: the lists of Fabric do not say whose they are."""
    listed = [(kind, raw) for kind, part in _PARTS[1:3] for raw in rows(document, part)]
    return {identity(kind, raw).lower() for kind, raw in listed if is_apps_copy(raw)}


def _items(document: Mapping[str, Any]) -> Iterable[Item]:
    for kind, part in _PARTS:
        for raw in rows(document, part):
            own = _kind(kind, raw)
            yield Item(own, identity(own, raw), raw)


def _kind(listed_as: Kind, raw: Json) -> Kind:
    if listed_as == Kind.FABRIC_ITEM:
        return _OF_FABRIC.get(lower(raw, "type"), listed_as)
    return Kind.PAGINATED_REPORT if listed_as == Kind.REPORT and _is_rdl(raw) else listed_as


def _is_rdl(report: Json) -> bool:
    return lower(report, "reportType") == "paginatedreport" or lower(report, "format") == "rdl"
