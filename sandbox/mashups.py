"""M as it stands in models and dataflows: reading a data source, a dataflow, another model."""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

from sandbox.holdings import DataSource, FabricItem, Link

Json = dict[str, Any]
GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_NAVIGATED = re.compile(r'\b(workspaceId|dataflowId)\s*=\s*(?:"([^"]*)"|(#"[^"]+"|\w+))', re.IGNORECASE)
_MODEL = re.compile(
    r'AnalysisServices\.Database\(\s*"powerbi://api\.powerbi\.com/v1\.0/myorg/([^"]+)"\s*,\s*"((?:[^"]|"")*)"'
)


def literal(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def of_source(source: DataSource) -> str:
    """Reading from it, in steps as an editor writes them."""
    details = source.details
    server, database = literal(details.get("server", "")), literal(details.get("database", ""))
    place = literal(details.get("url") or details.get("path", ""))
    call = {
        "Sql": f"Sql.Database({server}, {database})",
        "Oracle": f"Oracle.Database({server})",
        "File": f"Excel.Workbook(File.Contents({place}))",
        "SharePointList": f"SharePoint.Tables({place})",
        "Extension": f"{details.get('kind', 'Extension')}.Contents({place})",
    }.get(source.kind, f"Json.Document(Web.Contents({place}))")
    return f"let\n    Source = {call}\nin\n    Source"


def of_dataflow(link: Link, entity: str = "Rows") -> str:
    return navigated(literal(link.workspace_id), literal(link.item_id), entity)


def navigated(workspace: str, dataflow: str, entity: str = "Rows") -> str:
    """To an entity of a dataflow; both ids as M: in quotes, or the name of a parameter."""
    return (
        "let\n    Source = PowerPlatform.Dataflows(null),\n"
        '    Workspaces = Source{[Id="Workspaces"]}[Data],\n'
        f"    Workspace = Workspaces{{[workspaceId={workspace}]}}[Data],\n"
        f"    Dataflow = Workspace{{[dataflowId={dataflow}]}}[Data],\n"
        f'    Rows = Dataflow{{[entity="{entity}",version=""]}}[Data]\n'
        "in\n    Rows"
    )


def of_model(workspace: str, model: str) -> str:
    """A model that is built on another one, which it knows by the names of workspace and model."""
    server = literal(f"powerbi://api.powerbi.com/v1.0/myorg/{quote(workspace, safe='')}")
    return (
        f"let\n    Source = AnalysisServices.Database({server}, {literal(model)}),\n"
        "    Cubes = Table.Combine(Source[Data]),\n"
        '    Cube = Cubes{[Id="Model", Kind="Cube"]}[Data]\nin\n    Cube'
    )


def navigations(text: str, values: dict[str, str]) -> Iterator[str]:
    """The ids of workspaces and dataflows that are read; `values` are those of the parameters by name."""
    for _, written, name in _NAVIGATED.findall(text):
        yield (written or values.get(name.strip('#"'), "")).lower()


def links(text: str, values: dict[str, str]) -> Iterator[Link]:
    """The dataflows that are read: each by its workspace and then by itself."""
    ids = list(navigations(text, values))
    for workspace, dataflow in zip(ids[::2], ids[1::2], strict=False):
        yield Link(dataflow, workspace)


def models(text: str) -> Iterator[tuple[str, str]]:
    """Workspace and model, by name, on which it is built."""
    for workspace, model in _MODEL.findall(text):
        yield unquote(workspace), model.replace('""', '"')


def dataflow_files(item: FabricItem) -> dict[str, bytes]:
    """A dataflow of the second generation of which nobody has sent files."""
    return gen2(item.name, {"Rows": 'let\n    Source = #table({"Id"}, {{1}})\nin\n    Source'})


def gen2(name: str, queries: dict[str, str]) -> dict[str, bytes]:
    """`mashup.pq` and `queryMetadata.json` of a dataflow with these queries."""
    text = "section Section1;\r\n" + "".join(
        f"shared {query} = {steps.replace(chr(10), chr(13) + chr(10))};\r\n"
        for query, steps in queries.items()
    )
    metadata: Json = {
        "formatVersion": "202502",
        "computeEngineSettings": {},
        "name": name,
        "queryGroups": [],
        "documentLocale": "en-US",
        "queriesMetadata": {
            query: {"queryId": str(uuid.uuid5(uuid.NAMESPACE_OID, query)), "queryName": query}
            for query in queries
        },
    }
    return {"mashup.pq": text.encode(), "queryMetadata.json": json.dumps(metadata, indent=2).encode()}
