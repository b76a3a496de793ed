"""The verdicts on a workspace's items as manifest rows: what this version moves is planned, the rest is not.

A verdict says by which route an item can move. This version takes one of them: the PBIX of a report together with its
model. Everything else has a row too, with the reason: `manual` where a person has to move it, `skipped` where nobody
should. Nothing is left behind without saying so.
"""

from __future__ import annotations

from shared.assessment.model import Route, Verdict
from shared.models import ItemRow, ItemState, Kind

_MOVED = (Kind.REPORT, Kind.DATASET)


def rows_of(verdicts: list[Verdict]) -> list[ItemRow]:
    return [row_of(verdict) for verdict in verdicts]


def row_of(verdict: Verdict) -> ItemRow:
    moves = verdict.route == Route.PBIX and verdict.kind in _MOVED
    stays = ItemState.SKIPPED if verdict.route == Route.STAYS_BEHIND else ItemState.MANUAL
    return ItemRow(
        verdict.workspace_id,
        verdict.kind,
        verdict.source_id,
        verdict.source_name,
        state=ItemState.PLANNED if moves else stays,
        note="" if moves else f"{verdict.reason} {verdict.todo}".rstrip(),
        dataset_id=verdict.dataset_id,
        route=verdict.route,
        reason=verdict.reason,
        lost=verdict.lost,
        todo=verdict.todo,
        minutes=verdict.minutes,
    )
