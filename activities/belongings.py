"""Whose is what in a target workspace: pure rules over ids, for the undoing of a migration.

Ours is what an import of this migration brought: the objects its manifest names, and those that the service
itself lists under one of our imports. A name proves nothing. What somebody else's import names as well is theirs:
they have published over it, or it was there before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from activities.adoption import ADOPTED
from shared.assessment.model import Route
from shared.models import ItemRow, Kind

type Row = Mapping[str, Any]

REPORTS = (Kind.REPORT, Kind.PAGINATED_REPORT)


@dataclass(frozen=True, slots=True)
class Belongings:
    """Ids in lower case. `rows`: the manifest rows behind them; `reports` and `datasets` may be more, or fewer
    where others have published over ours."""

    rows: tuple[ItemRow, ...]
    reports: frozenset[str]  # paginated ones too
    datasets: frozenset[str]
    others: frozenset[str] = frozenset()  # dashboards and dataflows

    @property
    def ids(self) -> frozenset[str]:
        return self.reports | self.datasets | self.others

    def of(self, kind: Kind) -> frozenset[str]:
        return self.reports if kind in REPORTS else self.datasets


def belongings(items: Iterable[ItemRow], imports: Iterable[Row], sent: Iterable[Row]) -> Belongings:
    """`imports`: all that the target workspace lists; `sent`: the results of the imports of this migration."""
    results, listed = list(sent), list(imports)
    reports = _named(results, listed, Kind.REPORT)
    rows = _brought(list(items), reports)
    theirs = _of_others(results, rows, listed)
    return Belongings(
        tuple(rows),
        (reports | _of_rows(rows, *REPORTS)) - theirs,
        (_named(results, listed, Kind.DATASET) | _of_rows(rows, Kind.DATASET)) - theirs,
        _of_rows(rows, Kind.DASHBOARD, Kind.DATAFLOW),
    )


def hanging_on(dataset_id: str, reports: Iterable[Row], ours: Belongings) -> list[str]:
    """The reports people made on a dataset: it is in use, and deleting it would delete them."""
    return [
        name_of(row)
        for row in reports
        if str(row.get("datasetId") or "").lower() == dataset_id
        and str(row["id"]).lower() not in ours.reports
    ]


def strangers(contents: Iterable[Row], ours: Belongings) -> dict[str, str]:
    """What is not ours in a workspace, by id: readable names."""
    found = {identity_of(row): name_of(row) for row in contents}
    return {identity: name for identity, name in found.items() if identity not in ours.ids}


def identity_of(row: Row) -> str:
    """The id of a listed object; a dataflow has an `objectId`."""
    return str(row.get("id") or row.get("objectId")).lower()


def name_of(row: Row) -> str:
    """How people know a listed object, with its id."""
    return (
        f"{row.get('name') or row.get('displayName') or ''} ({row.get('id') or row.get('objectId')})".strip()
    )


def _brought(items: list[ItemRow], sent_objects: frozenset[str]) -> list[ItemRow]:
    """Reports that came with an import of ours, and their models. What was taken over from others did not."""
    reports = [
        item
        for item in items
        if item.kind == Kind.REPORT
        and item.target_id
        and not item.note.startswith(ADOPTED)
        and (item.import_id or item.target_id.lower() in sent_objects)
    ]
    models = {item.dataset_id.lower() for item in reports}
    datasets = [item for item in items if item.kind == Kind.DATASET and item.source_id.lower() in models]
    others = [item for item in items if _was_made(item)]
    known = {(item.kind, item.source_id): item for item in (*reports, *datasets, *others) if item.target_id}
    return list(known.values())


def _was_made(item: ItemRow) -> bool:
    """Without a PBIX, by this migration: only then does its row name a target that was not taken over."""
    return bool(item.target_id) and item.route not in ("", Route.PBIX) and not item.note.startswith(ADOPTED)


def _of_others(sent: list[Row], rows: list[ItemRow], imports: Iterable[Row]) -> frozenset[str]:
    """The objects that an import names which is none of ours."""
    ours = {str(result.get("import") or result.get("over") or "").lower() for result in sent} | {
        row.import_id.lower() for row in rows
    }
    foreign = [each for each in imports if str(each["id"]).lower() not in ours]
    named = [row for each in foreign for kind in ("reports", "datasets") for row in each.get(kind) or ()]
    return frozenset(str(row["id"]).lower() for row in named)


def _of_rows(rows: list[ItemRow], *kinds: Kind) -> frozenset[str]:
    return frozenset(row.target_id.lower() for row in rows if row.kind in kinds)


def _named(sent: list[Row], imports: Iterable[Row], kind: Kind) -> frozenset[str]:
    """The objects of our imports: as the service lists them, and where it listed none as we found them."""
    ids = {str(result.get("import") or "").lower() for result in sent} - {""}
    listed = [row for each in imports if str(each["id"]).lower() in ids for row in each.get(f"{kind}s") or ()]
    found = [result[kind] for result in sent if result.get(kind)]
    return frozenset(str(row["id"]).lower() for row in (*listed, *found))
