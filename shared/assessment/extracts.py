"""What the end of a plan needs of one workspace: who is in it, what it reads from, how much there is to do.

An inventory document may be megabytes; ten thousand of them are never held at once. Their extracts are.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.assessment import lineage, parameters
from shared.assessment.extracts_principals import principals_of
from shared.assessment.model import Extract, Facts, Json, Route, Verdict
from shared.assessment.reading import access_right, as_object, field, lower, name_of, record, rows, text
from shared.assessment.verdicts_contents import Item, contents
from shared.assessment.verdicts_models import is_refreshable
from shared.assessment.verdicts_workspace import kind_of, why_it_stays
from shared.models import Kind

_PLACES = ("url", "path", "account", "emailAddress", "loginServer", "classInfo", "connectionString", "kind")
_GRANTS_AT_ONCE = 25  # activities/access.py looks at a workspace's users before each so many
_REFRESHES_AT_ONCE = 20  # orchestrators/workspace.py looks at its models before each so many


def extract(
    document: Mapping[str, Any], verdicts: Iterable[Verdict], entry: Mapping[str, Any], facts: Facts
) -> Extract:
    """`entry`: the workspace in the selection, `{"id", "name", "capacity", "targetCapacity"}` and, where it is known
    already, `"targetName"`. Of a document that could not be read it holds what the selection knows.
    """
    judged = list(verdicts)
    return Extract(
        workspace_id=lower(entry, "id") or lower(document, "id"),
        name=text(entry, "name") or name_of(document),
        kind=kind_of(document),
        capacity=lower(entry, "capacity"),
        target_capacity=lower(entry, "targetCapacity"),
        target_name=text(entry, "targetName"),
        upstream=sorted(lineage.upstream(document)),
        principals=principals_of(document),
        sources=sources_of(document),
        counts=_counts(document, judged, entry),
        routes=dict(Counter(verdict.route for verdict in judged)),
        kinds=_kinds(judged),
        minutes=sum(verdict.minutes for verdict in judged),
    )


def data_source_key(kind: str, details: Any) -> str:
    """`type:server[;database]` or `type:url|path`, lower case: how a request's `credentials` names a data source.

    `details`: connectionDetails, an object or (from a gateway) its JSON text. Sources that have none of these fields
    are told apart by what else they have: an account, a mail address, a kind.
    """
    known = _object(details)
    server, database = text(known, "server"), text(known, "database")
    if server:
        where = f"{server};{database}" if database else server
    else:
        where = next((value for name in _PLACES if (value := text(known, name))), "")
        domain = text(known, "domain")
        where = f"{where};{domain}" if domain and where == text(known, "account") else where
    return f"{kind}:{where}".lower()


def details_of(source: Mapping[str, Any]) -> Any:
    return field(source, "connectionDetails")


def _object(details: Any) -> Json:
    """A text that is no JSON is the place itself."""
    if not isinstance(details, str):
        return as_object(details)
    try:
        return as_object(json.loads(details)) or {"path": details}
    except ValueError:
        return {"path": details}


def sources_of(document: Mapping[str, Any]) -> dict[str, Json]:
    """`{key: {"type", "gateway", "models", "dataflows", "misconfigured"}}`, gateway "" where it is bound to none.

    The scan names them by their uses; where there is none, a model's own data sources (`details`) are taken. Cloud
    sources have a gateway id too, of a gateway nobody administers: only the lists of gateways tell them apart.
    """
    found: dict[str, Json] = {}
    for part, item, source, wrong in _uses(document):
        key = data_source_key(text(source, "datasourceType"), details_of(source))
        known = found.setdefault(
            key,
            {
                "type": text(source, "datasourceType"),
                "gateway": "",
                "models": [],
                "dataflows": [],
                "misconfigured": False,
            },
        )
        known["gateway"] = known["gateway"] or lower(source, "gatewayId")
        known["misconfigured"] = known["misconfigured"] or wrong
        if item not in known[part]:
            known[part].append(item)
    return found


def _uses(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Json, bool]]:
    """(models | dataflows, item id, data source, is it misconfigured?)"""
    items = contents(document)
    right = _instances(document, "datasourceInstances")
    wrong = _instances(document, "misconfiguredDatasourceInstances")
    details = {key.lower(): as_object(value) for key, value in record(document, "details").items()}
    for part, kind in (("models", Kind.DATASET), ("dataflows", Kind.DATAFLOW)):
        for item in items[kind]:
            for source in (
                *_used(item, "datasourceUsages", right),
                *rows(details.get(item.key, {}), "datasources"),
            ):
                yield part, item.key, source, False
            for source in _used(item, "misconfiguredDatasourceUsages", wrong):
                yield part, item.key, source, True


def _instances(document: Mapping[str, Any], part: str) -> dict[str, Json]:
    return {lower(source, "datasourceId"): source for source in rows(document, part)}


def _used(item: Item, part: str, instances: Mapping[str, Json]) -> list[Json]:
    named = (lower(use, "datasourceInstanceId") for use in rows(item.raw, part))
    return [instances[name] for name in named if name in instances]


def _kinds(verdicts: Iterable[Verdict]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for verdict in verdicts:
        of_kind = found.setdefault(str(verdict.kind), {})
        of_kind[verdict.route] = of_kind.get(verdict.route, 0) + 1
    return found


def _counts(document: Mapping[str, Any], verdicts: list[Verdict], entry: Mapping[str, Any]) -> dict[str, int]:
    """What is there (`reports`, `models`, …), and what of it a migration works on (`pbixReports`, `refreshes`, …)."""
    items = contents(document)
    there = {f"{kind}s": len(items[kind]) for kind in (Kind.REPORT, Kind.PAGINATED_REPORT, Kind.DATAFLOW)} | {
        "models": len(items[Kind.DATASET]),
        "dashboards": len(items[Kind.DASHBOARD]),
        "tiles": sum(len(rows(item.raw, "tiles")) for item in items[Kind.DASHBOARD]),
        "refreshable": sum(is_refreshable(item.raw) for item in items[Kind.DATASET]),
        "parameters": sum(len(parameters.of_dataset(item.raw)) for item in items[Kind.DATASET]),
        "roles": sum(len(rows(item.raw, "roles")) for item in items[Kind.DATASET]),
        "users": sum(bool(access_right(user)) for user in rows(document, "users")),
        "items": len(verdicts),
    }
    if why_it_stays(document):
        return {name: number for name, number in there.items() if number}
    work = _work(
        verdicts, {item.key: item for item in items[Kind.DATASET]}, bool(text(entry, "targetCapacity"))
    )
    rounds = {"grants": there["users"], "grantRounds": _rounds(there["users"], _GRANTS_AT_ONCE)}
    return {name: number for name, number in (there | work | rounds).items() if number}


def _work(verdicts: list[Verdict], models: Mapping[str, Item], on_capacity: bool) -> dict[str, int]:
    carriers = [v for v in verdicts if v.kind == Kind.REPORT and v.route == Route.PBIX]
    carried = [models[v.dataset_id.lower()] for v in carriers if v.dataset_id.lower() in models]
    refreshes = sum(is_refreshable(model.raw) for model in carried)
    by_route = Counter(f"{verdict.route}Items" for verdict in verdicts)
    return {
        **by_route,
        "workspaces": 1,
        "onCapacity": int(on_capacity),
        "pbixReports": len(carriers),
        "pbixModels": len(carried),
        "renamed": sum(_renamed(v, models) for v in carriers),
        "refreshes": refreshes,
        "refreshesOnCapacity" if on_capacity else "refreshesOnShared": refreshes,
        "refreshing": int(refreshes > 0),
        "checks": _rounds(len(carried), _REFRESHES_AT_ONCE),
    }


def _renamed(carrier: Verdict, models: Mapping[str, Item]) -> bool:
    """An import gives the model the report's name."""
    model = models.get(carrier.dataset_id.lower())
    return model is not None and name_of(model.raw) != carrier.source_name


def _rounds(number: int, at_once: int) -> int:
    return max(1, -(-number // at_once))
