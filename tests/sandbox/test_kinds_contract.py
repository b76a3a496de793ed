"""What an assessment reads is answered as the official contract has it, operation by operation."""

import pytest
from kinds import Reader, walk

from sandbox import routing
from sandbox.server import Sandbox
from tests.contract.contract import CONTRACT, Contract, check_ledger

pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason="the contract is not in ../shared")
KNOWN = (
    "('storageMode' was unexpected)",  # shown of Direct Lake tables; the contract is older
    "/members: [",  # a list in the contract's own example, declared as one object
    "/tablePermissions: [",
    '12:00:00 AM" is not a "date-time"',  # as in the contract's own example
)
"""Where the contract contradicts itself or is older than the service."""


def test_every_answer_keeps_the_contract(estate: Sandbox) -> None:
    before = len(estate.control.ledger())
    walk(Reader(estate, "CONTOSO"))
    ledger = estate.control.ledger(since=before)
    assert [fault for fault in check_ledger(ledger) if not any(known in fault for known in KNOWN)] == []
    contract = Contract.load()
    for entry in ledger:
        found = contract.find(entry["method"], entry["path"])
        assert found is None or found.id == entry["operation"]


def test_the_walk_meets_every_operation_it_is_here_for(estate: Sandbox) -> None:
    walk(Reader(estate, "CONTOSO"))
    met = {entry["operation"] for entry in estate.control.ledger() if entry["status"] == 200}
    routing.load_areas()
    areas = ("admin_apps", "admin_subscriptions", "gateways", "dataset_details", "dataflows", "content")
    offered = {
        operation.id
        for operation in routing.OPERATIONS
        if operation.family == "powerbi" and operation.handler.__module__.rpartition(".")[2] in areas
    }
    assert offered - met == {
        "Dashboards_GetDashboardsInGroup",
        "Dashboards_GetTilesInGroup",
        "Dataflows_GetDataflows",
    }
