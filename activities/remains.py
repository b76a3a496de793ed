"""Which objects in the target an import of ours made: pure rules over ids. What they can't prove stays.

Proved is what the import itself names. Where it names nothing, the one object of its name that no survey of ours
had seen, that no other import made and no other item is. Two such objects are none: choosing would be guessing;
so would it be where another import of that name was at work at the same time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from activities.survey import Contents, Row, identities, named_like


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known besides the lists. `strangers`: ids in a survey before ours (imports too), or of other items."""

    name: str
    strangers: frozenset[str]
    surveyed: bool  # False: an earlier version did not look at objects, so nothing follows from their absence
    principals: frozenset[str]  # our own ids in the target tenant, in lower case


@dataclass(frozen=True, slots=True)
class Remains:
    """What a failed import left: ours to remove (reports, then datasets), and ids that nobody can be sure of."""

    reports: list[str]
    datasets: list[str]
    unproved: list[str]


@dataclass(frozen=True, slots=True)
class Found:
    """Objects of the name that may be ours: one report on its dataset, nothing at all, or neither of these."""

    reports: list[Row]
    datasets: list[Row]
    is_contested: bool  # another import of the name may have made them

    @property
    def pair(self) -> tuple[Row, Row] | None:
        if self.is_contested:
            return None
        if len(self.reports) == len(self.datasets) == 1 and _bound(self.reports[0]) in identities(
            self.datasets
        ):
            return self.reports[0], self.datasets[0]
        return None

    @property
    def is_unclear(self) -> bool:
        """More than what one unfinished import leaves: a dataset without its report."""
        explained = 0 if self.is_contested else 1
        return self.pair is None and (bool(self.reports) or len(self.datasets) > explained)

    @property
    def ids(self) -> list[str]:
        return [str(row["id"]) for row in (*self.reports, *self.datasets)]


def find(facts: Facts, there: Contents, import_id: str = "") -> Found:
    """What has the name and came after our first try, except what another import than `import_id` made."""
    others = facts.strangers | _made_by([row for row in there.imports if not _is(row, import_id)])
    named = named_like(facts.name, there)
    rivals = [row for row in named.imports if not _is(row, import_id) and not _is_past(row, facts)]
    return Found(_besides(named.reports, others), _besides(named.datasets, others), bool(rivals))


def remains(facts: Facts, there: Contents, failed: Row) -> Remains:
    """What the failed import made of what is there. `failed`: its last known form, with at least its id."""
    others = facts.strangers | _made_by([row for row in there.imports if not _is(row, str(failed["id"]))])
    own, found = _made_by([failed]) - others, find(facts, there, str(failed["id"]))
    by_name = facts.surveyed and not found.is_contested
    datasets = [row for row in there.datasets if _id(row) in own]
    if by_name and not failed.get("datasets"):
        datasets = _sole([row for row in found.datasets if _may_be_ours(row, failed, facts)], found.datasets)
    models = identities(datasets)
    reports = [row for row in there.reports if _id(row) in own]
    reports += [row for row in found.reports if _id(row) not in own and _bound(row) in models]
    if by_name and not reports and not failed.get("reports"):
        reports = _sole([row for row in found.reports if _is_loose(row, there)], found.reports)
    # Deleting a dataset takes its reports along: one that is in use by others stays.
    used = {_bound(row) for row in there.reports if _id(row) not in identities(reports)}
    datasets = [row for row in datasets if _id(row) not in used]
    proved = identities([*reports, *datasets])
    return Remains(
        [str(row["id"]) for row in reports],
        [str(row["id"]) for row in datasets],
        [each for each in found.ids if each.lower() not in proved],
    )


def _sole(candidates: list[Row], all_found: list[Row]) -> list[Row]:
    return candidates if len(candidates) == len(all_found) == 1 else []


def _may_be_ours(dataset: Row, failed: Row, facts: Facts) -> bool:
    """False where the service says otherwise: it belongs to a person, or is older than our import."""
    owner = str(dataset.get("configuredBy") or "").lower()
    if "@" in owner and not any(own in owner for own in facts.principals):
        return False
    made, began = _time(dataset.get("createdDate")), _time(failed.get("createdDateTime"))
    return made is None or began is None or made >= began


def _is_loose(report: Row, there: Contents) -> bool:
    """Bound to no dataset of the workspace: so no person made it on theirs."""
    return _bound(report) not in identities(there.datasets)


def _is_past(row: Row, facts: Facts) -> bool:
    """It had ended before ours began: whatever it made is in our survey."""
    return _id(row) in facts.strangers and row.get("importState") in ("Succeeded", "Failed")


def _made_by(imports: Iterable[Row]) -> frozenset[str]:
    rows = [row for each in imports for kind in ("datasets", "reports") for row in each.get(kind) or ()]
    return frozenset(identities(rows))


def _besides(rows: list[Row], others: frozenset[str]) -> list[Row]:
    return [row for row in rows if _id(row) not in others]


def _is(row: Row, identity: str) -> bool:
    return _id(row) == identity.lower()


def _id(row: Row) -> str:
    return str(row["id"]).lower()


def _bound(report: Row) -> str:
    return str(report.get("datasetId") or "").lower()


def _time(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
