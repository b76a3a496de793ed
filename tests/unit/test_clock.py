"""The app's clock: steady where the computer's jumps, set by answers that agree, moved by no single one."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

from core_support import START
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import TOLERANCE, Skew, SteadyClock


class Computer:
    """Its clock and its monotonic time, each moved by hand."""

    def __init__(self, ahead_s: float = 0) -> None:
        self.ahead, self.passed = timedelta(seconds=ahead_s), 0.0

    def now(self) -> datetime:
        return self.true() + self.ahead

    def true(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds

    def answer(self, ahead: timedelta = timedelta()) -> SimpleNamespace:
        headers = {"Date": format_datetime((self.true() + ahead).replace(microsecond=0), usegmt=True)}
        return SimpleNamespace(http_response=SimpleNamespace(headers=headers))


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(-1e5, 1e5))))
def test_no_jump_of_the_computer_reaches_it(jumps: list[tuple[float, float]]) -> None:
    computer = Computer()
    clock = SteadyClock(computer)
    for after, ahead in jumps:
        computer.passed += after
        computer.ahead = timedelta(seconds=ahead)
        assert abs(clock.now() - computer.true()) < timedelta(milliseconds=1)


@given(st.floats(-1e5, 1e5))
def test_two_answers_that_agree_set_it(ahead: float) -> None:
    computer = Computer(ahead)
    clock = SteadyClock(computer)
    for _ in range(2):
        clock.note(computer.answer())
        computer.passed += 1.3
    assert abs(clock.now() - computer.true()) <= TOLERANCE


def test_one_answer_that_lies_moves_nothing() -> None:
    computer = Computer()
    clock = SteadyClock(computer)
    for lie in (timedelta(hours=26), timedelta(0), timedelta(hours=-26), timedelta(hours=3), timedelta(0)):
        clock.note(computer.answer(lie))
        assert clock.now() == computer.true()


def test_what_is_no_date_says_nothing() -> None:
    skew = Skew()
    for text in (None, "", "yesterday", "Sat, 99 Nov 2026 12:00:00 GMT", "0"):
        skew.observe(text, START)
    assert (skew.known, skew.heard) == (timedelta(), False)
    skew.observe("Sat, 21 Nov 2026 12:00:00 GMT", START)
    assert skew.heard
