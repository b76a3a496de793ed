"""`python -m local.findings_page`: writes docs/findings.md from the catalogue, which is the truth (a test compares)."""

from __future__ import annotations

from local.process import ROOT
from shared.finding_codes import CATALOGUE
from shared.models import Severity

PAGE = ROOT / "docs" / "findings.md"
_HEAD = """# Findings

Every code a plan or a migration may report, what it means, and what to do about it. Written by
`python -m local.findings_page` from `shared/finding_codes.py`; change it there. A **blocker** without a workspace ends
a migration before anything is written, one with a workspace concerns that workspace or item only; a **warning** leaves
something to a person; an **info** is good to know. Codes that begin with `manual.` are work no API does or this version
does not do. A plan names what it sees beforehand ([plan.md](plan.md)); the rest shows while a migration runs.
"""


def render() -> str:
    """The whole page."""
    return _HEAD + "".join(_section(severity) for severity in Severity)


def _section(severity: Severity) -> str:
    rows = [
        f"| `{code}` | {_cell(entry.meaning)} | {_cell(entry.remedy)} |"
        for code, entry in sorted(CATALOGUE.items())
        if entry.severity == severity
    ]
    return "\n".join(
        [
            f"\n## {severity.capitalize()}",
            "",
            "| code | what it means | what to do |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _cell(text: str) -> str:
    """A bar would end the cell."""
    return text.replace("|", "\\|")


def main() -> None:
    PAGE.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
