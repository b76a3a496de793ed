"""A semantic model as TMDL files, written from what the tenant knows of it: tables, partitions, expressions, roles.

Tabs are the structure of the format, spaces that of the expressions in it. Of a table that pages by incremental refresh
the policy is in `extra.refreshPolicy` of the model.
"""

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.state import Dataset

Json = dict[str, Any]
Files = dict[str, str]
"""Text by path."""

POLICY = (
    ("policyType", "basic"),
    ("rollingWindowGranularity", "year"),
    ("rollingWindowPeriods", "5"),
    ("incrementalGranularity", "day"),
    ("incrementalPeriods", "10"),
)
_PLAIN = re.compile(r"\w+", re.ASCII)
_UNSAFE = re.compile(r'[\\/:*?"<>|%]')
MODES = {"DirectLake": "directLake", "DirectQuery": "directQuery", "Import": "import", "Dual": "dual"}


def model_files(model: Dataset) -> Files:
    """Without `definition.pbism` and `.platform`."""
    files = {"definition/database.tmdl": "database\n\tcompatibilityLevel: 1601\n\n"}
    files["definition/model.tmdl"] = _model(model)
    if model.expressions:
        files["definition/expressions.tmdl"] = "".join(map(_expression, model.expressions))
    for table in model.tables:
        policy = model.extra.get("refreshPolicy") == table["name"]
        path = f"definition/tables/{file_name(table['name'])}.tmdl"
        files[path] = "\n".join(_table(model, table, policy=policy)) + "\n"
    for role in model.roles:
        files[f"definition/roles/{file_name(role['name'])}.tmdl"] = "\n".join(_role(role)) + "\n"
    return files


def file_name(name: str) -> str:
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", name)


def quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else "'" + name.replace("'", "''") + "'"


def _model(model: Dataset) -> str:
    lines = [
        "model Model",
        "\tculture: en-US",
        "\tdefaultPowerBIDataSourceVersion: powerBI_V3",
        "\tsourceQueryCulture: en-US",
        "",
        *(f"ref table {quoted(table['name'])}" for table in model.tables),
        *(f"ref role {quoted(role['name'])}" for role in model.roles),
        "",
    ]
    return "\n".join(lines)


def _expression(item: Mapping[str, Any]) -> str:
    lines = _valued(0, f"expression {quoted(item['name'])}", item["expression"])
    return "\n".join([*lines, f"\tlineageTag: {tag(item['name'])}", "", ""])


def _table(model: Dataset, table: Json, *, policy: bool) -> Iterator[str]:
    yield f"table {quoted(table['name'])}"
    if table.get("isHidden"):
        yield "\tisHidden"
    yield from (f"\tlineageTag: {tag(table['name'])}", "")
    if policy:
        yield from _policy(table)
    for measure in table.get("measures", []):
        yield from (*_valued(1, f"measure {quoted(measure['name'])}", measure["expression"]), "")
    for column in table.get("columns", []):
        yield from _column(column)
    yield from _partition(model, table)


def _column(column: Json) -> Iterator[str]:
    yield f"\tcolumn {quoted(column['name'])}"
    if kind := column.get("dataType"):
        yield f"\t\tdataType: {kind[0].lower()}{kind[1:]}"
    if column.get("isHidden"):
        yield "\t\tisHidden"
    yield from ("\t\tsummarizeBy: none", f"\t\tsourceColumn: {column['name']}", "")


def _partition(model: Dataset, table: Json) -> Iterator[str]:
    mode = table.get("storageMode") or (
        "DirectQuery" if "DirectQuery" in model.content_provider_type else "Import"
    )
    name = quoted(table["name"])
    if mode == "DirectLake":
        source = next((item["name"] for item in model.expressions), "DatabaseQuery")
        yield from (f"\tpartition {name} = entity", "\t\tmode: directLake", "\t\tsource")
        yield from (f"\t\t\tentityName: {table['name']}", f"\t\t\texpressionSource: {quoted(source)}", "")
        return
    for source in table.get("source", []):
        yield from (f"\tpartition {name} = m", f"\t\tmode: {MODES.get(mode, 'import')}")
        yield from (*_valued(2, "source", source["expression"]), "")


def _policy(table: Json) -> Iterator[str]:
    yield "\trefreshPolicy"
    yield from (f"\t\t{name}: {value}" for name, value in POLICY)
    for source in table.get("source", []):
        yield from _valued(2, "sourceExpression", source["expression"])
    yield ""


def _role(role: Json) -> Iterator[str]:
    yield from (f"role {quoted(role['name'])}", f"\tmodelPermission: {role['modelPermission'].lower()}", "")
    for permission in role.get("tablePermissions", []):
        head = f"tablePermission {quoted(permission['name'])}"
        yield from (*_valued(1, head, permission["filterExpression"]), "")
    for member in role.get("members", []):
        yield f"\tmember {quoted(member['memberName'])}"
        if member.get("memberType") == "Group":
            yield "\t\tmemberType: group"
        yield from ("\t\tidentityProvider: AzureAD", "")


def _valued(depth: int, head: str, value: str) -> Iterator[str]:
    """On the line where it is one line, else below it and two levels in."""
    tabs = "\t" * depth
    if "\n" not in value:
        yield f"{tabs}{head} = {value}"
        return
    yield f"{tabs}{head} ="
    yield from (f"{tabs}\t\t{line}" for line in value.splitlines())


def tag(name: str) -> str:
    """A lineage tag: an id that belongs to the object for ever, and to no item of a tenant."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))
