"""The verdicts on a workspace's items as manifest rows: what this version moves is planned, the rest is not.

Everything has a row, with the reason: `manual` where a person has to move it, `skipped` where nobody should. Nothing
is left behind without saying so.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.assessment.model import Route, Verdict
from shared.assessment.report_figures import Outcome
from shared.models import ItemRow, ItemState, Kind

MOVED = frozenset(
    {
        (Kind.REPORT, Route.PBIX),
        (Kind.REPORT, Route.DEFINITION),
        (Kind.DATASET, Route.PBIX),  # with the report that carries it
        (Kind.DATASET, Route.DEFINITION),
        (Kind.DATASET, Route.RECREATE),
        (Kind.PAGINATED_REPORT, Route.RDL),
        (Kind.DATAFLOW, Route.MODEL_JSON),
        (Kind.DATAFLOW, Route.DEFINITION),
        (Kind.DASHBOARD, Route.RECREATE),
        (Kind.PIPELINE, Route.RECREATE),
    }
)


def outcome_of(kind: str, route: str) -> Outcome:
    """What this version does with an item of that verdict."""
    if (kind, route) in MOVED or (kind, route) == (Kind.WORKSPACE, Route.RECREATE):
        return Outcome.MOVES
    return Outcome.STAYS if route == Route.STAYS_BEHIND else Outcome.PERSON


def outcomes_of(kinds: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """`{kind: {moves, person, stays}}` of `{kind: {route: how many}}`: what a migration is held against."""
    return {kind: _outcomes(kind, routes) for kind, routes in sorted(kinds.items())}


def _outcomes(kind: str, routes: Mapping[str, int]) -> dict[str, int]:
    counts = dict.fromkeys(map(str, Outcome), 0)
    for route, number in routes.items():
        counts[outcome_of(kind, route)] += number
    return counts


def rows_of(verdicts: list[Verdict]) -> list[ItemRow]:
    return [row_of(verdict) for verdict in verdicts]


def row_of(verdict: Verdict) -> ItemRow:
    moves = (verdict.kind, verdict.route) in MOVED
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
        needs=verdict.needs,
    )
