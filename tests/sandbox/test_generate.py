"""The generated estate: the same for the same seed, awkward, complete, and served as it was written."""

import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sandbox import extras, pbix
from sandbox.files import FileStore
from sandbox.generate import Estate, generate
from sandbox.state import Tenant


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return generate(tmp_path)


def _without_hashes(tenant: Tenant) -> dict[str, Any]:
    """Data models carry the moment of their making, so their bytes are new in each data dir."""
    state = tenant.to_dict()
    state["files"] = [file["id"] for file in state["files"]]
    return state


def test_the_same_seed_gives_the_same_tenants_and_another_seed_others(tmp_path: Path) -> None:
    first, again, other = (generate(tmp_path / str(n), seed) for n, seed in enumerate((7, 7, 8)))
    assert _without_hashes(first.source) == _without_hashes(again.source)
    assert first.target.to_dict() == again.target.to_dict()
    assert first.suggested_request() == again.suggested_request()
    assert not first.source.workspaces.keys() & other.source.workspaces.keys()


def test_one_data_dir_keeps_its_bytes(tmp_path: Path) -> None:
    assert generate(tmp_path).source.to_dict() == generate(tmp_path).source.to_dict()


def test_the_default_estate_has_100_items_that_reports_and_models_pair_up_in(estate: Estate) -> None:
    spaces = list(estate.source.workspaces.values())
    reports = [(space, report) for space in spaces for report in space.reports]
    assert (len(spaces), len(reports), sum(len(s.datasets) for s in spaces)) == (20, 40, 40)
    for space, report in reports:
        model = next(d for d in space.datasets if d.id == report.dataset_id)
        assert (model.name, model.file_id) == (report.name, report.file_id)


def test_names_are_awkward_yet_unique_where_the_service_wants_it(tmp_path: Path) -> None:
    estate = generate(tmp_path, workspaces=300, distinct_files=False)
    names = [space.name for space in estate.source.workspaces.values()]
    assert len({name.casefold() for name in names}) == 300
    assert all(name == name.strip() and len(name) <= 200 for name in names)
    everything = names + [
        report.name for space in estate.source.workspaces.values() for report in space.reports
    ]
    for trap in ("'", '"', "/", "\\", "%", "#", "{", "\u0301", "\u200d", "م"):
        assert any(trap in name for name in everything), trap
    assert {name[0] for name in everything} >= set("=+-@")
    assert any(len(name) == 200 for name in everything)


def test_some_workspaces_hold_two_reports_of_one_name_with_other_bytes(estate: Estate) -> None:
    twins = 0
    for space in estate.source.workspaces.values():
        for name, count in Counter(report.name for report in space.reports).items():
            hashes = {estate.source.files[r.file_id or ""].sha256 for r in space.reports if r.name == name}
            assert len(hashes) == count
            twins += count > 1
    assert twins >= 3


def test_files_are_whole_distinct_and_as_recorded(estate: Estate, tmp_path: Path) -> None:
    store, files = FileStore(tmp_path), estate.source.files
    assert len({file.sha256 for file in files.values()}) == len(files) == 40
    for file in files.values():
        data = store.path(file.id).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (file.sha256, file.length)
        assert pbix.fault_in(store.path(file.id)) is None


def test_rights_of_all_four_kinds_and_the_app_admin_everywhere(estate: Estate) -> None:
    given = [access for space in estate.source.workspaces.values() for access in space.users]
    assert {access.right for access in given} == {"Admin", "Member", "Contributor", "Viewer"}
    assert {estate.source.principals[access.principal_id].kind for access in given} == {
        "User",
        "Group",
        "App",
    }
    for space in estate.source.workspaces.values():
        assert len({access.principal_id for access in space.users}) == len(space.users)
        assert (space.users[0].principal_id, space.users[0].right) == (
            estate.source.actors["migration"],
            "Admin",
        )


def test_the_target_has_the_people_and_capacities_and_nothing_else(estate: Estate) -> None:
    assert not estate.target.workspaces
    assert not estate.target.files
    assert not estate.source.principals.keys() & estate.target.principals.keys()
    for capacity in estate.target.capacities.values():
        assert estate.target.actors["migration"] in capacity.assigners


def test_the_suggested_request_resolves_every_principal_and_capacity(estate: Estate) -> None:
    request = estate.suggested_request()
    assert all(
        value is None or value.startswith("@") or estate.target.principal_named(value)
        for value in request["principals"].values()
    )
    targets = {c.id for c in estate.target.capacities.values()} | {
        c.display_name for c in estate.target.capacities.values()
    }
    assert set(request["capacities"].values()) <= targets
    for user in (p for p in estate.source.principals.values() if p.kind == "User"):
        local = re.sub("@.*", "", user.upn or "")
        if f"{local}@contoso.com" not in request["principals"]:
            assert estate.target.principal_named(f"{local}@fabrikam.com")


def test_sizes_are_those_of_the_first_reports(tmp_path: Path) -> None:
    estate = generate(tmp_path, workspaces=2, sizes=[3_000_000, 1_000_000])
    lengths = [file.length for file in estate.source.files.values()]
    assert abs(lengths[0] - 3_000_000) < 2_000
    assert abs(lengths[1] - 1_000_000) < 2_000
    assert max(lengths[2:]) < 70_000


def test_extras_leave_the_rest_of_the_estate_as_it_is(tmp_path: Path) -> None:
    plain, more = generate(tmp_path), generate(tmp_path, extras=True)
    shared = {id: w.to_dict() for id, w in more.source.workspaces.items() if id in plain.source.workspaces}
    assert shared == {id: w.to_dict() for id, w in plain.source.workspaces.items()}
    by_name = {space.name: space for space in more.source.workspaces.values()}
    assert by_name[extras.PERSONAL].type == "PersonalGroup"
    assert by_name[extras.DELETED].state == "Deleted"
    assert by_name[extras.DASHBOARDS].dashboards
    assert by_name[extras.DATAFLOWS].dataflows
    assert by_name[extras.PAGINATED].reports[0].report_type == "PaginatedReport"
    assert by_name[extras.THIN].reports[0].dataset_workspace_id == by_name[extras.SHARED_MODEL].id
    assert {model.export_refusal for model in by_name[extras.UNEXPORTABLE].datasets} >= set(extras.REFUSALS)
    assert Tenant.from_dict(more.source.to_dict()).to_dict() == more.source.to_dict()
