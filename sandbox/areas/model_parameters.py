"""Setting the parameters of a model: all of a request or none, by its owner; a refresh then reads by the new values."""

import re
from typing import Any, cast

from sandbox.areas.dataset_details import require_model
from sandbox.calls import Call
from sandbox.replies import Reply, bad_request, refused, unauthorized
from sandbox.routing import operation
from sandbox.state import Dataset

Json = dict[str, Any]

MOST = 100
FIXED = frozenset({"Any", "Binary"})
"""Types whose values can't be set."""


@operation(
    "Datasets_UpdateParametersInGroup",
    "POST",
    "groups/{groupId}/datasets/{datasetId}/Default.UpdateParameters",
)
async def update_parameters(call: Call) -> Reply:
    body = await call.body()
    workspace = call.workspace("Contributor")
    item = require_model(call)
    if item.configured_by.casefold() != call.caller.name.casefold():
        raise unauthorized()
    if item.extra.get("changedByXmla"):
        raise bad_request("Parameters of a model that was changed through XMLA can't be set")
    values = _values(body.get("updateDetails"))
    _check(item, values)
    for parameter in item.parameters:
        if parameter["name"] in values:
            _set(item, parameter, values[parameter["name"]])
    call.audit("UpdateDatasetParameters", workspace, dataset=item)
    return Reply()


def _values(sent: object) -> dict[str, str]:
    rows = cast(list[Json], sent) if isinstance(sent, list) else []
    if not 1 <= len(rows) <= MOST:
        raise bad_request(f"updateDetails must name 1 to {MOST} parameters")
    values = {str(row.get("name")): str(row.get("newValue", "")) for row in rows}
    if len(values) < len(rows):
        raise bad_request("updateDetails names a parameter twice")
    return values


def _check(item: Dataset, values: dict[str, str]) -> None:
    """Every one must be there, in its exact spelling, and take the value."""
    kinds = {parameter["name"]: parameter["type"] for parameter in item.parameters}
    missing = [str(place) for place, name in enumerate(values, 1) if name not in kinds]
    if missing:
        raise refused(
            404, "ItemNotFound", f"Dataset parameters at positions {', '.join(missing)} cannot be found"
        )
    for name, value in values.items():
        if kinds[name] in FIXED or not _fits(kinds[name], value):
            raise bad_request(f"The value of parameter {name} can't be set to this")


def _fits(kind: str, value: str) -> bool:
    if kind == "Number":
        return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
    return kind != "Logical" or value in ("true", "false")


def _set(item: Dataset, parameter: Json, value: str) -> None:
    """Where the model's own call tells it, and where its M says it."""
    parameter["currentValue"] = value
    literal = '"' + value.replace('"', '""') + '"' if parameter["type"] == "Text" else value
    for written in item.expressions:
        if written["name"] == parameter["name"] and " meta " in written["expression"]:
            written["expression"] = f"{literal} meta {written['expression'].rpartition(' meta ')[2]}"
