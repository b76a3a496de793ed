"""Every operation on items with a definition, done at once and as a long-running one, held against the contract."""

from typing import Any

import pytest
from fabric_client import RDL, Fabric, model, parts, report
from service_client import Client

from sandbox import routing
from sandbox.server import Sandbox
from tests.contract.fabric import FABRIC, check_fabric_ledger

pytestmark = pytest.mark.skipif(not FABRIC.exists(), reason="the Fabric contract is not in ../shared")

AREAS = ("fabric_definitions", "fabric_items", "fabric_operations")
DATAFLOW = parts({"mashup.pq": "section Section1;", "queryMetadata.json": "{}"})


def _walk(fabric: Fabric) -> None:
    built = fabric.made("semanticModels", "Orders", model(), description="All of them")["id"]
    kinds = {
        "semanticModels": (built, model()),
        "reports": (fabric.made("reports", "View", report(built))["id"], report(built)),
        "paginatedReports": _made(fabric, "paginatedReports", parts({"Invoice.rdl": RDL})),
        "dataflows": _made(fabric, "dataflows", DATAFLOW),
    }
    other = fabric.outcome(
        fabric.at("POST", "items", {"displayName": "Another", "type": "SemanticModel", "definition": model()})
    )["id"]
    assert fabric.at("GET", "items").json()["value"]
    _one(fabric, "items", other, model())
    for kind, (item, sent) in reversed(kinds.items()):
        assert len(fabric.at("GET", kind).json()["value"]) == 1
        _one(fabric, kind, item, sent)


def _made(fabric: Fabric, kind: str, sent: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return fabric.made(kind, "One of them", sent)["id"], sent


def _one(fabric: Fabric, kind: str, item: str, sent: dict[str, Any]) -> None:
    path = f"{kind}/{item}"
    assert fabric.at("GET", path).json()["id"] == item
    assert fabric.definition(kind, item)["definition"]["parts"]
    changed = fabric.at("POST", f"{path}/updateDefinition", {"definition": sent}, updateMetadata="true")
    fabric.outcome(changed)
    renamed = fabric.at("PATCH", path, {"displayName": "By another name", "description": "New"})
    assert renamed.json()["displayName"] == "By another name"
    assert fabric.at("DELETE", path).status_code == 200
    assert fabric.at("GET", path).status_code == 404


def test_every_operation_keeps_the_contract(sandbox: Sandbox, source: Client) -> None:
    sandbox.control.settings(record=True)
    workspace = source.workspace()
    source.post(f"groups/{workspace}/AssignToCapacity", {"capacityId": source.capacity()})
    sandbox.control.advance()
    for length in ("never", "always"):
        sandbox.control.long_running(length)
        _walk(Fabric(sandbox, source, workspace))
    ledger = sandbox.control.ledger()
    assert check_fabric_ledger(ledger) == []
    routing.load_areas()
    offered = {
        operation.id
        for operation in routing.OPERATIONS
        if operation.handler.__module__.rpartition(".")[2] in AREAS
    }
    assert offered <= {entry["operation"] for entry in ledger if entry["status"] < 300}
    assert {entry["status"] for entry in ledger if entry["path"].endswith("etDefinition")} == {200, 202}
