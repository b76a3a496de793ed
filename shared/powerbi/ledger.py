"""The quota ledger, pure: one row of a bucket, what may be reserved from it, and when the next token comes free.

Times are seconds of the ledger's clock, kept in whole milliseconds. A reservation counts as made at the end of
its slot and stays counted a little longer than the window, so that rounding and late calls never overshoot.
Where no limit is published the row learns one: it doubles after each window that was used and clean, halves
on a 429 and remembers what failed; back near that it goes slowly, then ever faster beyond. What failed again and
again is tried ever more rarely.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shared.powerbi.portions import Portion, Window
from shared.powerbi.quotas import HOUR

_USED = 0.8  # of the rate: a window that was less used proves nothing
_NEAR = 0.9  # of a rate that failed
_FIRST_STEP = 0.05
_SAME = 0.25  # so near to each other two failures are of one limit
_MOST_REPEATS = 6  # after so many the limit is tried once in two to the power of that many windows
_SKEW_S = 10.0  # what is later than this after now was written by a clock that was wrong
_MOST_TOLD = 200  # different times told to waiters; more come with the last

type Times = Mapping[int, int]  # milliseconds -> how many


@dataclass(frozen=True, slots=True)
class Row:
    """What one row of a bucket remembers."""

    slots: Times = field(default_factory=dict[int, int])  # end of slot: tokens given out in it
    told: Times = field(default_factory=dict[int, int])  # who was told to come back when
    closed: float = 0.0  # until when the service wants to be left alone
    rate: float = 0.0  # learned tokens per span
    ceiling: float = 0.0  # the rate that failed last
    raised: float = 0.0  # when the rate last changed
    lowered: float = 0.0  # when it was last halved
    step: float = _FIRST_STEP  # by how much it grows beyond what failed
    repeats: int = 0  # how often about that rate has failed before
    filled: bool = False  # it was used up since then

    def to_dict(self) -> dict[str, Any]:
        return {
            "slots": {str(end): count for end, count in self.slots.items()},
            "told": {str(at): count for at, count in self.told.items()},
            "closed": self.closed,
            "rate": self.rate,
            "ceiling": self.ceiling,
            "raised": self.raised,
            "lowered": self.lowered,
            "step": self.step,
            "repeats": self.repeats,
            "filled": self.filled,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Row:
        numbers = ("closed", "rate", "ceiling", "raised", "lowered", "step")
        return cls(
            slots={int(end): int(count) for end, count in raw["slots"].items()},
            told={int(at): int(count) for at, count in raw["told"].items()},
            repeats=int(raw["repeats"]),
            filled=bool(raw["filled"]),
            **{name: float(raw[name]) for name in numbers},
        )


def reserve(row: Row, portion: Portion, now: float, count: int) -> tuple[Row, int]:
    """Take up to `count` tokens: the row afterwards and how many there were."""
    row = _risen(tidy(row, portion, now), portion, now)
    granted = 0 if row.closed > now else min(count, _free(row, portion, now))
    if granted <= 0:
        return row, 0
    end = (_ms(now) // _slot_ms(portion) + 1) * _slot_ms(portion)
    row = replace(row, slots={**row.slots, end: row.slots.get(end, 0) + granted})
    window = _windows(row, portion)[0]
    used = portion.learned and _used(row, window, now) >= _USED * window.limit
    return (replace(row, filled=True) if used else row), granted


def close(row: Row, portion: Portion, now: float, seconds: float) -> Row:
    """The service said 429 and to wait so long: nobody calls before; a close only ever grows."""
    row = tidy(row, portion, now)
    if portion.learned and row.closed <= now and now >= row.lowered + portion.span_s / 4:
        row = _lowered(row, portion, now)
    return replace(row, closed=max(row.closed, now + seconds))


def next_free(row: Row, portion: Portion, now: float, ahead: int = 0) -> float:
    """When the token after `ahead` others comes free."""
    return max(row.closed, now, *(_free_in(row, each, now, ahead) for each in _windows(row, portion)))


def waiters(row: Row, now: float) -> int:
    """How many were told a time that has not come yet."""
    return sum(count for at, count in row.told.items() if at > _ms(now))


def tell(row: Row, now: float, times: list[float]) -> Row:
    """Remember what was told to those who are to come back, so that the next ones are told later."""
    told = {at: count for at, count in row.told.items() if at > _ms(now)}
    for each in times:
        at = _ms(each) if len(told) < _MOST_TOLD or _ms(each) in told else max(told)
        told[at] = told.get(at, 0) + 1
    return replace(row, told=told)


def tidy(row: Row, portion: Portion, now: float) -> Row:
    """Without what no longer counts, and without what only a wrong clock can have written."""
    oldest = now - max(window.held_s for window in _windows(row, portion))
    newest = now + portion.slot_s + _SKEW_S
    slots = {end: count for end, count in row.slots.items() if oldest * 1000 < end <= newest * 1000}
    plausible = row.closed <= newest + max(HOUR, portion.span_s)
    row = replace(row, slots=slots, closed=row.closed if plausible else 0.0)
    if portion.learned and row.rate <= 0:
        return replace(row, rate=portion.start, raised=now)
    if row.raised > newest or row.lowered > newest:
        return replace(row, raised=min(row.raised, now), lowered=min(row.lowered, now))
    return row


def _lowered(row: Row, portion: Portion, now: float) -> Row:
    """Half of what failed: what was used, or a part of what was allowed where hardly anything was."""
    used = _used(row, _windows(row, portion)[0], now)
    failed = min(row.rate, max(used, row.rate / 4))
    again = bool(row.ceiling) and abs(failed - row.ceiling) <= _SAME * row.ceiling
    return replace(
        row,
        rate=max(portion.floor, failed / 2),
        ceiling=failed if failed > portion.floor else 0.0,  # the least we do tells nothing of a limit
        raised=now,
        lowered=now,
        step=_FIRST_STEP,
        repeats=min(row.repeats + 1, _MOST_REPEATS) if again else 0,
        filled=False,
    )


def _risen(row: Row, portion: Portion, now: float) -> Row:
    near, step = _NEAR * row.ceiling, row.step
    patience = 2**row.repeats if row.rate >= near and row.ceiling else 1
    if not portion.learned or not row.filled or now < max(row.raised + portion.span_s * patience, row.closed):
        return row
    if not row.ceiling:
        rate = 2 * row.rate
    elif row.rate < near:
        rate = min(2 * row.rate, near)
    else:
        rate, step = row.rate * (1 + step), min(1.0, 2 * step)
    return replace(row, rate=rate, raised=now, step=step, filled=False)


def _windows(row: Row, portion: Portion) -> tuple[Window, ...]:
    if portion.windows:
        return portion.windows
    return (Window(max(1, int((row.rate or portion.start) * portion.share)), portion.span_s),)


def _free(row: Row, portion: Portion, now: float) -> int:
    return min(window.limit - _used(row, window, now) for window in _windows(row, portion))


def _used(row: Row, window: Window, now: float) -> int:
    since = _ms(now - window.held_s)
    return sum(count for end, count in row.slots.items() if end > since)


def _free_in(row: Row, window: Window, now: float, ahead: int) -> float:
    """When this window alone has room for one more after `ahead` others; each round of a full window is one on."""
    rounds, place = divmod(ahead, window.limit)
    missing = _used(row, window, now) - window.limit + place + 1
    at = now
    for end in sorted(end for end in row.slots if end > _ms(now - window.held_s)):
        if missing <= 0:
            break
        missing -= row.slots[end]
        at = end / 1000 + window.held_s
    return at + rounds * window.held_s


def _ms(seconds: float) -> int:
    return math.floor(seconds * 1000)


def _slot_ms(portion: Portion) -> int:
    return max(1, math.floor(portion.slot_s * 1000))
