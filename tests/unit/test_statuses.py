"""The two tables of a migration's life agree with each other: no dead end, no verb that can't be followed."""

from __future__ import annotations

import pytest

from shared.statuses import FOLLOWS, RESTING, VERBS, Status, allowed_verbs, may_follow


def reachable(begin: Status) -> set[Status]:
    found, open_ends = {begin}, [begin]
    while open_ends:
        fresh = FOLLOWS[open_ends.pop()] - found
        found |= fresh
        open_ends += fresh
    return found


def test_every_status_has_a_line_and_is_reachable_from_the_first() -> None:
    assert set(FOLLOWS) == set(Status) == reachable(Status.PLANNING)


@pytest.mark.parametrize("status", sorted(set(Status) - RESTING))
def test_a_status_that_is_no_rest_leads_to_one_and_can_fail(status: Status) -> None:
    assert reachable(status) & RESTING
    assert Status.FAILED in FOLLOWS[status]


@pytest.mark.parametrize("status", sorted(RESTING))
def test_a_resting_status_is_left_by_verbs_only(status: Status) -> None:
    reached_by_verbs = {reached for reached, starts, _ in VERBS.values() if status in starts}
    assert FOLLOWS[status] == reached_by_verbs


@pytest.mark.parametrize("now", sorted(Status))
@pytest.mark.parametrize("then", sorted(Status))
def test_may_follow_reads_the_table(now: Status, then: Status) -> None:
    assert may_follow(str(now), str(then)) == (then in FOLLOWS[now])


@pytest.mark.parametrize("status", sorted(Status))
def test_a_verb_is_offered_exactly_where_it_starts_or_already_holds(status: Status) -> None:
    offered = allowed_verbs(str(status))
    assert offered == sorted(offered)
    for verb, (reached, starts, holds) in VERBS.items():
        assert (verb in offered) == (status in starts | holds)
        assert not starts & holds
        assert reached in holds
        if status in starts:
            assert may_follow(status, reached)


def test_unknown_statuses_are_errors() -> None:
    with pytest.raises(ValueError, match="asleep"):
        may_follow("asleep", "ready")
    with pytest.raises(ValueError, match="asleep"):
        allowed_verbs("asleep")
