"""What the end of a plan needs of one workspace: who is in it, what it reads from, how much there is to do.

An inventory document may be megabytes; ten thousand of them are never held at once. Their extracts are.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.assessment import lineage
from shared.assessment.extracts_principals import principals_of
from shared.assessment.extracts_work import counts_of
from shared.assessment.model import Extract, Facts, Json, Verdict
from shared.assessment.reading import as_object, field, lower, name_of, record, rows, text
from shared.assessment.verdicts_contents import Item, contents
from shared.assessment.verdicts_workspace import kind_of
from shared.models import Kind

_PLACES = ("url", "path", "account", "emailAddress", "loginServer", "classInfo", "connectionString", "kind")


def extract(
    document: Mapping[str, Any], verdicts: Iterable[Verdict], entry: Mapping[str, Any], facts: Facts
) -> Extract:
    """`entry`: the workspace in the selection, `{"id", "name", "capacity", "targetCapacity"}` and, where known
    already, `"kind"` and `"targetName"`. Of a document that could not be read it holds what the selection knows.
    """
    judged = list(verdicts)
    return Extract(
        workspace_id=lower(entry, "id") or lower(document, "id"),
        name=text(entry, "name") or name_of(document),
        kind=kind_of({"kind": entry.get("kind"), **document}),
        capacity=lower(entry, "capacity"),
        target_capacity=lower(entry, "targetCapacity"),
        target_name=text(entry, "targetName"),
        upstream=sorted(lineage.upstream(document)),
        principals=principals_of(document),
        sources=sources_of(document),
        counts=counts_of(document, judged, entry, facts),
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
    return without_query(f"{kind}:{where}".lower())


def without_query(place: str) -> str:
    """A query may hold a signature or a code, and this text is shown to people."""
    return place.split("?", 1)[0] if "://" in place else place


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
