"""What the long fault tests counted is said at the end of the run, also where workers ran them."""

from __future__ import annotations

from typing import Any

from disturbed import TALLY


def pytest_terminal_summary(terminalreporter: Any) -> None:
    told = [
        str(text)
        for report in terminalreporter.stats.get("passed", [])
        for name, text in report.user_properties
        if name == TALLY
    ]
    if told:
        terminalreporter.section("0 lost, 0 twice, 0 orphans after each of")
        for line in sorted(told):
            terminalreporter.write_line(line)
