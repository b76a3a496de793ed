"""Which workspaces a request means, and on which capacity they go: an id beats a name beats the star."""

from __future__ import annotations

from typing import Any

from core_support import guids, texts
from hypothesis import given
from hypothesis import strategies as st

from activities.selection import CapacityMap, movable, select

groups = st.lists(
    st.fixed_dictionaries(
        {"id": guids, "name": texts | st.sampled_from(["Sales", "sales", "Größe"])},
        optional={
            "type": st.sampled_from(["Workspace", "PersonalGroup", "Personal", "AdminWorkspace", "Group"]),
            "state": st.sampled_from(["Active", "Deleted", "Orphaned", "Removing"]),
            "capacityId": guids,
            "isOnDedicatedCapacity": st.booleans(),
        },
    ),
    max_size=8,
    unique_by=lambda group: group["id"],
)
SOURCES = [
    {"id": "AAAA", "displayName": "Large"},
    {"id": "bbbb", "displayName": "small"},
    {"id": "CCCC", "displayName": "AAAA"},  # a name that is another one's id
]
TARGETS = [{"id": "t-1", "displayName": "Premium"}, {"id": "t-2", "displayName": "Other"}]


@given(groups)
def test_star_means_every_live_workspace_once_in_order(found: list[dict[str, Any]]) -> None:
    chosen, unknown = select(["*"], [*found, *found])  # pages may repeat a workspace
    assert unknown == []
    assert [entry["id"] for entry in chosen] == sorted(group["id"] for group in found if movable(group))


@given(groups, st.data())
def test_every_wanted_text_selects_something_or_is_named(
    found: list[dict[str, Any]], data: st.DataObject
) -> None:
    known = [text for group in found for text in (group["id"], group["id"].upper(), group["name"])]
    wanted = data.draw(st.lists(st.sampled_from(known) | texts if known else texts, min_size=1, max_size=5))
    chosen, unknown = select(wanted, found)
    ids = {entry["id"] for entry in chosen}
    assert len(ids) == len(chosen)
    for text in wanted:
        fitting = {g["id"] for g in found if movable(g) and text in (g["name"], g["id"], g["id"].upper())}
        assert (text in unknown) == (not fitting)
        assert not fitting or fitting & ids
    assert ids <= {group["id"] for group in found if movable(group)}


def test_a_text_that_is_an_id_never_selects_by_name() -> None:
    found = [{"id": "one", "name": "Sales"}, {"id": "two", "name": "one"}]
    chosen, unknown = select(["ONE"], found)
    assert ([entry["id"] for entry in chosen], unknown) == (["one"], [])


def test_a_name_that_two_workspaces_share_means_both() -> None:
    found = [{"id": "two", "name": "Sales"}, {"id": "one", "name": "Sales"}]
    assert [entry["id"] for entry in select(["Sales"], found)[0]] == ["one", "two"]


def test_only_a_workspace_on_capacity_has_one() -> None:
    found = [
        {"id": "a", "name": "", "capacityId": "c", "isOnDedicatedCapacity": True},
        {"id": "b", "name": "", "capacityId": "c", "isOnDedicatedCapacity": False},
        {"id": "c", "name": "", "capacityId": "c"},
        {"id": "d", "name": "", "capacityId": None},
    ]
    assert [entry["capacity"] for entry in select(["*"], found)[0]] == ["c", "", "c", ""]


def targets(wanted: dict[str, str]) -> CapacityMap:
    return CapacityMap(wanted, SOURCES, TARGETS)


def test_an_id_beats_a_name_beats_the_star() -> None:
    full = {"aaaa": "t-2", "large": "premium", "*": "Premium"}
    assert targets(full).target_of("AAAA") == "t-2"
    assert targets({"Large": "Premium", "*": "Other"}).target_of("aaaa") == "t-1"
    assert targets({"*": "OTHER"}).target_of("bbbb") == "t-2"
    assert targets({"large": "Premium"}).target_of("bbbb") == ""


def test_a_workspace_on_shared_capacity_stays_there() -> None:
    assert targets({"*": "Premium"}).target_of("") == ""


def test_a_source_the_identity_can_not_list_is_still_matched_by_id_and_star() -> None:
    assert targets({"dddd": "Premium"}).target_of("DDDD") == "t-1"
    assert targets({"*": "Premium"}).target_of("DDDD") == "t-1"


def test_targets_and_sources_that_fit_nothing_are_named() -> None:
    wanted = {"large": "Premium", "nowhere": "Missing", "dddd": "t-2", "*": "Missing"}
    assert targets(wanted).unknown_targets() == ["Missing"]
    assert targets(wanted).unmatched_sources(["DDDD"]) == ["nowhere"]


@given(st.dictionaries(texts, texts), texts)
def test_a_target_is_always_one_that_exists(wanted: dict[str, str], source: str) -> None:
    assert targets(wanted).target_of(source) in {"", "t-1", "t-2"}
