"""NCRONTAB schedules against an independent library, and timers that run by them."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cronsim import CronSim
from hypothesis import assume, given
from hypothesis import strategies as st
from local_support import Running, eventually

from local.errors import SettingsError
from local.ncrontab import Schedule

MOMENTS = st.integers(946_684_800, 3_786_912_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def field(low: int, high: int) -> st.SearchStrategy[str]:
    """Text of one field: a star, values, ranges and steps, in lists."""
    value = st.integers(low, high)
    # Of a range of one value with a step, the oracle makes the rest of the field.
    ordered = st.tuples(value, value).filter(lambda pair: pair[0] != pair[1]).map(sorted)
    step = st.integers(1, high)
    part = st.one_of(
        value.map(str),
        ordered.map(lambda pair: f"{pair[0]}-{pair[1]}"),
        st.tuples(ordered, step).map(lambda both: f"{both[0][0]}-{both[0][1]}/{both[1]}"),
        step.map(lambda every: f"*/{every}"),
    )
    return st.one_of(st.just("*"), st.lists(part, min_size=1, max_size=3).map(",".join))


@given(st.tuples(field(0, 59), field(0, 59), field(0, 23), field(1, 28), field(1, 12)), MOMENTS)
def test_every_run_is_the_one_an_independent_library_finds(fields: tuple[str, ...], moment: datetime) -> None:
    # The dialects agree while the day of week is open and the day isn't a star with a step.
    assume("*/" not in fields[3])
    text = " ".join((*fields, "*"))
    assert Schedule.parse(text).next_after(moment) == next(CronSim(text, moment))


@given(field(0, 59), field(0, 23), field(0, 6), MOMENTS)
def test_days_of_the_week_agree_too(minute: str, hour: str, weekday: str, moment: datetime) -> None:
    text = f"0 {minute} {hour} * * {weekday}"
    assert Schedule.parse(text).next_after(moment) == next(CronSim(text, moment))


@given(field(0, 59), field(0, 59), MOMENTS)
def test_runs_ascend_and_none_is_skipped(second: str, minute: str, moment: datetime) -> None:
    schedule = Schedule.parse(f"{second} {minute} * * * *")
    run = schedule.next_after(moment)
    assert run > moment
    earlier = run - timedelta(seconds=1)
    if earlier > moment:
        assert schedule.next_after(earlier) == run


@pytest.mark.parametrize(
    ("text", "after", "run"),
    [
        ("*/5 * * * *", "2026-11-21T10:02:30", "2026-11-21T10:05:00"),
        ("0 */5 * * * *", "2026-11-21T10:05:00", "2026-11-21T10:10:00"),
        ("30 5/15 * * * *", "2026-11-21T10:20:30", "2026-11-21T10:35:30"),
        ("0 30 9 * Jan Mon", "2026-11-21T10:00:00", "2027-01-04T09:30:00"),
        ("0 0 0 29 2 *", "2026-11-21T10:00:00", "2028-02-29T00:00:00"),
        # Both must match: the next Friday that is a 13th.
        ("0 0 0 13 * 5", "2026-11-21T10:00:00", "2027-08-13T00:00:00"),
        ("0 0 0 29 2 0", "2026-11-21T10:00:00", "2032-02-29T00:00:00"),
        ("59 59 23 31 12 *", "2026-12-31T23:59:59", "2027-12-31T23:59:59"),
    ],
)
def test_known_runs(text: str, after: str, run: str) -> None:
    found = Schedule.parse(text).next_after(datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(run).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("", "* * * *", "* * * * * * *", "60 * * * * *", "0 0 0 30 2 *", "0 0 0 0 * *", "0 0 0 * * 7"),
        *("0 0 0 L * *", "0 5-1 * * * *", "0 */0 * * * *", "0 *-5 * * * *", "a * * * * *", "0 0 0 1W * *"),
        *("01:00:00", "-1 * * * * *", "0 ² * * * *"),
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        Schedule.parse(text)


def test_a_timer_runs_at_start_and_then_by_its_schedule(
    start_host: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMPLE_SCHEDULE", "* * * * * *")
    running = start_host()
    eventually(lambda: len(running.sample.SEEN.get("tick", ())) >= 3)
    assert not any(past_due for _, past_due in running.sample.SEEN["tick"])


def test_a_timer_without_its_next_run_in_sight_stops_at_once(
    start_host: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMPLE_SCHEDULE", "0 0 0 1 1 *")
    running = start_host()
    eventually(lambda: running.sample.SEEN.get("tick"))
    assert running.host.stop() is True
    assert len(running.sample.SEEN["tick"]) == 1


def test_runs_of_one_timer_never_overlap_and_missed_ones_collapse(
    start_host: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMPLE_SCHEDULE", "* * * * * *")
    monkeypatch.setenv("SAMPLE_TIMER_WAITS", "yes")
    running = start_host()
    eventually(lambda: running.sample.SEEN.get("tick"))
    threading.Event().wait(2.5)  # three runs are due meanwhile
    assert len(running.sample.SEEN["tick"]) == 1
    released = datetime.now(UTC).timestamp()
    running.sample.RELEASE.set()
    eventually(lambda: len(running.sample.SEEN["tick"]) >= 3)
    moments = [at for at in running.sample.SEEN["tick-at"][1:3]]
    assert moments[0] > released and moments[1] - moments[0] > 0.5


def test_a_schedule_whose_setting_is_missing_is_refused(
    start_host: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMPLE_SCHEDULE", "%NOT_THERE%")
    monkeypatch.setattr("local.functions.resolve", refuse_missing)
    with pytest.raises(SettingsError, match="NOT_THERE"):
        start_host()


def refuse_missing(text: str) -> str:
    from local.settings import resolve

    return resolve(resolve(text))
