"""The forecast: its calls line by line, its times against the quota ledger itself, and that more never costs less."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from core_support import START
from forecast_support import AT_ONCE, PACE, PIPELINE, SOURCE, TARGET, counted, every_kind, told, workspace
from hypothesis import given
from hypothesis import strategies as st

from shared.assessment import report_charts
from shared.assessment.call_table import LINES, Looks, Per
from shared.assessment.estate import Estate, estate_of
from shared.assessment.forecast import WORKSPACES_AT_ONCE, estimate
from shared.assessment.model import Json
from shared.assessment.pace import Pace
from shared.assessment.quota_time import seconds_for
from shared.powerbi import ledger
from shared.powerbi.portions import portions
from shared.powerbi.quotas import BUILT_IN, HOUR, Quota, merge


def of(quota: str, connection: str, forecast: Json) -> Json:
    return next(row for row in forecast["quotas"] if (row["quota"], row["connection"]) == (quota, connection))


# -- calls --------------------------------------------------------------------------------------------------


def test_one_workspace_call_by_call() -> None:
    """One report on shared capacity, two principals besides our own."""
    estate = estate_of([workspace(1, capacity=False, pbixReports=1, refreshes=1, grants=3)], AT_ONCE)
    assert counted(estate) == {
        "Groups_GetGroupsAsAdmin": 2,  # the second page brings nothing new
        "Admin_GetCapacitiesAsAdmin": 2,
        "Capacities_GetCapacities": 2,
        "Gateways_GetGateways": 2,
        "Apps_GetAppsAsAdmin": 2,
        "Pipelines_GetPipelinesAsAdmin": 2,
        "Admin_Items_ListItems": 1,
        "WorkspaceInfo_PostWorkspaceInfo": 1,
        "WorkspaceInfo_GetScanStatus": 1,
        "WorkspaceInfo_GetScanResult": 1,
        "Reports_GetReportsInGroup": 3,  # source, survey, validation
        "Groups_GetGroups": 3,
        "Groups_CreateGroup": 1,
        "Groups_GetGroup": 2,
        "Folders_ListFolders": 1,
        "Reports_ExportReportInGroup": 1,
        "Datasets_GetDatasetsInGroup": 2,
        "Imports_GetImportsInGroup": 1,
        "Imports_PostImportInGroup": 1,
        "Imports_GetImportInGroup": 1,
        "Groups_GetGroupUsers": 1,
        "Groups_AddGroupUser": 2,
        "Datasets_GetRefreshHistoryInGroup": 2,
        "Datasets_RefreshDatasetInGroup": 1,
    }


def test_ten_thousand_workspaces_take_a_hundred_scans() -> None:
    forecast = told(*(workspace(number, pbixReports=3, users=5) for number in range(10_000)))
    assert forecast["calls"]["admin.getInfo"] == forecast["calls"]["admin.scanResult"] == 100
    assert forecast["calls"]["admin.groups"] == 3
    assert "dataset.refresh" not in forecast["calls"]  # all of them lie on a capacity


def test_what_does_not_move_costs_no_calls() -> None:
    personal = replace(workspace(2, pbixReports=9), kind="personal")
    assert told(workspace(1, pbixReports=1), personal)["calls"] == told(workspace(1, pbixReports=1))["calls"]


def test_without_admin_rights_workspaces_are_read_by_their_own_lists() -> None:
    forecast = told(*(workspace(number) for number in range(30)), mode="member")
    assert "admin.getInfo" not in forecast["calls"]
    more = (
        forecast["calls"]["default"] - told(*(workspace(number) for number in range(30)))["calls"]["default"]
    )
    assert more == 30 * 5 + 2
    assert any("own lists" in text for text in forecast["assumptions"])


def test_no_estate_still_has_its_lists() -> None:
    forecast = told()
    assert forecast["calls"]["admin.groups"] >= 1
    assert forecast["seconds"] >= 0
    assert estimate(Estate(), SOURCE, TARGET, now=START, pace=PACE)["calls"] == {}


# -- buckets ------------------------------------------------------------------------------------------------


def test_each_side_has_its_own_quotas_and_one_identity_on_both_sides_has_them_once() -> None:
    extracts = [workspace(number, pbixReports=2, users=3) for number in range(50)]
    apart = told(*extracts)
    assert of("default", "contoso", apart)["calls"] + of("default", "fabrikam", apart)[
        "calls"
    ] == pytest.approx(apart["calls"]["default"], abs=1)
    one = told(*extracts, target=replace(SOURCE, name="fabrikam"))
    assert of("default", "contoso, fabrikam", one)["calls"] == one["calls"]["default"]
    assert one["secondsAtStartRate"] >= apart["secondsAtStartRate"]


def test_no_two_counts_are_shown_under_one_name() -> None:
    forecast = told(*(every_kind(number, pbixReports=3, refreshable=3, users=4) for number in range(30)))
    named = [(row["quota"], row["connection"], row["of"]) for row in forecast["quotas"]]
    assert len(set(named)) == len(named)
    assert ("default", "fabrikam", "master user") in named
    assert ("admin.other", "contoso", "Admin_GetCapacitiesAsAdmin") in named
    bars = report_charts.forecast(forecast).quotas
    assert len({bar.label for bar in bars}) == len(bars)


def test_a_refresh_on_shared_capacity_is_an_ordinary_call_too() -> None:
    extracts = [workspace(number, capacity=False, pbixReports=1) for number in range(20)]
    forecast = told(*extracts)
    assert forecast["calls"]["dataset.refresh"] == 20
    ordinary = of("default", "contoso", forecast)["calls"] + of("default", "fabrikam", forecast)["calls"]
    assert ordinary == pytest.approx(forecast["calls"]["default"] + 20, abs=1)
    assert of("dataset.refresh", "fabrikam", forecast)["seconds"] == 0  # eight a day for each model


def test_overrides_of_the_quotas_are_respected() -> None:
    table, faults = merge({"default": {"limit": 60, "window_s": 60}, "admin.getInfo": {"limit": 1}})
    assert not faults
    slow = replace(SOURCE, quotas=table)
    extracts = [workspace(number, pbixReports=5) for number in range(300)]
    forecast = estimate(estate_of(extracts, PACE), slow, TARGET, now=START, pace=PACE)
    assert of("admin.getInfo", "contoso", forecast)["seconds"] == pytest.approx(2 * (HOUR + 1))
    assert forecast["seconds"] >= 2 * HOUR
    assert forecast["limitedBy"] == "the quota admin.getInfo of contoso"
    assert of("default", "contoso", forecast)["limit"] == 60


def test_an_assessment_takes_the_sources_quotas_for_the_targets() -> None:
    forecast = told(workspace(1, pbixReports=1), target=None)
    assert any("no target" in text for text in forecast["assumptions"])
    assert of("default", "target", forecast)["calls"] > 0


# -- time ---------------------------------------------------------------------------------------------------


def emptied_at(quota: Quota, number: int, scale: float) -> float:
    """When the ledger of `number` calls that all want to go at once has let the last one go."""
    rows = [(ledger.Row(), portion) for portion in portions(quota, scale)]
    now = begun = 1_000_000.0
    while True:
        for place, (row, portion) in enumerate(rows):
            changed, granted = ledger.reserve(row, portion, now, number)
            rows[place], number = (changed, portion), number - granted
        if not number:
            return now - begun
        now = max(now + 0.001, min(ledger.next_free(*each, now) for each in rows))


@pytest.mark.parametrize(
    ("name", "number"),
    [("admin.groups", 14), ("admin.groups", 60), ("admin.getInfo", 1100), ("fabric.platform", 950)],
)
def test_published_quotas_take_as_long_as_the_ledger_makes_them(name: str, number: int) -> None:
    quota = BUILT_IN[name]
    told_s, real_s = seconds_for(number, quota, 0.0), emptied_at(quota, number, 1.0)
    assert told_s <= real_s <= told_s * 1.05 + 200  # the ledger rounds up; a burst within the last hour


@pytest.mark.parametrize(("number", "scale"), [(100, 1.0), (500, 1.0), (3000, 1.0), (3000, 0.05)])
def test_learned_quotas_take_as_long_as_the_ledger_makes_them(number: int, scale: float) -> None:
    quota = Quota(None, None, None)
    told_s, real_s = seconds_for(number, quota, 0.0, scale), emptied_at(quota, number, scale)
    assert abs(told_s - real_s) <= 62 * scale


def test_a_quota_that_is_not_published_is_carried_by_its_places_in_flight() -> None:
    quota = Quota(None, None, 16)
    assert seconds_for(100_000, quota, 0.4) == pytest.approx(100_000 * 0.4 / 16, rel=0.2)
    assert seconds_for(100_000, quota, 0.4, rises=False) == pytest.approx(100_000 / 120 * 61, rel=0.01)


def test_the_longest_path_is_that_of_the_largest_workspace_after_the_plan() -> None:
    large = workspace(7, pbixReports=90, refreshable=90, users=60)
    forecast = told(*(workspace(number, pbixReports=1) for number in range(5)), large)
    path = forecast["longestPath"]
    assert any("Workspace 7" in leg["what"] for leg in path)
    assert any("90 reports" in leg["what"] for leg in path)
    assert forecast["limitedBy"].startswith("the work itself")
    assert forecast["seconds"] >= sum(leg["seconds"] for leg in path) - 1
    assert forecast["expectedEnd"] == (START + timedelta(seconds=forecast["seconds"])).isoformat()


def test_twelve_at_once() -> None:
    one = told(workspace(1, pbixReports=1))["seconds"]
    many = told(*(workspace(number, pbixReports=1) for number in range(10 * WORKSPACES_AT_ONCE)))
    assert many["seconds"] > 5 * one / 2
    assert many["seconds"] < 10 * WORKSPACES_AT_ONCE * one / 4


def test_a_scaled_service_is_waited_for_as_shortly() -> None:
    extracts = [workspace(number, pbixReports=2) for number in range(20)]
    assert told(*extracts, pace=Pace(scale=0.05))["seconds"] < told(*extracts)["seconds"] / 3


def test_scaled_times_are_told_to_be_scaled_and_real_ones_are_not() -> None:
    real, fast = told(workspace(1, pbixReports=1)), told(workspace(1, pbixReports=1), pace=Pace(scale=0.05))
    assert (real["scale"], fast["scale"]) == (1, 0.05)
    assert not any("POLL_SCALE" in text for text in real["assumptions"])
    assert fast["assumptions"][0].startswith("This forecast is for a service made faster")
    assert "at 0.05 of the real ones (POLL_SCALE)" in fast["assumptions"][0]
    assert any("120 a minute and" in text for text in real["assumptions"])
    assert any("120 a minute (here 3 s) and" in text for text in fast["assumptions"])


def test_bytes_are_said_not_to_be_known_unless_somebody_knows_them() -> None:
    assert told(workspace(1, pbixReports=2))["bytes"] is None
    assert any("bytes" in text for text in told()["assumptions"])
    known = told(workspace(1, pbixReports=2), pace=replace(PACE, file_bytes=10_000_000))
    assert known["bytes"] == 20_000_000


COUNTS = st.fixed_dictionaries(
    {name: st.integers(0, 400) for name in ("pbixReports", "refreshable", "users", "renamed")}
)


@given(st.lists(st.tuples(st.booleans(), COUNTS), max_size=5), st.data())
def test_more_of_anything_never_costs_less(estate: list[tuple[bool, Any]], data: st.DataObject) -> None:
    extracts = [workspace(number, capacity, **counts) for number, (capacity, counts) in enumerate(estate)]
    name = data.draw(st.sampled_from(["pbixReports", "refreshable", "users", "renamed", "workspace"]))
    before = told(*extracts)
    if name == "workspace" or not extracts:
        after = told(*extracts, workspace(99, pbixReports=1))
    else:
        first = extracts[0]
        more = {**first.counts, name: first.counts[name] + data.draw(st.integers(1, 100))}
        after = told(replace(first, counts=more), *extracts[1:])
    assert all(after["calls"].get(key, 0) >= number for key, number in before["calls"].items())
    assert after["seconds"] >= before["seconds"]
    assert after["secondsAtStartRate"] >= after["seconds"]


QUOTAS = st.builds(
    Quota,
    limit=st.none() | st.integers(1, 10_000),
    window_s=st.none() | st.floats(0.01, 90_000),
    in_flight=st.none() | st.integers(1, 64),
    burst=st.none() | st.integers(1, 100),
    burst_window_s=st.none() | st.floats(0.01, 3600),
    share=st.floats(0.01, 1),
)


@given(QUOTAS, st.integers(0, 100_000), st.integers(0, 1000), st.floats(0, 5), st.floats(0.005, 1))
def test_more_calls_never_take_less_time(
    quota: Quota, number: int, more: int, latency: float, scale: float
) -> None:
    for rises in (True, False):
        first = seconds_for(number, quota, latency, scale, rises=rises)
        assert 0 <= first <= seconds_for(number + more, quota, latency, scale, rises=rises)


# -- the tables ---------------------------------------------------------------------------------------------


def test_every_line_counts_something_that_estates_count() -> None:
    one = every_kind(1, pbixReports=1, users=2, renamed=1, described=1, largeFormat=1, refreshable=2)
    one.counts.update(largeModels=1, dataflowStorage=1, parametersSet=1, modelsRewritten=1)
    every = estate_of([one, workspace(2, False, pbixReports=1)], PACE, pipelines=[PIPELINE])
    lists = {"source-masterUser": 1, "target-graph": 1, "source-gateways": 1, "target-gateways": 1}
    somebody = replace(workspace(1), principals={"alice@contoso.com": {}})
    listed = estate_of([somebody], PACE, "member", lists)
    found = {name for name, number in (every.counts + listed.counts).items() if number}
    assert {line.per for line in LINES} <= found
    assert set(Per) >= found


LASTING = {
    Looks.SCAN: "scan_s",
    Looks.CAPACITY: "capacity_s",
    Looks.IMPORT: "import_s",
    Looks.SMALL_IMPORT: "import_s",
    Looks.READING: "operation_s",
    Looks.MAKING: "operation_s",
    Looks.REFRESH: "refresh_s",
}


@pytest.mark.parametrize("what", LASTING)
def test_a_longer_wait_is_looked_at_more_often(what: Looks) -> None:
    waits = [replace(PACE, **{LASTING[what]: (s, s)}).wait(what) for s in (0, 10, 100, 1000, 100_000)]
    assert [wait.looks for wait in waits] == sorted(wait.looks for wait in waits)
    assert waits[1].seconds >= 10
    assert waits[-1].looks < 200  # a deadline ends it


def test_every_kind_of_look_has_a_number() -> None:
    assert PACE.looks().keys() == set(Looks)
    assert LASTING.keys() == set(Looks) - {Looks.RESULT}  # of which there is one, without a wait


def test_it_takes_a_moment_for_ten_thousand_workspaces() -> None:
    estate = estate_of((workspace(number, pbixReports=4, users=6) for number in range(10_000)), PACE)
    forecast = estimate(estate, SOURCE, TARGET, now=datetime(2026, 11, 21, tzinfo=UTC), pace=PACE)
    assert forecast["calls"]["default"] > 300_000
    assert len(str(forecast)) < 10_000


def test_lists_of_the_tenants_are_counted_by_page_and_empty_ones_are_asked_once() -> None:
    def lists(**rows: int) -> dict[str, int]:
        parts = {name.replace("_", "-"): number for name, number in rows.items()}
        return dict(estate_of([workspace(1)], PACE, parts=parts).counts)

    assert lists(source_apps=0)[Per.APPS] == 1
    assert lists(source_apps=5001)[Per.APPS] == 3
    assert lists(source_gateways=7, target_gateways=2)[Per.SOURCE_GATEWAY] == 7
