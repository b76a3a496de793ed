"""What a model shows of the files it was made of, and the data that a refresh brings.

Where data comes from there is no source to ask here: rows are those that the same table had, read in the same way,
anywhere in the estate as it was given. A model that reads a dataflow or another model which this tenant does not have
can't be refreshed.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox import mashups
from sandbox.holdings import Link, Origins
from sandbox.state import Dataset, Tenant, Workspace
from sandbox.tmdl_reading import parameters, read_model
from sandbox.world import Service

Json = dict[str, Any]
BROKEN = "ModelRefreshFailed_DataSourceNotFound"


def describe(model: Dataset, payloads: Mapping[str, bytes]) -> None:
    """Tables, expressions, roles as the files have them; rows stay in tables that are read as before."""
    texts = {path: data.decode() for path, data in payloads.items() if path.endswith(".tmdl")}
    told = read_model(texts)
    before = {_read(table): table.get("rows", 0) for table in model.tables}
    model.tables = [table | {"rows": before.get(_read(table), 0)} for table in told.tables]
    model.expressions, model.roles = told.expressions, told.roles
    model.parameters = parameters(told.expressions)
    model.extra.pop("refreshPolicy", None)
    if told.policy is not None:
        model.extra["refreshPolicy"] = told.policy
    direct = any(table.get("storageMode") == "DirectQuery" for table in told.tables)
    model.is_refreshable = not direct
    if direct:
        model.content_provider_type = "InDirectQueryMode"


def trace(tenant: Tenant, model: Dataset) -> None:
    """Its lineage: dataflows and models of this tenant that it reads, and data sources that are known by now."""
    values, origins = _values(model), Origins(model.origins.data_sources if model.origins else [])
    for text in expressions_of(model):
        origins.dataflows += [link for link in mashups.links(text, values) if link not in origins.dataflows]
        for workspace, name in mashups.models(text):
            origins.datasets += [Link(item.id, home.id) for home, item in _named(tenant, workspace, name)]
    model.origins = origins if origins != Origins() else None


def fill(service: Service, model: Dataset) -> None:
    """As a full refresh does."""
    model.tables = copy.deepcopy(model.tables)
    for table in model.tables:
        rows = service.world.contents.rows_of(table)
        if rows is not None and table.get("storageMode") is None:
            table["rows"] = rows
    if any("dataflowId" in text or "powerbi://" in text for text in expressions_of(model)):
        trace(service.state, model)


def dangling(tenant: Tenant, model: Dataset) -> str | None:
    """What it reads and this tenant does not have: an id, or a model by its workspace and name."""
    known = set(_ids(tenant))
    values = _values(model)
    for text in expressions_of(model):
        for found in mashups.navigations(text, values):
            if found not in known:
                return found
        for workspace, name in mashups.models(text):
            if not list(_named(tenant, workspace, name)):
                return f"{workspace}/{name}"
    return None


def expressions_of(model: Dataset) -> Iterator[str]:
    yield from (item["expression"] for item in model.expressions)
    for table in model.tables:
        yield from (item["expression"] for item in table.get("source", []))


def _ids(tenant: Tenant) -> Iterator[str]:
    for space in tenant.workspaces.values():
        if space.state == "Active":
            yield space.id
            yield from (flow.object_id for flow in space.dataflows)
            yield from (item.id for item in space.fabric_items)


def _named(tenant: Tenant, workspace: str, name: str) -> Iterator[tuple[Workspace, Dataset]]:
    for space in tenant.workspaces.values():
        if space.state == "Active" and space.name.casefold() == workspace.casefold():
            yield from ((space, model) for model in space.datasets if model.name == name)


def _values(model: Dataset) -> dict[str, str]:
    return {item["name"]: str(item["currentValue"]) for item in parameters(model.expressions)}


def _read(table: Json) -> tuple[str, str]:
    return table["name"], "\n".join(item["expression"] for item in table.get("source", []))
