"""The comparison finds each planted fault, and only that; a faithful copy is clean."""

import copy
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.compare import compare
from sandbox.comparison import Comparison, Left
from sandbox.generate import Estate, generate
from sandbox.people import new_id
from sandbox.state import Access, Dataset, File, Import, Report, Tenant, Workspace
from sandbox.verdict import render


def migrate(estate: Estate) -> Tenant:
    """What a perfect migration leaves: written by hand from the request, not by any code of the comparison's."""
    target, draw = copy.deepcopy(estate.target), random.Random(0)
    request = estate.suggested_request()
    capacity_names = {c.display_name: c.id for c in target.capacities.values()}
    for old in estate.source.workspaces.values():
        wanted = request["capacities"]
        named = {c.id: c.display_name for c in estate.source.capacities.values()}
        goal = wanted.get(old.capacity_id) or wanted.get(named.get(old.capacity_id or "", ""))
        capacity = capacity_names.get(goal or "", goal)
        space = Workspace(new_id(draw), old.name, capacity_id=capacity)
        space.users = [Access(target.actors["migration"], "Admin"), *_rights(estate, target, old)]
        for report in old.reports:
            _import(estate.source, target, space, report, draw)
        target.workspaces[space.id] = space
    return target


def _rights(estate: Estate, target: Tenant, old: Workspace) -> list[Access]:
    people, given = estate.suggested_request()["principals"], list[Access]()
    for access in old.users:
        who = estate.source.principals[access.principal_id]
        name = who.upn or who.id
        moved = people[name] if name in people else name.replace("@contoso.com", "@fabrikam.com")
        if moved is not None:
            there = next(p for p in target.principals.values() if moved in (p.id, p.upn))
            given.append(Access(there.id, access.right))
    return given


def _import(source: Tenant, target: Tenant, space: Workspace, report: Report, draw: random.Random) -> None:
    sent = source.files[report.file_id or ""]
    received = File(new_id(draw), sent.sha256, sent.length)
    target.files[received.id] = received
    carried = next(d for w in source.workspaces.values() for d in w.datasets if d.id == report.dataset_id)
    model = Dataset(new_id(draw), report.name, file_id=received.id, tables=carried.tables)
    space.datasets.append(model)
    space.reports.append(Report(new_id(draw), report.name, dataset_id=model.id, file_id=received.id))


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    return generate(tmp_path_factory.mktemp("estate"), workspaces=8)


@pytest.fixture
def moved(estate: Estate) -> Tenant:
    return migrate(estate)


def _judge(estate: Estate, moved: Tenant, **changes: Any) -> Comparison:
    return compare(estate.source, moved, estate.suggested_request() | changes)


def _found(result: Comparison) -> set[tuple[str, str]]:
    return {(difference.kind, difference.what) for difference in result.differences}


def _space(moved: Tenant, reports: int = 3) -> Workspace:
    """A workspace on a capacity, with at least so many reports."""
    return next(w for w in moved.workspaces.values() if len(w.reports) >= reports and w.capacity_id)


def test_a_faithful_copy_is_clean_and_counts_everything(estate: Estate, moved: Tenant) -> None:
    result = _judge(estate, moved)
    assert result.differences == []
    assert result.counts["workspace"]["equal"] == 8
    reports = sum(len(space.reports) for space in estate.source.workspaces.values())
    assert result.counts["report"]["equal"] == result.counts["dataset"]["equal"] == reports
    assert "equal in everything that moved, 0 differences" in render(result.to_dict())


def test_the_verdict_says_equal_of_what_moved_alone() -> None:
    result = Comparison(not_compared=Counter(gatewayDatasource=6))
    for number in range(3):
        result.leave(Left("app", f"a{number}", f"App {number}", "Sales", "w"))
    lines = render(result.to_dict(), limit=2).splitlines()
    assert lines[-2:] == [
        "… and 1 more",
        "verdict: equal in everything that moved, 0 differences; 3 left behind as named; 6 not compared",
    ]


