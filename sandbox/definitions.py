"""Definitions of items as the Fabric API gives them out and takes them: files by path, base64 in a list of parts.

What was sent is given out again as it came; of all else the files are made of what the tenant knows of the item. Name
and binding are always told as they are now: a rename or a Rebind shows in `.platform` and `definition.pbir`.
"""

import base64
import binascii
import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from sandbox import pbir, tmdl
from sandbox.holdings import FabricItem
from sandbox.mashups import dataflow_files
from sandbox.state import Dataset, Report, Tenant, Workspace

Json = dict[str, Any]
Payloads = dict[str, bytes]
"""Content by path."""

PLATFORM = ".platform"
RDL = "report.rdl"
"""Under this path a paginated report keeps its file, whatever it is called."""
TEXTS = (".tmdl", ".json", ".pbir", ".pbism", ".pq", ".rdl", ".platform", ".bim", ".xml")
_MOST = 50 * 2**20


class Corrupted(ValueError):
    """The payload is no definition."""


def model_payloads(model: Dataset) -> Payloads:
    """All but `.platform`."""
    if model.parts:
        return {path: _current(model, content) for path, content in decoded(model.parts).items()}
    files = {"definition.pbism": json.dumps({"version": "4.2", "settings": {}}, indent=2)}
    return {path: text.encode() for path, text in (files | tmdl.model_files(model)).items()}


def _current(model: Dataset, content: bytes) -> bytes:
    """With the values that its parameters have now."""
    for item in model.expressions:
        head = f"expression {tmdl.quoted(item['name'])} = ".encode()
        if "IsParameterQuery" in item["expression"] and head in content:
            line = head + item["expression"].encode()
            content = re.sub(re.escape(head) + rb"[^\n]*", lambda _, line=line: line, content)
    return content


def report_payloads(tenant: Tenant, report: Report) -> Payloads:
    """All but `.platform` and the binding."""
    if report.parts:
        return decoded(report.parts)
    file = tenant.files.get(report.file_id or "")
    edition = report.extra.get("edition", "")  # of one that was changed in the service
    return pbir.report_files(report, file.layout or file.sha256 if file else f"{report.id}{edition}")


def paginated_payloads(report: Report) -> Payloads:
    """The one file, under the name that the report has now."""
    return {f"{tmdl.file_name(report.name)}.rdl": content for content in decoded(report.parts).values()}


def dataflow_payloads(item: FabricItem) -> Payloads:
    return decoded(item.parts) if item.parts else dataflow_files(item)


def bound(tenant: Tenant, space: Workspace, report: Report) -> Payloads:
    """`definition.pbir`, where the model is known."""
    home = tenant.workspaces.get(report.dataset_workspace_id or space.id, space)
    model = next((item for item in home.datasets if item.id == report.dataset_id), None)
    return {pbir.BINDING: pbir.binding(home, model)} if model else {}


def platform(kind: str, item_id: str, name: str, description: str) -> Payloads:
    metadata: Json = {"type": kind, "displayName": name} | (
        {"description": description} if description else {}
    )
    content: Json = {
        "$schema": "https://developer.microsoft.com/json-schemas/fabric/gitIntegration/platformProperties/2.0.0/schema.json",
        "metadata": metadata,
        "config": {"version": "2.0", "logicalId": str(uuid.uuid5(uuid.NAMESPACE_URL, item_id))},
    }
    return {PLATFORM: json.dumps(content, indent=2, ensure_ascii=False).encode()}


def encoded(payloads: Payloads) -> dict[str, str]:
    return {path: base64.b64encode(content).decode() for path, content in payloads.items()}


def decoded(parts: Mapping[str, str]) -> Payloads:
    return {path: base64.b64decode(payload) for path, payload in parts.items()}


def told(payloads: Payloads, format: str | None = None) -> Json:
    """As the API words it."""
    parts = [
        {"path": path, "payload": payload, "payloadType": "InlineBase64"}
        for path, payload in encoded(payloads).items()
    ]
    return {"definition": ({"format": format} if format else {}) | {"parts": parts}}


def received(definition: object) -> Payloads:
    """Of a request; Corrupted where it is none."""
    parts = definition.get("parts") if isinstance(definition, dict) else None
    if not isinstance(parts, list) or not parts:
        raise Corrupted("definition.parts is missing")
    found: Payloads = {}
    for part in parts:
        path, content = _part(part)
        if path in found:
            raise Corrupted(f"{path} is there twice")
        found[path] = content
    if sum(map(len, found.values())) > _MOST:
        raise Corrupted("The definition is too large")
    return found


def _part(part: object) -> tuple[str, bytes]:
    if not isinstance(part, dict):
        raise Corrupted("a part must be an object")
    path, payload = part.get("path"), part.get("payload")
    if not isinstance(path, str) or not path or path.startswith("/") or ".." in path.split("/"):
        raise Corrupted("a part has no path")
    if part.get("payloadType") != "InlineBase64" or not isinstance(payload, str):
        raise Corrupted(f"{path}: payloadType must be InlineBase64")
    try:
        content = base64.b64decode(payload, validate=True)
        if path.endswith(TEXTS):
            content.decode()
    except (binascii.Error, UnicodeDecodeError) as fault:
        raise Corrupted(f"{path}: the payload is damaged") from fault
    return path, content
