"""Who stands for whom: an exact key beats a domain rule, null drops, nobody is guessed and nobody is lost."""

from __future__ import annotations

from typing import Any

from core_support import guids
from hypothesis import given
from hypothesis import strategies as st

from activities.principals import Grant, mapped

RIGHTS = ["Viewer", "Contributor", "Member", "Admin"]
upns = st.builds(
    "{}@{}".format, st.sampled_from(["alice", "Bob", "Größe"]), st.sampled_from(["a.com", "B.com"])
)
users = st.lists(
    st.builds(
        lambda name, kind, right: {"identifier": name, "principalType": kind, "groupUserAccessRight": right},
        upns | guids,
        st.sampled_from(["User", "Group", "App"]),
        st.sampled_from([*RIGHTS, "None"]),
    ),
    max_size=8,
)
rules = st.dictionaries(
    upns | st.sampled_from(["@a.com", "@A.COM", "@b.com"]),
    st.none() | st.sampled_from(["x@t.com", "@t.com"]),
    max_size=4,
)


def user(name: str, right: str = "Viewer", **more: Any) -> dict[str, Any]:
    return {"identifier": name, "principalType": "User", "groupUserAccessRight": right, **more}


def test_an_exact_key_beats_a_domain_rule_in_any_case() -> None:
    given_rules = {"@contoso.com": "@fabrikam.com", "ALICE@contoso.com": "boss@fabrikam.com"}
    grants, unmapped = mapped([user("alice@Contoso.com"), user("bob@contoso.com")], given_rules, [])
    assert grants == [
        Grant("bob@fabrikam.com", "User", "Viewer"),
        Grant("boss@fabrikam.com", "User", "Viewer"),
    ]
    assert unmapped == []


def test_null_drops_one_or_a_domain_knowingly() -> None:
    people = [user("alice@contoso.com"), user("bob@gone.com")]
    assert mapped(people, {"alice@contoso.com": None, "@gone.com": None}, []) == ([], [])


def test_a_group_is_found_by_its_object_id_and_a_guest_by_its_address() -> None:
    people = [
        {"identifier": "GROUP-ID", "principalType": "Group", "groupUserAccessRight": "Member"},
        user("guest_x#EXT#@contoso.com", emailAddress="Guest@x.com"),
        user("", graphId="app-object", principalType="App"),
    ]
    wanted: dict[str, str | None] = {
        "group-id": "new-group",
        "guest@x.com": "g@t.com",
        "app-object": "new-app",
    }
    grants, unmapped = mapped(people, wanted, [])
    assert {grant.identifier: grant.kind for grant in grants} == {
        "new-group": "Group",
        "g@t.com": "User",
        "new-app": "App",
    }
    assert unmapped == []


def test_a_domain_rule_invents_no_group() -> None:
    """The service takes a group by its object id, which a mail address in another domain is not."""
    team = {"identifier": "id-1", "emailAddress": "team@contoso.com", "principalType": "Group"}
    given_group = {**team, "groupUserAccessRight": "Viewer"}
    assert mapped([given_group], {"@contoso.com": "@fabrikam.com"}, []) == ([], [given_group])
    assert mapped([given_group], {"@contoso.com": None}, []) == ([], [])


def test_our_own_identities_are_not_moved() -> None:
    people = [user("APP-1", "Admin"), user("x", "Admin", graphId="app-2")]
    assert mapped(people, {"app-1": "other", "x": "y"}, ["app-1", "APP-2"]) == ([], [])


def test_two_that_become_one_give_it_the_higher_right() -> None:
    people = [user("a@s.com", "Member"), user("b@s.com", "Admin"), user("c@s.com", "Viewer")]
    grants, _ = mapped(people, dict.fromkeys(["a@s.com", "b@s.com", "c@s.com"], "Team@t.com"), [])
    assert [(grant.identifier.lower(), grant.right) for grant in grants] == [("team@t.com", "Admin")]


@given(users, rules)
def test_everybody_is_granted_dropped_or_named(
    people: list[dict[str, Any]], wanted: dict[str, str | None]
) -> None:
    grants, unmapped = mapped(people, wanted, [])
    keys = {key.lower() for key in wanted}
    for person in people:
        name = person["identifier"].lower()
        domain = f"@{name.rpartition('@')[2]}"
        droppable = any(key.lower() == domain and value is None for key, value in wanted.items())
        by_domain = domain in keys and (person["principalType"] == "User" or droppable)
        known = name in keys or by_domain
        has_right = person["groupUserAccessRight"] in RIGHTS
        assert (person in unmapped) == (has_right and not known)
    assert len({grant.identifier.lower() for grant in grants}) == len(grants)
    assert all(grant.right in RIGHTS for grant in grants)


@given(users, rules)
def test_the_result_does_not_depend_on_the_order_of_the_list(
    people: list[dict[str, Any]], wanted: dict[str, str | None]
) -> None:
    def rights(found: list[Grant]) -> list[tuple[str, str]]:
        return [(grant.identifier.lower(), grant.right) for grant in found]

    assert rights(mapped(people, wanted, [])[0]) == rights(mapped(people[::-1], wanted, [])[0])


@given(users, rules)
def test_nobody_gets_more_than_somebody_mapped_to_them_had(
    people: list[dict[str, Any]], wanted: dict[str, str | None]
) -> None:
    for grant in mapped(people, wanted, [])[0]:
        had = [
            person["groupUserAccessRight"]
            for person in people
            if any(
                one.identifier.lower() == grant.identifier.lower() for one in mapped([person], wanted, [])[0]
            )
        ]
        assert grant.right == max(had, key=RIGHTS.index)
