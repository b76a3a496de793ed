"""The definition file of a dataflow of the first generation, as its download gives it: model.json.

An entity of another dataflow is named in M by the ids of its workspace and dataflow, and as a ReferenceEntity; both
point into the tenant it was downloaded from.
"""

import json
from typing import Any

from sandbox.holdings import Link
from sandbox.state import Dataflow, Tenant

Json = dict[str, Any]


def model_json(tenant: Tenant, flow: Dataflow) -> bytes:
    """The whole file."""
    return json.dumps(document(tenant, flow), ensure_ascii=False, indent=2).encode()


def document(tenant: Tenant, flow: Dataflow) -> Json:
    """As it was imported, by today's name and description; or made of what is known of the dataflow."""
    if not flow.document:
        return _made(tenant, flow)
    today = {"name": flow.name, "description": flow.description, "modifiedTime": flow.modified_date_time}
    return flow.document | today


def _made(tenant: Tenant, flow: Dataflow) -> Json:
    origins = flow.origins
    links = origins.dataflows if origins else []
    own = _source_m(tenant, flow)
    linked = [_linked_m(link) for link in links]
    document = "section Section1;\r\n" + "".join(
        f'shared #"{name}" = {text};\r\n' for name, text in (own, *linked)
    )
    names = [own[0], *(name for name, _ in linked)]
    queries = {
        name: {"queryId": f"{flow.object_id[:-2]}{n:02x}", "queryName": name} for n, name in enumerate(names)
    }
    content: Json = {
        "name": flow.name,
        "description": flow.description,
        "version": "1.0",
        "culture": "en-US",
        "modifiedTime": flow.modified_date_time or "2026-01-05T08:00:00.0000000+00:00",
        "pbi:mashup": {
            "fastCombine": False,
            "allowNativeQueries": False,
            "queriesMetadata": queries,
            "document": document,
        },
        "annotations": [{"name": "pbi:QueryGroups", "value": "[]"}],
        "entities": [
            local_entity(own[0]),
            *(linked_entity(name, "Rows", link) for (name, _), link in zip(linked, links, strict=True)),
        ],
    }
    return content | reference_models(links)


def reference_models(links: list[Link]) -> Json:
    """The dataflows that it is linked to, and where the service keeps theirs."""
    rows = [{"id": _model_id(link), "location": _location(link)} for link in links]
    return {"referenceModels": rows} if rows else {}


def _source_m(tenant: Tenant, flow: Dataflow) -> tuple[str, str]:
    ids = flow.origins.data_sources if flow.origins else []
    source = next((tenant.data_sources[item] for item in ids if item in tenant.data_sources), None)
    if source is None:
        return "Entered", 'let\r\n  Source = #table({"Id"}, {{1}})\r\nin\r\n  Source'
    details = source.details
    if "server" in details:
        call = f'Sql.Database("{details["server"]}", "{details.get("database", "")}")'
    else:
        call = f'Web.Contents("{details.get("url") or details.get("path", "")}")'
    return "Rows", f"let\r\n  Source = {call}\r\nin\r\n  Source"


def _linked_m(link: Link) -> tuple[str, str]:
    name = f"Linked {link.item_id[:8]}"
    steps = (
        f'let\r\n  Source = PowerPlatform.Dataflows(null),\r\n  Spaces = Source{{[Id = "Workspaces"]}}[Data],\r\n'
        f'  Space = Spaces{{[workspaceId = "{link.workspace_id}"]}}[Data],\r\n'
        f'  Flow = Space{{[dataflowId = "{link.item_id}"]}}[Data],\r\n'
        '  Rows = Flow{[entity = "Rows", version = ""]}[Data]\r\nin\r\n  Rows'
    )
    return name, steps


def local_entity(name: str) -> Json:
    """Of its own rows, with the data of its last refresh."""
    return {
        "$type": "LocalEntity",
        "name": name,
        "description": "",
        "pbi:refreshPolicy": {"$type": "FullRefreshPolicy", "location": f"{name}.csv"},
        "attributes": [{"name": "Id", "dataType": "int64"}],
        "partitions": [
            {
                "name": "FullRefreshPolicyPartition",
                "refreshTime": "2026-01-05T08:00:00+00:00",
                "location": f"https://storage.example/powerbi/{name}.csv",
            }
        ],
    }


def linked_entity(name: str, source: str, link: Link) -> Json:
    return {"$type": "ReferenceEntity", "name": name, "source": source, "modelId": _model_id(link)}


def _model_id(link: Link) -> str:
    return f"{link.workspace_id}/{link.item_id}"


def _location(link: Link) -> str:
    return f"https://storage.example/powerbi/{link.workspace_id}/{link.item_id}/model.json"
