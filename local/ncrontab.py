"""NCRONTAB schedules: `{second} {minute} {hour} {day} {month} {day of week}`, or five fields without seconds.

Own code, because cron libraries follow Unix where this dialect differs: day and day of week must *both*
match, Sunday is 0 only, and there are no L, W or # forms. Times are UTC.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from local.errors import SettingsError

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(?P<low>\*|\w+)(?:-(?P<high>\w+))?(?:/(?P<step>\d+))?")
# 29 February on a given day of the week comes back after at most 40 years.
_HORIZON = timedelta(days=41 * 366)


@dataclass(frozen=True, slots=True)
class _Field:
    """The range of one field, and the names its values go by."""

    title: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def parse(self, text: str) -> tuple[int, ...]:
        values: set[int] = set()
        for part in text.split(","):
            values.update(self._part(part))
        return tuple(sorted(values))

    def _part(self, part: str) -> range:
        match = _PART.fullmatch(part)
        if match is None:
            raise SettingsError(f"{part!r} isn't a valid {self.title}")
        step = int(match["step"] or 1)
        if match["low"] == "*":
            low, high = self.low, self.high
        else:
            low = self._value(match["low"])
            # `5/15` runs from 5 to the end of the range.
            high = self._value(match["high"]) if match["high"] else self.high if match["step"] else low
        if step < 1 or low > high or (match["low"] == "*" and match["high"]):
            raise SettingsError(f"{part!r} isn't a valid {self.title}")
        return range(low, high + 1, step)

    def _value(self, text: str) -> int:
        if text.lower()[:3] in self.names and text.isalpha():
            return self.names.index(text.lower()[:3]) + self.low
        if not text.isascii() or not text.isdigit() or not self.low <= int(text) <= self.high:
            raise SettingsError(f"{text!r} isn't a {self.title} from {self.low} to {self.high}")
        return int(text)


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _DAYS),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The moments a timer runs at."""

    text: str
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> "Schedule":
        fields = text.split()
        if len(fields) == 5:
            fields.insert(0, "0")
        if len(fields) != 6:
            raise SettingsError(
                f"{text!r} isn't an NCRONTAB schedule: it needs 6 fields, or 5 without seconds"
            )
        schedule = cls(text, *(kind.parse(field) for kind, field in zip(_FIELDS, fields, strict=True)))
        schedule.next_after(datetime.now(UTC))  # refuses 30 February
        return schedule

    def next_after(self, moment: datetime) -> datetime:
        """The first run later than a moment."""
        start = moment.astimezone(UTC)
        day, last = start.date(), start.date() + _HORIZON
        after: time | None = start.time()
        while day <= last:
            if self._runs_on(day.month, day.day, day.isoweekday() % 7):
                found = self._first_time(after)
                if found is not None:
                    return datetime.combine(day, found, UTC)
            day, after = day + timedelta(days=1), None
        raise SettingsError(f"{self.text!r} never comes")

    def _runs_on(self, month: int, day: int, weekday: int) -> bool:
        return month in self.months and day in self.days and weekday in self.weekdays

    def _first_time(self, after: time | None) -> time | None:
        """The day's first run, or its first run later than `after`."""
        for hour in self.hours:
            if after is not None and hour < after.hour:
                continue
            for minute in self.minutes:
                for second in self.seconds:
                    candidate = time(hour, minute, second)
                    if after is None or candidate > after:
                        return candidate
        return None
