"""An estate with every obstacle the sandbox can plant: each gives exactly one finding, and nothing is written.

The activities of a plan are run as its orchestrator would, in this process, against a real sandbox and real storage.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from activities import conclusion, inventory, planning, tenancy
from activities.frame import Body, run
from sandbox.server import Sandbox
from shared.config import Settings, load
from shared.finding_codes import CATALOGUE
from shared.models import Finding, Migration, MigrationRequest, Severity, plan_key
from shared.outcomes import Json
from shared.services import Services, request_path

CODES = {
    "gatewayNotAdministered": "gateway.notAdministered",
    "gatewayUnknownTarget": "gateway.unknownTarget",
    "gatewayUnmapped": "gateway.unmapped",
    "gatewayNoMatch": "gateway.noMatch",
    "credentialMissing": "credentials.missing",
    "modelMisconfigured": "model.misconfiguredSource",
    "modelUnreadable": "model.unreadable",
    "workspaceOrphaned": "workspace.orphaned",
    "workspaceClassic": "workspace.classic",
    "workspacePersonal": "workspace.personal",
    "workspaceDeleted": "workspace.deleted",
    "principalUnmapped": "principal.unmapped",
    "principalUnknown": "principal.unknown",
    "noExportRight": "access.source",
    "capacityPaused": "capacity.paused",
    "capacitySmaller": "capacity.smaller",
    "regionDifferent": "capacity.region",
    "capacityNotMapped": "capacity.needed",
    "nameTaken": "workspace.nameTaken",
    "upstreamOutside": "lineage.outside",
}
# Where the app was not let in either, that is what is said, and why nobody let it in.
OR_CLOSED = {"workspaceOrphaned", "workspaceClassic"}
HASH = "e" * 64


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with Sandbox(folder, workspaces=3, every_kind=True, graph=True, time_scale=0.001) as running:
        yield running


@pytest.fixture(scope="module")
def planned(storage: Settings, sandbox: Sandbox) -> Callable[..., list[Finding]]:
    """`planned(target="")`: the findings of the plan that the sandbox suggests, with changes."""
    connection = storage.storage_connection
    assert connection is not None
    services = Services(load({**sandbox.env, "AzureWebJobsStorage": connection.reveal()}))
    made: dict[str, list[Finding]] = {}

    def plan(**changes: Any) -> list[Finding]:
        name = str(sorted(changes.items()))
        if name not in made:
            request = MigrationRequest.from_dict({**sandbox.control.suggested_request(), **changes})
            made[name] = findings_of(services, plan_key(f"planted-{len(made)}"), request)
        return made[name]

    return plan


def findings_of(services: Services, name: str, request: MigrationRequest) -> list[Finding]:
    now = "2026-11-21T12:00:00+00:00"
    services.manifest.create(Migration(name, "planning", request.source, request.target, HASH, now, now))
    services.documents.write_json(request_path(name, HASH), request.to_dict())
    base: Json = {"migration": name, "scale": services.settings.poll_scale}
    selected = to_the_end(planning.select_workspaces, services, base)
    for part in selected["parts"]:
        to_the_end(tenancy.read_part, services, {**base, "phase": part})
    for number in range(selected["batches"]):
        batch = {**base, "mode": selected["mode"], "batch": number}
        to_the_end(inventory.await_scan, services, batch)
        to_the_end(inventory.collect_scan, services, batch)
    for part in selected["later"]:
        to_the_end(tenancy.read_part, services, {**base, "phase": part})
    to_the_end(conclusion.conclude_plan, services, base)
    return services.findings.page(name, 5000).rows


def to_the_end(body: Body, services: Services, payload: Json) -> Json:
    """As an orchestrator does: a wait is waited, then the same activity is called again with its state."""
    state: Json = {}
    while True:
        outcome = run(body, services, {**payload, **state})
        if outcome["outcome"] != "wait":
            assert outcome["outcome"] == "done", outcome
            return outcome["value"]
        time.sleep(min(outcome["seconds"], 0.5))
        state = outcome["state"]


def about(planted: Json, findings: list[Finding]) -> list[Finding]:
    """Those of its code that name its object: by id, by name, or by whom it is mapped to."""
    names = {str(planted.get(part) or "").lower() for part in ("id", "name", "mappedTo")} - {""}
    codes = {CODES[planted["obstacle"]]} | ({"access.source"} if planted["obstacle"] in OR_CLOSED else set())
    return [each for each in findings if each.code in codes and names & {each.id.lower(), each.name.lower()}]


def test_every_planted_obstacle_is_found_exactly_once(
    sandbox: Sandbox, planned: Callable[..., list[Finding]]
) -> None:
    planted = [each for each in sandbox.control.planted() if each["obstacle"] != "upstreamOutside"]
    found = {f"{each['obstacle']} {each['name']}": len(about(each, planned())) for each in planted}
    assert found == dict.fromkeys(found, 1)
    assert {each["obstacle"] for each in planted} == set(CODES) - {"upstreamOutside"}


def test_nothing_else_is_in_the_way(sandbox: Sandbox, planned: Callable[..., list[Finding]]) -> None:
    planted = sandbox.control.planted()
    explained = {id(each) for one in planted for each in about(one, planned())}
    rest = [each for each in planned() if id(each) not in explained and each.severity != Severity.INFO]
    assert {(each.code, each.name) for each in rest if not each.code.startswith("manual.")} == set()


def test_what_is_used_outside_a_selection_is_found_once(
    sandbox: Sandbox, planned: Callable[..., list[Finding]]
) -> None:
    (planted,) = [each for each in sandbox.control.planted() if each["obstacle"] == "upstreamOutside"]
    (found,) = about(planted, planned(workspaces=planted["subset"]))
    assert planted["upstream"][0] in found.message


def test_an_assessment_finds_what_is_planted_in_the_source_only(
    sandbox: Sandbox, planned: Callable[..., list[Finding]]
) -> None:
    findings = planned(target="")
    of_target = {"capacity.", "gateway.", "credentials.", "principal.", "workspace.nameTaken"}
    assert [each.code for each in findings if each.code.startswith(tuple(of_target))] == []
    of_source = {"modelMisconfigured", "workspaceOrphaned", "workspacePersonal", "noExportRight"}
    for each in sandbox.control.planted():
        if each["obstacle"] in of_source:
            assert len(about(each, findings)) == 1, each


def test_neither_tenant_was_written_to(sandbox: Sandbox, planned: Callable[..., list[Finding]]) -> None:
    assert {each.code for each in planned()} <= set(CATALOGUE)
    assert sandbox.control.writes() == []