def test_an_empty_target_misses_everything(estate: Estate) -> None:
    result = _judge(estate, estate.target)
    assert not result.clean
    assert result.counts["workspace"]["missing"] == 8
    assert sum(row["equal"] for row in result.counts.values()) == 0


def _drop_report(space: Workspace) -> None:
    space.reports.pop()


def _duplicate(space: Workspace) -> None:
    """What a blind retry of an import leaves: a second report with a second model."""
    model, report = copy.deepcopy(space.datasets[0]), copy.deepcopy(space.reports[0])
    model.id, report.id, report.dataset_id = "second-model", "second-report", "second-model"
    space.datasets.append(model)
    space.reports.append(report)


def _leftover(space: Workspace) -> None:
    space.datasets.append(Dataset("stray", "Import leftover"))


def _rebind(space: Workspace) -> None:
    space.reports[0].dataset_id = space.reports[1].dataset_id


def _unbind(space: Workspace) -> None:
    space.reports[0].dataset_id = None


def _spoil(space: Workspace) -> None:
    space.reports[0].file_id = space.datasets[0].file_id = "unknown"


def _lose_user(space: Workspace) -> None:
    space.users.pop()


def _weaken(space: Workspace) -> None:
    access = space.users[-1]
    access.right = "Viewer" if access.right != "Viewer" else "Admin"


def _double_user(space: Workspace) -> None:
    space.users.append(space.users[-1])


def _stranger(space: Workspace) -> None:
    space.users.append(Access("nobody", "Admin"))


def _unassign(space: Workspace) -> None:
    space.capacity_id = None


def _rename(space: Workspace) -> None:
    space.name = "Elsewhere"


def _publishing(space: Workspace) -> None:
    space.imports.append(Import("i", "Late", "Late.pbix", "Ignore", "", "", ""))


def _remains(space: Workspace) -> None:
    """A failed import's model and report, of the same name and bytes as those that were moved."""
    _duplicate(space)
    space.imports.append(
        Import(
            "i",
            "x",
            "x.pbix",
            "Ignore",
            "",
            "",
            "",
            "Failed",
            dataset_ids=["second-model"],
            report_ids=["second-report"],
        )
    )


def _only_remains(space: Workspace) -> None:
    """What a failed import left is there, and nothing else of that report."""
    model, report = space.datasets[0], space.reports[0]
    space.imports.append(
        Import(
            "i", "x", "x.pbix", "Ignore", "", "", "", "Failed", dataset_ids=[model.id], report_ids=[report.id]
        )
    )


def _taken_over(space: Workspace) -> None:
    """A later import replaced what the failed one had left: the ids are the same."""
    _only_remains(space)
    later = copy.deepcopy(space.imports[0])
    later.id, later.state = "j", "Succeeded"
    space.imports.append(later)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (_drop_report, {("report", "missing")}),
        (_duplicate, {("report", "twice"), ("dataset", "twice")}),
        (_leftover, {("dataset", "orphan")}),
        (_rebind, {("report", "binding")}),
        (_unbind, {("report", "binding")}),
        (_spoil, {("report", "content"), ("dataset", "content")}),
        (_lose_user, {("user", "missing")}),
        (_weaken, {("user", "right")}),
        (_double_user, {("user", "twice")}),
        (_stranger, {("user", "orphan")}),
        (_unassign, {("workspace", "capacity")}),
        (_publishing, {("import", "orphan")}),
        (_remains, {("report", "orphan"), ("dataset", "orphan")}),
        (
            _only_remains,
            {("report", "missing"), ("dataset", "missing"), ("report", "orphan"), ("dataset", "orphan")},
        ),
    ],
)
def test_a_planted_fault_is_found(
    fault: Callable[[Workspace], None], expected: set[tuple[str, str]], estate: Estate, moved: Tenant
) -> None:
    space = _space(moved)
    fault(space)
    result = _judge(estate, moved)
    assert _found(result) == expected
    assert {difference.workspace for difference in result.differences} == {space.name}
    assert "NOT equal" in render(result.to_dict())


