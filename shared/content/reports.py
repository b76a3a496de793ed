"""Which model a report reads, and the same report bound to another one: `definition.pbir`.

The file has two spellings. Schema 1.x names the model's id as `pbiModelDatabaseName` among fixed properties; schema
2.x allows nothing but a connection string, whose `semanticmodelid` counts. A service refuses the one in a file that
declares the other, so the original's schema decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

from shared.content import jsontext
from shared.content.ids import guids
from shared.content.jsontext import Json
from shared.content.parts import Part, part_at
from shared.errors import ContentError

PBIR = "definition.pbir"
_HOST = "api.powerbi.com"
_SCHEMA = re.compile(r"/definitionProperties/(\d+)\.")
_CONNECTION = ("datasetReference", "byConnection")
_SETTING = re.compile(r"""(?:^|;)([^=;]+)=\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|[^;]*)""")
_ENDS_ADDRESS = re.compile(r'[/%?#"\\;]')


def model_reference(parts: Sequence[Part]) -> str:
    """The id (lower case) of the model named in definition.pbir; "" where it names none."""
    part = part_at(parts, PBIR)
    if part is None:
        return ""
    connection = jsontext.field(jsontext.load_object(part.payload, PBIR), *_CONNECTION)
    settings = _settings(jsontext.text(connection, "connectionString"))
    for told in (
        settings.get("semanticmodelid", ""),
        jsontext.text(connection, "pbiModelDatabaseName"),
        settings.get("initial catalog", ""),
    ):
        found = guids(told)
        if len(found) == 1:
            return found.pop()
    return ""


def bound_to(
    parts: Sequence[Part], workspace_name: str, model_name: str, model_id: str, host: str = _HOST
) -> list[Part]:
    """The parts with definition.pbir pointing to that model. `host`: the XMLA host of the target's cloud."""
    part = part_at(parts, PBIR)
    if part is None:
        raise ContentError("content.definition", f"the report's definition has no {PBIR}")
    before = jsontext.load_object(part.payload, PBIR)
    if _by_string(before):
        connection: Json = {"connectionString": _string(host, workspace_name, model_name, model_id)}
    else:
        connection = _by_properties(model_id)
    after = {**before, "datasetReference": {"byConnection": connection}}
    bound = replace(part, payload=jsontext.dump(after))
    return [bound if one is part else one for one in parts]


def _by_string(document: Json) -> bool:
    """Does the file take schema 2's one property? Without a schema, what stands there decides."""
    schema = _SCHEMA.search(jsontext.text(document, "$schema"))
    if schema is not None:
        return int(schema.group(1)) >= 2
    connection = jsontext.field(document, *_CONNECTION)
    if jsontext.text(connection, "pbiModelDatabaseName"):
        return False
    return "semanticmodelid" in _settings(jsontext.text(connection, "connectionString"))


def _by_properties(model_id: str) -> Json:
    return {
        "connectionString": None,
        "pbiServiceModelId": None,
        "pbiModelVirtualServerName": "sobe_wowvirtualserver",
        "pbiModelDatabaseName": model_id,
        "name": "EntityDataSource",
        "connectionType": "pbiServiceXmlaStyleLive",
    }


def _string(host: str, workspace_name: str, model_name: str, model_id: str) -> str:
    """As Power BI Desktop writes it: the workspace and the model by name, and the id that decides."""
    # Only what would end the address is escaped; the service's own strings keep blanks and letters as they are.
    address = f"powerbi://{host}/v1.0/myorg/" + _ENDS_ADDRESS.sub(
        lambda sign: quote(sign.group(), safe=""), workspace_name
    )
    return (
        f"Data Source={_quoted(address)};initial catalog={_quoted(model_name)};"
        f"access mode=readonly;integrated security=ClaimsToken;semanticmodelid={model_id}"
    )


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _settings(connection_string: str) -> dict[str, str]:
    """The settings of a connection string, names lower case; the first of one name counts."""
    found: dict[str, str] = {}
    for match in _SETTING.finditer(connection_string[:10_000]):
        found.setdefault(match.group(1).strip().lower(), match.group(2).strip().strip("\"'"))
    return found
