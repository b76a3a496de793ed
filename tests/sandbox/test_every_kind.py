"""The estate of every kind: whole, the same for the same seed, beside the estate without it; and what was planted."""

from collections import Counter
from pathlib import Path

import pytest

from sandbox.census import census
from sandbox.everykind import barriers, content, models, sources, standing
from sandbox.generate import Estate, generate
from sandbox.state import Tenant, Workspace

OBSTACLES = {
    "noExportRight": 3,
    "capacityPaused": 1,
    "capacitySmaller": 1,
    "capacityNotMapped": 1,
    "regionDifferent": 1,
    "gatewayUnmapped": 1,
    "gatewayNoMatch": 1,
    "gatewayNotAdministered": 1,
    "gatewayUnknownTarget": 1,
    "modelMisconfigured": 1,
    "modelUnreadable": 2,
    "credentialMissing": 1,
    "principalUnmapped": 1,
    "principalUnknown": 2,
    "nameTaken": 1,
    "upstreamOutside": 1,
    "workspacePersonal": 2,
    "workspaceDeleted": 1,
    "workspaceOrphaned": 2,
    "workspaceClassic": 1,
}


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    return generate(tmp_path_factory.mktemp("every"), workspaces=3, every_kind=True)


def space(estate: Estate, name: str) -> Workspace:
    (found,) = [w for w in estate.source.workspaces.values() if w.name == name]
    return found


def test_the_same_seed_plants_the_same(tmp_path: Path) -> None:
    first, again = (generate(tmp_path / str(n), workspaces=1, every_kind=True) for n in range(2))
    assert first.planted == again.planted
    assert first.suggested_request() == again.suggested_request()
    assert list(first.source.workspaces) == list(again.source.workspaces)


def test_the_estate_without_it_is_left_as_it_is(tmp_path: Path, estate: Estate) -> None:
    plain = generate(tmp_path, workspaces=3, extras=True)
    assert list(estate.source.workspaces)[: len(plain.source.workspaces)] == list(plain.source.workspaces)
    for before in plain.source.workspaces.values():
        after = estate.source.workspaces[before.id]
        assert [r.id for r in after.reports] == [r.id for r in before.reports]
        assert [u.principal_id for u in after.users] == [u.principal_id for u in before.users]
    assert plain.planted == [] and "gateways" not in plain.suggested_request()


def test_every_kind_is_there(estate: Estate) -> None:
    spaces = list(estate.source.workspaces.values())
    assert {w.type for w in spaces} == {"Workspace", "Group", "PersonalGroup", "Personal"}
    assert {w.state for w in spaces} == {"Active", "Deleted", "Orphaned"}
    providers = {model.content_provider_type for w in spaces for model in w.datasets}
    assert providers >= {"RealTimeInPushMode", "RealTimeInStreamingMode", "PbixInDirectQueryMode", "Excel"}
    assert {"UsageMetricsUserReport", "PbixInCompositeMode", "InImportMode"} <= providers
    assert {item.kind for item in space(estate, content.FABRIC).fabric_items} == set(content.FABRIC_KINDS)
    assert space(estate, content.MARTS).datamarts and space(estate, models.WORKBOOKS).workbooks
    held = estate.source
    assert held.apps and held.pipelines and len(held.subscriptions) == 3 and len(held.gateways) == 5


def test_a_name_that_bites_is_among_workspaces_and_reports(estate: Estate) -> None:
    names = {report.name for report in space(estate, standing.IMAGE).reports}
    assert {standing.LINK, standing.SCRIPT} <= names


def test_every_reference_leads_somewhere(estate: Estate) -> None:
    tenant = estate.source
    for held in tenant.workspaces.values():
        for item in (*held.datasets, *held.dataflows, *held.datamarts):
            if item.origins is None:
                continue
            assert {*item.origins.data_sources, *item.origins.misconfigured} <= tenant.data_sources.keys()
            for link in (*item.origins.dataflows, *item.origins.datasets):
                above = tenant.workspaces[link.workspace_id]
                ids = {d.id for d in above.datasets} | {f.object_id for f in above.dataflows}
                assert link.item_id in ids
    for gateway in tenant.gateways.values():
        assert {source.id for source in gateway.sources} <= tenant.data_sources.keys()


