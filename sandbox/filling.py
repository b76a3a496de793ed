"""What a model shows of the files it was made of, and the data that a refresh brings.

Where data comes from there is no source to ask here: rows are those that the same table had, read in the same way,
anywhere in the estate as it was given. A model that reads a dataflow or another model which this tenant does not have
can't be refreshed.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox import mashups
from sandbox.state import Dataset, Tenant
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


def fill(service: Service, model: Dataset) -> None:
    """As a full refresh does."""
    model.tables = copy.deepcopy(model.tables)
    for table in model.tables:
        rows = service.world.contents.rows_of(table)
        if rows is not None and table.get("storageMode") is None:
            table["rows"] = rows


def dangling(tenant: Tenant, model: Dataset) -> str | None:
    """What it reads and this tenant does not have: an id, or a model by its workspace and name."""
    known = set(_ids(tenant))
    values = {item["name"]: str(item["currentValue"]) for item in parameters(model.expressions)}
    for text in expressions_of(model):
        for found in mashups.navigations(text, values):
            if found not in known:
                return found
        for workspace, name in mashups.models(text):
            if not _holds(tenant, workspace, name):
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


def _holds(tenant: Tenant, workspace: str, name: str) -> bool:
    return any(
        space.name.casefold() == workspace.casefold() and any(model.name == name for model in space.datasets)
        for space in tenant.workspaces.values()
        if space.state == "Active"
    )


def _read(table: Json) -> tuple[str, str]:
    return table["name"], "\n".join(item["expression"] for item in table.get("source", []))
