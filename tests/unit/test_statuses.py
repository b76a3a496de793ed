"""The tables themselves: no status without an end, no verb that can't be followed, no rest that is left by itself."""

from __future__ import annotations

import pytest

from shared.statuses import (
    ACTIVE,
    FOLLOWS,
    RESTING,
    VERBS,
    WORKING,
    WRITING,
    Status,
    allowed_verbs,
    may_follow,
    published,
)

CONTRACT = {
    "planning",
    "running",
    "paused",
    "validating",
    "ready",
    "cutover",
    "succeeded",
    "partial",
    "failed",
    "cancelled",
    "rolledBack",
}


def reachable(begin: Status) -> set[Status]:
    found, open_ends = {begin}, [begin]
    while open_ends:
        fresh = FOLLOWS[open_ends.pop()] - found
        found |= fresh
        open_ends += fresh
    return found


def test_every_status_has_a_line_and_is_reachable_from_the_first() -> None:
    assert set(FOLLOWS) == set(Status) == reachable(Status.PLANNING)


def test_people_see_the_statuses_of_the_contract_and_no_other() -> None:
    assert {str(published(status)) for status in set(Status) - {Status.PLANNED}} == CONTRACT


@pytest.mark.parametrize("status", sorted(set(Status) - RESTING))
def test_a_status_that_is_no_rest_leads_to_one(status: Status) -> None:
    assert reachable(status) & RESTING


@pytest.mark.parametrize("status", sorted(ACTIVE))
def test_what_an_instance_works_on_can_fail(status: Status) -> None:
    assert Status.FAILED in FOLLOWS[status]


def test_every_status_is_at_rest_paused_or_worked_on() -> None:
    assert RESTING | ACTIVE | {Status.PAUSED} == set(Status)
    assert not RESTING & ACTIVE
    assert WORKING < ACTIVE
    assert not WRITING & (RESTING | {Status.PAUSED, Status.CANCELLING})


@pytest.mark.parametrize("status", sorted(RESTING - {Status.PLANNED}))
def test_a_resting_status_is_left_where_a_verb_can_be_given(status: Status) -> None:
    assert bool(FOLLOWS[status]) == any(status in verb.starts for verb in VERBS.values())


@pytest.mark.parametrize("now", sorted(Status))
@pytest.mark.parametrize("then", sorted(Status))
def test_may_follow_reads_the_table(now: Status, then: Status) -> None:
    assert may_follow(str(now), str(then)) == (then in FOLLOWS[now])


@pytest.mark.parametrize("status", sorted(Status))
def test_a_verb_is_offered_exactly_where_it_starts_or_already_holds(status: Status) -> None:
    offered = allowed_verbs(str(status))
    assert offered == sorted(offered)
    for name, verb in VERBS.items():
        assert (name in offered) == (status in verb.starts | verb.holds)
        assert not verb.starts & verb.holds


def test_unknown_statuses_are_errors() -> None:
    with pytest.raises(ValueError, match="asleep"):
        may_follow("asleep", "ready")
    with pytest.raises(ValueError, match="asleep"):
        allowed_verbs("asleep")
