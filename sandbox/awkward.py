"""Names as people really give them: what breaks paths, filters, spreadsheets, keys and shells."""

import random

WORKSPACE_NAMES = (
    "Finance",
    "Förderung & Größe",
    "O'Brien's Sales",
    'The "Quoted" One',
    "Sales/EMEA\\North",
    "=SUM(A1:A9)",
    "+49 Vertrieb",
    "-Archive",
    "@mentions",
    "100% Margin # Q3 ? no",
    "{name} {0} %s $HOME",
    "営業レポート 東京",
    "مبيعات المنطقة",
    "Sales \U0001f4c8\U0001f1ea\U0001f1fa team \U0001f469\u200d\U0001f4bb",
    "Cafe\u0301 combining",
    "L" + "o" * 190 + "ng name",
    "a;b,c|d<e>f&g",
    "tab-less [brackets] (parens)",
    "CON.pbix",
    "null",
)
"""No two alike in any case; the first twenty workspaces have them all."""

REPORT_NAMES = (
    "Revenue",
    "Überblick",
    "it's late",
    '"P&L" 2026',
    "In/Out\\Flow",
    "=cmd|' /C calc'!A0",
    "+1",
    "-0",
    "@home",
    "50% # ? & more",
    "{report}",
    "売上",
    "تقرير",
    "\U0001f680 Launch",
    "re\u0301sume\u0301",
    "R" * 200,
    "v1.2.final.pbix",
    "Q1 + Q2 = H1",
    "semi;colon, comma",
    "%2e%2e%2f",
)


def workspace_name(number: int) -> str:
    """Unique for every number."""
    name = WORKSPACE_NAMES[number % len(WORKSPACE_NAMES)]
    turn = number // len(WORKSPACE_NAMES)
    return name if turn == 0 else f"{name[:190]} {turn + 1}"


def report_names(draw: random.Random, count: int) -> list[str]:
    """Distinct names for one workspace."""
    return draw.sample(REPORT_NAMES, count)
