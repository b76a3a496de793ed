"""Addresses of Power BI in a text: drill-through buttons, images, embed codes, hyperlinks.

An address is found as it stands: plain, XML- or JSON-escaped, or percent-encoded inside another one. What is no link to
an item (the start page, a help page) is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import parse_qs, unquote, urlsplit

from shared.content.ids import guids

_HOST = (
    r"(?:[a-z0-9-]+\.){1,4}(?:powerbi\.com|powerbigov\.us|powerbi\.cn|powerbi\.de|fabric\.microsoft\.com"
    r"|analysis-df\.windows\.net)(?![\w.-])"
)
_SLASH = r"(?:/|\\/|%2f|%252f|\\u002f)"
_URL = re.compile(
    rf"https?(?::|%3a|%253a){_SLASH}{{2}}{_HOST}(?::\d{{1,5}})?"
    r"""(?:\\/|\\u00[0-9a-f]{2}|[^\s"'<>\\()\[\]{}|^`]){1,2000}""",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\u00([0-9a-fA-F]{2})")
_KINDS = {
    "reports": "report", "rdlreports": "paginatedReport", "dashboards": "dashboard", "datasets": "dataset",
    "dataflows": "dataflow", "dataflows-gen2": "dataflow", "scorecards": "scorecard", "workbooks": "workbook",
    "datamarts": "datamart", "semanticmodels": "dataset", "lakehouses": "lakehouse", "warehouses": "warehouse",
}  # fmt: skip
_EMBEDS = {
    "reportembed": ("report", "reportid"), "rdlembed": ("paginatedReport", "reportid"),
    "dashboardembed": ("dashboard", "dashboardid"), "tileembed": ("dashboard", "dashboardid"),
}  # fmt: skip
_ACTIONS = {"openreport": ("report", "reportobjectid"), "opendashboard": ("dashboard", "dashboardobjectid"),
            "openapp": ("app", "appid")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """`kind` as the mapping spells it, or workspace, app, shareLink, publishToWeb; ids lower case, or ""."""

    kind: str
    workspace_id: str
    item_id: str
    url: str


def links(text: str) -> list[Link]:
    """Every link to an item, in the order of the text; `url` as a browser would be given it."""
    found = (_link(_plain(match.group())) for match in _URL.finditer(text))
    return [link for link in found if link is not None]


def _plain(written: str) -> str:
    """Without the escapes of the text around it."""
    url = _ESCAPE.sub(lambda sign: chr(int(sign.group(1), 16)), written.replace("\\/", "/"))
    url = re.split(r"[\"'<>\s]", url.replace("&quot;", '"').replace("&amp;", "&"), maxsplit=1)[0]
    for _ in range(2):
        if re.match(r"https?%", url, re.IGNORECASE):
            url = unquote(url)
    return url.rstrip(".,;:!")


def _link(url: str) -> Link | None:
    try:
        split = urlsplit(url)
        query = {
            name.lower(): values[0] for name, values in parse_qs(split.query, max_num_fields=100).items()
        }
    except ValueError:
        return None
    steps = [step for step in split.path.split("/") if step]
    return _embedded(steps, query, url) or _in_place(steps, query, url)


def _embedded(steps: list[str], query: Mapping[str, str], url: str) -> Link | None:
    last = steps[-1].lower() if steps else ""
    if last == "view" and "r" in query:
        return Link("publishToWeb", "", "", url)
    action = query.get("action", "").lower() if last == "redirect" else ""
    kind, name = _EMBEDS.get(last) or _ACTIONS.get(action) or ("", "")
    item = _guid(query.get(name, ""))
    return Link(kind, _guid(query.get("groupid", "")), item, url) if item else None


def _in_place(steps: list[str], query: Mapping[str, str], url: str) -> Link | None:
    """/groups/{g}/reports/{id}/…, /apps/{a}/reports/{id}, /reports/{id}, /links/{code}."""
    lowered = [step.lower() for step in steps]
    told = [(at, _guid(after)) for at, after in pairwise(steps)]
    named = {at.lower(): item for at, item in reversed(told) if item}  # the first of a kind counts
    space = named.get("groups") or named.get("workspaces") or _guid(query.get("groupid", ""))
    for at in lowered:
        if at in _KINDS and at in named:
            return Link(_KINDS[at], space, named[at], url)
    if "apps" in named:
        return Link("app", space, named["apps"], url)
    if lowered[:1] == ["links"] and len(steps) > 1:
        return Link("shareLink", "", "", url)
    return Link("workspace", space, space, url) if space else None


def _guid(step: str) -> str:
    found = guids(step)
    return found.pop() if len(found) == 1 else ""
