"""Obstacles of a whole estate: each cause once, merged by the object it is about, and none where there is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstacle_support import CLOUD_SQL, SQL, codes, found, people, sources, wanted, workspace

from shared.assessment.extracts import extract
from shared.assessment.extracts_principals import principals_of
from shared.assessment.model import Extract, Facts
from shared.assessment.obstacles import of_estate
from shared.assessment.obstacles_capacities import units
from shared.assessment.obstacles_parts import Part, Surroundings
from shared.assessment.obstacles_principals import shown, unmapped
from shared.finding_codes import CATALOGUE
from shared.models import Severity

INSIDE = {"source-memberships": [{"id": "W1", "isReadOnly": False}]}


def test_an_estate_with_nothing_in_its_way_has_no_obstacle() -> None:
    assert found([workspace()], parts=INSIDE) == []


@pytest.mark.parametrize("kind", ["personal", "deleted", "orphaned", "classic"])
def test_a_workspace_of_another_kind_is_named_once(kind: str) -> None:
    (only,) = found([workspace(kind=kind)], parts=INSIDE)
    assert (only.code, only.id, only.workspace_id) == (f"workspace.{kind}", "w1", "w1")


@pytest.mark.parametrize("kind", ["personal", "deleted", "other"])
def test_what_does_not_move_has_no_obstacle_besides_its_kind(kind: str) -> None:
    one = workspace(kind=kind, principals=people("a@x"), sources=sources(SQL, gateway="g"), capacity="c")
    assert len(found([one], parts={"source-memberships": []})) == (kind != "other")


@pytest.mark.parametrize(
    ("mode", "users", "orphans"), [("scanner", 2, 1), ("scanner", 0, 0), ("member", 2, 0)]
)
def test_where_users_are_told_a_workspace_without_any_is_an_orphan(
    mode: str, users: int, orphans: int
) -> None:
    estate = [
        workspace(1, counts={"items": 3}),
        workspace(2, counts={"items": 1, "users": users}),
        workspace(3),
    ]
    obstacles = [each for each in found(estate, mode=mode) if each.code == "workspace.orphaned"]
    assert [each.id for each in obstacles] == ["w1"] * orphans


# -- the right to export --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "blocked"), [([], 1), ([{"id": "w1", "isReadOnly": True}], 1), ([{"id": "W1"}], 0)]
)
def test_no_right_to_export_blocks_that_workspace_as_the_run_would_say_it(
    rows: list[dict[str, Any]], blocked: int
) -> None:
    obstacles = found([workspace()], parts={"source-memberships": rows})
    assert codes(obstacles) == ["access.source"] * blocked
    for each in obstacles:
        assert (each.kind, each.workspace_id, each.key) == ("workspace", "w1", "access.source")
        assert CATALOGUE[each.code].severity == Severity.BLOCKER


@pytest.mark.parametrize(("best", "blocked"), [("Viewer", 1), ("Contributor", 0), ("Admin", 0)])
def test_the_scan_tells_a_viewer_where_the_list_of_workspaces_does_not(best: str, blocked: int) -> None:
    who = people("app-1", kind="App", best=best)
    obstacles = found([workspace(principals=who)], parts=INSIDE, own=frozenset({"app-1"}))
    assert codes(obstacles) == ["access.source"] * blocked
    assert all("may only read" in each.message for each in obstacles)


def test_where_memberships_are_not_known_nothing_is_claimed() -> None:
    (only,) = found([workspace()], parts={"source-memberships": Part([], "It was refused.")})
    assert (only.code, only.id, only.message) == ("plan.notCheckable", "exportRights", "It was refused.")


@pytest.mark.parametrize(
    ("user", "right", "says"),
    [
        ({"fabricAdmin": True, "groups": {}}, "", "is a Fabric administrator"),
        ({"fabricAdmin": False, "groups": {}}, "", "neither in the workspace nor"),
        ({"fabricAdmin": False, "groups": {"W1": "write"}}, "Admin", "could add it: the inventory shows"),
        ({"fabricAdmin": False, "groups": {"w1": "write"}}, "Contributor", "could not add it"),
        ({"fabricAdmin": False, "groups": {"w1": "read"}}, "", "with the right to read only"),
        ({"fabricAdmin": False, "groups": {"w1": "write"}}, "", "which it is, is not told"),
    ],
)
def test_it_says_whether_the_master_user_could_let_us_in_and_how_it_knows(
    user: dict[str, Any], right: str, says: str
) -> None:
    who = people("mia@contoso.example", best=right) if right else {}
    parts = {"source-memberships": [], "source-masterUser": [{"name": "Mia@contoso.example", **user}]}
    rules = {"@contoso.example": None}
    obstacles = found([workspace(principals=who)], wanted(principals=rules), parts=parts, source_user=True)
    assert codes(obstacles) == ["access.source"]
    assert says in obstacles[0].message


def test_a_master_user_that_is_not_there_or_not_readable_is_said_to_be() -> None:
    nowhere: dict[str, Any] = {"source-memberships": []}
    assert "No master user" in found([workspace()], parts=nowhere)[0].message
    unread = {**nowhere, "source-masterUser": Part([], "Its password is wrong.")}
    assert "Its password is wrong." in found([workspace()], parts=unread, source_user=True)[0].message


# -- names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("existing", "owner", "state", "taken"),
    [
        ("stop", "", "Active", True),
        ("stop", "another", "Active", True),
        ("stop", "W1", "Active", False),
        ("stop", "", "Deleted", False),
        ("merge", "", "Active", False),
    ],
)
def test_a_name_is_taken_by_what_is_not_ours_and_alive(
    existing: str, owner: str, state: str, taken: bool
) -> None:
    parts = {**INSIDE, "target-groups": [{"id": "t", "name": "(WORKSPACE 1)", "state": state}]}
    request = wanted(existing=existing, naming="({name})")
    obstacles = found([workspace()], request, parts=parts, owner_of=lambda _: owner)
    assert codes(obstacles) == ["workspace.nameTaken"] * taken
    assert [(each.key, each.workspace_id) for each in obstacles] == [("workspace.nameTaken", "w1")] * taken


def test_of_two_that_get_one_name_the_second_is_blocked() -> None:
    obstacles = found([workspace(1, name="Sales"), workspace(2, name="SALES"), workspace(3)])
    assert [(each.code, each.workspace_id) for each in obstacles] == [("workspace.nameTaken", "w2")]


def test_only_one_s_own_names_known_is_said() -> None:
    parts = {**INSIDE, "target-groups": Part([], "Only names of the identity's own workspaces are known.")}
    assert [each.id for each in found([workspace()], parts=parts)] == ["targetNames"]


# -- identities -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "obstacles"), [(1000, 0), (1001, 1)])
def test_more_workspaces_than_an_identity_can_be_in(number: int, obstacles: int) -> None:
    estate = (workspace(each) for each in range(number))
    assert codes(found(estate)) == ["identity.tooManyWorkspaces"] * obstacles


@pytest.mark.parametrize(("user", "obstacles"), [(False, 1), (True, 0)])
def test_dataflows_need_a_master_user_and_that_is_said_once(user: bool, obstacles: int) -> None:
    estate = [workspace(each, kinds={"dataflow": {"byHand": 2, "definition": 1}}) for each in range(3)]
    (*all_of_it,) = found(estate, target_user=user)
    assert codes(all_of_it) == ["identity.noMasterUser"] * obstacles
    assert all("6 dataflow" in each.message for each in all_of_it)


# -- capacities -----------------------------------------------------------------------------------------------

CAPACITIES: dict[str, Any] = {
    "source-capacities": [
        {"id": "S", "displayName": "Big", "sku": "P2", "region": "West Europe", "state": "Active"}
    ],
    "target-capacities": [
        {"id": "T", "displayName": "New", "sku": "F128", "region": "westeurope", "state": "Active"}
    ],
}


def with_target(**changes: Any) -> dict[str, Any]:
    return {**CAPACITIES, "target-capacities": [{**CAPACITIES["target-capacities"][0], **changes}]}


def on_capacity(number: int = 3) -> list[Extract]:
    return [workspace(each, capacity="s", target_capacity="t") for each in range(number)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"sku": "F256"}, None),
        ({"sku": "PP3"}, None),
        ({"sku": "F64"}, "capacity.smaller"),
        ({"sku": "P1"}, "capacity.smaller"),
        ({"region": "North Europe"}, "capacity.region"),
        ({"region": ""}, None),
        ({"state": "Suspended"}, "capacity.paused"),
        ({"state": "UpdatingSku"}, None),
        ({"capacityUserAccessRight": "None"}, "capacity.noRight"),
        ({"capacityUserAccessRight": "Assign"}, None),
    ],
)
def test_a_target_capacity_is_compared_with_where_its_workspaces_come_from(
    change: dict[str, str], code: str | None
) -> None:
    obstacles = found(on_capacity(), parts=with_target(**change))
    assert codes(obstacles) == ([code] if code else [])
    assert all("3 workspaces (Workspace 0, Workspace 1, Workspace 2)" in each.message for each in obstacles)
    assert all((each.id, each.name) == ("t", "New") for each in obstacles)


def test_a_paused_capacity_of_the_source_keeps_its_workspaces_from_being_exported() -> None:
    parts = {
        **CAPACITIES,
        "source-capacities": [{**CAPACITIES["source-capacities"][0], "state": "Suspended"}],
    }
    for request in (wanted(), wanted(target="")):
        (only,) = found(on_capacity(), request, parts=parts)
        assert (only.code, only.id, only.key) == ("capacity.paused", "s", "source")


def test_a_source_capacity_without_a_target_is_named_once_but_for_whom_it_is_said_already() -> None:
    estate = [workspace(each, capacity="s") for each in range(5)]
    (only,) = found(estate, parts=CAPACITIES, needing=frozenset({"w1"}))
    assert (only.code, only.id, only.workspace_id) == ("capacity.unmapped", "s", "")
    assert "4 workspaces (Workspace 0, Workspace 2, Workspace 3, …)" in only.message
    assert found(estate[1:2], parts=CAPACITIES, needing=frozenset({"w1"})) == []
    assert found(estate, wanted(target=""), parts=CAPACITIES) == []


@pytest.mark.parametrize(
    ("sku", "size"),
    [
        ("P1", 64),
        ("p5", 1024),
        ("A4", 64),
        ("EM3", 32),
        ("F2", 2),
        ("F2048", 2048),
        ("FT1", 64),
        ("PP3", None),
        ("", None),
        ("P9", None),
        ("Trial", None),
        ("D1", None),
    ],
)
def test_sizes_of_skus(sku: str, size: int | None) -> None:
    assert units(sku) == size


# -- principals -----------------------------------------------------------------------------------------------


def test_a_principal_without_a_mapping_is_named_once_with_where_it_is() -> None:
    estate = [workspace(each, principals=people("a@contoso.example")) for each in range(5)]
    (only,) = found(estate)
    assert (only.code, only.kind, only.id) == ("principal.unmapped", "principal.User", "a@contoso.example")
    assert only.workspace_id == ""
    assert "5 workspaces (Workspace 0, Workspace 1, Workspace 2, …)" in only.message


@pytest.mark.parametrize(
    "rules", [{"@contoso.example": "@new.example"}, {"A@contoso.example": None}, {"object": "b@x"}]
)
def test_who_is_mapped_by_name_domain_or_object_id_is_no_obstacle(rules: dict[str, str | None]) -> None:
    who = people("a@contoso.example")
    who["a@contoso.example"]["id"] = "object"
    assert found([workspace(principals=who)], wanted(principals=rules)) == []


def test_a_domain_says_nothing_of_groups_and_our_own_identity_is_nobody() -> None:
    who = {**people("g-1", kind="Group"), **people("app-1", kind="App")}
    estate = [workspace(principals=who)]
    (only,) = found(estate, wanted(principals={"@x": "@y"}), own=frozenset({"app-1"}))
    assert (only.kind, only.id) == ("principal.Group", "g-1")


def test_a_target_principal_nobody_knows_is_named_once_however_many_it_stands_for() -> None:
    estate = [workspace(each, principals=people("a@x", "b@x")) for each in range(3)]
    request = wanted(principals={"a@x": "Team@y", "b@x": "team@y"})
    unknown = {"target-graph": [{"identifier": "team@y", "known": False}]}
    (only,) = found(estate, request, parts=unknown)
    assert (only.code, only.id) == ("principal.unknown", "team@y")
    assert found(estate, request, parts={"target-graph": [{"identifier": "team@y", "known": None}]}) == []


@pytest.mark.parametrize(("graph", "unread"), [(False, ""), (True, "Microsoft Graph was refused.")])
def test_without_graph_nobody_is_called_unknown(graph: bool, unread: str) -> None:
    parts = {"target-graph": Part([], unread)} if unread else {}
    estate = [workspace(principals=people("a@x"))]
    (only,) = found(estate, wanted(principals={"a@x": "b@y"}), parts=parts, target_graph=graph)
    assert (only.code, only.id) == ("plan.notCheckable", "targetPrincipals")


# -- the whole ------------------------------------------------------------------------------------------------


def test_an_assessment_has_obstacles_of_the_source_only() -> None:
    one = workspace(
        principals=people("a@x"), sources=sources(SQL, CLOUD_SQL, gateway="g"), capacity="s", kind="orphaned"
    )
    parts = {**CAPACITIES, "source-memberships": [], "source-gateways": [{"id": "g", "name": "Gate"}]}
    assert codes(found([one], wanted(target=""), parts=parts)) == ["access.source"]


@pytest.mark.parametrize("part", ["apps", "pipelines", "workbooks", "fabricItems", "capacities"])
def test_a_list_that_was_refused_is_named_but_not_besides_the_missing_admin_right(part: str) -> None:
    parts = {f"source-{part}": Part([], "It was refused.")}
    (only,) = found([workspace()], parts=parts)
    assert (only.code, only.id) == ("plan.notCheckable", f"source-{part}")
    assert found([workspace()], parts=parts, mode="member") == []


def test_what_no_api_tells_is_said_once_and_only_where_it_matters() -> None:
    def topics(target: str, **counts: int) -> list[str]:
        estate = [workspace(each, counts=counts) for each in range(3)]
        return [each.id for each in of_estate(estate, {}, wanted(target=target), Surroundings())]

    assert topics("") == []
    assert topics("", models=1) == ["modelSizes"]
    assert topics("", reports=1, models=1) == ["customVisuals", "downloads", "modelSizes"]
    assert topics("fabrikam") == ["tenantSettings"]


def test_the_plan_and_the_run_call_a_principal_alike() -> None:
    """Else the run would say again, workspace by workspace, what the plan has said once."""
    users = [
        {"identifier": "Ann@contoso.example", "emailAddress": "Ann@contoso.example", "principalType": "User"},
        {"identifier": "G-1", "graphId": "G-1", "displayName": "All of them", "principalType": "Group"},
        {"identifier": "A-1", "displayName": "Robot", "principalType": "App"},
    ]
    document = {"id": "w1", "users": [{**user, "groupUserAccessRight": "Admin"} for user in users]}
    read = extract(document, [], {"id": "w1", "name": "W", "capacity": "", "targetCapacity": ""}, Facts())
    by_plan = {(o.code, o.kind, o.id, o.name, o.workspace_id, o.key) for o in found([read])}
    by_run = [
        unmapped(identifier, who["kind"], shown(identifier, who), "…")
        for identifier, who in principals_of({"users": document["users"]}).items()
    ]
    assert by_plan == {(o.code, o.kind, o.id, o.name, o.workspace_id, o.key) for o in by_run}
    assert {o.name for o in by_run} == {"Ann@contoso.example", "All of them", "Robot"}


_names = st.sampled_from(["a@x", "b@x", "c@y"])
_estates = st.lists(
    st.builds(
        workspace,
        st.integers(0, 50),
        kind=st.sampled_from(["workspace", "classic", "orphaned", "personal", "deleted"]),
        capacity=st.sampled_from(["", "s", "other"]),
        target_capacity=st.sampled_from(["", "t"]),
        principals=st.sets(_names).map(lambda names: people(*names)),
        sources=st.sets(st.sampled_from([SQL, CLOUD_SQL, "file:c:\\a.xlsx"])).map(
            lambda keys: sources(*keys, gateway="g")
        ),
    ),
    unique_by=lambda extract: extract.workspace_id,
    max_size=12,
)


@given(_estates, st.randoms(use_true_random=False))
def test_no_cause_is_said_twice_and_the_order_of_workspaces_does_not_matter(
    estate: list[Extract], random: Any
) -> None:
    parts = {**with_target(state="Suspended", sku="F2"), "source-memberships": [{"id": "w1"}]}

    def identities(extracts: list[Extract]) -> list[tuple[str, ...]]:
        obstacles = found(extracts, parts=parts)
        return sorted(
            (o.code, o.kind, o.id.lower(), o.name, o.workspace_id.lower(), o.key) for o in obstacles
        )

    first = identities(estate)
    assert len(set(first)) == len(first)
    assert {code for code, *_ in first} <= set(CATALOGUE)
    shuffled = list(estate)
    random.shuffle(shuffled)
    assert identities(shuffled) == first


def test_an_estate_is_read_once_and_as_a_stream() -> None:
    begun: list[int] = []

    def estate() -> Any:
        for number in range(100):
            begun.append(number)
            yield workspace(number, kind="personal")

    stream = of_estate(estate(), {}, wanted())
    next(stream)
    assert begun == [0]
    assert len(list(stream)) == 99
    assert len(begun) == 100
