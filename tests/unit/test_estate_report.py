"""The estate report says what the rows say, in words and bars that add up, whatever names are in it."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from core_support import AWKWARD, items, names, workspaces
from core_support import findings as any_finding
from hypothesis import given, settings
from hypothesis import strategies as st
from planned_support import FORMULA, IMG, SUMMARY

from shared.assessment import report, report_charts, report_words
from shared.assessment.model import Route
from shared.assessment.report_figures import Figures, Outcome
from shared.finding_codes import CATALOGUE
from shared.models import Finding, ItemRow, Kind, WorkspaceRow

HEAD = report.Head(
    "p", "done", "contoso", "fabrikam", "2026-11-21T12:00:00+00:00", "2026-11-21T12:30:00+00:00"
)
HARMLESS = {"html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "div", "p",
            "h1", "h2", "h3", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th",
            "td", "svg", "rect", "span", "strong", "code", "bdi", "br"}  # fmt: skip


class Reader(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.values: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        self.values += [value or "" for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def estate(name: str = "Sales") -> Figures:
    figures = Figures(SUMMARY)
    figures.add_workspace(WorkspaceRow("w", name, target_name=name, route="recreate"), 1)
    states = (("pbix", "planned", 0), ("byHand", "manual", 25), ("staysBehind", "manual", 0))
    for number, (route, state, minutes) in enumerate(states):
        todo = f"Do {name}" if minutes else ""
        row = ItemRow(
            "w", "report", f"r{number}", name, state=state, route=route, todo=todo, minutes=minutes, lost=name
        )
        figures.add_item(row)
    for code in ("access.source", "principal.unmapped", "plan.notCheckable"):
        entry = CATALOGUE[code]
        figures.add_finding(Finding(entry.severity, code, "workspace", "w", name, "w", name, entry.remedy))
    return figures


@pytest.mark.parametrize(
    "name", [*AWKWARD, IMG, FORMULA, "</style><script>alert(1)</script>", "{{ 7*7 }}", "\x00\x1b[2J"]
)
def test_any_name_is_text_and_nothing_else(name: str) -> None:
    head = report.Head(name, "failed", name, name, name, name, name)
    read = Reader(report.page(estate(name), head))
    assert set(read.tags) <= HARMLESS
    assert not {attribute for attribute in read.attributes if attribute.startswith("on")}
    assert not read.attributes & {"src", "href", "style", "action", "srcset"}
    assert read.tags["style"] == 1
    assert " ".join("".join(c if c >= " " else " " for c in name).split()) in " ".join(read.text.split())
    assert "49" not in read.text or "49" in name


def test_the_page_asks_nobody_for_anything() -> None:
    page = report.page(estate(), HEAD)
    assert "http://" not in page.replace(FORMULA, "").replace("&#34;http://example", "")
    assert "https://" not in page
    assert "url(" not in page
    assert "@import" not in page
    assert "<script" not in page


def test_the_policy_knows_the_styles_by_their_hash() -> None:
    page = report.page(estate(), HEAD)
    style = page[page.index("<style>") + 7 : page.index("</style>")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in report.policy()
    assert digest.replace("+", "&#43;") in page or digest in page


def test_every_chart_is_a_table_with_its_figures() -> None:
    page = report.page(estate(), HEAD)
    read = Reader(page)
    assert read.tags["caption"] >= 5
    assert page.count('class="bars') == read.tags["caption"]
    assert page.count("<h1") == 1
    assert 'lang="en"' in page
    for word in ("2 of 4 items move by themselves", "access.source", "Sizes are told by no API", "Wave 1"):
        assert word in " ".join(read.text.split())


def test_names_and_the_others_add_up() -> None:
    figures = Figures({})
    for name in ("Sales", "Sales", "Finance", "Stock", "Sales", "Plan", "Plan"):
        figures.add_item(ItemRow("w", "report", "r", name, state="manual", route="byHand", todo="Do it"))
        figures.add_finding(Finding("warning", "access.source", "workspace", "w", name, "w", "m", "r"))
    text = " ".join(Reader(report.page(figures, HEAD)).text.split())
    assert text.count("Sales (3), Finance, Stock and 2 more") == 2
    assert report.document(figures, HEAD)["tasks"]["report"][0]["names"] == ["Sales", "Finance", "Stock"]


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (report.Head("p", "running", "a", "", "t", "t"), "still being made"),
        (
            report.Head("p", "failed", "a", "b", "t", "t", "No workspace was found."),
            "No workspace was found.",
        ),
        (report.Head("p", "done", "a", "", "t", "t"), "an assessment of the source alone"),
    ],
)
def test_a_page_of_nothing_is_a_page(head: report.Head, word: str) -> None:
    assert word in report.page(Figures({}), head)


def test_rows_in_the_page_are_limited_and_the_rest_is_counted() -> None:
    figures = Figures({})
    for number in range(report.PLACES + 23):
        figures.add_workspace(
            WorkspaceRow(f"w{number}", f"name {number}", todo=f"task {number}", minutes=1), 1
        )
    page = report.page(figures, HEAD)
    assert "23 more workspaces are in the CSV" in page
    assert f"{report.PLACES + 23 - report.TASKS} further tasks" in page


def test_the_headline() -> None:
    def told(*counts: int, minutes: tuple[int, ...] = ()) -> str:
        figures = Figures({})
        figures.outcomes.update(dict(zip(Outcome, counts, strict=True)))
        figures.work.update(dict(zip(Outcome, minutes, strict=False)))
        return report_words.headline(figures)

    assert told(312, 61, 27, minutes=(0, 840)) == (
        "312 of 400 items move by themselves; 61 need a person, about 14 hours; 27 stay behind."
    )
    assert told(1, 0, 0) == "1 of 1 item moves by itself."
    assert told(0, 1, 1, minutes=(0, 1, 0)) == (
        "0 of 2 items move by themselves; 1 needs a person, about 1 minute; 1 stays behind."
    )
    assert told(0, 0, 0) == "No item was found."
    assert told(2, 1, 1, minutes=(240, 120, 10)) == (
        "2 of 4 items move by themselves and leave about 4 hours of work to people; "
        "1 needs a person, about 2 hours; 1 stays behind, about 10 minutes of work."
    )


def test_hours_of_the_headline_are_those_of_the_items_it_counts() -> None:
    figures = Figures({})
    for state, route, minutes in (
        ("planned", "pbix", 300),
        ("manual", "byHand", 120),
        ("skipped", "staysBehind", 5),
    ):
        figures.add_item(ItemRow("w", "report", route, "Sales", state=state, route=route, minutes=minutes))
    told = report.document(figures, HEAD)
    assert told["minutesByOutcome"] == {"moves": 300, "person": 120, "stays": 5}
    assert sum(told["minutesByOutcome"].values()) == told["minutes"]
    assert "1 needs a person, about 2 hours;" in told["headline"]


def test_what_blocks_is_said_first() -> None:
    figures = estate()
    assert report_words.blocking(figures).startswith("Nothing stops it as a whole, but 1 workspace")
    figures.add_finding(Finding("blocker", "capacity.unknownTarget", "capacity", "", "c", "", "m", "r"))
    assert report_words.blocking(figures).startswith("1 blocker stands in the way of everything")
    assert report_words.blocking(Figures({})) == "Nothing was found that would stop it."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "not known"),
        (0, "under a minute"),
        (60, "1 minute"),
        (13_500, "3 h 45 min"),
        (7200, "2 hours"),
        (200_000, "2 days 7 h"),
    ],
)
def test_durations_in_words(seconds: float | None, text: str) -> None:
    assert report_words.duration(seconds) == text


def test_every_kind_and_route_has_a_word() -> None:
    assert all(report_words.kind(kind) != kind for kind in Kind)
    assert all(report_words.route(route) != route for route in Route)


def lengths(bars: list[report_charts.Bar]) -> list[float]:
    return [sum(part.length for part in bar.parts) for bar in bars]


rows = st.lists(
    st.tuples(items, st.sampled_from([*Route, ""]), st.sampled_from(["planned", "manual"])), max_size=25
)


@settings(max_examples=40)
@given(rows, st.lists(workspaces, max_size=6), st.lists(any_finding, max_size=12))
def test_sums_and_bars_add_up_for_any_estate(
    found: list[tuple[ItemRow, str, str]], spaces: list[WorkspaceRow], told: list[Finding]
) -> None:
    figures = Figures({})
    for space in spaces:
        figures.add_workspace(space, 1)
    for row, route, state in found:
        figures.add_item(replace(row, route=route, state=state))
    for finding in told:
        figures.add_finding(finding)
    for counts in (figures.kinds, figures.routes, figures.matrix):
        assert sum(each.total() for each in counts.values()) == len(found) + len(spaces) == figures.items
    for bars in (report_charts.kinds(figures), report_charts.routes(figures), report_charts.largest(figures)):
        assert all(first >= then - 0.1 for first, then in pairwise(lengths(bars)))
        assert all(0 < length <= 100.1 for length in lengths(bars))
    assert set(Reader(report.page(figures, HEAD)).tags) <= HARMLESS
    report.document(figures, HEAD)


@given(st.dictionaries(names, st.integers(0, 10**6), max_size=6), names)
def test_a_forecast_with_odd_keys_is_shown(calls: dict[str, int], what: str) -> None:
    told: dict[str, Any] = {"calls": calls, "seconds": 0, "longestPath": [{"what": what, "seconds": 0}]}
    shown = report_charts.forecast(told)
    assert shown.total == sum(calls.values())
    assert all(0 < length <= 100 for length in lengths(shown.calls))


@pytest.mark.parametrize(("scale", "times"), [(1, 0), (0.05, 2)])
def test_the_page_says_where_its_times_are_scaled(scale: float, times: int) -> None:
    figures = Figures({**SUMMARY, "forecast": {**SUMMARY["forecast"], "scale": scale}})
    text = Reader(report.page(figures, HEAD)).text
    assert text.count("at 0.05 of the real service's times") == times  # the tile, and the forecast
    assert ("POLL_SCALE" in text) == (times > 0)


def test_blockers_are_never_pushed_out_of_the_chart() -> None:
    many = {f"a.b{number}": 1 for number in range(40)}
    figures = Figures({"findings": {"blocker": many, "warning": many, "info": {}}})
    shown = report_charts.findings(figures)
    assert sum(bar.note == "blocker" for bar in shown) == 40
    assert sum(bar.note == "warning" for bar in shown) == 14
