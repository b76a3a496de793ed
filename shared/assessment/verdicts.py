"""What becomes of every item: exactly one verdict each, decided from documents alone.

The rules of each kind are in files of their own (`verdicts_models`, `verdicts_reports`, `verdicts_kinds`,
`verdicts_fabric`, `verdicts_workspace`, `verdicts_tenant`); here they are put together. The same document and facts
give the same verdicts, whatever the order of the service's lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.assessment.model import Facts, Verdict
from shared.assessment.reading import text
from shared.assessment.verdicts_contents import Item
from shared.assessment.verdicts_draft import Draft, Place, of_kind, place_of
from shared.assessment.verdicts_extras import with_extras
from shared.assessment.verdicts_kinds import RULES
from shared.assessment.verdicts_models import draft_model
from shared.assessment.verdicts_reports import draft_paginated, draft_report, leaders, model_of, reports_of
from shared.assessment.verdicts_tenant import judge_tenant
from shared.assessment.verdicts_workspace import judge_workspace, left_with_its_workspace, why_it_stays
from shared.models import Kind

__all__ = ["judge", "judge_tenant", "judge_workspace"]


def judge(document: Mapping[str, Any], facts: Facts) -> list[Verdict]:
    """One verdict per item of a workspace: reports first, then models, then the rest, each by id.

    A document that says it is not complete has none: its items are not known yet, not even that there are none.
    """
    if not document.get("complete", True):
        return []
    place = place_of(document, facts, why_it_stays(document))
    if place.stays:
        return [left_with_its_workspace(i, place).verdict(place, i, _model(i)) for i in of_kind(place, *Kind)]
    return [*_reports_and_models(place), *_others(place)]


def _reports_and_models(place: Place) -> Iterator[Verdict]:
    leader = leaders(place)
    models = {
        item.key: draft_model(item, carried=item.key in leader, place=place)
        for item in place.contents[Kind.DATASET]
    }
    for item in reports_of(place):
        leads = leader.get(model_of(item.raw)) == item.key
        draft = _report(item, models, leads=leads, place=place)
        yield with_extras(item, draft, place).verdict(place, item, _model(item), alone=leads)
    for item in place.contents[Kind.DATASET]:
        yield with_extras(item, models[item.key], place).verdict(place, item)


def _report(item: Item, models: Mapping[str, Draft], *, leads: bool, place: Place) -> Draft:
    if item.kind == Kind.PAGINATED_REPORT:
        return draft_paginated(item)
    return draft_report(item, models, leads=leads, place=place)


def _others(place: Place) -> Iterator[Verdict]:
    for kind, rule in RULES.items():
        for item in place.contents[kind]:
            yield with_extras(item, rule(item, place), place).verdict(place, item)


def _model(item: Item) -> str:
    return text(item.raw, "datasetId") if item.kind in (Kind.REPORT, Kind.PAGINATED_REPORT) else ""
