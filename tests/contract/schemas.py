"""Swagger 2.0 definitions as JSON Schema 2020-12 that nothing unknown slips through.

Swagger leaves objects open and knows no null. Here `allOf` is flattened and every object that declares properties is
closed; in answers an optional property may be null, as OData serialisers write it, and a time may lack its zone, as the
contract's own examples show. Requests get neither grace.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from jsonschema_rs import Draft202012Validator

from tests.contract.looseness import ALLOWANCES, BROKEN_PATTERNS, NOT_REQUIRED

Schema = dict[str, Any]
Side = Literal["request", "response"]

_REF = "#/definitions/"
_KEPT = ("type", "enum", "minimum", "maximum", "maxLength", "format")
_INT_RANGES: dict[str, Schema] = {
    "int32": {"minimum": -(2**31), "maximum": 2**31 - 1},
    "int64": {"minimum": -(2**63), "maximum": 2**63 - 1},
}
_ZONED = re.compile(r"(Z|[+-]\d{2}:\d{2})$")


class Schemas:
    """Validators by schema, for one side of the exchange, compiled when first used."""

    def __init__(self, definitions: dict[str, Schema], side: Side) -> None:
        self._source = definitions
        self._side: Side = side
        self._defs = {name: self._object(definition, name) for name, definition in definitions.items()}
        self._validators: dict[str, Draft202012Validator] = {}

    def faults(self, schema: Schema, body: Any) -> list[str]:
        return [_described(error) for error in self._validator(schema).iter_errors(body)]

    def _validator(self, schema: Schema) -> Draft202012Validator:
        key = repr(schema)
        if key not in self._validators:
            document = {"$ref": f"#/$defs/{_name(schema)}"} if "$ref" in schema else self._object(schema)
            moment = _is_moment if self._side == "response" else _is_zoned_moment
            self._validators[key] = Draft202012Validator(
                document | {"$defs": self._defs}, formats={"date-time": moment}, validate_formats=True
            )
        return self._validators[key]

    def _object(self, schema: Schema, name: str = "") -> Schema:
        """A schema without references at its top: properties of all its parts in one closed object."""
        parts = list(self._parts(schema, name))
        properties = {key: value for _, part in parts for key, value in part.get("properties", {}).items()}
        if not properties:
            return self._plain(schema)
        required = sorted({key for _, part in parts for key in part.get("required", [])})
        closed = {key: self._property(value, key in required) for key, value in properties.items()}
        made: Schema = {"type": "object", "properties": closed, "unevaluatedProperties": False}
        if self._side == "request":
            return made | {"required": [key for key in required if (name, key) not in NOT_REQUIRED]}
        closed |= {
            row.property: row.schema for row in ALLOWANCES if row.definition in {owner for owner, _ in parts}
        }
        closed |= {_small(key): value for key, value in closed.items()} | {"@odata.context": {}}
        small = [key for key in required if _small(key) == key]
        return made | {
            "required": small,
            "allOf": [{}, *(_either_spelling(k) for k in required if k not in small)],
        }

    def _parts(self, schema: Schema, name: str) -> Iterable[tuple[str, Schema]]:
        """The schema and all it is made of, each with its name; a later part adds to an earlier one."""
        if "$ref" in schema:
            yield from self._parts(self._source[_name(schema)], _name(schema))
        for part in schema.get("allOf", []):
            yield from self._parts(part, name)
        yield name, schema

    def _property(self, schema: Schema, required: bool) -> Schema:
        value = self._value(schema)
        if required or self._side == "request":
            return value
        return {
            "if": {"not": {"type": "null"}},
            "then": value,
        }  # not anyOf: that would hide what is wrong inside

    def _value(self, schema: Schema) -> Schema:
        if "$ref" in schema:
            return {"$ref": f"#/$defs/{_name(schema)}"}
        return self._object(schema)

    def _plain(self, schema: Schema) -> Schema:
        kept = _INT_RANGES.get(schema.get("format", ""), {}) | {k: schema[k] for k in _KEPT if k in schema}
        if "items" in schema:
            kept["items"] = self._value(schema["items"])
        if isinstance(schema.get("additionalProperties"), dict):
            kept["additionalProperties"] = self._value(schema["additionalProperties"])
        if "pattern" in schema and not any(broken in schema["pattern"] for broken in BROKEN_PATTERNS):
            kept["pattern"] = schema["pattern"]
        return kept


def _small(key: str) -> str:
    return key[:1].lower() + key[1:]


def _either_spelling(key: str) -> Schema:
    return {"anyOf": [{"required": [key]}, {"required": [_small(key)]}]}


def _name(schema: Schema) -> str:
    return schema["$ref"].removeprefix(_REF)


def _described(error: Any) -> str:
    where = "/".join(str(step) for step in error.instance_path) or "body"
    return f"{where}: {error.message}"


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text


def _is_zoned_moment(text: str) -> bool:
    return _is_moment(text) and _ZONED.search(text) is not None
