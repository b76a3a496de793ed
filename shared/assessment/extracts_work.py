"""How much there is of what in one workspace, and what of it a migration works on: the numbers of its extract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.assessment import parameters
from shared.assessment.model import Facts, Json, Route, Verdict
from shared.assessment.reading import access_right, lower, name_of, rows, text
from shared.assessment.verdicts_contents import Item, contents
from shared.assessment.verdicts_models import is_refreshable
from shared.assessment.verdicts_workspace import why_it_stays
from shared.content.ids import guids
from shared.models import Kind


def counts_of(
    document: Mapping[str, Any], verdicts: list[Verdict], entry: Mapping[str, Any], facts: Facts
) -> dict[str, int]:
    """What is there (`reports`, `models`, …), and what of it a migration works on (`pbixReports`, `grants`, …).

    A number that is zero is told too: a forecast takes a missing one for not known.
    """
    items = contents(document)
    models = items[Kind.DATASET]
    return _work(verdicts, models, document, entry, facts) | {
        "items": len(verdicts),
        "reports": len(items[Kind.REPORT]),
        "paginatedReports": len(items[Kind.PAGINATED_REPORT]),
        "models": len(models),
        "parameters": sum(len(parameters.of_dataset(model.raw)) for model in models),
        "roles": sum(len(rows(model.raw, "roles")) for model in models),
        "dataflows": len(items[Kind.DATAFLOW]),
        "dashboards": len(items[Kind.DASHBOARD]),
        "tiles": sum(len(rows(board.raw, "tiles")) for board in items[Kind.DASHBOARD]),
        "users": _users(document),
    }


def _work(
    verdicts: list[Verdict],
    models: list[Item],
    document: Mapping[str, Any],
    entry: Mapping[str, Any],
    facts: Facts,
) -> dict[str, int]:
    moves = not why_it_stays({"kind": entry.get("kind"), **document})
    carriers = [v for v in verdicts if v.kind == Kind.REPORT and v.route == Route.PBIX]
    known = {model.key: model for model in models}
    carried = [(v, known[v.dataset_id.lower()]) for v in carriers]
    defined = [known[v.source_id.lower()] for v in verdicts if _is_defined_model(v)]
    return {
        "workspaces": int(moves),
        "onCapacity": int(moves and bool(text(entry, "targetCapacity"))),
        "pbixReports": len(carriers),
        "renamed": sum(name_of(model.raw) != v.source_name for v, model in carried),  # the import names it so
        **_rewritten((model.raw for _, model in carried), facts),
        "refreshable": sum(is_refreshable(model.raw) for model in (*(m for _, m in carried), *defined)),
        "grants": _users(document) if moves else 0,
        "described": int(moves and bool(text(document, "description"))),
        "largeFormat": int(moves and lower(document, "defaultDatasetStorageFormat") == "large"),
        "dataflowStorage": int(moves and bool(text(document, "dataflowStorageId"))),
        "largeModels": sum(lower(model.raw, "targetStorageMode") == "premiumfiles" for model in defined),
    }


def _rewritten(carried: Iterable[Json], facts: Facts) -> dict[str, int]:
    """Models of files that name a workspace that moves: in a parameter, which is set; else, by their definition."""
    found = {"parametersSet": 0, "modelsRewritten": 0}
    for raw in carried:
        names = {each["name"] for each in parameters.of_dataset(raw) if each["type"].lower() == "text"}
        naming = {name for name, written in _expressions(raw) if guids(written) & facts.selected}
        found["parametersSet"] += bool(naming & names)
        found["modelsRewritten"] += bool(naming - names)
    return found


def _expressions(raw: Json) -> Iterator[tuple[str, str]]:
    """Its M by name; queries of tables have none."""
    for row in rows(raw, "expressions"):
        yield text(row, "name"), text(row, "expression")
    for table in rows(raw, "tables"):
        for source in rows(table, "source"):
            yield "", text(source, "expression")


def _is_defined_model(verdict: Verdict) -> bool:
    return verdict.kind == Kind.DATASET and verdict.route == Route.DEFINITION


def _users(document: Mapping[str, Any]) -> int:
    return sum(bool(access_right(user)) for user in rows(document, "users"))
