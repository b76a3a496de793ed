"""The ledger's time: the storage account's where the local clock is wrong, and never a late answer's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from core_support import START, HandClock

from shared.service_time import ServiceTime

THERE = START.timestamp()


@dataclass
class Http:
    headers: dict[str, str]


@dataclass
class Answer:
    date: str
    http_response: Any = field(init=False)

    def __post_init__(self) -> None:
        self.http_response = Http({"Date": self.date} if self.date else {})


def at(seconds: float) -> Answer:
    return Answer(format_datetime(START + timedelta(seconds=seconds), usegmt=True))


def test_a_clock_that_agrees_is_left_alone() -> None:
    time = ServiceTime(HandClock())
    time.note(at(1))
    time.note(at(-1))
    assert time.now() == THERE


def test_a_slow_clock_is_corrected_at_once() -> None:
    time = ServiceTime(HandClock(START - timedelta(hours=3)))
    time.note(at(0))
    assert abs(time.now() - THERE) <= 1


def test_a_fast_clock_is_corrected_once_it_is_sure() -> None:
    time = ServiceTime(HandClock(START + timedelta(hours=3)))
    for late in (0, 2, 5, 0, 9, 1, 0, 3):
        time.note(at(-late))
    assert abs(time.now() - THERE) <= 1


def test_an_answer_that_was_long_on_its_way_moves_nothing() -> None:
    time = ServiceTime(HandClock())
    for _ in range(50):
        time.note(at(-20))
        time.note(at(0))
    assert time.now() == THERE


def test_time_goes_on_between_answers() -> None:
    clock = HandClock(START - timedelta(hours=3))
    time = ServiceTime(clock)
    time.note(at(0))
    before = time.now()
    clock.move(60)
    assert time.now() == before + 60


@pytest.mark.parametrize("date", ["", "yesterday", "Sat, 99 Nov 2026 12:00:00 GMT"])
def test_an_unreadable_date_moves_nothing(date: str) -> None:
    time = ServiceTime(HandClock())
    time.note(Answer(date))
    assert time.now() == THERE
