"""The official Fabric contract as one: its files refer to each other, and each names its definitions for itself."""

import json
import posixpath
from pathlib import Path
from typing import Any

from tests.contract.contract import CONTRACT, Contract, Schema, check_entries

FABRIC = CONTRACT.with_name("fabric")
"""Where the team keeps it, beside the checkout; it is not ours to commit."""

BASE = "/v1"
AREAS = ("platform", "semanticModel", "report", "paginatedReport", "dataflow")
UNWRITTEN = (f"{BASE}/admin/",)
"""Families of paths whose part of the contract the team does not have."""

OPEN = {"common.definitions.ItemType"}
"""Enumerations to which values are added over time, as the contract itself says; any text goes."""


def fabric_contract(folder: Path = FABRIC) -> Contract:
    """All areas in one contract; a definition is called by its file and its name."""
    files = _Files(folder)
    paths: dict[str, Any] = {}
    for area in AREAS:
        file = f"{area}/swagger.json"
        for template, methods in files.read(file)["paths"].items():
            paths[BASE + template] = files.resolved(methods, file)
    return Contract.of({"paths": paths, "definitions": files.definitions})


def check_fabric_ledger(ledger: list[dict[str, Any]], contract: Contract | None = None) -> list[str]:
    """Violations of the Fabric contract in the sandbox's ledger, as `check_ledger` finds those of the other."""
    known = [entry for entry in ledger if not entry["path"].startswith(UNWRITTEN)]
    return check_entries(known, contract or fabric_contract(), f"{BASE}/")


class _Files:
    """The files of the contract; following references gathers the definitions that are met."""

    def __init__(self, folder: Path) -> None:
        # The contract was written where `Common` and `common` are one folder.
        self._paths = {path.relative_to(folder).as_posix().lower(): path for path in folder.rglob("*.json")}
        self._documents: dict[str, Any] = {}
        self.definitions: dict[str, Schema] = {}

    def read(self, file: str) -> Any:
        if file not in self._documents:
            self._documents[file] = json.loads(self._paths[file.lower()].read_text(encoding="utf-8"))
        return self._documents[file]

    def resolved(self, node: Any, file: str) -> Any:
        """The node with every reference within one document; examples are left out, and what an object of many
        forms holds is not judged."""
        if isinstance(node, list):
            return [self.resolved(each, file) for each in node]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("$ref"), str):
            return {"$ref": f"#/definitions/{self._definition(node['$ref'], file)}"}
        return {key: self.resolved(value, file) for key, value in node.items() if key != "x-ms-examples"}

    def _definition(self, reference: str, file: str) -> str:
        where, _, pointer = reference.partition("#/definitions/")
        owner = posixpath.normpath(posixpath.join(posixpath.dirname(file), where)) if where else file
        name = f"{owner.lower().removesuffix('.json').replace('/', '.')}.{pointer}"
        if name not in self.definitions:
            self.definitions[name] = {}  # known from now on: definitions refer to each other in circles
            schema = self.resolved(self.read(owner)["definitions"][pointer], owner)
            self.definitions[name] = _loosened(name, schema)
        return name


def _loosened(name: str, schema: Schema) -> Schema:
    if name in OPEN:
        return {"type": "string"}
    return {"type": "object"} if "discriminator" in schema else schema
