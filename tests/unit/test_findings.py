"""Findings: each once, blockers first, every code with a remedy, any name storable."""

from __future__ import annotations

from typing import Any

import pytest
from core_support import AWKWARD, at_once, next_id, pages
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.assessment.model import Obstacle
from shared.finding_codes import CATALOGUE
from shared.findings import Findings
from shared.models import Finding, Severity
from shared.tables import Tables

BLOCKER, WARNING, INFO = "workspace.nameTaken", "principal.unmapped", "drift.activity"


@pytest.fixture
def findings(tables: Tables) -> Findings:
    return Findings(tables)


def add(findings: Findings, migration: str, code: str = WARNING, **changes: Any) -> None:
    facts = {"kind": "workspace", "id": "i", "name": "n", "message": "m"}
    findings.add(migration, code, **{**facts, **changes})


def listed(findings: Findings, migration: str, top: int = 100) -> list[Finding]:
    def read(token: str | None) -> tuple[list[Finding], str | None]:
        page = findings.page(migration, top, token)
        return page.rows, page.token

    return [row for page in pages(read) for row in page]


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_code_says_what_it_means_and_what_to_do(findings: Findings, migration: str, code: str) -> None:
    area, _, what = code.partition(".")
    assert area.isalpha()
    assert what.isalnum()
    entry = CATALOGUE[code]
    assert entry.remedy.endswith(".")
    assert entry.meaning.endswith(".")
    assert entry.meaning != entry.remedy
    add(findings, migration, code)
    (found,) = listed(findings, migration)
    assert (found.code, found.severity, found.remedy) == (code, entry.severity, entry.remedy)


def test_work_for_a_person_is_never_a_blocker() -> None:
    manual = {code: entry.severity for code, entry in CATALOGUE.items() if code.startswith("manual.")}
    assert manual
    assert Severity.BLOCKER not in manual.values()


def test_the_same_finding_is_kept_once_even_from_many_threads(findings: Findings, migration: str) -> None:
    at_once(
        *[lambda number=number: add(findings, migration, message=f"said by {number}") for number in range(6)]
    )
    assert len(listed(findings, migration)) == 1


@pytest.mark.parametrize("difference", ["kind", "id", "name", "workspace_id", "key"])
def test_two_findings_of_one_code_differ_by_their_object_or_key(
    findings: Findings, migration: str, difference: str
) -> None:
    add(findings, migration)
    add(findings, migration, **{difference: "another"})
    assert len(listed(findings, migration)) == 2


def test_parts_of_an_identity_are_not_mixed_up(findings: Findings, migration: str) -> None:
    add(findings, migration, id="ab", name="c")
    add(findings, migration, id="a", name="bc")
    assert len(listed(findings, migration)) == 2


@pytest.mark.parametrize("code", ["no.such", ""])
def test_a_code_outside_the_catalogue_is_a_programming_error(
    findings: Findings, migration: str, code: str
) -> None:
    with pytest.raises(KeyError):
        add(findings, migration, code)


@settings(max_examples=15)
@given(st.lists(st.sampled_from([BLOCKER, WARNING, INFO]), max_size=12), st.integers(1, 5))
def test_blockers_come_first_on_any_page_size(tables: Tables, codes: list[str], top: int) -> None:
    findings, migration = Findings(tables), next_id()
    for number, code in enumerate(codes):
        add(findings, migration, code, id=f"i{number}")
    ranks = [list(Severity).index(Severity(row.severity)) for row in listed(findings, migration, top)]
    assert ranks == sorted(ranks)
    assert len(ranks) == len(codes)


@settings(max_examples=30)
@given(st.text() | st.sampled_from(AWKWARD), st.text(max_size=300))
def test_any_name_and_message_is_kept_as_it_is(tables: Tables, name: str, message: str) -> None:
    findings, migration = Findings(tables), next_id()
    add(findings, migration, name=name, id=name, message=message, kind=name, workspace_id=name, key=name)
    (found,) = listed(findings, migration)
    assert (found.name, found.id, found.message) == (name, name, message)


def test_a_whole_error_page_is_cut_to_what_a_row_holds(findings: Findings, migration: str) -> None:
    add(findings, migration, message="<html>" * 100_000)
    assert len(listed(findings, migration)[0].message) == 4000


def test_only_a_blocker_without_a_workspace_stops_everything(findings: Findings, migration: str) -> None:
    add(findings, migration, WARNING)
    assert findings.first_blocker(migration) is None
    for number in range(3):
        add(findings, migration, BLOCKER, workspace_id=f"w{number}")
    assert findings.first_blocker(migration) is None
    add(findings, migration, "inventory.empty", name="zzz")
    found = findings.first_blocker(migration)
    assert found is not None
    assert found.code == "inventory.empty"


def obstacle(number: int, code: str = WARNING, **changes: Any) -> Obstacle:
    return Obstacle(**{"code": code, "kind": "k", "id": f"i{number}", "name": "n", "message": "m", **changes})


@pytest.mark.parametrize("number", [0, 1, 100, 101, 250])
def test_many_are_recorded_as_one_by_one(findings: Findings, migration: str, number: int) -> None:
    findings.add_all(migration, (obstacle(each) for each in range(number)))
    assert {row.id for row in listed(findings, migration)} == {f"i{each}" for each in range(number)}


def test_many_with_some_there_already_lose_none_and_change_none(findings: Findings, migration: str) -> None:
    findings.add_all(migration, [obstacle(each, message="first") for each in range(0, 130, 7)])
    findings.add_all(migration, [obstacle(each, message="second") for each in range(130)])
    messages = {row.id: row.message for row in listed(findings, migration)}
    assert messages == {f"i{each}": "second" if each % 7 else "first" for each in range(130)}


def test_two_of_one_code_on_one_object_are_one_whatever_the_case_of_its_id(
    findings: Findings, migration: str
) -> None:
    findings.add_all(
        migration, [obstacle(1, id="AB", workspace_id="W"), obstacle(1, id="ab", workspace_id="w")]
    )
    assert len(listed(findings, migration)) == 1


def test_they_are_counted_by_severity_and_code_and_found_by_code(findings: Findings, migration: str) -> None:
    findings.add_all(migration, [obstacle(1), obstacle(2), obstacle(3, BLOCKER), obstacle(4, INFO)])
    assert findings.counts(migration) == {"blocker": {BLOCKER: 1}, "warning": {WARNING: 2}, "info": {INFO: 1}}
    assert {row.id for row in findings.of_code(migration, WARNING)} == {"i1", "i2"}


def test_a_new_attempt_forgets_what_the_last_one_met_and_not_what_the_plan_found(
    findings: Findings, migration: str
) -> None:
    of_plan = {"workspace.orphaned", "lineage.outside", "capacity.needed", "model.misconfiguredSource"}
    of_run = {"workspace.nameTaken", "access.source", "report.exportFailed", "principal.kept"}
    findings.add_all(migration, [obstacle(0, code, workspace_id="w") for code in of_plan | of_run])
    findings.clear_run(migration, "w")
    assert {row.code for row in listed(findings, migration)} == of_plan


def test_findings_of_one_migration_are_not_another_ones(findings: Findings, migration: str) -> None:
    add(findings, f"{migration}-2")
    assert listed(findings, migration) == []
