"""Reading a model.json that someone sent: is it one, which dataflows it names, where its data comes from."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from sandbox.holdings import Link

Json = dict[str, Any]

MOST = 64 * 2**20
"""No definition of a dataflow is larger."""

GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_NAVIGATION = re.compile(rf'workspaceId\s*=\s*"({GUID})".*?dataflowId\s*=\s*"({GUID})"', re.DOTALL)
_MODEL_ID = re.compile(rf"({GUID})/({GUID})")
_SQL = re.compile(r'Sql\.Database\("([^"]+)"\s*,\s*"([^"]*)"')
_WEB = re.compile(r'Web\.Contents\("([^"]+)"')


def read_document(path: Path) -> Json | None:
    """The whole file, if it is a model.json: an object that names itself and has entities."""
    if path.stat().st_size > MOST:
        return None
    try:
        sent = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError:
        return None
    return cast(Json, sent) if _is_model(sent) else None


def _is_model(sent: Any) -> bool:
    return (
        isinstance(sent, dict)
        and isinstance(sent.get("name"), str)
        and isinstance(sent.get("entities"), list)
    )


def mashup(document: Json) -> str:
    """The M of all its queries; "" where it has none."""
    held = document.get("pbi:mashup")
    text = cast(Json, held).get("document", "") if isinstance(held, dict) else ""
    return text if isinstance(text, str) else ""


def upstream(document: Json) -> list[Link]:
    """Every dataflow it names, in M or as a linked entity, once each."""
    found = dict.fromkeys([*_navigated(document), *_referenced(document)])
    return [Link(flow, space) for space, flow in found]


def _navigated(document: Json) -> Iterator[tuple[str, str]]:
    for space, flow in _NAVIGATION.findall(mashup(document)):
        yield space.lower(), flow.lower()


def _referenced(document: Json) -> Iterator[tuple[str, str]]:
    for entity in document["entities"]:
        named = (
            _MODEL_ID.fullmatch(str(cast(Json, entity).get("modelId", "")))
            if isinstance(entity, dict)
            else None
        )
        if named:
            yield named[1].lower(), named[2].lower()


def sources(document: Json) -> list[tuple[str, dict[str, str]]]:
    """Kind and connection details of the data sources that are written out in M."""
    text = mashup(document)
    databases = [("Sql", {"server": server, "database": name}) for server, name in _SQL.findall(text)]
    return [*databases, *(("Web", {"url": url}) for url in _WEB.findall(text))]
