"""Addresses of Power BI, however they are written and wherever they stand."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from content_support import BOARD, FLOW, MODEL, WORKSPACE
from hypothesis import given
from hypothesis import strategies as st

from shared.content.links import Link, links

_APP = "https://app.powerbi.com"


@pytest.mark.parametrize(
    ("url", "kind", "workspace", "item"),
    [
        (f"{_APP}/groups/{WORKSPACE}/reports/{MODEL}/ReportSection?filter=a", "report", WORKSPACE, MODEL),
        (f"{_APP}/groups/me/reports/{MODEL.upper()}", "report", "", MODEL),
        (f"{_APP}/groups/{WORKSPACE}/rdlreports/{MODEL}", "paginatedReport", WORKSPACE, MODEL),
        (f"{_APP}/groups/{WORKSPACE}/dashboards/{BOARD}", "dashboard", WORKSPACE, BOARD),
        (f"{_APP}/groups/{WORKSPACE}/datasets/{MODEL}/details", "dataset", WORKSPACE, MODEL),
        (f"{_APP}/groups/{WORKSPACE}/dataflows/{FLOW}", "dataflow", WORKSPACE, FLOW),
        (f"{_APP}/groups/{WORKSPACE}/list", "workspace", WORKSPACE, WORKSPACE),
        (f"{_APP}/groups/me/apps/{BOARD}/reports/{MODEL}/x", "report", "", MODEL),
        (f"{_APP}/Redirect?action=OpenApp&appId={BOARD}&ctid={FLOW}", "app", "", BOARD),
        (f"{_APP}/Redirect?action=OpenReport&appId={BOARD}&reportObjectId={MODEL}", "report", "", MODEL),
        (f"{_APP}/reportEmbed?reportId={MODEL}&groupId={WORKSPACE}&ctid={FLOW}", "report", WORKSPACE, MODEL),
        (f"{_APP}/rdlEmbed?reportId={MODEL}", "paginatedReport", "", MODEL),
        (f"{_APP}/dashboardEmbed?dashboardId={BOARD}&groupId={WORKSPACE}", "dashboard", WORKSPACE, BOARD),
        (f"https://app.powerbigov.us/groups/{WORKSPACE}/reports/{MODEL}", "report", WORKSPACE, MODEL),
        (f"https://app.high.powerbigov.us/apps/{BOARD}", "app", "", BOARD),
        (f"https://msit.powerbi.com/groups/{WORKSPACE}/reports/{MODEL}", "report", WORKSPACE, MODEL),
        (f"https://app.powerbi.cn/groups/{WORKSPACE}/reports/{MODEL}", "report", WORKSPACE, MODEL),
        (f"https://app.fabric.microsoft.com/groups/{WORKSPACE}/reports/{MODEL}", "report", WORKSPACE, MODEL),
        (f"{_APP}/links/AbCdEf?ctid={FLOW}", "shareLink", "", ""),
        (f"{_APP}/view?r=eyJrIjoi", "publishToWeb", "", ""),
    ],
)
def test_a_link_is_told_however_it_is_written(url: str, kind: str, workspace: str, item: str) -> None:
    expected = [Link(kind, workspace, item, url)]
    escaped = url.replace("&", "&amp;")
    json_escaped = url.replace("/", "\\/").replace("&", "\\u0026")
    for text in (
        url,
        f'"{escaped}"',
        f"<a>{escaped}</a>",
        f"{{{json_escaped}}}",
        f"see ({url}).",
        f"u={quote(url, '')} x",
    ):
        assert links(text) == expected, text


@pytest.mark.parametrize(
    "text",
    ["", "https://app.powerbi.com", "https://app.powerbi.com/home", f"https://contoso.com/groups/{WORKSPACE}/reports/{MODEL}",
     f"https://app.powerbi.com.evil.example/groups/{WORKSPACE}/reports/{MODEL}", "https://powerbi.microsoft.com/blog",
     "https://app.powerbi.com/groups/me/reports/none", "https://[app.powerbi.com/groups"],
)  # fmt: skip
def test_what_is_no_link_to_an_item(text: str) -> None:
    assert links(text) == []


def test_links_come_in_the_order_of_the_text() -> None:
    first, second = (
        f"{_APP}/groups/{WORKSPACE}/reports/{MODEL}",
        f"{_APP}/groups/{WORKSPACE}/dashboards/{BOARD}",
    )
    assert [link.url for link in links(f"{first}, {second}\n'{first}'")] == [first, second, first]


@given(st.text("htps:/\\%u0026amp;.powerbicom?&=[]\"' 2fF3aA-"))
def test_any_text_can_be_read(text: str) -> None:
    for prefix in ("", "https://app.powerbi.com/"):
        assert all(link.kind in ("shareLink", "publishToWeb") for link in links(prefix + text))


def test_hostile_texts_end() -> None:
    for text in (
        "https://" * 200_000,
        "https://a." * 100_000,
        "https://" + "a" * 1_000_000,
        "https%3A" * 100_000,
    ):
        assert links(text) == []