def test_each_obstacle_is_planted_as_often_as_it_says(estate: Estate) -> None:
    assert Counter(row["obstacle"] for row in estate.planted) == OBSTACLES
    ids = [(row["obstacle"], row["id"]) for row in estate.planted]
    assert len(set(ids)) == len(ids)
    for row in estate.planted:
        assert {"obstacle", "kind", "id", "name", "workspaceId"} <= row.keys()


def test_the_request_leaves_only_what_is_planted(estate: Estate) -> None:
    request, planted = estate.suggested_request(), {row["obstacle"]: row for row in estate.planted}
    known = {gateway.name for gateway in estate.source.gateways.values()}
    assert known - request["gateways"].keys() == {planted["gatewayUnmapped"]["name"], sources.IDLE}
    keys = {sources.key(source) for source in estate.source.data_sources.values()}
    assert keys - request["credentials"].keys() == {planted["credentialMissing"]["name"]}
    capacities = estate.source.capacities.values()
    unmapped = [c for c in capacities if not {c.id, c.display_name} & request["capacities"].keys()]
    assert [c.id for c in unmapped] == [planted["capacityNotMapped"]["capacityId"]]


def test_regions_and_sizes_differ_only_where_planted(estate: Estate) -> None:
    request, targets = estate.suggested_request(), estate.target.capacities
    names = {c.display_name: c for c in targets.values()}
    for old in estate.source.capacities.values():
        goal = request["capacities"].get(old.id) or request["capacities"].get(old.display_name)
        if goal is None:
            continue
        new = targets.get(goal) or names[goal]
        planted = {row["obstacle"] for row in estate.planted if row["id"] == new.id}
        assert ("regionDifferent" in planted) == (new.region != old.region)
        assert ("capacityPaused" in planted) == (new.state != "Active")


def test_all_but_one_of_the_subset_s_upstream_is_in_it(estate: Estate) -> None:
    (row,) = [row for row in estate.planted if row["obstacle"] == "upstreamOutside"]
    chosen = set(row["subset"])
    outside: set[tuple[str, str]] = set()
    for held in (estate.source.workspaces[item] for item in chosen):
        links = [
            link
            for item in (*held.datasets, *held.dataflows)
            if item.origins
            for link in (*item.origins.dataflows, *item.origins.datasets)
        ]
        above = {link.workspace_id for link in links} | {
            r.dataset_workspace_id or held.id for r in held.reports
        }
        outside |= {(held.id, wanted) for wanted in above if wanted not in chosen}
    assert outside == {(row["workspaceId"], row["upstream"][0])}


def test_the_census_names_everything_once_but_copies_of_apps(estate: Estate) -> None:
    rows = census(estate.source)
    ids = Counter(row["id"] for row in rows if row["id"])
    assert set(ids.values()) == {1}
    kinds = Counter(row["kind"] for row in rows)
    assert kinds["workspace"] == len(estate.source.workspaces)
    assert kinds["dataflow"] == 9 and kinds["workbook"] == 2 and kinds["subscription"] == 3
    assert kinds["fabricItem"] == len(content.FABRIC_KINDS) - 1 + 2
    spaces = estate.source.workspaces.values()
    copies = sum(report.app_id is not None for held in spaces for report in held.reports)
    reports = kinds["report"] + kinds["paginatedReport"]
    assert (copies, reports) == (1, sum(len(held.reports) for held in spaces) - 1)


def test_it_survives_being_written_down(estate: Estate) -> None:
    for tenant in estate.tenants:
        assert Tenant.from_dict(tenant.to_dict()).to_dict() == tenant.to_dict()


def test_the_app_is_in_every_workspace_but_the_planted_ones(estate: Estate) -> None:
    app = estate.source.actors["migration"]
    without = {
        held.name
        for held in estate.source.workspaces.values()
        if held.state == "Active" and app not in {access.principal_id for access in held.users}
    }
    planted = {row["name"] for row in estate.planted if row["kind"] == "workspace"}
    assert without <= planted
    assert {barriers.CLOSED, barriers.HELPED} <= without
