"""Is this call one that the official Power BI contract knows? Judges requests and answers of anyone."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

from tests.contract.errors import error_faults
from tests.contract.looseness import QUERY_PARAMETERS
from tests.contract.schemas import Schema, Schemas

CONTRACT = Path(__file__).parents[3] / "shared" / "powerbi" / "contract.json"
"""Where the team keeps the contract, beside the checkout; it is not ours to commit."""

BASE = "/v1.0/myorg/"
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `status` None: only the request is judged. Bodies are parsed JSON, None = none."""

    method: str
    path: str
    query: str = ""
    request_body: Any = None
    status: int | None = None
    response_body: Any = None


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    template: str
    pattern: re.Pattern[str]
    parameters: dict[str, list[Schema]]
    """By place: path, query, body."""
    consumes: list[str]
    responses: dict[str, Schema]


@dataclass(slots=True)
class Contract:
    operations: list[Operation]
    """Literal paths before templates."""
    requests: Schemas
    responses: Schemas
    seen: set[str] = field(default_factory=set[str])
    """Operations met so far, to tell what a walk has covered."""

    @classmethod
    def load(cls, path: Path = CONTRACT) -> Self:
        return cls.of(json.loads(path.read_text(encoding="utf-8")))

    @classmethod
    def of(cls, swagger: Schema) -> Self:
        """The contract of one Swagger 2.0 document with all its definitions."""
        found = [
            _operation(method, template, raw, swagger)
            for template, methods in swagger["paths"].items()
            for method, raw in methods.items()
            if method != "parameters"
        ]
        found.sort(key=lambda operation: operation.template.count("{"))
        definitions = swagger["definitions"]
        return cls(found, Schemas(definitions, "request"), Schemas(definitions, "response"))

    def check(self, exchange: Exchange) -> list[str]:
        """Every violation, in words; empty means the exchange keeps the contract."""
        operation = self.find(exchange.method, exchange.path)
        if operation is None:
            return [f"no operation {exchange.method} {exchange.path}"]
        self.seen.add(operation.id)
        faults = [
            *self._path_faults(operation, exchange),
            *self._query_faults(operation, exchange),
            *self._request_faults(operation, exchange),
            *self._response_faults(operation, exchange),
        ]
        return [f"{operation.id}: {fault}" for fault in faults]

    def find(self, method: str, path: str) -> Operation | None:
        matching = (o for o in self.operations if o.method == method.upper() and o.pattern.fullmatch(path))
        return next(matching, None)

    def _path_faults(self, operation: Operation, exchange: Exchange) -> list[str]:
        found = operation.pattern.fullmatch(exchange.path)
        values = [unquote(value) for value in found.groups()] if found else []
        declared = {p["name"]: p for p in operation.parameters["path"]}
        names = re.findall(r"\{(\w+)\}", operation.template)
        pairs = zip(names, values, strict=True)
        return [
            fault
            for name, value in pairs
            for fault in self._typed("path", declared.get(name, {}), name, value)
        ]

    def _query_faults(self, operation: Operation, exchange: Exchange) -> list[str]:
        sent = parse_qsl(exchange.query, keep_blank_values=True)
        declared = {p["name"]: p for p in operation.parameters["query"]}
        names = [name for name, _ in sent]
        faults = [f"query {name} sent twice" for name in set(names) if names.count(name) > 1]
        faults += [
            f"query {name} is required" for name, p in declared.items() if p["required"] and name not in names
        ]
        for name, value in sent:
            if name in declared:
                faults += self._typed("query", declared[name], name, value)
            elif (operation.id, name) not in QUERY_PARAMETERS:
                faults.append(f"query {name} is unknown")
        return faults

    def _typed(self, place: str, declared: Schema, name: str, text: str) -> list[str]:
        value = _converted(declared.get("type", "string"), text)
        return [f"{place} {name}: {fault}" for fault in self.requests.faults(_value_schema(declared), value)]

    def _request_faults(self, operation: Operation, exchange: Exchange) -> list[str]:
        body, declared = exchange.request_body, operation.parameters["body"]
        if not declared:
            return [] if body is None else ["a request body where none is taken"]
        if body is None:
            needed = declared[0]["required"] and "multipart/form-data" not in operation.consumes
            return ["a request body is required"] if needed else []
        return [f"request {fault}" for fault in self.requests.faults(declared[0]["schema"], body)]

    def _response_faults(self, operation: Operation, exchange: Exchange) -> list[str]:
        status, body = exchange.status, exchange.response_body
        if status is None or status in (307, 308):
            return []
        if status >= 400:
            return error_faults(status, body)
        if str(status) not in operation.responses:
            return [f"status {status} is not one of {sorted(operation.responses)}"]
        schema = operation.responses[str(status)].get("schema")
        if schema is None:
            return [] if body in (None, "") else ["a response body where none is promised"]
        if schema.get("type") == "file":
            return []
        return [f"response {fault}" for fault in self.responses.faults(schema, body)]


def check_ledger(ledger: list[dict[str, Any]], contract: Contract | None = None) -> list[str]:
    """Violations in the sandbox's ledger (taken with `record` on); Entra, Fabric and storage calls are not Power BI's.

    Of a call answered by a planted fault, or by nobody, only the request is judged.
    """
    return check_entries(ledger, contract or Contract.load(), BASE)


def check_entries(ledger: list[dict[str, Any]], contract: Contract, base: str) -> list[str]:
    """Violations in what the ledger holds of one API, known by the beginning of its paths."""
    return [
        f"#{entry['seq']} {entry['method']} {entry['path']}: {fault}"
        for entry in ledger
        if entry["path"].startswith(base)
        for fault in contract.check(_exchange(entry))
    ]


def _exchange(entry: dict[str, Any]) -> Exchange:
    answered = entry.get("status") and not entry.get("fault")
    return Exchange(
        entry["method"],
        entry["path"],
        entry.get("query", ""),
        entry.get("requestBody"),
        entry["status"] if answered else None,
        entry.get("responseBody"),
    )


def _operation(method: str, template: str, raw: Schema, swagger: Schema) -> Operation:
    shared = swagger["paths"][template].get("parameters", [])
    parameters = [_resolved(p, swagger) for p in [*shared, *raw.get("parameters", [])]]
    placed = {place: [p for p in parameters if p["in"] == place] for place in ("path", "query", "body")}
    consumes, responses = raw.get("consumes", []), raw["responses"]
    return Operation(
        raw["operationId"], method.upper(), template, _pattern(template), placed, consumes, responses
    )


def _resolved(parameter: Schema, swagger: Schema) -> Schema:
    return swagger["parameters"][parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter


def _pattern(template: str) -> re.Pattern[str]:
    pieces = re.split(r"\{\w+\}", template)
    return re.compile("([^/]+?)".join(re.escape(piece) for piece in pieces))


def _value_schema(declared: Schema) -> Schema:
    return {key: value for key, value in declared.items() if key not in ("name", "in", "required", "default")}


def _converted(kind: str, text: str) -> Any:
    """The JSON value a query or path text stands for; a text that stands for none stays text and fails its type."""
    if kind == "boolean":
        return _TRUTH.get(text, text)
    if kind in ("integer", "number"):
        return int(text) if re.fullmatch(r"-?\d+", text) else text
    return text
