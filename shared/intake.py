"""What people send to start a migration or a plan: checked whole, every fault named with its remedy, made canonical.

HTTP and queue share this file, so the same body means the same migration however it arrives. The canonical
form (defaults filled in, connection names in lower case, workspaces sorted and unique) is what the hash is
taken of: two bodies that mean the same are the same migration.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from shared.config import Settings
from shared.errors import InvalidInput
from shared.models import MigrationRequest

_ID = r"\A[a-z0-9-]{1,40}\Z"
_VAULT_NAME = r"\A[A-Za-z0-9-]+\Z"
_NAMING = r"\A[^{}\x00-\x1f\x7f]*\{name\}[^{}\x00-\x1f\x7f]*\Z"
_TEXT = {"type": "string", "minLength": 1, "maxLength": 512}
_MAP: dict[str, Any] = {"type": "object", "propertyNames": {"minLength": 1, "maxLength": 512}}
_NAMES: dict[str, Any] = {**_MAP, "additionalProperties": _TEXT}

_FAULTS = 200  # named at once; somebody who made more of them made one mistake many times

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["source", "target", "workspaces"],
    "properties": {
        "id": {"type": "string", "pattern": _ID},
        "source": _TEXT,
        "target": _TEXT,
        "workspaces": {"type": "array", "minItems": 1, "items": _TEXT},
        "capacities": _NAMES,
        "gateways": _NAMES,
        "principals": {
            **_MAP,
            "additionalProperties": {"type": ["string", "null"], "minLength": 1, "maxLength": 512},
        },
        "parameters": {
            **_MAP,
            "additionalProperties": {
                "type": ["string", "number", "boolean", "object"],
                "additionalProperties": {"type": ["string", "number", "boolean"]},
            },
        },
        "credentials": {
            **_MAP,
            "additionalProperties": {"type": "string", "pattern": _VAULT_NAME},
        },
        "naming": {"type": "string", "pattern": _NAMING, "maxLength": 200},
        "existing": {"enum": ["stop", "merge"]},
        "cutover": {"enum": ["manual", "auto"]},
        "freeze": {"type": "boolean"},
    },
}

PLAN_SCHEMA: dict[str, Any] = {**SCHEMA, "required": ["source", "workspaces"]}  # no target: an assessment

_REMEDIES = {
    "id": "use 1 to 40 of a-z, 0-9 and '-', or leave it out to get the hash of the body",
    "source": "give the name of a configured connection (PBI_CONNECTIONS__<name>__…)",
    "target": "give the name of a configured connection (PBI_CONNECTIONS__<name>__…)",
    "workspaces": 'give ["*"] or a list of workspace names or ids',
    "capacities": 'give {"source name, id or *": "target name or id"}',
    "gateways": 'give {"source name or id": "target name or id"}',
    "principals": 'give {"alice@old": "alice@new", "@old": "@new", "object id": "object id"}; null drops one',
    "parameters": 'give {"name": value} or {"workspace/model": {"name": value}}',
    "credentials": 'give {"type:server;database": "secret-name"}; secret names are letters, digits and -',
    "naming": 'give a text that contains "{name}" once, for example "{name} (moved)"',
    "existing": 'give "stop" or "merge"',
    "cutover": 'give "manual" or "auto"',
    "freeze": "give true or false",
    "confirm": "repeat the id of the migration to be rolled back",
    "to": 'give "ready" (undo the cutover) or "nothing" (delete what this migration created)',
}


@dataclass(frozen=True, slots=True)
class Start:
    """A start request that passed every check. `body_hash` identifies its content without the id."""

    id: str
    body_hash: str
    request: MigrationRequest


def parse_start(body: Any, settings: Settings) -> Start:
    """Check a start body against the contract and the configured connections; InvalidInput names all faults."""
    return _parse(body, settings, SCHEMA)


def parse_plan(body: Any, settings: Settings) -> Start:
    """The same body; without a target it asks for an assessment of the source alone."""
    return _parse(body, settings, PLAN_SCHEMA)


def _parse(body: Any, settings: Settings, schema: dict[str, Any]) -> Start:
    _refuse([*_schema_faults(body, schema), *_connection_faults(body, settings)])
    request = _canonical(body)
    digest = hashlib.sha256(json.dumps(request.to_dict(), sort_keys=True).encode()).hexdigest()
    return Start(body.get("id") or digest[:32], digest, request)


CUTOVER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"force": {"type": "boolean"}, "reason": {"type": "string", "maxLength": 1000}},
}
ROLLBACK_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["confirm", "to"],
    "properties": {"confirm": {"type": "string"}, "to": {"enum": ["ready", "nothing"]}},
}
NOTHING_SCHEMA: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": {}}


def parse_cutover(body: Any) -> tuple[bool, str]:
    """Check a cutover body; the contract asks for neither field, and a reason is recorded where there is one."""
    _check(body, CUTOVER_SCHEMA)
    return bool(body.get("force", False)), str(body.get("reason", ""))


def parse_rollback(body: Any, migration_id: str) -> str:
    """`ready` or `nothing`. InvalidInput unless `confirm` repeats the id of the migration meant."""
    _check(body, ROLLBACK_SCHEMA)
    if body["confirm"] != migration_id:
        wrong = f"{body['confirm'][:80]!r} is not the id of this migration"
        raise InvalidInput([_fault("confirm", wrong, _REMEDIES["confirm"])])
    return str(body["to"])


def parse_nothing(body: Any) -> None:
    """Check the body of a verb that takes none: absent, or an empty object."""
    _check(body, NOTHING_SCHEMA)


def _check(body: Any, schema: dict[str, Any]) -> None:
    _refuse(_schema_faults(body, schema))


def _refuse(faults: list[dict[str, str]]) -> None:
    """Raise InvalidInput if there are any: the first ones, and whether there were more."""
    if len(faults) > _FAULTS:
        remedy = "correct the ones named here first"
        faults = [*faults[:_FAULTS], _fault("", "there are more faults than are named here", remedy)]
    if faults:
        raise InvalidInput(faults)


def _schema_faults(body: Any, schema: dict[str, Any]) -> list[dict[str, str]]:
    from jsonschema import Draft202012Validator

    found = islice(
        (
            fault
            for error in Draft202012Validator(schema).iter_errors(body)
            for fault in _faults_of(error, schema)
        ),
        _FAULTS + 1,  # a list of a million wrong entries is not worth a minute of work
    )
    unique = {(fault["field"], fault["message"]): fault for fault in found}
    return [unique[name] for name in sorted(unique)]


def _faults_of(error: Any, schema: dict[str, Any]) -> list[dict[str, str]]:
    """One fault per field: the library reports missing and unknown fields per object."""
    path = _path(error.absolute_path)
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return [_fault(_below(path, name), "is missing", _remedy(_below(path, name))) for name in missing]
    if error.validator == "additionalProperties" and error.validator_value is False:
        fields = error.schema["properties"]
        remedy = "leave it out" + (f"; the fields are {', '.join(sorted(fields))}" if fields else "")
        unknown = [str(name)[:80] for name in error.instance if name not in fields]
        return [_fault(_below(path, name), "is not a field of this request", remedy) for name in unknown]
    return [_fault(path, error.message[:300], _remedy(path))]


def _connection_faults(body: Any, settings: Settings) -> list[dict[str, str]]:
    if not isinstance(body, Mapping):
        return []
    faults: list[dict[str, str]] = []
    for side in ("source", "target"):
        name = body.get(side)
        if isinstance(name, str) and name and settings.connection(name) is None:
            known = ", ".join(sorted(settings.connections)) or "none"
            faults.append(_fault(side, f"no connection {name[:80]!r}; configured: {known}", _REMEDIES[side]))
    faults += islice(_principal_faults(body.get("principals")), _FAULTS + 1)
    source, target = body.get("source"), body.get("target")
    if isinstance(source, str) and isinstance(target, str) and _name(source) == _name(target) != "":
        faults.append(_fault("target", "source and target are the same connection", "give two connections"))
    return faults


def _principal_faults(principals: Any) -> Iterator[dict[str, str]]:
    """A domain rule maps a domain to a domain; anything else would invent people."""
    if not isinstance(principals, Mapping):
        return
    for key, value in principals.items():
        if str(key).startswith("@") and isinstance(value, str) and not re.fullmatch(r"@[^@\s]+", value):
            where = _below("principals", str(key)[:80])
            yield _fault(where, f"{value[:80]!r} is no @domain", _REMEDIES["principals"])


def _name(connection: str) -> str:
    """A connection's name as the settings know it, however it was written."""
    return connection.strip().lower()


def _canonical(body: Mapping[str, Any]) -> MigrationRequest:
    given = {name: value for name, value in body.items() if name != "id"}
    given["source"], given["target"] = _name(body["source"]), _name(body.get("target", ""))
    wanted = sorted(set(body["workspaces"]))
    given["workspaces"] = ["*"] if "*" in wanted else wanted
    return MigrationRequest.from_dict(given)


def _path(parts: Iterable[str | int]) -> str:
    """`workspaces[3]`, `principals.alice@contoso.com`."""
    text = ""
    for part in parts:
        text = f"{text}[{part}]" if isinstance(part, int) else _below(text, part)
    return text


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _remedy(path: str) -> str:
    name = re.split(r"[.\[]", path, maxsplit=1)[0]
    return _REMEDIES.get(name, "send one JSON object with at least source, target and workspaces")


def _fault(field: str, message: str, remedy: str) -> dict[str, str]:
    return {"field": field, "message": message, "remedy": remedy}
