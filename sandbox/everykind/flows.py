"""Chains of dataflows with the files that an editor leaves: linked, computed and incrementally refreshed entities."""

import json
from collections.abc import Sequence

from sandbox import mashups
from sandbox.everykind.founding import Founding, Json
from sandbox.everykind.models import give, parameter
from sandbox.everykind.sources import Sources
from sandbox.holdings import Link, Origins
from sandbox.modeljson import linked_entity, local_entity, reference_models
from sandbox.state import Dataflow, Workspace

ABOVE, BELOW = "Every chain above", "Every chain below"
INCREMENTAL: Json = {
    "$type": "IncrementalRefreshPolicy",
    "rollingWindowGranularity": "Year",
    "rollingWindowPeriods": 3,
    "incrementalGranularity": "Day",
    "incrementalPeriods": 10,
    "pollingExpression": "List.Max(Orders[Changed])",
}
Queries = Sequence[tuple[str, str]]


def add_flows(founding: Founding, sources: Sources) -> None:
    """Landing feeds Curated beside it, which feeds Mart in another workspace, which feeds a model there."""
    above, below = founding.space(ABOVE), founding.space(BELOW)
    landing = _landing(founding, above, sources)
    curated = _curated(founding, above, Link(landing.object_id, above.id))
    mart = _mart(founding, below, Link(curated.object_id, above.id))
    _model(founding, below, mart)


def _landing(founding: Founding, space: Workspace, sources: Sources) -> Dataflow:
    """A big table that is read day by day, and a small one."""
    database = founding.source.data_sources[sources.warehouse].details
    source = f'Sql.Database("{database["server"]}", "{database["database"]}")'
    orders = f'let Source = {source}, Rows = Source{{[Schema = "dbo", Item = "Orders"]}}[Data] in Rows'
    queries = [("Orders", orders), ("Customers", f'{source}{{[Item = "Customers"]}}[Data]')]
    entities = [local_entity("Orders") | {"pbi:refreshPolicy": INCREMENTAL}, local_entity("Customers")]
    entities[0]["partitions"] = [
        {"name": f"Orders-{year}", "location": f"https://storage.example/powerbi/Orders/{year}.csv"}
        for year in (2024, 2025, 2026)
    ]
    made = _flow(founding, space, "Landing", queries, entities, [])
    made.origins = Origins([sources.warehouse])
    return made


def _curated(founding: Founding, space: Workspace, upstream: Link) -> Dataflow:
    """Linked to a dataflow beside it, and computed from what is linked."""
    queries = [
        ("Orders", mashups.of_dataflow(upstream, "Orders")),
        ("Totals", 'Table.Group(Orders, {"Id"}, {{"Count", Table.RowCount}})'),
    ]
    entities = [linked_entity("Orders", "Orders", upstream), local_entity("Totals")]
    return _flow(founding, space, "Curated", queries, entities, [upstream])


def _mart(founding: Founding, space: Workspace, upstream: Link) -> Dataflow:
    """As older dataflows are linked: another function, and a link to the source's own page in a description."""
    steps = mashups.of_dataflow(upstream, "Totals").replace("PowerPlatform.Dataflows", "PowerBI.Dataflows")
    entities = [linked_entity("Totals", "Totals", upstream), local_entity("Großes")]
    queries = [("Totals", steps), ("Großes", "Table.SelectRows(Totals, each [Count] > 10)")]
    made = _flow(founding, space, "Mart", queries, entities, [upstream])
    made.description = (
        f"From https://app.powerbi.com/groups/{upstream.workspace_id}/dataflows/{upstream.item_id}"
    )
    made.document["description"] = made.description
    return made


def _flow(
    founding: Founding, space: Workspace, name: str, queries: Queries, entities: list[Json], links: list[Link]
) -> Dataflow:
    made = Dataflow(founding.id(), name, "", founding.upn("alice"), founding.making.moment())
    made.origins = Origins(dataflows=list(links))
    made.document = _document(founding, name, queries, entities, links)
    space.dataflows.append(made)
    return made


def _document(
    founding: Founding, name: str, queries: Queries, entities: list[Json], links: list[Link]
) -> Json:
    told = {
        query: {"queryId": founding.id(), "queryName": query, "loadEnabled": True} for query, _ in queries
    }
    steps = "".join(f'shared #"{query}" = {text};\n' for query, text in queries)
    made: Json = {
        "name": name,
        "description": "",
        "version": "1.0",
        "culture": "de-DE",
        "modifiedTime": "",
        "pbi:mashup": {
            "fastCombine": False,
            "allowNativeQueries": False,
            "queriesMetadata": told,
            "document": f"section Section1;\n{steps}".replace("\n", "\r\n"),
        },
        "annotations": [{"name": "pbi:QueryGroups", "value": "[]"}],
        "entities": entities,
    }
    return json.loads(json.dumps(made | reference_models(links)))


def _model(founding: Founding, space: Workspace, mart: Dataflow) -> None:
    """It knows where to read by two parameters, which a file carries over as they are."""
    _, model = founding.published(space, "On the mart")
    give(
        model,
        parameter("Dataflow workspace", "Text", space.id),
        parameter("Dataflow", "Text", mart.object_id),
    )
    steps = mashups.navigated('#"Dataflow workspace"', "Dataflow", "Totals")
    model.expressions.append({"name": "Totals", "expression": steps})
    model.origins = Origins(dataflows=[Link(mart.object_id, space.id)])
