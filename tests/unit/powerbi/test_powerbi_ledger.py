"""The quota ledger's pure core: what a row gives out, what it learns, and what it tells those who must wait."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.powerbi import leases, ledger
from shared.powerbi.leases import Lease
from shared.powerbi.ledger import Row
from shared.powerbi.portions import LEARNED_FLOOR, LEARNED_START, Portion, Window, portions
from shared.powerbi.quotas import BUILT_IN, Quota

NOW = 1_795_262_400.0
times = st.dictionaries(st.integers(0, 2**43), st.integers(1, 500), max_size=5)
numbers = st.floats(0, 2e9)
rows = st.builds(
    Row, times, times, numbers, numbers, numbers, numbers, numbers, numbers, st.integers(0, 6), st.booleans()
)
held = st.builds(Lease, st.integers(0, 16), st.integers(0, 16), st.integers(0, 2**43))


def one(quota: Quota) -> Portion:
    (portion,) = portions(quota)
    return portion


def take(row: Row, portion: Portion, now: float, count: int = 1) -> tuple[Row, int]:
    return ledger.reserve(row, portion, now, count)


def learned_total(row: Row, portion: Portion, now: float) -> int:
    """All that can be had at this moment."""
    return take(row, portion, now, 10_000)[1]


@given(rows)
def test_a_row_survives_its_table(row: Row) -> None:
    assert Row.from_dict(row.to_dict()) == row


@given(st.dictionaries(st.text(max_size=5), held, max_size=4))
def test_leases_survive_their_table(known: dict[str, Lease]) -> None:
    assert leases.from_dict(leases.to_dict(known)) == known


def test_a_window_gives_out_its_limit_and_then_tells_when() -> None:
    portion = one(Quota(3, 60.0))
    row, granted = take(Row(), portion, NOW, 5)
    assert granted == 3
    again = ledger.next_free(row, portion, NOW)
    assert NOW + 60 < again <= NOW + 62
    assert take(row, portion, again - 0.01)[1] == 0
    assert take(row, portion, again)[1] == 1


def test_both_windows_hold() -> None:
    portion = one(BUILT_IN["admin.groups"])
    row, now, made = Row(), NOW, []
    while now < NOW + 7200:
        row, granted = take(row, portion, now, 50)
        made += [now] * granted
        now = max(ledger.next_free(row, portion, now), now + 0.01)
    assert max(sum(1 for other in made if call <= other < call + 60) for call in made) == 15
    assert max(sum(1 for other in made if call <= other < call + 3600) for call in made) == 50
    assert len(made) == 100


def test_waiters_are_told_different_times() -> None:
    portion = one(Quota(4, 60.0))
    row = Row()
    for second in range(4):
        row, _ = take(row, portion, NOW + second)
    told: list[float] = []
    for _ in range(6):
        told.append(ledger.next_free(row, portion, NOW + 5, ledger.waiters(row, NOW + 5)))
        row = ledger.tell(row, NOW + 5, told[-1:])
    assert told == sorted(told)
    assert len(set(told)) == 6
    assert NOW + 120 < told[4] < NOW + 125  # the fifth comes in the next round
    assert ledger.waiters(row, told[2]) == 3  # who has come no longer waits


def test_endless_waiters_keep_the_row_small() -> None:
    portion, row = one(Quota(1, 60.0)), Row()
    row, _ = take(row, portion, NOW)
    for place in range(1000):
        row = ledger.tell(row, NOW, [ledger.next_free(row, portion, NOW, place)])
    assert ledger.waiters(row, NOW) == 1000
    assert len(str(row.to_dict())) < 8_000


def test_a_row_of_a_large_limit_stays_small() -> None:
    portion, row = portions(BUILT_IN["admin.scanStatus"])[0], Row()
    for tenth in range(36_000):
        row, _ = take(row, portion, NOW + tenth / 10)
    assert len(row.slots) <= 102


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("limit", [None, 1, 7, 499, 1000, 12_345])
def test_the_rows_sum_up_to_the_quota(name: str, limit: int | None) -> None:
    quota = replace(BUILT_IN[name], limit=limit or BUILT_IN[name].limit)
    cut = portions(quota)
    if quota.limit is not None:
        assert sum(portion.windows[0].limit for portion in cut) == quota.limit
        assert quota.burst is None or sum(portion.windows[1].limit for portion in cut) == quota.burst
    assert 1 <= len(cut) <= 8


def test_a_close_holds_for_as_long_as_told_and_only_grows() -> None:
    portion = one(Quota(10, 60.0))
    row = ledger.close(Row(), portion, NOW, 600)
    row = ledger.close(row, portion, NOW, 5)
    assert take(row, portion, NOW + 599.9)[1] == 0
    assert ledger.next_free(row, portion, NOW) == NOW + 600
    assert take(row, portion, NOW + 600)[1] == 1


def test_what_a_wrong_clock_wrote_is_forgotten() -> None:
    portion = one(Quota(2, 60.0))
    row, _ = take(Row(), portion, NOW + 7200, 2)
    assert take(row, portion, NOW, 2)[1] == 2
    assert take(Row(closed=NOW + 7200), portion, NOW)[1] == 1
    assert take(Row(closed=NOW + 3600), portion, NOW)[1] == 0
    learned = portions(BUILT_IN["default"])[0]
    row = replace(take(Row(), learned, NOW + 7200)[0], filled=True)
    row, _ = take(row, learned, NOW)
    assert take(row, learned, NOW + 61)[0].rate > row.rate


def test_an_unpublished_limit_doubles_after_windows_that_were_used() -> None:
    portion, row, now = portions(BUILT_IN["default"])[0], Row(), NOW
    gained: list[int] = []
    for _ in range(4):
        row, granted = take(row, portion, now, 10_000)
        gained.append(granted)
        now = ledger.next_free(row, portion, now)
    assert gained == [30, 60, 120, 240]
    idle = take(replace(row, slots={}, filled=False), portion, now + 600)[0]
    assert idle.rate == row.rate


def test_a_429_halves_once_and_is_remembered() -> None:
    portion, row, now = portions(BUILT_IN["default"])[0], Row(), NOW
    for _ in range(3):
        row, _ = take(row, portion, now, 10_000)
        now = ledger.next_free(row, portion, now)
    row, _ = take(row, portion, now, 10_000)
    failed = row.rate
    for _ in range(16):  # as many as were in flight
        row = ledger.close(row, portion, now, 2)
    assert (row.rate, row.ceiling) == (failed / 2, failed)
    rates: list[float] = []
    for _ in range(9):
        now = max(ledger.next_free(row, portion, now), now + portion.span_s)
        row, _ = take(row, portion, now, 10_000)
        rates.append(row.rate)
    assert rates[1] == pytest.approx(0.9 * failed)  # the first comes before a window was used again
    assert rates[2] == pytest.approx(0.9 * failed * 1.05)
    assert rates[-1] > 2 * failed  # further and further, as nothing fails


def test_what_fails_again_and_again_is_tried_ever_more_rarely() -> None:
    """Calls without end against a hidden limit of 25 per row: after the first hours hardly any is refused."""
    portion, row, now = portions(BUILT_IN["default"])[0], Row(), NOW
    calls: list[float] = []
    refused: list[float] = []
    while now < NOW + 4 * 3600:
        row, granted = take(row, portion, now)
        if granted and sum(1 for call in calls[-25:] if call > now - 60) >= 25:
            refused.append(now)
            row = ledger.close(row, portion, now, calls[-25] + 60 - now)
        elif granted:
            calls.append(now)
        now = max(ledger.next_free(row, portion, now), now + 0.5)
    late = NOW + 2 * 3600
    assert sum(1 for at in refused if at > late) <= 3
    assert sum(1 for call in calls if call > late) > 0.8 * 25 * 120


def test_a_storm_does_not_stop_learning() -> None:
    portion, row, now = portions(BUILT_IN["default"])[0], Row(), NOW
    for _ in range(30):
        row, _ = take(row, portion, now, 10_000)
        row = ledger.close(row, portion, now, 60)
        now += 62
    assert row.rate == portion.floor == LEARNED_FLOOR / 4
    for _ in range(5):
        row, _ = take(row, portion, now, 10_000)
        now = ledger.next_free(row, portion, now)
    assert take(row, portion, now, 10_000)[1] >= LEARNED_START / 4


def test_a_share_is_taken_of_what_is_learned_too() -> None:
    portion = portions(Quota(share=0.5))[0]
    assert learned_total(Row(), portion, NOW) == 15


def test_a_published_limit_does_not_learn() -> None:
    portion = one(Quota(10, 60.0))
    row = ledger.close(Row(), portion, NOW, 1)
    assert learned_total(row, portion, NOW + 1) == 10


@given(
    limit=st.integers(1, 20),
    seconds=st.floats(0.5, 3600),
    burst=st.none() | st.integers(1, 5),
    steps=st.lists(st.tuples(st.floats(0, 400), st.integers(1, 8)), min_size=1, max_size=40),
)
def test_no_window_ever_holds_more_than_its_limit(
    limit: int, seconds: float, burst: int | None, steps: list[tuple[float, int]]
) -> None:
    portion = one(Quota(limit, seconds, burst=burst, burst_window_s=seconds / 10 if burst else None))
    row, now, made = Row(), NOW, []
    for pause, count in steps:
        now += pause
        row, granted = take(row, portion, now, count)
        made += [now] * granted
        if granted < count:
            again = ledger.next_free(row, portion, now)
            assert again > now
            assert take(row, portion, again)[1] > 0
            assert take(row, portion, now + (again - now) * 0.99)[1] == 0
    for window in portion.windows:
        for call in made:
            assert sum(1 for other in made if call <= other < call + window.seconds) <= window.limit


@given(
    limit=st.integers(1, 16),
    steps=st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(0, 16), st.floats(0, 8)), min_size=1, max_size=60
    ),
)
def test_never_more_places_than_there_are(limit: int, steps: list[tuple[str, int, float]]) -> None:
    known: dict[str, Lease] = {}
    now = NOW
    for holder, wanted, pause in steps:
        now += pause
        known, granted = leases.claim(known, limit, holder, wanted, now, 10.0)
        assert granted <= wanted
        assert sum(each.held for each in known.values() if each.until > now * 1000) <= limit


def test_who_waits_gets_his_part_once_the_others_look() -> None:
    known, first = leases.claim({}, 16, "a", 16, NOW, 30.0)
    assert first == 16
    known, none = leases.claim(known, 16, "b", 16, NOW, 30.0)
    assert none == 0
    known, first = leases.claim(known, 16, "a", 16, NOW + 1, 30.0, used=10)
    assert first == 8
    assert known["a"].held == 10  # what is in use can't be given back
    known, second = leases.claim(known, 16, "b", 16, NOW + 1, 30.0)
    assert second == 6
    known, _ = leases.claim(known, 16, "a", 16, NOW + 2, 30.0, used=5)
    assert leases.claim(known, 16, "b", 16, NOW + 2, 30.0, used=6)[1] == 8
    assert leases.claim(known, 16, "b", 16, NOW + 40, 30.0)[1] == 16  # the other died


def test_places_given_back_are_free() -> None:
    known, _ = leases.claim({}, 1, "a", 1, NOW, 30.0)
    assert leases.claim(leases.release(known, "a"), 1, "b", 1, NOW, 30.0)[1] == 1


def test_a_token_stays_counted_a_little_longer_than_the_window() -> None:
    assert Window(1, 3600).held_s == 3601
    assert Window(1, 10).held_s == 11
    assert Window(1, 3).held_s == 3.5
