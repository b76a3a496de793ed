"""The charts of an estate report as rows of numbers: each bar is a line of a table, drawn beside its figure.

So every chart is a table too, for whoever can't see it, and its labels are text that wraps on a small screen.
Lengths are percent of the longest bar. Colours say only two things: an outcome, or a severity.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.assessment import report_words as words
from shared.assessment.model import Route
from shared.assessment.report_figures import Figures, Outcome, Place
from shared.models import Severity

_LARGEST = 12
_WAVES = 15
_CODES = 14
_QUOTAS = 12
_VISIBLE = 0.8  # percent: what exists is seen


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: its colour's name, where it begins and how long it is in percent, what it counts."""

    tone: str
    start: float
    length: float
    count: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    parts: list[Part]
    text: str
    note: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Calls per quota, the time each quota needs for them, and what takes longest one after the other."""

    calls: list[Bar] = field(default_factory=list[Bar])
    quotas: list[Bar] = field(default_factory=list[Bar])
    path: list[Bar] = field(default_factory=list[Bar])
    seconds: float | None = None
    bytes: float | None = None
    end: str = ""
    limit: str = ""  # what decides how long it takes
    total: int = 0
    scale: float = 1.0
    assumptions: list[str] = field(default_factory=list[str])


def outcomes(figures: Figures) -> list[Part]:
    """The whole as one bar: what moves, what needs a person, what stays."""
    counts = {each: figures.outcomes[each] for each in Outcome}
    texts = {each: f"{words.OUTCOMES[each]}" for each in Outcome}
    return _parts(counts, max(figures.items, 1), texts)


def routes(figures: Figures) -> list[Bar]:
    return _stacked({words.route(name): counts for name, counts in figures.routes.items()})


def kinds(figures: Figures) -> list[Bar]:
    return _stacked({words.kind(name): counts for name, counts in figures.kinds.items()})


def matrix(figures: Figures) -> tuple[list[str], list[tuple[str, list[int], int]]]:
    """Kind by route as numbers: the routes in use, then a row per kind."""
    used = [name for name in (*Route, "") if any(counts[name] for counts in figures.matrix.values())]
    rows = [
        (words.kind(kind), [counts[name] for name in used], counts.total())
        for kind, counts in sorted(figures.matrix.items(), key=lambda row: -row[1].total())
    ]
    return [words.route(name) for name in used], rows


def findings(figures: Figures) -> list[Bar]:
    """By severity, then number."""
    rows = [
        (severity, code, count)
        for severity, counts in figures.severity_counts().items()
        for code, count in counts.most_common()
        if count
    ]
    longest = max((count for _, _, count in rows), default=1)
    return [
        Bar(code, _single(severity, count, longest), words.number(count), note=severity)
        for severity, code, count in _shown(rows)
    ]


def _shown(rows: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """The first codes of each severity: blockers are never pushed out by what there is more of."""
    taken: Counter[str] = Counter()
    shown: list[tuple[str, str, int]] = []
    for row in rows:
        taken[row[0]] += 1
        if taken[row[0]] <= _CODES or row[0] == Severity.BLOCKER:
            shown.append(row)
    return shown


def waves(told: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """In order; what comes after the first ones is added up in one line."""
    first, rest = list(told[:_WAVES]), list(told[_WAVES:])
    longest = max((int(wave.get("items", 0)) for wave in first), default=0) or 1
    bars = [_wave(wave, longest) for wave in first]
    if rest:
        spaces, items = (sum(int(wave.get(name, 0)) for wave in rest) for name in ("workspaces", "items"))
        label = f"{words.counted(len(rest), 'further wave')}: {words.counted(spaces, 'workspace')}"
        bars.append(Bar(label, _single("plain", items, max(longest, items)), words.number(items)))
    return bars


def _wave(wave: Mapping[str, Any], longest: int) -> Bar:
    items, spaces = int(wave.get("items", 0)), int(wave.get("workspaces", 0))
    names = [str(name) for name in wave.get("first") or []]
    more = spaces - len(names)
    note = ", ".join(names) + (f" and {words.number(more)} more" if names and more > 0 else "")
    label = f"Wave {wave.get('wave', '')}: {words.counted(spaces, 'workspace')}"
    return Bar(label, _single("plain", items, longest), words.number(items), note=note)


def largest(figures: Figures) -> list[Bar]:
    def items(place: Place) -> tuple[int, str]:
        return -place.outcomes.total(), place.name

    chosen = sorted((p for p in figures.places.values() if p.outcomes), key=items)[:_LARGEST]
    longest = max((place.outcomes.total() for place in chosen), default=1)
    return [_outcome_bar(place.name, place.outcomes, longest) for place in chosen]


def forecast(told: Mapping[str, Any]) -> Forecast:
    calls: dict[str, int] = {key: int(count) for key, count in (told.get("calls") or {}).items() if count}
    longest = max(calls.values(), default=1)
    path = [
        (str(step.get("what", "")), float(step.get("seconds", 0))) for step in told.get("longestPath") or []
    ]
    slowest = max((seconds for _, seconds in path), default=0) or 1
    return Forecast(
        [
            Bar(words.quota(key), _single("plain", count, longest), words.number(count), note=key)
            for key, count in sorted(calls.items(), key=lambda pair: -pair[1])
        ],
        _quota_bars(told.get("quotas") or []),
        [Bar(what, _single("plain", seconds, slowest), words.duration(seconds)) for what, seconds in path],
        told.get("seconds"),
        told.get("bytes"),
        str(told.get("expectedEnd") or ""),
        str(told.get("limitedBy") or ""),
        sum(calls.values()),
        float(told.get("scale") or 1),
        [str(text) for text in told.get("assumptions") or []],
    )


def _quota_bars(quotas: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """The time each quota would need by itself: the longest of them is what everything waits for."""
    rows = [row for row in quotas if row.get("calls")][:_QUOTAS]
    slowest = max((float(row.get("seconds") or 0) for row in rows), default=0) or 1
    return [
        Bar(
            _quota_label(row),
            _single("plain", float(row.get("seconds") or 0), slowest),
            words.duration(float(row.get("seconds") or 0)),
            note=f"{words.counted(int(row['calls']), 'call')}; {_limit(row)}",
        )
        for row in rows
    ]


def _quota_label(row: Mapping[str, Any]) -> str:
    parts = (words.quota(str(row.get("quota", ""))), row.get("connection"), row.get("of"))
    return ", ".join(str(part) for part in parts if part)


def _limit(row: Mapping[str, Any]) -> str:
    limit, window = row.get("limit"), float(row.get("window_s") or 0)
    if not limit:
        return "no limit published"
    every = {1.0: "a second", 60.0: "a minute", 3600.0: "an hour", 86400.0: "a day"}
    return f"{words.number(limit)} {every.get(window, f'in {words.duration(window)}')}"


def _stacked(rows: Mapping[str, Counter[str]]) -> list[Bar]:
    longest = max((counts.total() for counts in rows.values()), default=1)
    ordered = sorted(rows.items(), key=lambda row: (-row[1].total(), row[0]))
    return [_outcome_bar(label, counts, longest) for label, counts in ordered]


def _outcome_bar(label: str, counts: Counter[str], longest: int) -> Bar:
    parts = _parts({each: counts[each] for each in Outcome}, longest)
    told = ", ".join(f"{words.number(part.count)} {words.OUTCOMES[Outcome(part.tone)]}" for part in parts)
    return Bar(label, parts, words.number(counts.total()), title=told)


def _parts(
    counts: Mapping[Outcome, int], whole: int, texts: Mapping[Outcome, str] | None = None
) -> list[Part]:
    parts: list[Part] = []
    start = 0.0
    for outcome, count in counts.items():
        if count:
            length = max(100 * count / whole, _VISIBLE)
            parts.append(
                Part(outcome, round(start, 2), round(length, 2), count, (texts or {}).get(outcome, ""))
            )
            start += length
    over = max(start / 100, 1.0)  # where tiny pieces were made visible, all of it is drawn a little shorter
    return [Part(p.tone, round(p.start / over, 2), round(p.length / over, 2), p.count, p.text) for p in parts]


def _single(tone: str, count: float, longest: float) -> list[Part]:
    length = max(100 * count / max(longest, 1), _VISIBLE) if count else 0
    return [Part(tone, 0, round(min(length, 100), 2), int(count))]
