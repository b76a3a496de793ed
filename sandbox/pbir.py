"""A report as PBIR files: pages, visuals, the links in them, a picture, and the model it is bound to.

Two spellings of the binding are in the world, and both are given out: the older one names the model as a database of
a virtual server, the newer one at the end of a connection string.
"""

import hashlib
import json
import re
from typing import Any
from urllib.parse import quote

from sandbox.state import Dataset, Report, Workspace

Json = dict[str, Any]
Payloads = dict[str, bytes]
"""Content by path."""

BINDING = "definition.pbir"
SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/item/report"
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000154a24f5f0000000049454e44ae426082"
)
_IN_CONNECTION = re.compile(r"semanticmodelid\s*=\s*([0-9a-fA-F-]{36})", re.IGNORECASE)
GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


class Unbound(ValueError):
    """The binding names no model by its id."""


def report_files(report: Report, seed: str) -> Payloads:
    """All but the binding and `.platform`. `seed`: what reports of one content have in common."""
    digest = hashlib.sha256(seed.encode()).hexdigest()
    page, visual = digest[:20], digest[20:40]
    base = f"definition/pages/{page}"
    files: dict[str, Json] = {
        "definition/version.json": _of("versionMetadata/1.0.0", version="2.0.0"),
        "definition/report.json": _of("report/1.0.0", themeCollection={}, layoutOptimization="None"),
        "definition/pages/pages.json": _of("pagesMetadata/1.0.0", pageOrder=[page], activePageName=page),
        f"{base}/page.json": _of("page/1.0.0", name=page, displayName="Page 1", height=720, width=1280),
        f"{base}/visuals/{visual}/visual.json": _card(visual),
    }
    for number, link in enumerate(report.extra.get("links", [])):
        name = f"{number:02x}{digest[40:58]}"
        files[f"{base}/visuals/{name}/visual.json"] = _button(name, link)
    picture: Payloads = {"StaticResources/RegisteredResources/logo.png": PICTURE}
    return {path: _json(content) for path, content in files.items()} | picture


def binding(home: Workspace, model: Dataset) -> bytes:
    """`definition.pbir`, in the newer spelling for every second model."""
    if int(model.id[-1], 16) % 2:
        where = f"powerbi://api.powerbi.com/v1.0/myorg/{quote(home.name, safe='')}"
        text = f"Data Source={where};initial catalog={model.name};integrated security=ClaimsToken"
        connection: Json = {"connectionString": f"{text};semanticmodelid={model.id}"}
        return _json(_of("definitionProperties/2.0.0", version="4.0") | _reference(connection))
    connection = {
        "connectionString": None,
        "pbiServiceModelId": None,
        "pbiModelVirtualServerName": "sobe_wowvirtualserver",
        "pbiModelDatabaseName": model.id,
        "name": "EntityDataSource",
        "connectionType": "pbiServiceXmlaStyleLive",
    }
    return _json({"version": "1.0"} | _reference(connection))


def bound_to(payload: bytes) -> str:
    """The id of the model that a `definition.pbir` names; Unbound where it names none so."""
    try:
        connection = json.loads(payload)["datasetReference"]["byConnection"]
        named = connection.get("pbiModelDatabaseName") or ""
        found = _IN_CONNECTION.search(connection.get("connectionString") or "")
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise Unbound("definition.pbir has no datasetReference byConnection") from fault
    name = str(found[1] if found else named)
    if not GUID.fullmatch(name):
        raise Unbound("definition.pbir names no semantic model by its id")
    return name.lower()


def _reference(connection: Json) -> Json:
    return {"datasetReference": {"byConnection": connection}}


def _of(schema: str, **fields: Any) -> Json:
    return {"$schema": f"{SCHEMAS}/definition/{schema}/schema.json", **fields}


def _card(name: str) -> Json:
    return _of("visualContainer/1.0.0", name=name, position=_at(0), visual={"visualType": "card"})


def _button(name: str, url: str) -> Json:
    """Pressed, it opens another report: by an address with the ids of this tenant."""
    link = {"properties": {"type": _literal("WebUrl"), "webUrl": _literal(url), "show": {"expr": True}}}
    visual = {"visualType": "actionButton", "visualContainerObjects": {"visualLink": [link]}}
    return _of("visualContainer/1.0.0", name=name, position=_at(240), visual=visual)


def _literal(value: str) -> Json:
    return {"expr": {"Literal": {"Value": f"'{value}'"}}}


def _at(top: int) -> Json:
    return {"x": 0, "y": top, "z": 0, "height": 200, "width": 200}


def _json(content: Json) -> bytes:
    return json.dumps(content, indent=2, ensure_ascii=False).encode()