def test_what_a_later_import_took_over_is_no_orphan(estate: Estate, moved: Tenant) -> None:
    _taken_over(_space(moved))
    assert _judge(estate, moved).clean


def test_a_renamed_workspace_is_missing_and_an_orphan(estate: Estate, moved: Tenant) -> None:
    _rename(_space(moved))
    assert {("workspace", "missing"), ("workspace", "orphan")} <= _found(_judge(estate, moved))


def test_twins_are_told_apart_by_their_bytes(estate: Estate, moved: Tenant) -> None:
    """Two reports of one name: one imported twice and the other never is one missing and one twice, not equal."""
    space = next(w for w in moved.workspaces.values() if len({r.name for r in w.reports}) < len(w.reports))
    space.reports[1].file_id = space.datasets[1].file_id = space.reports[0].file_id
    result = _judge(estate, moved)
    assert _found(result) == {("report", "content"), ("dataset", "content")}
    assert result.counts["report"]["different"] == 1


def test_what_stood_in_the_target_before_is_no_orphan(estate: Estate, moved: Tenant) -> None:
    old = Workspace("old", "Was here", reports=[Report("r", "Old report")])
    moved.workspaces["old"] = old
    space = _space(moved)
    space.datasets.append(Dataset("d", "Was here too"))
    space.users.append(Access("someone", "Viewer"))
    before = Tenant("t", "fabrikam", "fabrikam.com", workspaces={"old": old, space.id: copy.deepcopy(space)})
    before.workspaces[space.id].reports.clear()
    request = estate.suggested_request()
    assert _found(compare(estate.source, moved, request)) == {
        ("workspace", "orphan"),
        ("dataset", "orphan"),
        ("user", "orphan"),
    }
    assert compare(estate.source, moved, request, before).clean


def test_only_the_workspaces_asked_for_are_expected(estate: Estate, moved: Tenant) -> None:
    chosen = _space(moved)
    others = [key for key in moved.workspaces if key != chosen.id]
    for key in others:
        del moved.workspaces[key]
    assert _judge(estate, moved, workspaces=[chosen.name.upper()]).clean


def test_the_naming_template_is_followed(estate: Estate, moved: Tenant) -> None:
    for space in moved.workspaces.values():
        space.name = f"MIG {space.name} {{x}}"
    assert _judge(estate, moved, naming="MIG {name} {x}").clean


def test_an_id_beats_a_name_beats_the_star_in_the_capacity_map(estate: Estate, moved: Tenant) -> None:
    first, second = estate.source.capacities.values()
    given = estate.suggested_request()["capacities"]
    by_name, by_id = given[first.display_name], given[second.id]
    names = {second.display_name.upper(): "Nowhere", "*": "Nowhere", first.display_name.lower(): by_name}
    assert _judge(estate, moved, capacities=names | {second.id.upper(): by_id}).clean
    assert _found(_judge(estate, moved, capacities={"*": "Nowhere"})) == {("workspace", "capacity")}


def test_a_principal_nobody_mapped_counts_as_missing(estate: Estate, moved: Tenant) -> None:
    found = _judge(estate, moved, principals={})
    assert ("user", "missing") in _found(found)
    assert all(d.what in ("missing", "orphan") and d.kind == "user" for d in found.differences)


def test_kinds_a_pbix_does_not_carry_are_never_called_equal(tmp_path: Path) -> None:
    estate = generate(tmp_path, workspaces=0, extras=True)
    result = compare(estate.source, estate.target, estate.suggested_request())
    assert Counter(left.kind for left in result.left) == {
        "paginatedReport": 1,
        "report": 6,
        "dataset": 5,
        "dashboard": 1,
        "dataflow": 1,
    }
    assert {"dashboard", "dataflow"} <= {left.kind for left in result.left}
