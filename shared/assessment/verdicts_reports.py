"""What becomes of a report: it follows its model.

One report per model, its namesake if there is one, carries it as a PBIX. All others would each bring a copy, so
they go by definition and are bound to the one model that arrived. A report whose model does not move by itself
can't either.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.assessment.model import Json, Route
from shared.assessment.reading import lower, name_of, text
from shared.assessment.verdicts_contents import Item
from shared.assessment.verdicts_draft import Cost, Draft, Place, by_hand, of_kind, stays_behind
from shared.assessment.verdicts_effort import minutes
from shared.assessment.verdicts_models import CARRIED, nature
from shared.models import Kind

_ALWAYS = Cost(("comments, personal bookmarks, usage figures",))  # no API tells whether there are any


def leaders(place: Place) -> dict[str, str]:
    """For each model that can be downloaded, the key of the one report it travels with."""
    bound: dict[str, list[Item]] = {}
    for report in place.contents[Kind.REPORT]:
        bound.setdefault(model_of(report.raw), []).append(report)
    return {
        model.key: _leader(bound[model.key], name_of(model.raw))
        for model in place.contents[Kind.DATASET]
        if model.key in bound and nature(model.raw) in CARRIED
    }


def _leader(reports: list[Item], name: str) -> str:
    return min(reports, key=lambda report: (name_of(report.raw) != name, report.id)).key


def model_of(report: Json) -> str:
    return lower(report, "datasetId")


def draft_report(item: Item, models: Mapping[str, Draft], *, leads: bool, place: Place) -> Draft:
    """`models`: the verdicts on the models of its own workspace. `leads`: it is the one that carries its model."""
    if leads:
        return Draft(Route.PBIX, "It is downloaded as a PBIX together with its model.", _ALWAYS)
    own = models.get(model_of(item.raw))
    return _elsewhere(item.raw, place) if own is None else _beside(own)


def _beside(model: Draft) -> Draft:
    if model.route == Route.STAYS_BEHIND:
        return stays_behind(f"Its model stays behind. {model.reason}")
    if model.route == Route.BY_HAND:
        return _alone("Its model does not move by itself, and it needs the model first.")
    if model.route == Route.PBIX:
        return Draft(
            Route.DEFINITION,
            "It shares its model with another report that carries it, and is bound to that model once it is there.",
            _ALWAYS,
        )
    return Draft(
        Route.DEFINITION, "Its model can't be downloaded: it follows the model by definition.", _ALWAYS
    )


def _elsewhere(report: Json, place: Place) -> Draft:
    workspace = text(report, "datasetWorkspaceId")
    if workspace and workspace.lower() != place.id.lower():
        return _across(workspace, place)
    if not text(report, "datasetId"):
        return _alone("The API names no model for it.")
    return _alone("Its model is not in this workspace, and the API does not say where it is.")


def _across(workspace: str, place: Place) -> Draft:
    if place.moves(workspace):
        reason = (
            f"Its model is in workspace {workspace}, which moves too: it is bound to it once it is there."
        )
        return Draft(Route.DEFINITION, reason, _ALWAYS)
    return _alone(
        f"Its model is in workspace {workspace}, which is not among those that move.",
        "Choose that workspace too, or connect the report to a model of the target in Power BI Desktop and publish.",
    )


def _alone(reason: str, todo: str = "") -> Draft:
    usual = "Connect it to its model in the target from Power BI Desktop and publish it."
    return by_hand(reason, todo or usual, lost=_ALWAYS.lost, minutes=minutes("report"))


def draft_paginated(_item: Item) -> Draft:
    return Draft(Route.RDL, "Its RDL is downloaded and imported.")


def reports_of(place: Place) -> list[Item]:
    return of_kind(place, Kind.REPORT, Kind.PAGINATED_REPORT)
