"""Waits: never shorter than the first or the last one, never longer than the longest, ended by the deadline."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from core_support import START
from hypothesis import given
from hypothesis import strategies as st

from orchestrators.waiting import MAX_WAITS
from shared import polling
from shared.polling import Polling

POLICIES = {name: value for name, value in vars(polling).items() if isinstance(value, Polling)}
LARGEST_IMPORT_S = polling.IMPORT.deadline_s + 10 * 10 * 60  # 10 GiB, ten minutes more for each
policies = st.builds(
    Polling,
    first_s=st.floats(0.1, 60),
    factor=st.floats(1, 3),
    longest_s=st.floats(60, 600),
    deadline_s=st.floats(600, 9000),
)
scales = st.floats(0.01, 1)


def waits(policy: Polling, scale: float, deadline_s: float = 0) -> list[float]:
    """Seconds of every wait of a caller that always comes on time."""
    now, state, found = START, dict[str, object](), list[float]()
    while (again := policy.again(state, now, scale, deadline_s)) is not None:
        found.append((again.until - now).total_seconds())
        now, state = again.until, again.state
    return found


@given(policies, scales)
def test_waits_grow_from_the_first_to_the_longest(policy: Polling, scale: float) -> None:
    found = waits(policy, scale)
    margin = 2e-6  # times have microseconds
    assert found[0] >= policy.first_s * scale - margin
    assert all(later >= earlier - margin for earlier, later in pairwise(found))
    assert max(found) <= policy.longest_s * scale + margin


@given(policies, scales)
def test_polling_ends_with_the_deadline_not_before(policy: Polling, scale: float) -> None:
    total = sum(waits(policy, scale))
    rounded = 1e-6 * len(waits(policy, scale))  # a moment has microseconds
    assert total >= policy.deadline_s * scale - rounded - 0.001
    assert total <= (policy.deadline_s + policy.longest_s) * scale + rounded + 0.001


@given(policies, scales, st.floats(0, 100_000))
def test_a_caller_that_comes_late_waits_as_long_from_then(policy: Polling, scale: float, late: float) -> None:
    first = policy.again({}, START, scale)
    assert first is not None
    now = first.until + timedelta(seconds=late)
    again = policy.again(first.state, now, scale)
    assert again is None or again.until - now >= first.until - START - timedelta(microseconds=2)


@given(policies, scales, st.lists(st.integers(-100_000, 100_000), min_size=1))
def test_no_clock_that_jumps_and_no_outage_lets_a_deadline_pass(
    policy: Polling, scale: float, jumps: list[int]
) -> None:
    now, state, found = START, dict[str, object](), list[float]()
    while (again := policy.again(state, now, scale)) is not None:
        found.append((again.until - now).total_seconds())
        now += timedelta(seconds=jumps[len(found) % len(jumps)])
        state = again.state
    assert found == pytest.approx(waits(policy, scale), abs=2e-6)


def test_the_objects_own_deadline_replaces_the_policys() -> None:
    assert sum(waits(polling.IMPORT, 1.0, LARGEST_IMPORT_S)) >= LARGEST_IMPORT_S > polling.IMPORT.deadline_s


@pytest.mark.parametrize("name", POLICIES)
def test_every_deadline_is_reached_within_the_waits_of_one_instance(name: str) -> None:
    deadline = LARGEST_IMPORT_S if name == "IMPORT" else 0
    assert len(waits(POLICIES[name], 1.0, deadline)) < MAX_WAITS
