"""Everything the sandbox answers is what the official contract promises, and every operation is asked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import generate, routing
from sandbox.server import Sandbox
from tests.contract.contract import CONTRACT, Contract, check_ledger
from tests.contract.walk import INSTANT, Walk

pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason="the contract is not in ../shared")

Ledger = list[dict[str, Any]]
ELSEWHERE = {"admin_apps", "admin_subscriptions", "gateways", "dataset_details", "dataflows", "content"} | {
    "dashboards",
    "dataflow_changes",
    "model_parameters",
    "pipelines",
    "push",
    "workspace_settings",
}
"""Areas whose every operation is met in tests/sandbox: test_kinds_contract.py, test_moving_contract.py."""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """Of one walk over an estate with every kind of item."""
    folder: Path = tmp_path_factory.mktemp("walk")
    with Sandbox(folder, workspaces=4, time_scale=1) as sandbox:
        estate = generate.generate(folder, workspaces=4, extras=True)
        sandbox.control.settings(latency=INSTANT, record=True)
        for tenant in estate.tenants:
            sandbox.control.put_state(tenant.name, tenant.to_dict())
        Walk(sandbox, folder).go()
        yield sandbox.control.ledger()


def test_no_answer_breaks_the_contract(ledger: Ledger) -> None:
    assert check_ledger(ledger) == []


def test_the_walk_has_met_every_power_bi_operation_the_sandbox_has(ledger: Ledger) -> None:
    routing.load_areas()
    offered = {
        operation.id
        for operation in routing.OPERATIONS
        if operation.family == "powerbi" and operation.handler.__module__.rpartition(".")[2] not in ELSEWHERE
    }
    met = {entry["operation"] for entry in ledger if 200 <= entry["status"] < 300}
    assert offered - met == set()


def test_the_sandbox_names_its_operations_as_the_contract_does(ledger: Ledger) -> None:
    contract = Contract.load()
    for entry in ledger:
        found = contract.find(entry["method"], entry["path"])
        if found is not None:
            assert entry["operation"] == found.id
